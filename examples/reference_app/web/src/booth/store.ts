import { useSyncExternalStore } from "react";
import { ApiError, call } from "../lib/api";
import { merge } from "./merge";
import type { BrokenTopic, PlaysTopic, Slo, ZonesTopic } from "./records";

export interface Topics {
  zones: ZonesTopic;
  plays: PlaysTopic;
  broken: BrokenTopic;
  slo: Record<string, Slo>;
}
type Topic = keyof Topics;
const TOPICS: Topic[] = ["zones", "plays", "broken", "slo"];

interface Message { topic: Topic; rev: number; at: number; kind: "snapshot" | "patch"; data: unknown }

/** How far what is shown can be trusted. */
export interface Link { state: "fresh" | "stale" | "lost"; /** Whole seconds since the last message. */ age: number; attempt: number; denied: boolean }

interface State { topics: Partial<Topics>; link: Link; /** Server time of the last message, unix seconds. */ now: number }

const STALE_MS = 1_500;
const LOST_MS = 5_000;
const LONGEST_WAIT_MS = 5_000;

/** The booth's one stream, and everything it has said. */
class Store {
  private state: State = { topics: {}, link: { state: "stale", age: 0, attempt: 0, denied: false }, now: Date.now() / 1000 };
  private readonly listeners = new Set<() => void>();
  private readonly revs = new Map<Topic, number>();
  private queue: Message[] = [];
  private source: EventSource | null = null;
  private heard = performance.now();
  private retry: ReturnType<typeof setTimeout> | undefined;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly snapshot = (): State => this.state;

  /** Opens the stream, and keeps it open while the page can be seen. */
  start(): void {
    this.open();
    setInterval(() => this.judge(), 500);
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.open()));
  }

  /** Drops the stream and asks for snapshots again, at once. */
  open(): void {
    this.close();
    this.source = new EventSource(`/booth/stream?topics=${TOPICS.join(",")}`);
    this.source.onmessage = ({ data }) => this.take(JSON.parse(data as string) as Message);
    this.source.onerror = () => void this.lose();
  }

  private close(): void {
    clearTimeout(this.retry);
    this.source?.close();
    this.source = null;
    this.queue = [];
  }

  private async lose(): Promise<void> {
    this.close();
    const attempt = this.state.link.attempt + 1;
    this.link({ attempt });
    this.retry = setTimeout(() => this.open(), Math.min(LONGEST_WAIT_MS, 250 * 2 ** attempt));
    // An EventSource does not tell a refusal from a silence; a plain call does.
    const refused = await call("/booth/faults").then(() => false, (error: unknown) => error instanceof ApiError && [401, 403].includes(error.status));
    if (refused) clearTimeout(this.retry);
    this.link({ denied: refused });
  }

  private take(message: Message): void {
    this.heard = performance.now();
    if (this.queue.push(message) === 1) requestAnimationFrame(() => this.apply());
  }

  private apply(): void {
    const topics: Record<string, unknown> = { ...this.state.topics };
    const messages = this.queue.splice(0);
    for (const { topic, rev, kind, data } of messages) {
      if (kind === "patch" && rev !== (this.revs.get(topic) ?? 0) + 1) return this.open();
      this.revs.set(topic, rev);
      topics[topic] = kind === "snapshot" ? data : merge(topics[topic], data);
    }
    const now = messages.at(-1)?.at ?? this.state.now;
    this.state = { ...this.state, topics: topics as Partial<Topics>, now };
    this.judge({ attempt: 0, denied: false });
  }

  private judge(change: Partial<Link> = {}): void {
    const silence = performance.now() - this.heard;
    const state = silence > LOST_MS ? "lost" : silence > STALE_MS ? "stale" : "fresh";
    this.link({ state, age: state === "fresh" ? 0 : Math.floor(silence / 1000), ...change });
  }

  private link(change: Partial<Link>): void {
    this.state = { ...this.state, link: merge(this.state.link, change) };
    for (const listener of this.listeners) listener();
  }
}

export const store = new Store();

const useStore = <T,>(select: (state: State) => T): T => useSyncExternalStore(store.subscribe, () => select(store.snapshot()));

/** One field of a topic; undefined until its snapshot is there. Draws again only when it changes. */
export const useTopic = <K extends Topic, T>(topic: K, select: (data: Topics[K]) => T): T | undefined =>
  useStore(({ topics }) => {
    const data = topics[topic] as Topics[K] | undefined;
    return data && select(data);
  });
export const useLink = (): Link => useStore(({ link }) => link);
/** The booth's own clock, in whole unix seconds. */
export const useNow = (): number => useStore(({ now }) => Math.floor(now));
