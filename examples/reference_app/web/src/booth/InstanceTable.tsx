import { ago, figure, percent } from "../lib/format";
import { Icon } from "../ui/Icon";
import type { ZonesTopic } from "./records";
import { statusOf, type Tone } from "./status";
import { useNow } from "./store";
import { ZoneMark } from "./ZoneMark";
import page from "./Page.module.css";
import css from "./InstanceTable.module.css";

/** What is not well stands first. */
const RANK: Record<Tone, number> = { bad: 0, warn: 1, off: 2, ok: 3, quiet: 4 };

/** The same instances in words and figures. */
export function InstanceTable({ topic }: { topic: ZonesTopic }) {
  const now = useNow();
  const rows = Object.entries(topic.instances)
    .map(([id, each]) => ({ id, each, status: statusOf(each, topic.zones[each.zone]?.alive ?? true) }))
    .sort((a, b) => RANK[a.status.tone] - RANK[b.status.tone] || a.each.name.localeCompare(b.each.name, "en", { numeric: true }));
  if (rows.length === 0) return null;
  return (
    <section className={page.section} aria-labelledby="instances">
      <h2 id="instances">Instances</h2>
      <div className={page.scroll} tabIndex={0} role="group" aria-label="Table of instances, scrolls sideways">
        <table className={page.table}>
          <thead>
            <tr>
              <th scope="col">Instance</th><th scope="col">Zone</th><th scope="col">State</th>
              <th scope="col" className={page.number}>Calls /s</th><th scope="col" className={page.number}>Success</th>
              <th scope="col" className={page.number}>p99 ms</th><th scope="col" className={page.number}>Up for</th>
              <th scope="col" className={page.number}>Restarts</th><th scope="col" className={page.number}>Process</th>
              <th scope="col" className={page.number}>Address</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ id, each, status }) => (
              <tr key={id}>
                <th scope="row">{each.name}</th>
                <td><ZoneMark zone={each.zone} /></td>
                <td><span className={css.state} data-tone={status.tone}><Icon name={status.icon} />{status.word}</span></td>
                <td className={page.number}>{figure(each.rps)}</td>
                <td className={page.number}>{each.success === undefined ? "–" : percent(each.success)}</td>
                <td className={page.number}>{each.p99ms === undefined ? "–" : figure(each.p99ms)}</td>
                <td className={page.number}>{each.since === undefined ? "–" : ago(now - each.since)}</td>
                <td className={page.number}>{each.restarts}</td>
                <td className={page.number}>{each.pid ?? "–"}</td>
                <td className={page.number}>{each.address ?? "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
