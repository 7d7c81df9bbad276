import { useEffect, useState } from "react";
import { ApiError } from "../lib/api";
import { useResource } from "../lib/useResource";
import { Note } from "../ui/Note";
import controls from "../ui/controls.module.css";
import { breakIt } from "./actions";
import type { BrokenItem, FaultEntry } from "./records";
import { useNow, useTopic } from "./store";
import page from "./Page.module.css";
import css from "./BreakIt.module.css";

interface Group { action: FaultEntry["action"]; consequence: string; seconds: number; targets: string[] }

/** Targets with the same consequence stand together: the sentence is said once. */
function grouped(faults: readonly FaultEntry[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { target, action, consequence, seconds } of faults) {
    const key = `${action} ${consequence}`;
    const group = groups.get(key) ?? { action, consequence, seconds, targets: [] };
    group.targets.push(target);
    groups.set(key, group);
  }
  return [...groups.values()];
}

const VERBS = { kill: "Kill", stop: "Stop" } as const;

/** The faults that belong to a page, each with its consequence, its duration and its countdown. */
export function BreakIt({ kinds }: { kinds: readonly FaultEntry["kind"][] }) {
  const { data, error, retry } = useResource<FaultEntry[]>("/booth/faults");
  const [refusal, setRefusal] = useState<string | null>(null);
  const broken = useTopic("broken", ({ items }) => items) ?? {};
  // What can be broken changes with what runs: asked again when a fault begins or ends.
  const under = Object.keys(broken).sort().join(" ");
  useEffect(retry, [under, retry]);
  const groups = grouped((data ?? []).filter(({ kind }) => kinds.includes(kind)));
  const act = (target: string, action: string, seconds: number) => {
    setRefusal(null);
    breakIt(target, action, seconds).catch((reason: unknown) => setRefusal(reason instanceof ApiError ? reason.message : String(reason)));
  };
  return (
    <section className={css.section} aria-labelledby="break">
      <h2 id="break">Break it here</h2>
      {error && <Note what="The list of faults did not arrive." error={error} retry={retry} />}
      {refusal && <p role="alert" className={css.refusal}>{refusal}</p>}
      <ul className={css.groups}>
        {groups.map(({ action, consequence, seconds, targets }) => (
          <li key={action + consequence} className={css.group}>
            <p className={css.text}><strong>{VERBS[action]}.</strong> {consequence}</p>
            <ul className={css.targets}>
              {targets.map((target) => (
                <li key={target}>
                  <Target target={target} action={action} seconds={seconds} item={Object.values(broken).find((each) => each.target === target)} act={act} />
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
      {data && groups.length === 0 && <p className={page.empty}>Nothing of this page can be broken right now.</p>}
    </section>
  );
}

interface TargetProps { target: string; action: FaultEntry["action"]; seconds: number; item: BrokenItem | undefined; act: (target: string, action: string, seconds: number) => void }

function Target({ target, action, seconds, item, act }: TargetProps) {
  const now = useNow();
  if (item) {
    const left = Math.max(0, Math.ceil(item.until - now));
    return <span className={css.running}>{target}<span className={css.left}>{item.action === action ? `back in ${left} s` : "is broken"}</span></span>;
  }
  return (
    <button type="button" className={controls.button} onClick={() => act(target, action, seconds)} data-break={`${action} ${target}`}>
      <span className="hidden">{VERBS[action]} </span>{target}<span className={css.left}>{seconds} s</span>
    </button>
  );
}
