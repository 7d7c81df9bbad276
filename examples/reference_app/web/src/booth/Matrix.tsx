import { figure, percent } from "../lib/format";
import { Icon } from "../ui/Icon";
import type { Instance, ZonesTopic } from "./records";
import { statusOf } from "./status";
import { ZoneMark } from "./ZoneMark";
import css from "./Matrix.module.css";

interface MatrixProps {
  topic: ZonesTopic;
  selected: string | null;
  select: (id: string) => void;
}

/** The picture of the zones page. Above each zone stands the share of traffic its gateways take. */
export function Matrix({ topic, selected, select }: MatrixProps) {
  const zones = Object.entries(topic.zones);
  const instances = Object.entries(topic.instances).sort(([, a], [, b]) => a.name.localeCompare(b.name, "en", { numeric: true }));
  return (
    <div className={css.scroll}>
      <table className={css.matrix}>
        <caption className="hidden">Instances by zone and layer</caption>
        <thead>
          <tr>
            <td className={css.corner}>traffic</td>
            {zones.map(([zone, { alive, share, rps }]) => (
              <th key={zone} scope="col" className={css.zone}>
                <span className={css.head}>
                  <ZoneMark zone={zone} />
                  {alive ? <span className={css.figures}>{percent(share)}<span className={css.rate}>{figure(rps)} /s</span></span> : <span className={css.down}><Icon name="bad" />down</span>}
                </span>
                <span className={css.share}><span data-zone={zone} style={{ width: `${share * 100}%` }} /></span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {topic.layers.map((layer) => (
            <tr key={layer}>
              <th scope="row" className={css.layer}>{layer}</th>
              {zones.map(([zone, { alive }]) => (
                <td key={zone} className={css.cell}>
                  <ul className={css.squares}>
                    {instances.filter(([, each]) => each.layer === layer && each.zone === zone).map(([id, each]) => (
                      <li key={id}><Square instance={each} alive={alive} pressed={id === selected} select={() => select(id)} /></li>
                    ))}
                  </ul>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Square({ instance, alive, pressed, select }: { instance: Instance; alive: boolean; pressed: boolean; select: () => void }) {
  const { word, icon, tone } = statusOf(instance, alive);
  return (
    <button type="button" className={css.instance} data-instance={instance.name} data-status={word} data-tone={tone} aria-pressed={pressed} onClick={select}>
      <span className={css.square}><Icon name={icon} /></span>
      <span className={css.name}>{instance.name}</span>
      {tone === "quiet" ? <span className="hidden">{word}</span> : <span className={css.word}>{word}</span>}
    </button>
  );
}
