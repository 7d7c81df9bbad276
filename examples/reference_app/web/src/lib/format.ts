const locale = typeof navigator === "undefined" ? "en" : navigator.language;
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const close = new Intl.NumberFormat(locale, { maximumSignificantDigits: 4 });
const share = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const count = (value: number): string => whole.format(value);
export const percent = (fraction: number): string => share.format(fraction);
/** Unix seconds to the clock of the viewer. */
export const time = (seconds: number): string => clock.format(seconds * 1000);
/** Milliseconds with unit: one decimal below ten. */
export const ms = (value: number): string => `${value < 10 ? tenth.format(value) : whole.format(value)} ms`;
/** A number to one decimal, or whole from ten on. */
export const figure = (value: number): string => (value < 10 ? tenth.format(value) : whole.format(value));
/** A number with the digits that tell 99.92 from 100. */
export const precise = (value: number): string => close.format(value);
export const kbits = (kbps: number): string =>
  kbps >= 1000 ? `${tenth.format(kbps / 1000)} Mbit/s` : `${whole.format(kbps)} kbit/s`;
export const bytes = (value: number): string =>
  value >= 1e6 ? `${tenth.format(value / 1e6)} MB` : `${whole.format(value / 1e3)} kB`;

/** Length of a film: `1 h 32 min`, `4 min`, `45 s`. */
export function runtime(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How long ago, from seconds: `now`, `12 s`, `3 min`, `2 h`. */
export function ago(seconds: number): string {
  if (seconds < 1) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}
