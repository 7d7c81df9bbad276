import type { Home as HomeAnswer } from "../lib/types";
import { usePage } from "../lib/usePage";
import { Fence, Note } from "../ui/Note";
import { Skeleton } from "../ui/Skeleton";
import { Workings } from "../ui/Workings";
import { Billboard } from "./Billboard";
import { Row } from "./Row";
import { useHouse } from "./useHouse";
import css from "./Home.module.css";

/** Rows whose pictures load at once; those below wait until they come near. */
const EAGER_ROWS = 2;

/** The programme: a billboard, and rows that each load, fail and recover on their own. */
export function Home() {
  const { data, error, retry } = useHouse<HomeAnswer>("/discovery/home");
  const heading = usePage<HTMLHeadingElement>(data ? "Tonight" : null);
  if (error) {
    return (
      <div className={css.alone}>
        <Note what="The programme did not arrive." error={error} retry={retry} />
      </div>
    );
  }
  if (!data) return <Skeleton className={css.hole} />;
  return (
    <>
      <Fence what="The billboard could not be drawn.">
        <Billboard card={data.billboard} heading={heading}><Workings of={data.workings} /></Billboard>
      </Fence>
      <div className={css.rows}>
        {data.rows.map((row, index) => (
          <Fence key={row.id} what={`"${row.title}" could not be drawn.`}>
            <Row id={row.id} title={row.title} eager={index < EAGER_ROWS} />
          </Fence>
        ))}
        {data.rows.length === 0 && <p className={css.empty}>Nothing on the programme yet. The films are still being made; look again in a minute.</p>}
      </div>
    </>
  );
}
