/* The theme's largest script opens its menus and shows what its buttons do. It comes when a reader
   first does something: most read a page without it. */
"use strict";

(function () {
  const SOURCE = new URL("scripts/bootstrap.js", document.currentScript.src).href;
  const FIRST = ["pointermove", "pointerdown", "keydown", "focusin"];
  const MENU = '[data-bs-toggle="dropdown"]';
  let pressed = null; // the button of a menu, pressed before the script is there

  function press(event) {
    const button = event.target.closest(MENU);
    if (!button) return;
    event.preventDefault();
    pressed = button;
  }

  function arrived() {
    document.removeEventListener("click", press);
    pressed?.click();
    const under = [...document.querySelectorAll('[data-bs-toggle="tooltip"]:is(:hover, :focus)')];
    for (const button of under) window.bootstrap.Tooltip.getInstance(button)?.show();
  }

  function load() {
    for (const name of FIRST) removeEventListener(name, load, true);
    const script = document.createElement("script");
    script.src = SOURCE;
    script.onload = arrived;
    document.head.append(script);
  }

  document.addEventListener("click", press);
  for (const name of FIRST) addEventListener(name, load, { capture: true, passive: true });
})();
