import { ms } from "../lib/format";
import { Icon } from "../ui/Icon";
import controls from "../ui/controls.module.css";
import type { SpanRow } from "./records";
import css from "./SpanPanel.module.css";

const shown = (value: unknown) => (typeof value === "object" ? JSON.stringify(value) : String(value));

/** One span: where it ran, when, and every field it was told. */
export function SpanPanel({ span, close }: { span: SpanRow; close: () => void }) {
  const rows: [string, string][] = [
    ["service", span.service],
    ["instance", span.instance],
    ["zone", span.zone || "–"],
    ["began", `${ms(span.start_ms)} after the first`],
    ["took", ms(span.ms)],
    ["result", span.ok ? "well" : "failed"],
    ...Object.entries(span.fields).map(([key, value]): [string, string] => [key, shown(value)]),
    ["span", span.id],
  ];
  return (
    <aside className={css.panel} aria-label={`Span ${span.name}`}>
      <div className={css.head}>
        <h3>{span.name}</h3>
        <button type="button" className={controls.quiet} onClick={close}><Icon name="close" label="Close the span" /></button>
      </div>
      <dl className={css.rows}>{rows.map(([key, value]) => <div key={key}><dt>{key}</dt><dd>{value}</dd></div>)}</dl>
    </aside>
  );
}
