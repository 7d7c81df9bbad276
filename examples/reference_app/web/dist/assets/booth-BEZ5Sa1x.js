import{c as t,j as e}from"./base-tXMOCCYI.js";const o=document.getElementById("root");o&&t.createRoot(o).render(e.jsx("h1",{children:"Booth"}));
