import { useEffect, useRef } from "react";

let first = true;

/**
 * Names the document and, on every navigation but the first, moves focus to the page's heading,
 * so that a screen reader hears where it is and Tab goes on from there.
 */
export function usePage<T extends HTMLElement>(name: string | null, suffix = "Halation"): React.RefObject<T | null> {
  const heading = useRef<T>(null);
  const ready = name !== null;
  useEffect(() => {
    document.title = name ? `${name} · ${suffix}` : suffix;
  }, [name, suffix]);
  useEffect(() => {
    if (!ready) return;
    if (!first) heading.current?.focus({ preventScroll: true });
    first = false;
  }, [ready]);
  return heading;
}
