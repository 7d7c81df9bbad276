/** What a refused or failed call carries: the code and trace of the server, or `network` and null. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly trace: string | null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

const DEADLINE_MS = 8_000;

interface Call {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Milliseconds until the call is given up. */
  deadline?: number;
}

async function failure(answer: Response): Promise<ApiError> {
  const trace = answer.headers.get("x-trace");
  try {
    const { error } = (await answer.json()) as { error: { code: string; message: string; trace?: string } };
    return new ApiError(error.message, answer.status, error.code, error.trace ?? trace);
  } catch {
    return new ApiError(`The house answered ${answer.status}.`, answer.status, "unreadable", trace);
  }
}

/**
 * One JSON call to the page's own origin.
 * @throws ApiError for an error answer, a network failure (`network`) or a missed deadline (`deadline`);
 *   an abort by `signal` is rethrown as the DOMException it is.
 */
export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const { method = "GET", body, headers = {}, signal, deadline = DEADLINE_MS } = options;
  const limit = AbortSignal.timeout(deadline);
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    if (!answer.ok) throw await failure(answer);
    if (answer.status === 204 || answer.status === 202) return undefined as T;
    return (await answer.json()) as T;
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    if (limit.aborted) {
      throw new ApiError(`No answer within ${deadline / 1000} seconds.`, 0, "deadline", null);
    }
    throw new ApiError("The house cannot be reached.", 0, "network", null);
  }
}

/** True for a call that its own caller gave up: nothing to show. */
export const wasAborted = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";
