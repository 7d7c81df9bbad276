import { useEffect, useRef, type ReactNode } from "react";
import { Icon } from "../ui/Icon";
import controls from "../ui/controls.module.css";
import css from "./PanelFrame.module.css";

/** A panel over the film: takes focus when it opens and gives it back when it closes. */
export function PanelFrame({ title, close, children }: { title: string; close: () => void; children: ReactNode }) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    panel.current?.querySelector<HTMLElement>("input:checked, input, button")?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <section ref={panel} className={css.panel} role="dialog" aria-label={title}>
      <div className={css.head}>
        <h2 className={css.title}>{title}</h2>
        <button type="button" className={controls.quiet} onClick={close}><Icon name="close" label="Close" /></button>
      </div>
      {children}
    </section>
  );
}
