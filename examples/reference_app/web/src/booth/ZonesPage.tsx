import { useState } from "react";
import { usePage } from "../lib/usePage";
import { Skeleton } from "../ui/Skeleton";
import { BreakIt } from "./BreakIt";
import { InstanceTable } from "./InstanceTable";
import { Matrix } from "./Matrix";
import { Octopus } from "./Octopus";
import type { ZonesTopic } from "./records";
import { Sentence } from "./Sentence";
import { statusOf } from "./status";
import { useTopic } from "./store";
import page from "./Page.module.css";
import css from "./ZonesPage.module.css";

/** Without a choice: what is not well, else the API that answers Play. */
function striking({ instances, zones }: ZonesTopic): string | null {
  const all = Object.entries(instances);
  const ill = all.find(([, each]) => ["bad", "warn"].includes(statusOf(each, zones[each.zone]?.alive ?? true).tone));
  return (ill ?? all.find(([, each]) => each.job === "play-api") ?? all[0])?.[0] ?? null;
}

/** Where everything runs: columns are zones, rows are layers, a square is an instance. */
export function ZonesPage() {
  const heading = usePage<HTMLHeadingElement>("Zones", "Booth");
  const topic = useTopic("zones", (data) => data);
  const [chosen, setChosen] = useState<string | null>(null);
  if (!topic) return <div className={page.page}><h1 ref={heading} tabIndex={-1}>Zones</h1><Skeleton className={css.bone} /></div>;
  const selected = chosen && topic.instances[chosen] ? chosen : striking(topic);
  const instance = selected ? topic.instances[selected] : undefined;
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1 ref={heading} tabIndex={-1}>Zones</h1>
        <Sentence text={topic.sentence} />
        <p className={page.engine}>{topic.engine}</p>
      </header>
      {Object.keys(topic.instances).length === 0 ? (
        <p className={page.empty}>Each process appears here as a square once the scheduler has placed it: <code>make demo</code>.</p>
      ) : (
        <div className={css.pictures}>
          <Matrix topic={topic} selected={selected} select={setChosen} />
          {instance && <Octopus instance={instance} topic={topic} select={setChosen} />}
        </div>
      )}
      <InstanceTable topic={topic} />
      <BreakIt kinds={["instance", "zone"]} />
    </div>
  );
}
