import type { TitleAnswer } from "../lib/types";
import css from "./WhyPicture.module.css";

/** Which of the six pictures this seat sees, the signals behind it, and what others see. */
export function WhyPicture({ of: { art, poster, title } }: { of: TitleAnswer }) {
  return (
    <section aria-labelledby="why-picture">
      <h2 id="why-picture">Why this picture</h2>
      <div className={css.layout}>
        <figure className={css.shown}>
          <img src={poster} alt={`Poster of ${title}, variant ${art.variant}`} width="200" height="300" className={css.art} />
          <figcaption className={css.caption}>you see: {art.variant}</figcaption>
        </figure>
        <div className={css.words}>
          <p>{art.why}</p>
          {art.signals.length > 0 && (
            <ul className={css.signals} aria-label="Signals">
              {art.signals.map((signal) => <li key={signal}>{signal}</li>)}
            </ul>
          )}
          {art.others.length > 0 && (
            <>
              <h3 className={css.small}>Others see</h3>
              <ul className={css.others}>
                {art.others.map(({ variant, url }) => (
                  <li key={variant}>
                    <figure>
                      <img src={url} alt="" width="80" height="120" loading="lazy" className={css.art} />
                      <figcaption className={css.caption}>{variant}</figcaption>
                    </figure>
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      </div>
    </section>
  );
}
