import type { RowAnswer } from "../lib/types";
import { useRoving } from "../lib/useRoving";
import { Note } from "../ui/Note";
import { Skeleton } from "../ui/Skeleton";
import { Workings } from "../ui/Workings";
import { Poster } from "./Poster";
import { useHouse } from "./useHouse";
import css from "./Row.module.css";

const BONES = Array.from({ length: 8 }, (_, nth) => nth);

/** One shelf of films: its own resource, its own skeleton, its own failure. */
export function Row({ id, title, eager }: { id: string; title: string; eager: boolean }) {
  const { data, error, retry } = useHouse<RowAnswer>(`/discovery/rows/${encodeURIComponent(id)}`);
  const items = data?.items ?? [];
  const rove = useRoving(items.length);
  const heading = `row-${id}`;
  return (
    <section className={css.row} aria-labelledby={heading} aria-busy={!data && !error}>
      <div className={css.head}>
        <h2 id={heading}>{data?.title ?? title}</h2>
        {data?.why && <p className={css.why}>{data.why}</p>}
        <Workings of={data?.workings} />
      </div>
      {error && <div className={css.note}><Note what={`"${title}" did not arrive.`} still="The other rows work." error={error} retry={retry} /></div>}
      {data && items.length === 0 && <p className={css.why}>Nothing here yet. Play something, and this row begins.</p>}
      {!error && (
        <ul className={css.shelf} onKeyDown={rove.onKeyDown}>
          {data
            ? items.map((card, index) => (
                <li key={card.id} className={css.item}>
                  <Poster card={card} eager={eager} tabIndex={rove.tabIndex(index)} onFocus={() => rove.onFocus(index)} />
                </li>
              ))
            : BONES.map((nth) => <li key={nth} className={css.item} aria-hidden><Skeleton className={css.bone} /></li>)}
        </ul>
      )}
    </section>
  );
}
