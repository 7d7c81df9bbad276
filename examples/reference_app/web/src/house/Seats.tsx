import { Cloth } from "../art/Cloth";
import { usePage } from "../lib/usePage";
import { useRoving } from "../lib/useRoving";
import { Mark } from "../ui/Icon";
import controls from "../ui/controls.module.css";
import { Hall } from "./Hall";
import { useSession } from "./session";
import css from "./Seats.module.css";

/** A row of seats, one for each profile of the account. */
export function Seats() {
  const { session, choose, signOut } = useSession();
  const heading = usePage<HTMLHeadingElement>("Choose a seat");
  const seats = session?.seats ?? [];
  const rove = useRoving(seats.length);
  return (
    <main className={css.page}>
      <Hall />
      <div className={css.bar}>
        <p className={css.logo}><Mark />Halation</p>
        <button type="button" className={controls.quiet} onClick={() => void signOut()}>Sign out</button>
      </div>
      <div className={css.room}>
        <h1 ref={heading} tabIndex={-1} className={css.heading}>Choose a seat</h1>
        <ul className={css.row} onKeyDown={rove.onKeyDown}>
          {seats.map((seat, index) => (
            <li key={seat.id}>
              <button
                type="button"
                className={css.seat}
                data-testid="seat"
                data-rove
                tabIndex={rove.tabIndex(index)}
                onFocus={() => rove.onFocus(index)}
                onClick={() => choose(seat)}
              >
                <span className={css.chair}>
                  <span className={css.back}><Cloth seed={seat.pattern} /></span>
                  <span className={css.cushion} />
                </span>
                <span className={css.name}>{seat.name}</span>
                <span className={css.taste}>{seat.taste.join(", ")}</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </main>
  );
}
