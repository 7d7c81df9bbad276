import { createContext, useContext, useState, type ReactNode } from "react";
import { useSession } from "../house/session";
import { ms } from "../lib/format";
import type { Workings as Record } from "../lib/types";
import { useKey } from "../lib/useKey";
import controls from "./controls.module.css";

const Lens = createContext({ on: false, toggle: () => {} });

/** Holds whether the workings lens lies over the page; key `w` turns it. */
export function WorkingsLens({ children }: { children: ReactNode }) {
  const [on, setOn] = useState(false);
  const toggle = () => setOn((was) => !was);
  useKey("w", toggle);
  return <Lens value={{ on, toggle }}>{children}</Lens>;
}

export const useWorkings = () => useContext(Lens);

/** One line of how something was made: `titles.rows · RAM zone b · 4 ms`. */
export function describe({ command, cache, ms: took, fallback }: Record): string {
  const parts = [command];
  if (cache) {
    const from = [cache.tier, cache.zone && `zone ${cache.zone}`].filter(Boolean).join(" ");
    parts.push(cache.status === "HIT" && from ? from : [cache.status.toLowerCase(), from].filter(Boolean).join(" "));
  }
  if (fallback) parts.push(`fallback: ${fallback}`);
  parts.push(ms(took));
  return parts.join(" · ");
}

/** The label beside a list, while the lens is on; it leads to that answer's trace. */
export function Workings({ of }: { of: Record | null | undefined }) {
  const { on } = useWorkings();
  const { session } = useSession();
  if (!on || !of || !session) return null;
  return (
    <a className={controls.chip} href={`${session.booth}/#/plays/${of.trace}`} target="booth" data-testid="workings">
      {describe(of)}
      <span className="hidden">, open the trace in the booth</span>
    </a>
  );
}
