import type { HTMLAttributes, Ref } from "react";

type Chrome = HTMLAttributes<HTMLElement> & { ref?: Ref<HTMLElement>; class?: string | undefined; slot?: string };

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "media-controller": Chrome & { autohide?: string; fullscreenelement?: string; nohotkeys?: boolean };
      "media-control-bar": Chrome;
      "media-play-button": Chrome;
      "media-seek-backward-button": Chrome & { seekoffset?: string };
      "media-seek-forward-button": Chrome & { seekoffset?: string };
      "media-mute-button": Chrome;
      "media-volume-range": Chrome;
      "media-time-range": Chrome;
      "media-time-display": Chrome & { showduration?: boolean; notoggle?: boolean };
      "media-fullscreen-button": Chrome;
    }
  }
}
