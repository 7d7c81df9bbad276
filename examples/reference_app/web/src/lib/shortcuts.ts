import { useSyncExternalStore } from "react";

const KEY = "halation.shortcuts";
const listeners = new Set<() => void>();

/** Whether single letters act; on until the member switches them off, for this browser. */
export const shortcutsOn = (): boolean => localStorage.getItem(KEY) !== "off";

export function setShortcuts(on: boolean): void {
  localStorage.setItem(KEY, on ? "on" : "off");
  for (const listener of listeners) listener();
}

export const useShortcuts = (): boolean =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, shortcutsOn);
