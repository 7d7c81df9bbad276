import css from "./Hall.module.css";

const SEATS = Array.from({ length: 3 }, (_, row) =>
  Array.from({ length: 15 - row }, (_, nth) => ({ x: 40 + row * 38 + nth * (92 + row * 8), y: 600 + row * 62, width: 66 + row * 8 })),
).flat();

/** The empty cinema behind the first pages: booth window, beam, screen light, backs of seats. */
export function Hall() {
  return (
    <svg className={css.hall} viewBox="0 0 1440 810" preserveAspectRatio="xMaxYMax slice" aria-hidden focusable="false">
      <defs>
        <linearGradient id="hall-beam" x1="1" y1="0" x2="0" y2="0.35">
          <stop className={css.hot} offset="0" />
          <stop className={css.gone} offset="1" />
        </linearGradient>
        <radialGradient id="hall-window">
          <stop className={css.core} offset="0.18" />
          <stop className={css.warm} offset="0.3" />
          <stop className={css.gone} offset="1" />
        </radialGradient>
        <linearGradient id="hall-seats" x1="0" y1="0" x2="0" y2="1">
          <stop className={css.rim} offset="0" />
          <stop className={css.back} offset="0.5" />
        </linearGradient>
      </defs>
      <path d="M1290 96 L-80 210 L-80 690 L1296 116Z" fill="url(#hall-beam)" />
      <circle cx="1294" cy="106" r="120" fill="url(#hall-window)" />
      {SEATS.map(({ x, y, width }) => (
        <path key={`${x}-${y}`} d={`M${x} ${y + 260}V${y + 26}q0-26 26-26h${width - 40}q26 0 26 26V${y + 260}Z`} fill="url(#hall-seats)" />
      ))}
    </svg>
  );
}
