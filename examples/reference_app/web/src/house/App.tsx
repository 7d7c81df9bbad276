import { lazy, Suspense } from "react";
import { flushSync } from "react-dom";
import { Route, Router, Switch } from "wouter";
import { Fence, Note } from "../ui/Note";
import { Header } from "./Header";
import { Home } from "./Home";
import { NotFound } from "./NotFound";
import { Seats } from "./Seats";
import { SignIn } from "./SignIn";
import { Title } from "./Title";
import { useSession } from "./session";
import css from "./App.module.css";

const Player = lazy(() => import("../player/Player"));

type Navigate = (to: string, options?: { replace?: boolean }) => void;

/** Scenes cross-fade where the browser can; elsewhere the page just changes. */
function scene(navigate: Navigate, to: string, options?: { replace?: boolean }) {
  const change = () => {
    navigate(to, options);
    window.scrollTo(0, 0);
  };
  if (document.startViewTransition) document.startViewTransition(() => flushSync(change));
  else change();
}

/** Sign-in and seat come first, in place, so that the address leads on to where it led. */
export function App() {
  const { session, seat, error, reload } = useSession();
  if (error) {
    return (
      <main className={css.alone}>
        <Note what="The house is not open." error={error} retry={reload} />
      </main>
    );
  }
  if (session === undefined) return <main className={css.alone} aria-busy="true" />;
  if (session === null) return <SignIn />;
  if (seat === null) return <Seats />;
  return (
    <Router aroundNav={scene}>
      <Switch>
        <Route path="/watch/:id">
          {({ id }) => (
            <Fence what="The player stopped.">
              <Suspense fallback={<main className={css.dark} aria-busy="true" />}>
                <Player key={id} id={id} />
              </Suspense>
            </Fence>
          )}
        </Route>
        <Route>
          <a className="skip" href="#main">Skip to the films</a>
          <Header />
          <main id="main" tabIndex={-1} className={css.main}>
            <Switch>
              <Route path="/"><Home /></Route>
              <Route path="/title/:id">{({ id }) => <Title key={id} id={id} />}</Route>
              <Route><NotFound /></Route>
            </Switch>
          </main>
        </Route>
      </Switch>
    </Router>
  );
}
