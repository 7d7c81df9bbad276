import { call } from "../lib/api";

/* The header tells a page's own call from a form of somebody else's page. */
const OWN = { "x-booth": "1" };

/** Breaks one thing for some seconds. @throws ApiError */
export const breakIt = (target: string, action: string, seconds: number): Promise<void> =>
  call<void>("/booth/break", { method: "POST", headers: OWN, body: { target, action, seconds } });

/** Ends everything that was broken on purpose. @throws ApiError */
export const restoreAll = (): Promise<void> => call<void>("/booth/restore", { method: "POST", headers: OWN, body: {} });
