import { Link } from "wouter";
import { Cloth } from "../art/Cloth";
import { Icon, Mark } from "../ui/Icon";
import { Keys } from "../ui/Keys";
import { useWorkings } from "../ui/Workings";
import controls from "../ui/controls.module.css";
import { useSession } from "./session";
import css from "./Header.module.css";

/** Name of the house, the workings lens, the seat, and the way out. */
export function Header() {
  const { seat, choose, signOut } = useSession();
  const { on, toggle } = useWorkings();
  return (
    <header className={css.header}>
      <Link href="/" className={css.logo}><Mark />Halation</Link>
      <button type="button" className={controls.quiet} aria-pressed={on} aria-keyshortcuts="w" onClick={toggle}>
        <Icon name="works" /><span className={css.word}>Workings</span>
      </button>
      <Keys />
      {seat && (
        <button type="button" className={controls.quiet} onClick={() => choose(null)}>
          <span className={css.cloth}><Cloth seed={seat.pattern} /></span>
          <span className="hidden">Seat of </span><span className={css.word}>{seat.name}</span>
          <span className="hidden">, choose another seat</span>
        </button>
      )}
      <button type="button" className={controls.quiet} onClick={() => void signOut()}>Sign out</button>
    </header>
  );
}
