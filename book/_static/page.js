/* The buttons of the theme, the keyboard, and what a page does before it is printed. */
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-press]");
  if (button?.dataset.press === "print") window.print();
  if (button?.dataset.press === "fullscreen") window.toggleFullScreen();
});

/* The search shows lines of the pages that it found, which a page from a folder may not read. */
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

/* What scrolls sideways in a box of its own can be reached with the keyboard. */
function reachable() {
  const boxes = document.querySelectorAll(
    "article :is(figure, pre, .docutils.container, .output, .pst-scrollable-table-container," +
      " div.math)",
  );
  // All are measured before the first is changed: else the page would be laid out for each.
  const wide = [...boxes].map(
    (box) =>
      box.scrollWidth > box.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(box).overflowX),
  );
  boxes.forEach((box, n) => {
    if (wide[n]) box.tabIndex = 0;
    else if (box.dataset.reached) box.removeAttribute("tabindex");
    else return;
    box.dataset.reached = "yes";
  });
}

addEventListener("load", reachable);
addEventListener("resize", reachable);

/* A link to a folded box unfolds it. */
function unfold() {
  const id = location.hash.slice(1);
  const box = document.getElementById(id);
  if (box?.matches(".toggle-hidden")) box.querySelector(".toggle-button")?.click();
}

addEventListener("load", unfold);
addEventListener("hashchange", unfold);

/* The other language opens where this page is read: at the place that its address names, as long as
   that is in view or belongs to a program, or at the section at the top of the window. */
function placeRead() {
  const named =
    location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const isSeen = ({ top, bottom }) => bottom > 0 && top < innerHeight;
  if (location.hash && (!named || isSeen(named.getBoundingClientRect()))) return location.hash;
  const above = [...document.querySelectorAll("article section[id] > :is(h2, h3)")].filter(
    (heading) => heading.getBoundingClientRect().top < innerHeight / 3,
  );
  return above.length ? `#${above.at(-1).parentElement.id}` : "";
}

for (const press of ["click", "auxclick"])
  document.addEventListener(press, (event) => {
    const link = event.target.closest("a.language-switch");
    if (link) link.hash = placeRead();
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
