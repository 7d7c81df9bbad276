import { useState, type FormEvent } from "react";
import { ApiError } from "../lib/api";
import { usePage } from "../lib/usePage";
import { Mark } from "../ui/Icon";
import controls from "../ui/controls.module.css";
import { Hall } from "./Hall";
import { useSession } from "./session";
import css from "./SignIn.module.css";

const REASONS: Record<number, string> = {
  401: "That email and password do not belong together.",
  429: "Too many tries. Wait a minute, then try again.",
};

/** The door: email and password, with the reason of a refusal under the fields. */
export function SignIn() {
  const { signIn } = useSession();
  const heading = usePage<HTMLHeadingElement>("Sign in");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      await signIn(String(form.get("email")), String(form.get("password")));
    } catch (reason) {
      setError(reason instanceof ApiError ? (REASONS[reason.status] ?? reason.message) : "The house did not answer.");
      setBusy(false);
    }
  }

  const invalid = error ? { "aria-invalid": true, "aria-describedby": "signin-error" } : {};
  return (
    <main className={css.page}>
      <Hall />
      <p className={css.logo}><Mark />Halation</p>
      <form className={css.card} onSubmit={(event) => void submit(event)} aria-busy={busy}>
        <h1 ref={heading} tabIndex={-1} className={css.heading}>A small cinema that lets you look into the booth.</h1>
        <div className={controls.field}>
          <label htmlFor="email">Email</label>
          <input id="email" name="email" type="email" autoComplete="username" required data-testid="signin-email" {...invalid} />
        </div>
        <div className={controls.field}>
          <label htmlFor="password">Password</label>
          <input id="password" name="password" type="password" autoComplete="current-password" required data-testid="signin-password" {...invalid} />
        </div>
        <p id="signin-error" role="alert" className={css.error}>{error}</p>
        <button type="submit" className={controls.primary} disabled={busy} data-testid="signin-submit">
          {busy ? "Opening the door" : "Sign in"}
        </button>
        <p className={controls.hint}>A seat for trying: ana@halation.test, password popcorn.</p>
      </form>
    </main>
  );
}
