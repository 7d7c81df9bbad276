import { useEffect, useState, useSyncExternalStore, type RefObject } from "react";
import { Engine, type View } from "./engine";
import type { Play } from "./usePlay";

const IDLE: View = { samples: [], failovers: [], oca: null, heights: [], chosen: null, served: null, fatal: null };
const still = () => () => {};
const idle = () => IDLE;

/** Seconds before the end from which a film begins anew. */
const CREDITS_S = 10;
const placeKey = (title: string) => `halation.at.${title}`;

function placeOf(title: string): number {
  const saved = Number(sessionStorage.getItem(placeKey(title)));
  return saved > 0 ? saved : 0;
}

/** Runs an engine for the answered play; the place in the film is kept for the tab. */
export function useEngine(video: RefObject<HTMLVideoElement | null>, play: Play, title: string): [View, Engine | null] {
  const [engine, setEngine] = useState<Engine | null>(null);
  const { answer, choice, pressed, answered } = play;
  useEffect(() => {
    const element = video.current;
    if (!element || !answer) return undefined;
    const position = placeOf(title);
    const made = new Engine({ video: element, play: answer, mbit: choice?.mbit ?? 25, position, pressed, answered });
    const keepPlace = () => {
      const near = Number.isFinite(element.duration) && element.currentTime > element.duration - CREDITS_S;
      if (element.currentTime > 0) sessionStorage.setItem(placeKey(title), near ? "0" : element.currentTime.toFixed(2));
    };
    element.addEventListener("timeupdate", keepPlace);
    setEngine(made);
    return () => {
      element.removeEventListener("timeupdate", keepPlace);
      setEngine(null);
      made.destroy();
    };
  }, [video, answer, choice?.mbit, pressed, answered, title]);
  return [useSyncExternalStore(engine?.subscribe ?? still, engine?.snapshot ?? idle), engine];
}
