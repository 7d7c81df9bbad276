import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { ApiError, call } from "../lib/api";
import type { Seat, Session } from "../lib/types";

const SEAT = "halation.seat";

interface SessionState {
  /** undefined: not known yet; null: signed out. */
  session: Session | null | undefined;
  seat: Seat | null;
  /** Why the session could not be read, when the house did not answer. */
  error: ApiError | null;
  signIn: (email: string, password: string) => Promise<void>;
  signOut: () => Promise<void>;
  choose: (seat: Seat | null) => void;
  /** The house said 401 to somebody who had a session. */
  ended: () => void;
  reload: () => void;
}

const Context = createContext<SessionState | null>(null);

/** Who is signed in and in which seat; the seat lasts as long as the tab. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const [session, setSession] = useState<Session | null | undefined>(undefined);
  const [error, setError] = useState<ApiError | null>(null);
  const [seatId, setSeatId] = useState(() => sessionStorage.getItem(SEAT));

  const reload = useCallback(() => {
    setError(null);
    call<Session>("/discovery/session").then(setSession, (reason: unknown) => {
      if (reason instanceof ApiError && reason.status === 401) setSession(null);
      else if (reason instanceof ApiError) setError(reason);
    });
  }, []);
  useEffect(reload, [reload]);

  const choose = useCallback((seat: Seat | null) => {
    if (seat) sessionStorage.setItem(SEAT, seat.id);
    else sessionStorage.removeItem(SEAT);
    setSeatId(seat?.id ?? null);
  }, []);
  const ended = useCallback(() => setSession(null), []);
  const signIn = useCallback(async (email: string, password: string) => {
    setSession(await call<Session>("/discovery/session", { method: "POST", body: { email, password } }));
  }, []);
  const signOut = useCallback(async () => {
    choose(null);
    await call("/discovery/session", { method: "DELETE" }).catch(() => undefined);
    setSession(null);
  }, [choose]);

  const value = useMemo(() => {
    const seat = session?.seats.find((each) => each.id === seatId) ?? null;
    return { session, seat, error, signIn, signOut, choose, ended, reload };
  }, [session, seatId, error, signIn, signOut, choose, ended, reload]);
  return <Context value={value}>{children}</Context>;
}

export function useSession(): SessionState {
  const state = useContext(Context);
  if (!state) throw new Error("useSession outside its provider");
  return state;
}
