/** What the player shows about itself, taken twice a second. */
export interface Sample {
  /** Milliseconds of the page's clock. */
  at: number;
  /** Seconds buffered ahead of the picture. */
  buffer: number;
  /** Lines of the rendition on screen; 0 before the first. */
  height: number;
  kbps: number;
  bandwidth: number;
  oca: string | null;
  width: number;
  lines: number;
  dropped: number;
  decoded: number;
  stalls: number;
  switches: number;
  startup: number | null;
}

export const SAMPLE_MS = 500;
export const WINDOW_MS = 60_000;

/** The samples of the last 60 s, the newest last; a new array each time. */
export function keep(samples: readonly Sample[], next: Sample): Sample[] {
  return [...samples, next].filter(({ at }) => at > next.at - WINDOW_MS);
}

export interface Block { oca: string; from: number; to: number }

/** Runs of one appliance, as fractions of the window (1 is now). */
export function blocks(samples: readonly Sample[], now: number): Block[] {
  const runs: Block[] = [];
  for (const { oca, at } of samples) {
    const x = place(at, now);
    const last = runs.at(-1);
    if (last) last.to = x;
    if (oca && last?.oca !== oca) runs.push({ oca, from: x, to: x });
  }
  return runs;
}

/** Where a moment stands in the window: 0 is 60 s ago, 1 is now. */
export const place = (at: number, now: number): number => Math.max(0, 1 - (now - at) / WINDOW_MS);
