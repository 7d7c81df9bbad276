import { useState, type KeyboardEvent } from "react";

const STEPS: Record<string, (at: number, last: number) => number> = {
  ArrowRight: (at, last) => Math.min(at + 1, last),
  ArrowLeft: (at) => Math.max(at - 1, 0),
  Home: () => 0,
  End: (_at, last) => last,
};

interface Roving {
  /** `tabIndex` of item `index`: one item of the list is in the tab order. */
  tabIndex: (index: number) => 0 | -1;
  onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
  onFocus: (index: number) => void;
}

/** One tab stop for a list, with arrow, Home and End keys; items carry `data-rove`. */
export function useRoving(size: number): Roving {
  const [at, setAt] = useState(0);
  const current = Math.min(at, Math.max(0, size - 1));
  return {
    tabIndex: (index) => (index === current ? 0 : -1),
    onFocus: setAt,
    onKeyDown: (event) => {
      const step = STEPS[event.key];
      if (!step) return;
      event.preventDefault();
      const next = step(current, size - 1);
      setAt(next);
      const items = event.currentTarget.querySelectorAll<HTMLElement>("[data-rove]");
      items[next]?.focus({ preventScroll: true });
      items[next]?.scrollIntoView({ behavior: "smooth", block: "nearest", inline: "nearest" });
    },
  };
}
