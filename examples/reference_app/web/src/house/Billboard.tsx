import type { ReactNode, RefObject } from "react";
import { Link } from "wouter";
import { runtime } from "../lib/format";
import type { Home } from "../lib/types";
import { Icon } from "../ui/Icon";
import controls from "../ui/controls.module.css";
import css from "./Billboard.module.css";

interface BillboardProps {
  card: Home["billboard"];
  heading: RefObject<HTMLHeadingElement | null>;
  children?: ReactNode;
}

/** The wide picture on top of the programme, with the one film it asks you to see. */
export function Billboard({ card, heading, children }: BillboardProps) {
  return (
    <section className={css.billboard} style={{ "--ground": card.palette.ground } as React.CSSProperties}>
      <picture className={css.picture}>
        <source media="(width < 768px)" srcSet={card.poster} />
        <img src={card.hero} alt="" fetchPriority="high" className={css.art} />
      </picture>
      <div className={css.text}>
        <p className={css.kicker}>{card.genre} · {card.year} · {runtime(card.seconds)}</p>
        <h1 ref={heading} tabIndex={-1} className={css.title}>{card.title}</h1>
        <p className={css.synopsis}>{card.synopsis}</p>
        <div className={css.actions}>
          <Link href={`/watch/${card.id}`} className={controls.primary} data-testid="play"><Icon name="play" />Play</Link>
          <Link href={`/title/${card.id}`} className={controls.button}>About the film</Link>
          {children}
        </div>
      </div>
    </section>
  );
}
