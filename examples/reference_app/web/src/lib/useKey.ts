import { useEffect, useRef } from "react";
import { shortcutsOn } from "./shortcuts";

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || (/^(SELECT|TEXTAREA)$/.test(target.tagName) || (target instanceof HTMLInputElement && target.type !== "radio" && target.type !== "checkbox")));

/** Calls `act` when one unmodified key is pressed; a letter only outside fields, and only while shortcuts are on. */
export function useKey(key: string, act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (key.length > 1 || (shortcutsOn() && !typing(event.target))) latest.current();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [key]);
}
