import { Component, type ReactNode } from "react";
import type { ApiError } from "../lib/api";
import controls from "./controls.module.css";
import css from "./Note.module.css";

interface NoteProps {
  /** What failed, in the words of the page. */
  what: string;
  /** What still works. */
  still?: string;
  error?: ApiError | null;
  retry?: () => void;
}

/** A failure in place: what failed, what still works, a way on, and the trace id to copy. */
export function Note({ what, still, error, retry }: NoteProps) {
  return (
    <div className={css.note} role="alert">
      <p className={css.what}>{what}</p>
      {(error || still) && <p>{[error?.message, still].filter(Boolean).join(" ")}</p>}
      {error?.trace && <p className={css.trace}>trace {error.trace}</p>}
      <div className={css.actions}>
        {retry && <button type="button" className={controls.button} onClick={retry}>Try again</button>}
        {error?.trace && (
          <button type="button" className={controls.quiet} onClick={() => void navigator.clipboard?.writeText(error.trace ?? "")}>
            Copy trace id
          </button>
        )}
      </div>
    </div>
  );
}

interface FenceProps { what: string; children: ReactNode }

/** Keeps a fault while drawing inside its own part of the page. */
export class Fence extends Component<FenceProps, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return <Note what={this.props.what} still="The rest of the page works." retry={() => this.setState({ broken: false })} />;
  }
}
