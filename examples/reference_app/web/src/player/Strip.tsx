import type { Told } from "./engine";
import { blocks, place, type Sample, WINDOW_MS } from "./samples";
import { zoneOf } from "./Oca";
import css from "./Strip.module.css";

const WIDTH = 600;
const HEIGHT = 100;
/** Seconds of buffer at the top of the strip. */
const FULL_S = 30;

function area(samples: readonly Sample[], now: number): string {
  const points = samples.map(({ at, buffer }) => `${(place(at, now) * WIDTH).toFixed(1)} ${(HEIGHT - Math.min(1, buffer / FULL_S) * HEIGHT).toFixed(1)}`);
  const first = samples[0];
  return first ? `M${(place(first.at, now) * WIDTH).toFixed(1)} ${HEIGHT}L${points.join("L")}L${WIDTH} ${HEIGHT}Z` : "";
}

function steps(samples: readonly Sample[], heights: readonly number[], now: number): string {
  const rank = (height: number) => HEIGHT - ((heights.length - heights.indexOf(height)) / (heights.length + 1)) * HEIGHT;
  let path = "";
  for (const { at, height } of samples.filter((sample) => heights.includes(sample.height))) {
    const x = (place(at, now) * WIDTH).toFixed(1);
    path += path ? `H${x}V${rank(height).toFixed(1)}` : `M${x} ${rank(height).toFixed(1)}`;
  }
  return path;
}

interface StripProps { samples: readonly Sample[]; failovers: readonly Told[]; heights: readonly number[] }

/** The last 60 s: buffer as area, rendition as step line, appliance as blocks, failover as a mark. */
export function Strip({ samples, failovers, heights }: StripProps) {
  const now = samples.at(-1)?.at ?? 0;
  const marks = failovers.filter(({ at }) => at > now - WINDOW_MS);
  const last = marks.at(-1);
  return (
    <figure className={css.figure}>
      <div className={css.plot}>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className={css.svg} role="img" aria-label="Buffer, rendition and appliance over the last minute">
          <path d={area(samples, now)} className={css.area} />
          <path d={steps(samples, heights, now)} className={css.line} />
          {marks.map(({ at }) => <path key={at} d={`M${place(at, now) * WIDTH} 0V${HEIGHT}`} className={css.mark} />)}
        </svg>
        {heights.map((height, index) => (
          <span key={height} className={css.tick} style={{ top: `${((index + 1) / (heights.length + 1)) * 100}%` }}>{height}p</span>
        ))}
      </div>
      <div className={css.blocks} aria-hidden>
        {blocks(samples, now).map(({ oca, from, to }) => (
          <span key={`${oca}-${from}`} className={css.block} data-zone={zoneOf(oca)} style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }}>{to - from > 0.14 && oca}</span>
        ))}
      </div>
      <div className={css.axis} aria-hidden><span>60 s ago</span><span>buffer, of {FULL_S} s</span><span>now</span></div>
      {last && <figcaption className={css.caption} key={last.at}>{last.sentence}</figcaption>}
    </figure>
  );
}
