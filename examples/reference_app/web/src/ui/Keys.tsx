import { useRef } from "react";
import { setShortcuts, useShortcuts } from "../lib/shortcuts";
import { useKey } from "../lib/useKey";
import { Icon } from "./Icon";
import controls from "./controls.module.css";
import css from "./Keys.module.css";

const KEYS: [string, string][] = [
  ["w", "workings: how each row and poster was made"],
  ["i", "in the player: statistics"],
  ["Space or k", "in the player: play and pause"],
  ["m", "in the player: sound"],
  ["f", "in the player: full screen"],
  ["← →", "in the player: 10 seconds; in a row: next poster"],
  ["↑ ↓", "in the player: volume"],
  ["Home, End", "in a row: first and last poster"],
  ["?", "this list"],
];

/** The keys of the house, and the switch that turns single letters off. */
export function Keys() {
  const dialog = useRef<HTMLDialogElement>(null);
  const on = useShortcuts();
  useKey("?", () => dialog.current?.showModal());
  return (
    <>
      <button type="button" className={`${controls.quiet} ${css.opener}`} aria-keyshortcuts="?" onClick={() => dialog.current?.showModal()}>
        <Icon name="keys" label="Keys" />
      </button>
      <dialog ref={dialog} className={css.dialog} aria-labelledby="keys-title">
        <h2 id="keys-title">Keys</h2>
        <dl className={css.list}>
          {KEYS.map(([key, what]) => <div key={key}><dt>{key}</dt><dd>{what}</dd></div>)}
        </dl>
        <label className={css.switch}>
          <input type="checkbox" checked={on} onChange={(event) => setShortcuts(event.target.checked)} />
          Single letters act
        </label>
        <form method="dialog"><button type="submit" className={controls.button}>Close</button></form>
      </dialog>
    </>
  );
}
