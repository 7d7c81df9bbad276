import Hls, { Events, type Level } from "hls.js/light";
import type { PlayAnswer, Rendition } from "../lib/types";
import { loaderFor } from "./loader";
import { Route, sentence, type Failover } from "./route";
import { keep, SAMPLE_MS, type Sample } from "./samples";

export interface Told extends Failover { stalled: boolean; sentence: string }

/** What the page draws; replaced, never changed. */
export interface View {
  samples: readonly Sample[];
  failovers: readonly Told[];
  oca: string | null;
  /** Heights on offer, best first; `chosen` is null while the player chooses itself. */
  heights: readonly number[];
  chosen: number | null;
  /** Milliseconds from the answer of Play to the first whole segment. */
  served: number | null;
  fatal: string | null;
}

const EMPTY: View = { samples: [], failovers: [], oca: null, heights: [], chosen: null, served: null, fatal: null };
const BUFFER_S = 30;
/** A stall this soon after a failover belongs to it. */
const BLAME_MS = 5_000;

/**
 * A load that fails here has failed at every appliance: tried again for about 20 s, which the
 * buffer bridges. The time limits are the loader's own.
 */
const RETRY = { maxNumRetry: 6, retryDelayMs: 1_000, maxRetryDelayMs: 4_000 };
const PATIENCE = { maxTimeToFirstByteMs: Infinity, maxLoadTimeMs: Infinity, timeoutRetry: RETRY, errorRetry: RETRY };

interface EngineOptions {
  video: HTMLVideoElement;
  play: PlayAnswer;
  mbit: number;
  /** Second of the film to begin at. */
  position: number;
  /** When the member pressed Play and when the answer came, in the page's clock. */
  pressed: number;
  answered: number;
}

/** One playing film: hls.js over a route of appliances, watched twice a second. */
export class Engine {
  private view = EMPTY;
  private readonly listeners = new Set<() => void>();
  private readonly route: Route;
  private readonly hls: Hls;
  private readonly timer: ReturnType<typeof setInterval>;
  private readonly off = new AbortController();
  private stalls: number[] = [];
  private switches = 0;
  private startup: number | null = null;

  constructor(private readonly options: EngineOptions) {
    const { play, video, mbit, position } = options;
    this.route = new Route(play.urls);
    this.hls = new Hls({
      loader: loaderFor(this.route, { served: this.onServed, failedOver: this.onFailover }),
      enableWorker: false,
      autoStartLoad: false,
      startPosition: position,
      fragLoadPolicy: { default: PATIENCE },
      playlistLoadPolicy: { default: PATIENCE },
      maxBufferLength: BUFFER_S,
      maxMaxBufferLength: BUFFER_S,
      backBufferLength: BUFFER_S,
      // The line rate is known: the first estimate need not be guessed.
      abrEwmaDefaultEstimate: mbit * 800_000,
      abrEwmaDefaultEstimateMax: mbit * 800_000,
    });
    this.watch(video);
    this.hls.on(Events.MANIFEST_PARSED, (_name, { levels }) => this.begin(levels));
    this.hls.on(Events.LEVEL_SWITCHED, () => { this.switches += 1; });
    this.hls.on(Events.ERROR, (_name, { fatal, details }) => {
      if (fatal) this.publish({ fatal: details });
    });
    this.hls.loadSource(play.urls[0]?.url ?? "");
    this.hls.attachMedia(video);
    this.timer = setInterval(this.sample, SAMPLE_MS);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): View => this.view;

  /** Fixes the rendition by height, or lets the player choose again (null). */
  choose(height: number | null): void {
    this.hls.nextLevel = height === null ? -1 : this.hls.levels.findIndex((level) => level.height === height);
    this.publish({ chosen: height });
  }

  destroy(): void {
    clearInterval(this.timer);
    this.off.abort();
    this.hls.destroy();
  }

  private begin(levels: readonly Level[]): void {
    const { renditions, start } = this.options.play;
    const allowed = new Set(renditions.map(({ height }) => height));
    // The file choice of the Play API: what it did not name, this device does not play.
    for (let index = levels.length - 1; index >= 0; index -= 1) {
      const height = this.hls.levels[index]?.height;
      if (allowed.size && height !== undefined && !allowed.has(height) && this.hls.levels.length > 1) this.hls.removeLevel(index);
    }
    const first = this.hls.levels.findIndex(({ height }) => height === renditions[start]?.height);
    if (first >= 0) this.hls.startLevel = first;
    this.publish({ heights: this.hls.levels.map(({ height }) => height).reverse() });
    this.hls.startLoad(this.options.position);
    // A refused autoplay is no failure: the controls show the play button.
    void this.options.video.play().catch(() => undefined);
  }

  private watch(video: HTMLVideoElement): void {
    const { signal } = this.off;
    video.addEventListener("waiting", () => {
      if (this.startup === null || video.seeking) return;
      this.stalls.push(performance.now());
      this.publish({});
    }, { signal });
    video.addEventListener("loadeddata", () => {
      this.startup ??= performance.now() - this.options.pressed;
    }, { signal });
  }

  private readonly onServed = (oca: string): void => {
    const served = this.view.served ?? performance.now() - this.options.answered;
    if (oca !== this.view.oca || this.view.served === null) this.publish({ oca, served });
  };

  private readonly onFailover = (): void => this.publish({});

  private readonly sample = (): void => {
    const { video } = this.options;
    const level = this.hls.levels[this.hls.currentLevel];
    const quality = video.getVideoPlaybackQuality();
    const next: Sample = {
      at: performance.now(),
      buffer: bufferedAhead(video),
      height: level?.height ?? 0,
      kbps: rate(level, this.options.play.renditions),
      bandwidth: this.hls.bandwidthEstimate / 1000,
      oca: this.view.oca,
      width: video.videoWidth,
      lines: video.videoHeight,
      dropped: quality.droppedVideoFrames,
      decoded: quality.totalVideoFrames,
      stalls: this.stalls.length,
      switches: Math.max(0, this.switches - 1),
      startup: this.startup,
    };
    this.publish({ samples: keep(this.view.samples, next) });
  };

  private publish(change: Partial<View>): void {
    const failovers = this.route.failovers.map((failover) => {
      const stalled = this.stalls.some((at) => at >= failover.at - failover.after * 1000 && at <= failover.at + BLAME_MS);
      return { ...failover, stalled, sentence: sentence(failover, stalled) };
    });
    this.view = { ...this.view, failovers, ...change };
    for (const listener of this.listeners) listener();
  }
}

function bufferedAhead({ buffered, currentTime }: HTMLVideoElement): number {
  for (let index = 0; index < buffered.length; index += 1) {
    if (buffered.start(index) <= currentTime + 0.1 && buffered.end(index) > currentTime) return buffered.end(index) - currentTime;
  }
  return 0;
}

const rate = (level: Level | undefined, renditions: readonly Rendition[]): number =>
  renditions.find(({ height }) => height === level?.height)?.kbps ?? (level?.bitrate ?? 0) / 1000;
