import { useId } from "react";
import { patternOf, type Pattern } from "./pattern";

const MOTIFS: Record<Pattern["motif"], (pitch: number) => React.ReactNode> = {
  arcs: (p) => <path d={`M0 ${p}A${p / 2} ${p / 2} 0 0 1 ${p} ${p}M${p / 4} ${p}a${p / 4} ${p / 4} 0 0 1 ${p / 2} 0`} />,
  stripes: (p) => <path d={`M${p / 4} 0V${p}M${(3 * p) / 4} 0V${p}`} />,
  dots: (p) => <circle cx={p / 2} cy={p / 2} r={p / 5} fill="currentColor" />,
  chevrons: (p) => <path d={`M0 ${p * 0.7} ${p / 2} ${p * 0.2} ${p} ${p * 0.7}`} />,
};
/* Tones of one family: the seats of a house belong together. */
const TONES = ["var(--seq-2)", "var(--seq-3)", "var(--line-2)", "var(--brand)", "var(--beam)"];

/** The generated cloth of a seat; fills its box. */
export function Cloth({ seed }: { seed: string }) {
  const id = useId();
  const { motif, turn, pitch, tone } = patternOf(seed);
  return (
    <svg viewBox="0 0 96 96" width="100%" height="100%" preserveAspectRatio="xMidYMid slice" aria-hidden focusable="false">
      <defs>
        <pattern id={id} width={pitch} height={pitch} patternUnits="userSpaceOnUse" style={{ color: TONES[tone] ?? TONES[0] }} patternTransform={`rotate(${turn})`}>
          <g fill="none" stroke="currentColor" strokeWidth="2">{MOTIFS[motif](pitch)}</g>
        </pattern>
      </defs>
      <rect width="96" height="96" fill={`color-mix(in oklab, ${TONES[tone] ?? TONES[0]} 38%, var(--ink-1))`} />
      <rect width="96" height="96" fill={`url(#${id})`} />
    </svg>
  );
}
