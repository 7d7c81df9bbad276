import type { PlayUrl } from "../lib/types";

export type Reason = "timeout" | "network" | "refused" | "missing" | "broken";

export interface Failover {
  from: string;
  to: string;
  reason: Reason;
  /** Seconds spent on appliances that did not answer. */
  after: number;
  /** When it happened, in the clock given to `fail` (milliseconds). */
  at: number;
}

/** Milliseconds during which a failed appliance is not tried while another one is left. */
export const MEMORY_MS = 30_000;

const REASONS: Record<Reason, string> = {
  timeout: "stopped answering",
  network: "is gone",
  refused: "refused this address",
  missing: "lacks the file",
  broken: "answered with an error",
};

/**
 * Which appliance serves, and who takes over when it fails. Keyed by the host that failed: two
 * loads that fail on the same host move the film once, where a plain toggle would flip it back.
 */
export class Route {
  private readonly failedAt = new Map<string, number>();
  private at = 0;
  private pending: { from: string; reason: Reason; after: number } | null = null;
  readonly failovers: Failover[] = [];
  readonly urls: readonly PlayUrl[];

  constructor(urls: readonly PlayUrl[]) {
    if (urls.length === 0) throw new RangeError("a route needs at least one appliance");
    this.urls = urls;
  }

  get current(): PlayUrl {
    return this.urls[this.at] as PlayUrl;
  }

  /** Notes that `host` failed at `now` and tells who serves from now on. */
  fail(host: string, reason: Reason, after: number, now: number): PlayUrl {
    this.failedAt.set(host, now);
    if (host !== this.current.host) return this.current;
    this.pending ??= { from: host, reason, after: 0 };
    this.pending.after += after;
    this.at = this.next(now);
    return this.current;
  }

  /** Notes that `host` answered at `now`; true when with that it has taken over from another. */
  serve(host: string, now: number): boolean {
    const { pending } = this;
    if (!pending || host !== this.current.host) return false;
    this.pending = null;
    if (host === pending.from) return false;
    this.failovers.push({ ...pending, to: host, at: now });
    return true;
  }

  /** The first ranked appliance without a recent failure, else the one that failed longest ago. */
  private next(now: number): number {
    const age = (url: PlayUrl) => now - (this.failedAt.get(url.host) ?? Number.NEGATIVE_INFINITY);
    const rested = this.urls.findIndex((url) => age(url) >= MEMORY_MS);
    if (rested >= 0) return rested;
    return this.urls.reduce((best, url, index) => (age(url) > age(this.urls[best] as PlayUrl) ? index : best), 0);
  }
}

/** A failover in one sentence. */
export function sentence({ from, to, reason, after }: Failover, stalled: boolean): string {
  const seconds = after < 0.5 ? "at once" : `after ${after.toFixed(1)} s`;
  return `${from} ${REASONS[reason]}; ${to} took over ${seconds}; ${stalled ? "the film stalled" : "no stall"}.`;
}
