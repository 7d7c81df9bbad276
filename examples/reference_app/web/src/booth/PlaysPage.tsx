import { Link } from "wouter";
import { ms, time } from "../lib/format";
import { usePage } from "../lib/usePage";
import { Beam } from "../ui/Beam";
import { Icon } from "../ui/Icon";
import { BreakIt } from "./BreakIt";
import type { Play } from "./records";
import { Sentence } from "./Sentence";
import { useTopic } from "./store";
import { ZoneMark } from "./ZoneMark";
import page from "./Page.module.css";
import css from "./PlaysPage.module.css";

/** Milliseconds from asked to the last stop reached. */
const total = ({ steps }: Play) => steps.reduce((sum, step) => sum + (step.ms ?? 0), 0);

/** The last plays, each with its beam. */
export function PlaysPage() {
  const heading = usePage<HTMLHeadingElement>("Plays", "Booth");
  const topic = useTopic("plays", (data) => data);
  const plays = (topic?.order ?? []).map((trace) => topic?.plays[trace]).filter((play) => play !== undefined);
  const last = plays[0];
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1 ref={heading} tabIndex={-1}>Plays</h1>
        {topic && <Sentence text={topic.sentence} />}
      </header>
      {last && (
        <figure className={css.last}>
          <figcaption><h2><Link href={`/plays/${last.trace}`}>{last.title_name ?? last.title ?? "A film"}</Link></h2><p className={page.mono}>the last play, {time(last.at)}</p></figcaption>
          <div className={css.beam} key={last.trace}><Beam stops={last.steps} lively /></div>
        </figure>
      )}
      {topic && plays.length === 0 && <p className={page.empty}>Each play appears here with its five steps. Press Play in the house, or run <code>refapp tour</code>.</p>}
      {plays.length > 0 && <PlayTable plays={plays} />}
      <BreakIt kinds={["appliance"]} />
    </div>
  );
}

function PlayTable({ plays }: { plays: readonly Play[] }) {
  return (
    <section className={page.section} aria-labelledby="list">
      <h2 id="list">The last {plays.length}</h2>
      <div className={page.scroll} tabIndex={0} role="group" aria-label="Table of plays, scrolls sideways">
        <table className={`${page.table} ${css.table}`}>
          <thead>
            <tr>
              <th scope="col">Film</th><th scope="col">Steps</th><th scope="col">Result</th><th scope="col" className={page.number}>Took</th>
              <th scope="col">Appliance</th><th scope="col">Zone</th><th scope="col">Member</th><th scope="col" className={page.number}>At</th>
            </tr>
          </thead>
          <tbody>
            {plays.map((play) => (
              <tr key={play.trace}>
                <th scope="row"><Link href={`/plays/${play.trace}`} className={css.name}>{play.title_name ?? play.title ?? "unnamed"}</Link></th>
                <td><Beam stops={play.steps} compact /></td>
                <td><Result play={play} /></td>
                <td className={page.number}>{ms(total(play))}</td>
                <td className={page.mono}>{play.appliance ?? "–"}</td>
                <td><ZoneMark zone={play.zone} /></td>
                <td>{play.member ?? "–"}</td>
                <td className={page.number}>{time(play.at)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Result({ play }: { play: Play }) {
  if (!play.ok) return <span className={css.failed}><Icon name="bad" />{play.error ?? "failed"}</span>;
  return <span className={css.ok}><Icon name={play.appliance ? "ok" : "off"} />{play.appliance ? "served" : "not fetched yet"}</span>;
}
