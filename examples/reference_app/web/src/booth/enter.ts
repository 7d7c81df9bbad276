import { call } from "../lib/api";

/** Exchanges a token for the booth's cookie. @throws ApiError when it is not the token of this run. */
export const exchange = (token: string): Promise<void> =>
  call<void>("/booth/session", { method: "POST", body: { token } });

/**
 * The address carries the token of this run behind `#`, once: it is exchanged and taken out of the
 * address and the history. A fragment that begins with `/` is a page of the booth.
 */
export async function enter(): Promise<void> {
  const token = decodeURIComponent(window.location.hash.slice(1));
  if (!token || token.startsWith("/")) return;
  window.history.replaceState(null, "", "#/");
  window.dispatchEvent(new HashChangeEvent("hashchange"));
  await exchange(token).catch(() => undefined);
}
