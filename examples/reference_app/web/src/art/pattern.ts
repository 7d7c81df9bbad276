/** A seat's cloth, drawn from its seed: which motif, how it turns, and its two tones. */
export interface Pattern { motif: "arcs" | "stripes" | "dots" | "chevrons"; turn: number; pitch: number; tone: number }

const MOTIFS = ["arcs", "stripes", "dots", "chevrons"] as const;

/** Reads a hex seed; every seed gives a pattern, the same seed the same one. */
export function patternOf(seed: string): Pattern {
  let mixed = 2166136261;
  for (const letter of seed) mixed = Math.imul(mixed ^ letter.charCodeAt(0), 16777619) >>> 0;
  return {
    motif: MOTIFS[mixed % MOTIFS.length] ?? "arcs",
    turn: ((mixed >>> 4) % 8) * 22.5,
    pitch: 12 + ((mixed >>> 8) % 4) * 3,
    tone: (mixed >>> 12) % 5,
  };
}
