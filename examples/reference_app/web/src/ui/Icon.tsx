/** Our own icons: 20 x 20, 1.5 stroke, no fill unless the shape is a figure. */
const PATHS = {
  play: <path d="M6 3.5v13l10.5-6.5z" fill="currentColor" stroke="none" />,
  back: <path d="M12.5 4 6.5 10l6 6" />,
  lens: <><circle cx="8.5" cy="8.5" r="5.5" /><path d="m12.8 12.8 4.2 4.2" /></>,
  works: <><circle cx="10" cy="10" r="3" /><path d="M10 2v3m0 10v3M2 10h3m10 0h3M4.3 4.3l2.2 2.2m7 7 2.2 2.2m0-11.4-2.2 2.2m-7 7-2.2 2.2" /></>,
  quality: <><path d="M3 6h8m4 0h2M3 14h2m4 0h8" /><circle cx="13" cy="6" r="2" /><circle cx="7" cy="14" r="2" /></>,
  stats: <path d="M3 16.5h14M5 13V9m5 4V4m5 9V7" />,
  close: <path d="m5 5 10 10M15 5 5 15" />,
  ok: <path d="m4 10.5 4 4 8-9" />,
  warn: <><path d="M10 3.5v8" /><circle cx="10" cy="15.5" r="0.6" fill="currentColor" /></>,
  bad: <path d="m5 5 10 10M15 5 5 15" />,
  off: <path d="M4 10h12" />,
  pause: <path d="M7 4.5v11M13 4.5v11" />,
  zones: <path d="M3 3h4v4H3zM13 3h4v4h-4zM3 13h4v4H3zM13 13h4v4h-4zM8.5 8.5h3v3h-3z" />,
  plays: <><path d="M2.5 10h15" /><circle cx="4" cy="10" r="1.6" fill="currentColor" /><circle cx="10" cy="10" r="1.6" fill="currentColor" /><circle cx="16" cy="10" r="1.6" fill="currentColor" /></>,
  more: <path d="M7.5 4l6 6-6 6" />,
  down: <path d="m4 7.5 6 6 6-6" />,
  tv: <><path d="M2.5 4h15v10h-15zM7 17h6" /></>,
  keys: <><path d="M2.5 5h15v10h-15zM5.5 8.3h.01m2.9 0h.01m2.9 0h.01m2.9 0h.01M6 12h8" /></>,
} as const;

export type IconName = keyof typeof PATHS;

/** Decorative by default; give `label` where the icon is the only text. */
export function Icon({ name, label }: { name: IconName; label?: string }) {
  return (
    <svg
      viewBox="0 0 20 20"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      focusable="false"
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
    >
      {PATHS[name]}
    </svg>
  );
}

/** The mark of the house: a white-hot disc and the warm ring around it. */
export function Mark() {
  return (
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden focusable="false">
      <circle cx="10" cy="10" r="9" fill="var(--brand)" opacity="0.22" />
      <circle cx="10" cy="10" r="6.6" fill="var(--brand)" opacity="0.75" />
      <circle cx="10" cy="10" r="4.2" fill="var(--text-1)" />
    </svg>
  );
}
