import { precise } from "../lib/format";
import { Icon } from "../ui/Icon";
import { Spark } from "./Spark";
import { useTopic } from "./store";
import css from "./SloStrip.module.css";

function Cell({ id }: { id: string }) {
  const slo = useTopic("slo", (all) => all[id]);
  if (!slo) return null;
  return (
    <li className={css.cell} data-ok={slo.ok}>
      <span className={css.name}>{slo.label}</span>
      <span className={css.value}>{slo.value === undefined ? "–" : precise(slo.value)}<span className={css.unit}> {slo.unit}</span></span>
      <Spark values={slo.spark} target={slo.target} />
      <span className={css.word}><Icon name={slo.ok ? "ok" : "warn"} />{slo.word}<span className={css.aim}>, target {slo.target} {slo.unit}</span></span>
    </li>
  );
}

const names = (all: Record<string, unknown>) => Object.keys(all).join(" ");

/** Whether members get what they came for: on every page, before everything else. */
export function SloStrip() {
  const ids = useTopic("slo", names);
  return (
    <section className={css.strip} aria-label="Service levels">
      <ul className={css.list}>{ids?.split(" ").map((id) => <Cell key={id} id={id} />)}</ul>
    </section>
  );
}
