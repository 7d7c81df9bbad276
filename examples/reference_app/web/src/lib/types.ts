/** Shapes of the house's JSON, as the gateway answers it. */
export interface Seat { id: string; name: string; taste: string[]; pattern: string }
/** `booth` is the address of the operators' console, where traces are shown. */
export interface Session { member: { id: number; name: string }; seats: Seat[]; booth: string }

export interface Workings {
  service: string;
  command: string;
  cache: { status: "HIT" | "STALE" | "MISS" | "UNAVAILABLE"; tier: string | null; zone: string | null } | null;
  ms: number;
  fallback: string | null;
  trace: string;
}
export type Lensed = { workings?: Workings | null };

export interface Palette { ground: string; figure: string; light: string }
export interface Card {
  id: string;
  title: string;
  year: number;
  minutes: number;
  seconds: number;
  kind: string;
  genre: string;
  mood: string;
  ready: boolean;
  palette: Palette;
  poster: string;
  wide: string;
  hero: string;
}
export interface Home extends Lensed {
  billboard: Card & { synopsis: string };
  rows: { id: string; title: string }[];
}
export interface RowAnswer extends Lensed { id: string; title: string; why?: string; items: Card[] }
export interface Rendition { height: number; kbps: number; label: string }
export interface TitleAnswer extends Card, Lensed {
  synopsis: string;
  renditions: Rendition[];
  art: { variant: string; why: string; signals: string[]; others: { variant: string; url: string }[] };
}

export interface LensHome { id: string; name: string; provider: string; address: string; note: string }
export interface LensDevice { id: string; name: string; screen: string }
export interface Lens { homes: LensHome[]; rates: number[]; devices: LensDevice[] }
/** How the viewer plays: which device, from which home, over how many Mbit/s. */
export interface Choice { device: string; home: string; mbit: number }

export interface PlayUrl { host: string; network: string; distance: number; url: string }
export interface Step { name: string; ms: number }
export interface PlayAnswer extends Lensed {
  session: string;
  title: string;
  trace: string;
  renditions: Rendition[];
  start: number;
  home: { id: string; address: string; provider: string };
  urls: PlayUrl[];
  steps: Step[];
  repeated: boolean;
}
