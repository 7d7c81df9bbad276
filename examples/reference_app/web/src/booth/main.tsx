import { createRoot } from "react-dom/client";
import "../tokens.css";
import "../ui/base.css";
import { App } from "./App";
import { enter } from "./enter";
import { store } from "./store";

const root = document.getElementById("root");
if (root) {
  // The cookie has to be there before the stream asks for it.
  void enter().finally(() => store.start());
  createRoot(root).render(<App />);
}
