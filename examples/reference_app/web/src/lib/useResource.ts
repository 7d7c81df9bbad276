import { useCallback, useEffect, useState } from "react";
import { ApiError, call, wasAborted } from "./api";

export interface Resource<T> {
  data: T | null;
  error: ApiError | null;
  /** Asks again; what is shown stays until the answer is there. */
  retry: () => void;
}

/** Reads one JSON resource, again whenever `path` changes; null reads nothing. */
export function useResource<T>(path: string | null): Resource<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; error: ApiError | null }>({
    path,
    data: null,
    error: null,
  });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (path === null) return undefined;
    const abort = new AbortController();
    call<T>(path, { signal: abort.signal }).then(
      (data) => setState({ path, data, error: null }),
      (error: unknown) => {
        if (wasAborted(error)) return;
        setState({ path, data: null, error: error instanceof ApiError ? error : unexpected(error) });
      },
    );
    return () => abort.abort();
  }, [path, attempt]);
  const retry = useCallback(() => setAttempt((n) => n + 1), []);
  const current = state.path === path;
  return { data: current ? state.data : null, error: current ? state.error : null, retry };
}

const unexpected = (error: unknown) => new ApiError(String(error), 0, "unexpected", null);
