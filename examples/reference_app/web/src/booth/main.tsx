import { createRoot } from "react-dom/client";
import "../tokens.css";
import "../ui/base.css";

const root = document.getElementById("root");
if (root) createRoot(root).render(<h1>Booth</h1>);
