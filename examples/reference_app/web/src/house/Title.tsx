import { Link } from "wouter";
import { kbits, runtime } from "../lib/format";
import type { TitleAnswer } from "../lib/types";
import { usePage } from "../lib/usePage";
import { Icon } from "../ui/Icon";
import { Note } from "../ui/Note";
import { Skeleton } from "../ui/Skeleton";
import { Workings } from "../ui/Workings";
import controls from "../ui/controls.module.css";
import { WhyPicture } from "./WhyPicture";
import { useHouse } from "./useHouse";
import css from "./Title.module.css";

/** One film: backdrop in its own palette, what it is, what files exist, why this picture. */
export function Title({ id }: { id: string }) {
  const { data, error, retry } = useHouse<TitleAnswer>(`/discovery/titles/${encodeURIComponent(id)}`);
  const heading = usePage<HTMLHeadingElement>(data?.title ?? null);
  if (error) {
    const what = error.status === 404 ? "No such film in the catalogue." : "This film's page did not arrive.";
    return (
      <div className={css.alone}>
        <Note what={what} error={error} retry={retry} />
        <Link href="/" className={controls.button}>Back to the programme</Link>
      </div>
    );
  }
  if (!data) return <Skeleton className={css.hole} />;
  return (
    <article style={{ "--ground": data.palette.ground } as React.CSSProperties}>
      <div className={css.stage}>
        <img src={data.hero} alt="" className={css.backdrop} fetchPriority="high" />
        <div className={css.lead}>
          <p className={css.kicker}>{data.genre} · {data.mood}</p>
          <h1 ref={heading} tabIndex={-1} className={css.title}>{data.title}</h1>
          <p className={css.facts}>{data.year} · {runtime(data.seconds)} · {data.kind}</p>
          <p className={css.synopsis}>{data.synopsis}</p>
          <div className={css.actions}>
            {data.ready ? (
              <Link href={`/watch/${data.id}`} className={controls.primary} data-testid="play"><Icon name="play" />Play</Link>
            ) : (
              <p className={css.facts}>Still in the lab. It will be ready in a minute or two.</p>
            )}
            <Workings of={data.workings} />
          </div>
        </div>
      </div>
      <div className={css.below}>
        <section aria-labelledby="files">
          <h2 id="files">Files of this film</h2>
          {data.renditions.length === 0 ? <p className={css.facts}>None yet. They appear when the lab is done.</p> : <Files of={data} />}
        </section>
        <WhyPicture of={data} />
      </div>
    </article>
  );
}

function Files({ of }: { of: TitleAnswer }) {
  return (
    <table className={css.files}>
      <thead><tr><th scope="col">Rendition</th><th scope="col">Lines</th><th scope="col">Rate</th></tr></thead>
      <tbody>
        {of.renditions.map(({ height, kbps, label }) => (
          <tr key={height}><th scope="row">{label}</th><td>{height}</td><td>{kbits(kbps)}</td></tr>
        ))}
      </tbody>
    </table>
  );
}
