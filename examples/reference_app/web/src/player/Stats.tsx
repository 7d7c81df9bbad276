import { count, kbits, ms } from "../lib/format";
import type { PlayUrl } from "../lib/types";
import { Beam, type BeamStop } from "../ui/Beam";
import type { View } from "./engine";
import type { Sample } from "./samples";
import { Strip } from "./Strip";
import css from "./Stats.module.css";

function facts(sample: Sample, url: PlayUrl | null): [string, string][] {
  return [
    ["rendition", sample.height ? `${sample.height}p · ${sample.width}×${sample.lines}` : "–"],
    ["bit rate", sample.kbps ? kbits(sample.kbps) : "–"],
    ["bandwidth", Number.isFinite(sample.bandwidth) ? `${kbits(sample.bandwidth)} estimated` : "–"],
    ["appliance", sample.oca ? [sample.oca, url?.network, url && `distance ${url.distance}`].filter(Boolean).join(" · ") : "–"],
    ["buffer", `${sample.buffer.toFixed(1)} s`],
    ["dropped", `${count(sample.dropped)} of ${count(sample.decoded)} frames`],
    ["stalls", `${sample.stalls}, switches ${sample.switches}`],
    ["start-up", sample.startup === null ? "–" : ms(sample.startup)],
  ];
}

/** Statistics over the film, twice a second: the beam of this play, its figures, its last minute. */
export function Stats({ view, stops, url }: { view: View; stops: readonly BeamStop[]; url: PlayUrl | null }) {
  const sample = view.samples.at(-1);
  return (
    <section className={css.stats} data-testid="stats" aria-label="Statistics of this play">
      <Beam stops={stops} />
      {sample && (
        <dl className={css.facts}>
          {facts(sample, url).map(([name, value]) => (
            <div key={name} className={css.fact} data-fact={name}><dt>{name}</dt><dd>{value}</dd></div>
          ))}
        </dl>
      )}
      <Strip samples={view.samples} failovers={view.failovers} heights={view.heights} />
    </section>
  );
}
