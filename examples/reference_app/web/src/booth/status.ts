import type { IconName } from "../ui/Icon";
import type { Instance } from "./records";

export type Tone = "quiet" | "ok" | "warn" | "bad" | "off";
export interface Status { word: string; icon: IconName; tone: Tone }

/** Below this share of answered calls an instance is not well. */
const WELL = 0.99;

/** What is true of an instance, in one word, one glyph and one tone; healthy is quiet. */
export function statusOf(instance: Instance, zoneAlive: boolean): Status {
  if (!zoneAlive) return { word: "zone down", icon: "bad", tone: "bad" };
  if (/^(Kill|Finished|Failed|Dead|Lost)/i.test(instance.state)) return { word: "dead", icon: "bad", tone: "bad" };
  // Its predecessor died: until the replacement runs, what one looks for is what is missing.
  if (instance.state !== "Started" && instance.restarts > 0) return { word: "dead", icon: "bad", tone: "bad" };
  if (instance.state !== "Started") return { word: "starting", icon: "off", tone: "warn" };
  if (instance.stopped) return { word: "stopped", icon: "pause", tone: "warn" };
  if (instance.recovered_at !== undefined) return { word: "recovered", icon: "ok", tone: "ok" };
  if (instance.success !== undefined && instance.success < WELL) return { word: "failing", icon: "warn", tone: "warn" };
  return { word: "runs", icon: "ok", tone: "quiet" };
}
