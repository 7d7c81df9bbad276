import { useState, type KeyboardEvent } from "react";
import { ms } from "../lib/format";
import { Icon } from "../ui/Icon";
import type { SpanRow } from "./records";
import { branches, type Branch } from "./tree";
import { ZoneMark } from "./ZoneMark";
import css from "./Waterfall.module.css";

interface WaterfallProps { spans: readonly SpanRow[]; chosen: string | null; choose: (id: string) => void }

/** Every span on one time axis, as a treegrid: arrows move, open and close; Enter shows the span. */
export function Waterfall({ spans, chosen, choose }: WaterfallProps) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState(0);
  const rows = branches(spans, closed);
  const current = Math.min(at, rows.length - 1);
  const end = Math.max(1, ...spans.map(({ start_ms: start, ms: took }) => start + took));

  const toggle = (id: string, close: boolean) => {
    const next = new Set(closed);
    if (close) next.add(id);
    else next.delete(id);
    setClosed(next);
  };
  function move(event: KeyboardEvent<HTMLElement>, to: number) {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setAt(next);
    event.currentTarget.querySelectorAll<HTMLElement>("tbody [role=row]")[next]?.focus();
  }
  function onKeyDown(event: KeyboardEvent<HTMLElement>) {
    const row = rows[current];
    if (!row) return;
    const open = !row.leaf && !closed.has(row.span.id);
    const acts: Record<string, () => void> = {
      ArrowDown: () => move(event, current + 1),
      ArrowUp: () => move(event, current - 1),
      Home: () => move(event, 0),
      End: () => move(event, rows.length - 1),
      ArrowRight: () => (row.leaf || open ? move(event, current + 1) : toggle(row.span.id, false)),
      ArrowLeft: () => (open ? toggle(row.span.id, true) : move(event, rows.findIndex(({ span }) => span.id === row.span.parent))),
      Enter: () => choose(row.span.id),
      " ": () => choose(row.span.id),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
  return (
    <div className={css.scroll}>
      <table role="treegrid" aria-label="Spans of this trace" className={css.grid} onKeyDown={onKeyDown}>
        <thead>
          <tr role="row">
            <th scope="col" role="columnheader">Span</th><th scope="col" role="columnheader">Ran on</th>
            <th scope="col" role="columnheader" className={css.axis}><span>0</span><span>{ms(end)}</span></th>
            <th scope="col" role="columnheader" className={css.took}>ms</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <Line key={row.span.id} row={row} end={end} open={!closed.has(row.span.id)} tabbable={index === current} chosen={row.span.id === chosen}
              choose={() => { setAt(index); choose(row.span.id); }} toggle={() => toggle(row.span.id, !closed.has(row.span.id))} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The fields that tell two spans of one name apart, the first that is there. */
const SUBJECTS = ["command", "op", "path", "route", "title"];
const subject = ({ fields }: SpanRow) => {
  const key = SUBJECTS.find((each) => fields[each] !== undefined);
  return key ? String(fields[key]) : "";
};

interface LineProps { row: Branch; end: number; open: boolean; tabbable: boolean; chosen: boolean; choose: () => void; toggle: () => void }

function Line({ row: { span, level, leaf, brace, through }, end, open, tabbable, chosen, choose, toggle }: LineProps) {
  const bar = { left: `${(span.start_ms / end) * 100}%`, width: `${(span.ms / end) * 100}%` };
  return (
    <tr role="row" aria-level={level} aria-selected={chosen} {...(leaf ? {} : { "aria-expanded": open })} tabIndex={tabbable ? 0 : -1} className={css.row} data-ok={span.ok} onClick={choose}>
      <td role="gridcell" className={css.name} style={{ "--level": level - 1 } as React.CSSProperties}>
        <span className={css.inner}>
          {through.map((each) => <span key={each} className={css.brace} style={{ "--level": each - 1 } as React.CSSProperties} aria-hidden />)}
          {brace && <span className={css.brace} data-part={brace} aria-hidden />}
          {leaf ? <span className={css.dot} aria-hidden /> : <span className={css.twist} data-open={open} aria-hidden onClick={(event) => { event.stopPropagation(); toggle(); }}><Icon name="more" /></span>}
          <span>{span.name} <span className={css.what}>{subject(span)}</span>{brace && <span className="hidden">, in parallel</span>}</span>
          {!span.ok && <span className={css.bad}><Icon name="bad" />failed</span>}
        </span>
      </td>
      <td role="gridcell" className={css.where}><ZoneMark zone={span.zone} /> {span.instance}</td>
      <td role="gridcell" className={css.lane}><span className={css.bar} data-zone={span.zone} style={bar} /></td>
      <td role="gridcell" className={css.took}>{span.ms.toFixed(1)}</td>
    </tr>
  );
}
