import { useState } from "react";
import { Icon } from "../ui/Icon";
import controls from "../ui/controls.module.css";
import { restoreAll } from "./actions";
import { useNow, useTopic } from "./store";
import css from "./BrokenBar.module.css";

/** Amber, on every page, while anything is broken on purpose: what, for how long, and the way back. */
export function BrokenBar() {
  const items = Object.values(useTopic("broken", ({ items: all }) => all) ?? {});
  const now = useNow();
  const [failed, setFailed] = useState(false);
  if (items.length === 0) return null;
  const restore = () => {
    setFailed(false);
    restoreAll().catch(() => setFailed(true));
  };
  return (
    <section className={css.bar} aria-label="Broken on purpose" data-testid="broken-bar">
      <Icon name="warn" />
      <ul className={css.list}>
        {items.map(({ id, what, until }) => (
          <li key={id}>{what.replace(/\.$/, "")} <span className={css.left}>{Math.max(0, Math.ceil(until - now))} s</span></li>
        ))}
      </ul>
      {failed && <p role="alert">Restoring failed; try again.</p>}
      <button type="button" className={controls.button} onClick={restore} data-testid="restore-all">Restore all</button>
    </section>
  );
}
