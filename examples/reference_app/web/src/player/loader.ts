import type { HlsConfig, Loader, LoaderCallbacks, LoaderConfiguration, LoaderContext, LoaderStats } from "hls.js";
import type { Reason, Route } from "./route";

/** Longest silence of an appliance, before the first byte and between two, in milliseconds. */
export const SILENCE_MS = 1_500;

class LoadFault extends Error {
  constructor(readonly reason: Reason, readonly status: number) {
    super(reason);
  }
}

const freshStats = (): LoaderStats => ({
  aborted: false, loaded: 0, retry: 0, total: 0, chunkCount: 0, bwEstimate: 0,
  loading: { start: 0, first: 0, end: 0 },
  parsing: { start: 0, end: 0 },
  buffering: { start: 0, first: 0, end: 0 },
});

const reasonOf = (status: number): Reason =>
  status === 403 ? "refused" : status === 404 || status === 416 ? "missing" : "broken";

/** What the loader tells the engine. */
export interface LoaderEvents {
  /** An appliance answered a segment whole; `oca` is the name it gave itself. */
  served: (oca: string) => void;
  failedOver: () => void;
}

const folder = (url: string) => new URL(".", url).href;

/**
 * A loader class for hls.js that knows three appliances as one. Playlists keep the first one's
 * address; each load goes to whoever serves now, and a failed appliance is replaced inside the load,
 * so that hls.js sees neither error nor another playlist and the film keeps its place and buffer.
 */
export function loaderFor(route: Route, events: LoaderEvents): HlsConfig["loader"] {
  const origin = folder((route.urls[0] as { url: string }).url);

  return class ApplianceLoader implements Loader<LoaderContext> {
    context: LoaderContext | null = null;
    stats = freshStats();
    private answer: Response | null = null;
    private abortion = new AbortController();
    private callbacks: LoaderCallbacks<LoaderContext> | null = null;

    destroy(): void {
      this.callbacks = null;
      this.stats.aborted ||= !this.stats.loading.end;
      this.abortion.abort();
    }

    abort(): void {
      const { callbacks, context } = this;
      this.destroy();
      if (callbacks?.onAbort && context) callbacks.onAbort(this.stats, context, this.answer);
    }

    getCacheAge(): number | null {
      return null;
    }

    getResponseHeader(name: string): string | null {
      return this.answer?.headers.get(name) ?? null;
    }

    load(context: LoaderContext, _config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
      this.context = context;
      this.callbacks = callbacks;
      void this.run(context);
    }

    private async run(context: LoaderContext): Promise<void> {
      let fault = new LoadFault("network", 0);
      for (let attempt = 0; attempt < route.urls.length; attempt += 1) {
        const asked = route.current;
        const began = performance.now();
        try {
          const body = await this.fetchFrom(folder(asked.url), context, began);
          return this.succeed(context, body, asked.host);
        } catch (error) {
          if (!this.callbacks) return undefined;
          fault = error instanceof LoadFault ? error : new LoadFault("network", 0);
          const now = performance.now();
          route.fail(asked.host, fault.reason, (now - began) / 1000, now);
        }
      }
      this.callbacks?.onError({ code: fault.status, text: fault.reason }, context, this.answer, this.stats);
      return undefined;
    }

    private succeed(context: LoaderContext, body: ArrayBuffer, host: string): void {
      const { callbacks, stats, answer } = this;
      if (!callbacks || !answer) return;
      if (route.serve(host, performance.now())) events.failedOver();
      stats.loading.end = Math.max(stats.loading.first, performance.now());
      stats.loaded = stats.total = body.byteLength;
      stats.bwEstimate = (body.byteLength * 8000) / Math.max(1, stats.loading.end - stats.loading.first);
      const binary = context.responseType === "arraybuffer";
      if (binary) events.served(answer.headers.get("x-oca") ?? host);
      const data = binary ? body : new TextDecoder().decode(body);
      callbacks.onProgress?.(stats, context, data, answer);
      callbacks.onSuccess({ url: context.url, data, code: answer.status }, stats, context, answer);
    }

    /** One try at one appliance. The clock of the statistics starts anew: silence is no bandwidth. */
    private async fetchFrom(base: string, context: LoaderContext, began: number): Promise<ArrayBuffer> {
      this.abortion = new AbortController();
      const { signal } = this.abortion;
      this.stats.loading = { start: began, first: 0, end: 0 };
      this.stats.loaded = 0;
      let silent = false;
      const giveUp = () => {
        silent = true;
        this.abortion.abort();
      };
      let watch = setTimeout(giveUp, SILENCE_MS);
      const heard = () => {
        clearTimeout(watch);
        watch = setTimeout(giveUp, SILENCE_MS);
      };
      try {
        const url = context.url.startsWith(origin) ? base + context.url.slice(origin.length) : context.url;
        const answer = await fetch(url, { signal, mode: "cors", credentials: "omit", headers: rangeOf(context) });
        if (!answer.ok || !answer.body) throw new LoadFault(reasonOf(answer.status), answer.status);
        this.answer = answer;
        return await this.read(answer.body.getReader(), Number(answer.headers.get("content-length") ?? 0), heard);
      } catch (error) {
        throw silent ? new LoadFault("timeout", 0) : error;
      } finally {
        clearTimeout(watch);
      }
    }

    private async read(reader: ReadableStreamDefaultReader<Uint8Array>, total: number, heard: () => void): Promise<ArrayBuffer> {
      const chunks: Uint8Array[] = [];
      this.stats.total = total;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        heard();
        this.stats.loading.first ||= performance.now();
        chunks.push(value);
        this.stats.loaded += value.byteLength;
      }
      // A body that ends early is a broken appliance, not a short segment.
      if (total && this.stats.loaded < total) throw new LoadFault("network", 0);
      const whole = new Uint8Array(this.stats.loaded);
      let at = 0;
      for (const chunk of chunks) {
        whole.set(chunk, at);
        at += chunk.byteLength;
      }
      return whole.buffer;
    }
  };
}

const rangeOf = ({ rangeStart, rangeEnd }: LoaderContext): Record<string, string> =>
  rangeStart === undefined || !rangeEnd ? {} : { range: `bytes=${rangeStart}-${rangeEnd - 1}` };
