import "media-chrome";
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { useHouse } from "../house/useHouse";
import type { TitleAnswer } from "../lib/types";
import { useKey } from "../lib/useKey";
import { usePage } from "../lib/usePage";
import { Icon } from "../ui/Icon";
import { Workings } from "../ui/Workings";
import { stopsOf, type BeamStop } from "../ui/Beam";
import controls from "../ui/controls.module.css";
import type { View } from "./engine";
import { LensPanel } from "./LensPanel";
import { Oca } from "./Oca";
import { QualityPanel } from "./QualityPanel";
import { Screen } from "./Screen";
import { Start } from "./Start";
import { Stats } from "./Stats";
import { useEngine } from "./useEngine";
import { failedStop, usePlay, type Play } from "./usePlay";
import css from "./Player.module.css";

/** As `--linger`: the beam fades while the film already plays. */
const LINGER_MS = 2_400;

type Panel = "lens" | "quality" | null;

function beamOf({ answer, error }: Play, { served, fatal }: View): BeamStop[] {
  const steps = [...(answer?.steps ?? []), ...(served === null ? [] : [{ name: "served", ms: served }])];
  return stopsOf(steps, error ? failedStop(error) : fatal && served === null ? "served" : null);
}

/** True until the beam has been seen: a moment longer than the first picture takes. */
function useLinger(started: boolean): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    setOver(false);
    if (!started) return undefined;
    const timer = setTimeout(() => setOver(true), LINGER_MS);
    return () => clearTimeout(timer);
  }, [started]);
  return !over;
}

/** The player: a screen, and around it how the film came there. */
export default function Player({ id }: { id: string }) {
  const video = useRef<HTMLVideoElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const title = useHouse<TitleAnswer>(`/discovery/titles/${encodeURIComponent(id)}`).data;
  const play = usePlay(id);
  const [view, engine] = useEngine(video, play, id);
  const [panel, setPanel] = useState<Panel>(null);
  const [stats, setStats] = useState(false);
  const heading = usePage<HTMLHeadingElement>(title?.title ?? "Player");
  useKey("i", () => setStats((was) => !was));
  useKey("Escape", () => setPanel(null));
  useEffect(() => {
    stage.current?.querySelector<HTMLElement>("media-controller")?.focus({ preventScroll: true });
  }, []);

  const stops = beamOf(play, view);
  const url = play.answer?.urls.find(({ host }) => host === view.oca) ?? null;
  const toggle = (which: Exclude<Panel, null>) => setPanel((was) => (was === which ? null : which));
  const started = view.samples.some((sample) => sample.startup !== null);
  const lingers = useLinger(started);
  // What is buffered still plays after the last appliance is gone.
  const fatal = started && (view.samples.at(-1)?.buffer ?? 0) > 1 ? null : view.fatal;
  // With a failure on the screen, the way back stays and nothing lies over the words.
  const held = Boolean(fatal || play.error);
  return (
    <main className={css.stage} ref={stage} data-held={held}>
      <Screen video={video} stage={stage} name={title?.title ?? "the film"}>
        <button type="button" className={css.tool} aria-expanded={panel === "quality"} onClick={() => toggle("quality")}>
          <Icon name="quality" label="Quality" />
        </button>
        <button type="button" className={css.tool} aria-expanded={panel === "lens"} onClick={() => toggle("lens")}>
          <Icon name="tv" label="Device and network" />
        </button>
        <button type="button" className={css.tool} aria-pressed={stats} aria-keyshortcuts="i" onClick={() => setStats(!stats)}>
          <Icon name="stats" label="Statistics" />
        </button>
      </Screen>
      {(fatal || (lingers && !(stats && started))) && (
        <Start title={title} stops={stops} playing={started} error={play.error} fatal={fatal} again={() => play.again()} />
      )}
      <header className={css.top}>
        <Link href={`/title/${id}`} className={`${controls.quiet} ${css.fades}`}><Icon name="back" label="Leave the film" /></Link>
        <h1 ref={heading} tabIndex={-1} className={`${css.title} ${css.fades}`}>{title?.title}</h1>
        <Workings of={play.answer?.workings} />
        <Oca name={view.oca} url={url} failovers={view.failovers} />
      </header>
      {stats && !held && <Stats view={view} stops={stops} url={url} />}
      {panel === "quality" && (
        <QualityPanel view={view} renditions={play.answer?.renditions ?? []} choose={(height) => engine?.choose(height)} close={() => setPanel(null)} />
      )}
      {panel === "lens" && play.lens && play.choice && (
        <LensPanel lens={play.lens} choice={play.choice} close={() => setPanel(null)} apply={(choice) => { setPanel(null); play.again(choice); }} />
      )}
    </main>
  );
}
