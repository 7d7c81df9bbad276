import type { ApiError } from "../lib/api";
import type { TitleAnswer } from "../lib/types";
import { Beam, type BeamStop } from "../ui/Beam";
import { Note } from "../ui/Note";
import css from "./Start.module.css";

interface StartProps {
  title: TitleAnswer | null;
  stops: readonly BeamStop[];
  /** The film shows already: only the beam stays, and fades. */
  playing: boolean;
  error: ApiError | null;
  fatal: string | null;
  again: () => void;
}

const REFUSALS: Record<string, string> = {
  too_many_streams: "Your plan's streams are all in use.",
  not_entitled: "Your plan does not include this film.",
};

/** Before the first picture: the poster, and the beam in place of a spinner. */
export function Start({ title, stops, playing, error, fatal, again }: StartProps) {
  return (
    <div className={css.start} data-playing={playing && !fatal} style={{ "--ground": title?.palette.ground ?? "transparent" } as React.CSSProperties}>
      {title && <img src={title.hero} alt="" className={css.art} />}
      <div className={css.centre}>
        <div className={css.beam}><Beam stops={stops} lively /></div>
        {error && <Note what={REFUSALS[error.code] ?? "The film did not start."} still="The programme still works." error={error} retry={again} />}
        {!error && fatal && <Note what="No appliance serves this film any more." still="Your place is kept." retry={again} />}
      </div>
    </div>
  );
}
