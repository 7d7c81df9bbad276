import { Link, useRoute } from "wouter";
import { Icon, Mark, type IconName } from "../ui/Icon";
import css from "./Rail.module.css";

function Entry({ to, at, icon, word }: { to: string; at: string; icon: IconName; word: string }) {
  const [here] = useRoute(at);
  return (
    <li>
      <Link href={to} className={css.entry} aria-current={here ? "page" : undefined}>
        <Icon name={icon} /><span className={css.word}>{word}</span>
      </Link>
    </li>
  );
}

/** The pages of the booth. */
export function Rail() {
  return (
    <nav className={css.rail} aria-label="Booth">
      <p className={css.logo}><Mark /><span className={css.word}>Booth</span></p>
      <ul className={css.list}>
        <Entry to="/" at="/" icon="zones" word="Zones" />
        <Entry to="/plays" at="/plays/*?" icon="plays" word="Plays" />
      </ul>
    </nav>
  );
}
