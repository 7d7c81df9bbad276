import { useEffect, useRef, type ReactNode, type RefObject } from "react";
import { useShortcuts } from "../lib/shortcuts";
import css from "./Screen.module.css";

interface ScreenProps {
  video: RefObject<HTMLVideoElement | null>;
  /** What fills the display in full screen: the film with everything over it. */
  stage: RefObject<HTMLElement | null>;
  name: string;
  /** Our own tools, at the end of the control bar. */
  children: ReactNode;
}

/** The film and its controls: media-chrome's, in the colours of the house. */
export function Screen({ video, stage, name, children }: ScreenProps) {
  const shortcuts = useShortcuts();
  const controller = useRef<HTMLElement>(null);
  useEffect(() => {
    if (controller.current && stage.current) Object.assign(controller.current, { fullscreenElement: stage.current });
  }, [stage]);
  return (
    <media-controller ref={controller} class={css.controller} autohide="2" {...(shortcuts ? {} : { nohotkeys: true })} aria-label={`Player of ${name}`}>
      <video ref={video} slot="media" playsInline crossOrigin="anonymous" className={css.video} />
      <media-time-range class={css.range} />
      <media-control-bar class={css.bar}>
        <media-play-button />
        <media-seek-backward-button seekoffset="10" class={css.roomy} />
        <media-seek-forward-button seekoffset="10" class={css.roomy} />
        <media-mute-button class={css.sound} />
        <media-volume-range class={css.roomy} />
        <media-time-display showduration notoggle class={css.time} />
        <span className={css.gap} />
        {children}
        <media-fullscreen-button />
      </media-control-bar>
    </media-controller>
  );
}
