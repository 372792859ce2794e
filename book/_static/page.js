/* The buttons of the theme, and what a page does before it is printed. */
"use strict";

document.addEventListener("click", event => {
  const button = event.target.closest("[data-press]");
  if (button?.dataset.press === "print") window.print();
  if (button?.dataset.press === "fullscreen") window.toggleFullScreen();
});

/* Paper is light, and nobody can unfold what is folded on it. The theme's script unfolds the boxes. */
let before = null;

window.addEventListener("beforeprint", () => {
  if (before) return;
  const root = document.documentElement;
  before = { theme: root.dataset.theme, folded: document.querySelectorAll("details:not([open])") };
  root.dataset.theme = "light";
  for (const box of before.folded) box.open = true;
});

window.addEventListener("afterprint", () => {
  if (!before) return;
  document.documentElement.dataset.theme = before.theme;
  for (const box of before.folded) box.open = false;
  before = null;
});
