import css from "./ZoneMark.module.css";

/** A zone: its colour and, always, its letter. */
export function ZoneMark({ zone }: { zone: string }) {
  return <span className={css.mark} data-zone={zone}>{zone || "–"}</span>;
}
