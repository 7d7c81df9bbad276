import { useState } from "react";
import { Link } from "wouter";
import { time } from "../lib/format";
import { usePage } from "../lib/usePage";
import { useResource } from "../lib/useResource";
import { Beam, type BeamStop } from "../ui/Beam";
import { Icon } from "../ui/Icon";
import { Note } from "../ui/Note";
import { Skeleton } from "../ui/Skeleton";
import controls from "../ui/controls.module.css";
import { BreakIt } from "./BreakIt";
import type { TraceDetail } from "./records";
import { SpanPanel } from "./SpanPanel";
import { useTopic } from "./store";
import { Waterfall } from "./Waterfall";
import page from "./Page.module.css";
import css from "./TracePage.module.css";

const HIDDEN = new Set(["steps", "title_name", "trace"]);

function facts(identity: TraceDetail["identity"]): [string, string][] {
  return Object.entries(identity)
    .filter(([key, value]) => !HIDDEN.has(key) && value !== null && typeof value !== "object")
    .map(([key, value]) => [key.replaceAll("_", " "), key === "at" && typeof value === "number" ? time(value) : String(value)]);
}

/** One trace: who and what, the story in at most six sentences, the beam, and every span. */
export function TracePage({ trace }: { trace: string }) {
  const { data, error, retry } = useResource<TraceDetail>(`/booth/plays/${encodeURIComponent(trace)}`);
  const live = useTopic("plays", ({ plays }) => plays[trace]);
  const [chosen, setChosen] = useState<string | null>(null);
  const name = data && String(data.identity["title_name"] ?? live?.title_name ?? data.identity["name"] ?? "A trace");
  const heading = usePage<HTMLHeadingElement>(name ?? null, "Booth");
  const steps = (live?.steps ?? data?.identity["steps"]) as BeamStop[] | undefined;
  const span = data?.spans.find(({ id }) => id === chosen);
  if (error) {
    const what = error.status === 404 ? "No spans of this trace are kept." : "The trace did not arrive.";
    return <div className={page.page}><h1 ref={heading} tabIndex={-1}>Trace</h1><Note what={what} error={error} retry={retry} /></div>;
  }
  if (!data) return <Skeleton className={css.bone} />;
  return (
    <div className={page.page}>
      <header className={page.head}>
        <p><Link href="/plays" className={css.back}><Icon name="back" />Plays</Link></p>
        <h1 ref={heading} tabIndex={-1}>{name}</h1>
        <p className={css.id}>trace {trace}</p>
      </header>
      {steps && <div className={css.beam}><Beam stops={steps} lively /></div>}
      <div className={css.story}>
        <ol className={css.summary}>{data.summary.map((line) => <li key={line}>{line}</li>)}</ol>
        <dl className={css.facts}>{facts(data.identity).map(([key, value]) => <div key={key}><dt>{key}</dt><dd>{value}</dd></div>)}</dl>
      </div>
      <section className={page.section} aria-labelledby="spans">
        <div className={css.title}>
          <h2 id="spans">Where the time went</h2>
          <button type="button" className={controls.quiet} onClick={retry}>Read again</button>
        </div>
        <div className={css.split} data-open={span !== undefined}>
          <Waterfall spans={data.spans} chosen={chosen} choose={setChosen} />
          {span && <SpanPanel span={span} close={() => setChosen(null)} />}
        </div>
      </section>
      <BreakIt kinds={["appliance"]} />
    </div>
  );
}
