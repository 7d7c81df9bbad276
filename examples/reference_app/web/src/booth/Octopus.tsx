import { figure, ms, percent } from "../lib/format";
import { Icon } from "../ui/Icon";
import type { EdgeRate, Instance, ZonesTopic } from "./records";
import { statusOf } from "./status";
import { ZoneMark } from "./ZoneMark";
import css from "./Octopus.module.css";

interface OctopusProps { instance: Instance; topic: ZonesTopic; select: (id: string) => void }

/** The selected instance between its callers and its callees, each with success, rate and p99. */
export function Octopus({ instance, topic, select }: OctopusProps) {
  const { word, icon, tone } = statusOf(instance, topic.zones[instance.zone]?.alive ?? true);
  const idOf = (name: string) => Object.entries(topic.instances).find(([, each]) => each.name === name)?.[0];
  const go = (name: string) => {
    const id = idOf(name);
    if (id) select(id);
  };
  return (
    <section className={css.octopus} aria-label={`Calls of ${instance.name}`}>
      <Side title="called by" edges={instance.callers} none="nobody calls it now" go={go} />
      <Legs count={Object.keys(instance.callers).length} />
      <div className={css.self} data-tone={tone}>
        <h2 className={css.title}><ZoneMark zone={instance.zone} />{instance.name}</h2>
        <p className={css.state}><Icon name={icon} />{word}</p>
        <Figures of={instance} />
      </div>
      <Legs count={Object.keys(instance.callees).length} mirrored />
      <Side title="calls" edges={instance.callees} none="it calls nobody now" go={go} />
    </section>
  );
}

function Side({ title, edges, none, go }: { title: string; edges: Record<string, EdgeRate>; none: string; go: (name: string) => void }) {
  const names = Object.keys(edges).sort();
  return (
    <div className={css.side}>
      <p className={css.label}>{title}</p>
      {names.length === 0 && <p className={css.none}>{none}</p>}
      <ul className={css.list}>
        {names.map((name) => {
          const edge = edges[name];
          return edge && (
            <li key={name} className={css.item}>
              <button type="button" className={css.name} onClick={() => go(name)}>{name}</button>
              <Figures of={edge} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Figures({ of }: { of: EdgeRate }) {
  return (
    <p className={css.figures}>
      <span>{figure(of.rps)} /s</span>
      <span data-low={of.success !== undefined && of.success < 0.99}>{of.success === undefined ? "no calls" : percent(of.success)}</span>
      {of.p99ms !== undefined && <span>p99 {ms(of.p99ms)}</span>}
    </p>
  );
}

/** Curves from evenly spaced rows to the middle. */
function Legs({ count, mirrored = false }: { count: number; mirrored?: boolean }) {
  return (
    <svg className={css.legs} viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden focusable="false">
      {Array.from({ length: count }, (_, nth) => {
        const y = ((nth + 0.5) / count) * 100;
        return <path key={nth} d={mirrored ? `M0 50C60 50 40 ${y} 100 ${y}` : `M0 ${y}C60 ${y} 40 50 100 50`} />;
      })}
    </svg>
  );
}
