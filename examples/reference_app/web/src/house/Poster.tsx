import { Link } from "wouter";
import { runtime } from "../lib/format";
import type { Card } from "../lib/types";
import css from "./Poster.module.css";

interface PosterProps {
  card: Card;
  eager: boolean;
  tabIndex: number;
  onFocus: () => void;
}

/** Letters of a word from which the larger type would break it. */
const WIDE_WORD = 10;
const longest = (title: string) => Math.max(...title.split(/\s/).map((word) => word.length));

/** A poster: the picture has no letters, so the title is set over it in the page's own type. */
export function Poster({ card, eager, tabIndex, onFocus }: PosterProps) {
  const colours = { "--ground": card.palette.ground, "--light": card.palette.light } as React.CSSProperties;
  return (
    <Link href={`/title/${card.id}`} className={css.poster} data-testid="poster" data-rove tabIndex={tabIndex} onFocus={onFocus} style={colours}>
      <span className={css.frame}>
        <img src={card.poster} alt="" width="200" height="300" loading={eager ? "eager" : "lazy"} decoding="async" className={css.art} />
        <span className={longest(card.title) > WIDE_WORD ? css.small : css.title}>{card.title}</span>
      </span>
      <span className={css.meta}>
        {card.ready ? <>{card.year}<span aria-hidden> · </span>{runtime(card.seconds)}</> : "in the lab, soon"}
      </span>
    </Link>
  );
}
