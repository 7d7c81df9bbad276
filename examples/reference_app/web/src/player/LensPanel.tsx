import { useState } from "react";
import type { Choice, Lens } from "../lib/types";
import controls from "../ui/controls.module.css";
import { PanelFrame } from "./PanelFrame";
import css from "./PanelFrame.module.css";

interface LensProps {
  lens: Lens;
  choice: Choice;
  apply: (choice: Choice) => void;
  close: () => void;
}

/** Play as another device, from another home, over another line: another file, another appliance. */
export function LensPanel({ lens, choice, apply, close }: LensProps) {
  const [wish, setWish] = useState(choice);
  return (
    <PanelFrame title="Device and network" close={close}>
      <fieldset className={css.options}>
        <legend>Play as</legend>
        {lens.devices.map(({ id, name, screen }) => (
          <label className={css.option} key={id}>
            <input type="radio" name="device" checked={wish.device === id} onChange={() => setWish({ ...wish, device: id })} />
            <span>{name}</span><span className={css.side}>{screen}</span>
          </label>
        ))}
      </fieldset>
      <fieldset className={css.options}>
        <legend>From (simulated addresses)</legend>
        {lens.homes.map(({ id, name, provider, address }) => (
          <label className={css.option} key={id}>
            <input type="radio" name="home" checked={wish.home === id} onChange={() => setWish({ ...wish, home: id })} />
            <span>{name}</span><span className={css.side}>{provider}<br />{address}</span>
          </label>
        ))}
      </fieldset>
      <fieldset className={css.options}>
        <legend>Over, in Mbit/s</legend>
        <div className={css.inline}>
          {lens.rates.map((mbit) => (
            <label className={css.option} key={mbit}>
              <input type="radio" name="mbit" checked={wish.mbit === mbit} onChange={() => setWish({ ...wish, mbit })} />
              <span>{mbit}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <button type="button" className={controls.primary} onClick={() => apply(wish)}>Play it this way</button>
    </PanelFrame>
  );
}
