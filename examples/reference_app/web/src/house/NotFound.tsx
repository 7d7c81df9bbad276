import { Link } from "wouter";
import { usePage } from "../lib/usePage";
import controls from "../ui/controls.module.css";
import css from "./NotFound.module.css";

/** An address that leads nowhere. */
export function NotFound() {
  const heading = usePage<HTMLHeadingElement>("No such screen");
  return (
    <section className={css.page}>
      <h1 ref={heading} tabIndex={-1}>No film runs on this screen.</h1>
      <p>The address may be old, or a letter is missing.</p>
      <Link href="/" className={controls.primary}>Back to the programme</Link>
    </section>
  );
}
