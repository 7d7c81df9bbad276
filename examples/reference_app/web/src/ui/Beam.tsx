import { ms } from "../lib/format";
import css from "./Beam.module.css";

export type BeamState = "done" | "failed" | "waiting";
export interface BeamStop { name: string; ms: number | null; state: BeamState }

/** The five stops of a play, with the design's names. */
export const STOPS = ["asked", "allowed", "files chosen", "steered", "served"] as const;

/** The stops of a play of which only some are known yet; the rest wait. */
export function stopsOf(steps: readonly { name: string; ms: number | null }[], failed: string | null = null): BeamStop[] {
  const fault = failed === null ? -1 : STOPS.findIndex((name) => name === failed);
  return STOPS.map((name, nth) => {
    const step = steps.find((each) => each.name === name);
    if (nth === fault) return { name, ms: step?.ms ?? null, state: "failed" };
    if (nth < fault) return { name, ms: step?.ms ?? null, state: "done" };
    return step ? { name, ms: step.ms, state: "done" } : { name, ms: null, state: "waiting" };
  });
}

const WORDS: Record<BeamState, string> = { done: "done", failed: "failed", waiting: "waiting" };

interface BeamProps {
  stops: readonly BeamStop[];
  /** Dots only, for table rows; names and times stay for screen readers. */
  compact?: boolean;
  /** Lights the stops in order as they appear. */
  lively?: boolean;
}

/** A 2 px line with five stops: what happened between Play and the first picture. */
export function Beam({ stops, compact = false, lively = false }: BeamProps) {
  const waiting = stops.findIndex((stop) => stop.state === "waiting");
  const failed = stops.some((stop) => stop.state === "failed");
  return (
    <ol
      className={[css.beam, compact && css.compact, lively && css.lively].filter(Boolean).join(" ")}
      data-testid="beam"
      aria-label="Steps of this play"
    >
      {stops.map((stop, nth) => (
        <li
          key={stop.name}
          data-state={stop.state}
          data-step={stop.name}
          style={{ "--nth": nth } as React.CSSProperties}
          className={[css.stop, stop.state !== "waiting" && css[stop.state], nth === waiting && !failed && css.now].filter(Boolean).join(" ")}
        >
          <span>{stop.name}</span>
          <span className={css.figure}>{stop.ms === null ? (stop.state === "failed" ? "×" : "–") : ms(stop.ms)}</span>
          <span className="hidden">{WORDS[stop.state]}</span>
        </li>
      ))}
    </ol>
  );
}
