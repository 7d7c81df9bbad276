import css from "./Spark.module.css";

/** Sixty values, the newest at the right edge; a gap stays a gap. */
export function Spark({ values, target }: { values: readonly (number | null)[]; target?: number }) {
  const known = values.filter((value): value is number => value !== null);
  const top = Math.max(...known, target ?? 0, Number.EPSILON);
  const low = Math.min(...known, target ?? top);
  // Rates start at 0; a share near its ceiling would be a flat line that way.
  const floor = low / top > 0.9 ? low - (top - low) : 0;
  const y = (value: number) => 20 - ((value - floor) / (top - floor || 1)) * 18;
  let path = "";
  values.forEach((value, at) => {
    if (value !== null) path += path && values[at - 1] !== null ? `L${at} ${y(value).toFixed(1)}` : `M${at} ${y(value).toFixed(1)}h0.01`;
  });
  return (
    <svg className={css.spark} viewBox="0 0 60 22" preserveAspectRatio="none" aria-hidden focusable="false">
      {target !== undefined && <path className={css.target} d={`M0 ${y(target)}H60`} />}
      <path className={css.line} d={path} />
    </svg>
  );
}
