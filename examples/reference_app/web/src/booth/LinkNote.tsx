import { useLink } from "./store";
import css from "./LinkNote.module.css";

/** Says how old what is shown is, from the moment that it is not fresh. */
export function LinkNote() {
  const { state, age, attempt } = useLink();
  const words = state === "lost" ? `Reconnecting, attempt ${Math.max(1, attempt)}. What you see is ${age} s old.` : `Last heard ${age} s ago.`;
  return (
    <p className={css.note} role="status" data-link={state} hidden={state === "fresh" || (state === "stale" && age < 1)}>
      {state !== "fresh" && words}
    </p>
  );
}
