import { useEffect } from "react";
import { Redirect, Route, Router, Switch } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";
import { Fence } from "../ui/Note";
import { BrokenBar } from "./BrokenBar";
import { Door } from "./Door";
import { LinkNote } from "./LinkNote";
import { PlaysPage } from "./PlaysPage";
import { Rail } from "./Rail";
import { SloStrip } from "./SloStrip";
import { TracePage } from "./TracePage";
import { ZonesPage } from "./ZonesPage";
import { useLink } from "./store";
import css from "./App.module.css";

/** The booth: strip on top, rail at the side, one page; what is broken stands over all of them. */
export function App() {
  const { denied, state } = useLink();
  const [place] = useHashLocation();
  // In braces: newer browsers answer a promise here, which React would take for a clean-up.
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [place]);
  if (denied) return <Door />;
  return (
    <Router hook={useHashLocation}>
      <div className={css.frame}>
        <Rail />
        <div className={css.column}>
          <SloStrip />
          <BrokenBar />
          <LinkNote />
          <main id="main" className={css.main} data-link={state}>
            <Fence what="This page could not be drawn.">
              <Switch>
                <Route path="/"><ZonesPage /></Route>
                <Route path="/plays"><PlaysPage /></Route>
                <Route path="/plays/:trace">{({ trace }) => <TracePage key={trace} trace={trace} />}</Route>
                <Route><Redirect to="/" /></Route>
              </Switch>
            </Fence>
          </main>
        </div>
      </div>
    </Router>
  );
}
