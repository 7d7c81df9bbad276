import { kbits } from "../lib/format";
import type { Rendition } from "../lib/types";
import type { View } from "./engine";
import { PanelFrame } from "./PanelFrame";
import css from "./PanelFrame.module.css";

interface QualityProps {
  view: View;
  renditions: readonly Rendition[];
  choose: (height: number | null) => void;
  close: () => void;
}

/** Which rendition: the player's own choice, or one of the files on offer. */
export function QualityPanel({ view, renditions, choose, close }: QualityProps) {
  const now = view.samples.at(-1)?.height;
  return (
    <PanelFrame title="Quality" close={close}>
      <fieldset className={css.options}>
        <legend className="hidden">Rendition</legend>
        <label className={css.option}>
          <input type="radio" name="quality" checked={view.chosen === null} onChange={() => choose(null)} />
          <span>Automatic</span><span className={css.side}>{now ? `now ${now}p` : ""}</span>
        </label>
        {view.heights.map((height) => {
          const file = renditions.find((each) => each.height === height);
          return (
            <label className={css.option} key={height}>
              <input type="radio" name="quality" checked={view.chosen === height} onChange={() => choose(height)} />
              <span>{file?.label ?? `${height}p`}</span>
              <span className={css.side}>{file ? kbits(file.kbps) : ""}</span>
            </label>
          );
        })}
      </fieldset>
    </PanelFrame>
  );
}
