import { useEffect, useRef, useState } from "react";
import css from "./Sentence.module.css";

/** Shortest time between two announcements, in milliseconds. */
const PAUSE_MS = 5_000;
/** Numbers move all the time; only other words are a change of state. */
const shape = (text: string) => text.replace(/[\d.,]+/g, "#");

/** What is true now, as the server says it; screen readers hear it when its words change. */
export function Sentence({ text }: { text: string }) {
  const [said, setSaid] = useState(text);
  const last = useRef(0);
  useEffect(() => {
    if (shape(text) === shape(said)) return undefined;
    const wait = Math.max(0, last.current + PAUSE_MS - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      setSaid(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text, said]);
  return (
    <>
      <p className={css.sentence}>{text}</p>
      <p className="hidden" role="status">{said}</p>
    </>
  );
}
