import { useState, type FormEvent } from "react";
import { usePage } from "../lib/usePage";
import { Mark } from "../ui/Icon";
import controls from "../ui/controls.module.css";
import { exchange } from "./enter";
import { store } from "./store";
import css from "./Door.module.css";

/** Without the cookie of this run: says which address opens the booth, and takes its token. */
export function Door() {
  const heading = usePage<HTMLHeadingElement>("Closed", "Booth");
  const [refused, setRefused] = useState(false);
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    try {
      await exchange(String(new FormData(event.currentTarget).get("token")).trim());
      store.open();
    } catch {
      setRefused(true);
    }
  }
  return (
    <main className={css.page}>
      <form className={css.card} onSubmit={(event) => void submit(event)}>
        <p className={css.logo}><Mark />Booth</p>
        <h1 ref={heading} tabIndex={-1}>The booth is closed to this browser.</h1>
        <p className={css.text}>Open the address that <code>make demo</code> printed; it carries the token of this run. Or paste the token here.</p>
        <div className={controls.field}>
          <label htmlFor="token">Token</label>
          <input id="token" name="token" required autoComplete="off" aria-invalid={refused} aria-describedby="token-error" />
        </div>
        <p id="token-error" role="alert" className={css.error}>{refused && "That is not the token of this run. A new start prints a new one."}</p>
        <button type="submit" className={controls.primary}>Open the booth</button>
      </form>
    </main>
  );
}
