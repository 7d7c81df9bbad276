import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, call, wasAborted } from "../lib/api";
import type { Choice, Lens, PlayAnswer, Step } from "../lib/types";
import { useSession } from "../house/session";

const CHOICE = "halation.choice";

export interface Play {
  lens: Lens | null;
  choice: Choice | null;
  answer: PlayAnswer | null;
  /** When Play was pressed and answered, milliseconds of the page's clock. */
  pressed: number;
  answered: number;
  error: ApiError | null;
  /** Plays again: the same way, or another one. */
  again: (choice?: Choice) => void;
}

/** Which stop of the beam an error of Play belongs to. */
export function failedStop(error: ApiError): Step["name"] {
  if (error.status === 403) return "allowed";
  if (error.status === 404 || /file|media|rendition/.test(error.code)) return "files chosen";
  return /steer|appliance|oca/.test(error.code) ? "steered" : "asked";
}

function remembered(lens: Lens): Choice {
  const fallback = { device: lens.devices[0]?.id ?? "tv", home: lens.homes[0]?.id ?? "", mbit: Math.max(...lens.rates) };
  try {
    const saved = JSON.parse(sessionStorage.getItem(CHOICE) ?? "null") as Choice | null;
    const known = saved && lens.homes.some(({ id }) => id === saved.home) && lens.devices.some(({ id }) => id === saved.device);
    return known && lens.rates.includes(saved.mbit) ? saved : fallback;
  } catch {
    return fallback;
  }
}

/** Gives the stream lease back; the next play waits for it, or the account would count two streams. */
const giveBack = (session: string): Promise<void> =>
  call<void>(`/play/${session}/stop`, { method: "POST" }).catch(() => undefined);

type Result = Pick<Play, "answer" | "error" | "pressed" | "answered">;
const NOTHING: Result = { answer: null, error: null, pressed: 0, answered: 0 };

/** Asks the Play API for one title, again for every new choice, and gives each stream lease back. */
export function usePlay(title: string): Play {
  const { seat, ended } = useSession();
  const [lens, setLens] = useState<Lens | null>(null);
  const [wish, setWish] = useState<{ choice: Choice | null; turn: number }>({ choice: null, turn: 0 });
  const [result, setResult] = useState(NOTHING);
  const known = useRef<Lens | null>(null);
  const left = useRef<Promise<void>>(Promise.resolve());
  const seatId = seat?.id ?? "";

  useEffect(() => {
    const abort = new AbortController();
    const pressed = performance.now();
    const key = crypto.randomUUID();
    let session: string | null = null;
    const hide = () => {
      if (session) navigator.sendBeacon(`/play/${session}/stop`);
    };
    async function start() {
      known.current ??= await call<Lens>("/play/lens", { signal: abort.signal });
      const choice = wish.choice ?? remembered(known.current);
      setLens(known.current);
      sessionStorage.setItem(CHOICE, JSON.stringify(choice));
      setWish((last) => (last.choice ? last : { ...last, choice }));
      await left.current;
      session = key;
      const headers = { "idempotency-key": key };
      const answer = await call<PlayAnswer>("/play", { method: "POST", headers, body: { title, seat: seatId, ...choice }, signal: abort.signal });
      session = answer.session;
      setResult({ answer, error: null, pressed, answered: performance.now() });
    }
    setResult({ ...NOTHING, pressed });
    start().catch((reason: unknown) => {
      if (wasAborted(reason)) return;
      const error = reason instanceof ApiError ? reason : new ApiError(String(reason), 0, "unexpected", null);
      if (error.status === 401) ended();
      else setResult({ ...NOTHING, error, pressed });
    });
    window.addEventListener("pagehide", hide);
    return () => {
      abort.abort();
      window.removeEventListener("pagehide", hide);
      if (session) left.current = giveBack(session);
    };
    // A choice filled in by this very effect must not start it again: `turn` counts the wishes.
  }, [title, seatId, wish.turn, ended]);

  const again = useCallback((choice?: Choice) => {
    setWish((last) => ({ choice: choice ?? last.choice, turn: last.turn + 1 }));
  }, []);
  return { lens, choice: wish.choice, ...result, again };
}
