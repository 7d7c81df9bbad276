import { createRoot } from "react-dom/client";
import "../tokens.css";
import "../ui/base.css";
import { WorkingsLens } from "../ui/Workings";
import { App } from "./App";
import { SessionProvider } from "./session";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <WorkingsLens>
      <SessionProvider>
        <App />
      </SessionProvider>
    </WorkingsLens>,
  );
}
