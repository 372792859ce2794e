/* Tips: what a term means, beside the term. A pointer that rests on it, the keyboard's focus and the
   first tap open the tip; Escape, a press elsewhere and going away close it. A click and a second
   tap follow the link to the glossary, as ever. The meanings are loaded when the first is asked for
   (book/_ext/tips.py writes them). */
(() => {
  "use strict";

  const LeNet = (window.LeNet = window.LeNet || {});
  const TERM = "a:has(> .std-term)";
  const OPEN = 200; // milliseconds that a pointer rests on a term before its tip opens
  const CLOSE = 300; // and that it may take on its way to the tip
  const GAP = 6; // pixels between term and tip, and to the edge of the window
  const file = new URL("terms.js", document.currentScript.src).href;

  let known = null, // what terms.js holds
    loading = null;
  let shown = null; // {link, tip}
  let timer = 0;
  let pressed = "mouse"; // with what the last press came
  let inside = false; // whether the pointer is on the tip

  LeNet.tips = { take: (told) => (known = told) };

  function load() {
    loading ??= new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = file;
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => {
        loading = null; // once more, the next time; until then the term is a plain link
        script.remove();
        resolve();
      });
      document.head.append(script);
    });
    return loading;
  }

  function termOf(target) {
    const link = target instanceof Element ? target.closest(TERM) : null;
    return link && !link.closest(".lenet-tip") ? link : null;
  }

  function make(link, [term, meaning]) {
    const tip = document.createElement("div");
    tip.className = "lenet-tip";
    tip.lang = known.lang;
    const text = document.createElement("div");
    text.id = "lenet-tip";
    text.innerHTML = meaning; // HTML of the book's own glossary
    const name = document.createElement("strong");
    name.textContent = `${term}: `;
    (text.querySelector("p") ?? text).prepend(name);
    for (const one of text.querySelectorAll("a[href]"))
      one.href = new URL(one.getAttribute("href"), link.href).href;
    const more = document.createElement("a");
    more.className = "lenet-tip-more";
    more.href = link.href;
    more.textContent = known.more;
    tip.append(text, more);
    tip.addEventListener("pointerenter", () => (inside = true));
    tip.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType === "touch") return; // a finger that is lifted has not gone elsewhere
      inside = false;
      later(close, CLOSE);
    });
    return tip;
  }

  /* Put the tip under the term, or above it where there is no room below. */
  function place(link, tip) {
    const at = link.getClientRects()[0] ?? link.getBoundingClientRect();
    const last = [...link.getClientRects()].at(-1) ?? at; // a term may go over two lines
    const { width, height } = tip.getBoundingClientRect();
    const wide = document.documentElement.clientWidth;
    const left = Math.max(GAP, Math.min(at.left, wide - width - GAP));
    const below = last.bottom + GAP + height <= window.innerHeight || at.top - GAP - height < 0;
    const top = below ? last.bottom + GAP : at.top - GAP - height;
    tip.style.left = `${left + window.scrollX}px`;
    tip.style.top = `${top + window.scrollY}px`;
  }

  async function open(link) {
    clearTimeout(timer);
    if (shown?.link === link) return;
    const wanted = (open.wanted = link);
    if (!known) await load();
    if (!known || open.wanted !== wanted || shown?.link === link) return;
    const term = known.terms[decodeURIComponent(link.hash.slice(1))];
    close();
    if (!term) return;
    const tip = make(link, term);
    document.body.append(tip);
    place(link, tip);
    link.setAttribute("aria-describedby", "lenet-tip");
    shown = { link, tip };
  }

  function close() {
    clearTimeout(timer);
    open.wanted = null;
    if (!shown || inside) return;
    shown.link.removeAttribute("aria-describedby");
    shown.tip.remove();
    shown = null;
  }

  function closeNow() {
    inside = false;
    close();
  }

  function later(act, delay) {
    clearTimeout(timer);
    timer = setTimeout(act, delay);
  }

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const link = termOf(event.target);
    if (link) later(() => open(link), OPEN);
  });
  document.addEventListener("pointerout", (event) => {
    if (event.pointerType !== "touch" && termOf(event.target)) later(close, CLOSE);
  });
  document.addEventListener("focusin", ({ target }) => {
    const link = termOf(target);
    if (link?.matches(":focus-visible")) open(link);
  });
  document.addEventListener("focusout", ({ target }) => {
    if (termOf(target)) close();
  });
  document.addEventListener("pointerdown", ({ target, pointerType }) => {
    pressed = pointerType;
    inside = Boolean(shown?.tip.contains(target));
    if (!inside && shown?.link !== termOf(target)) closeNow();
  });
  document.addEventListener("click", (event) => {
    const link = termOf(event.target);
    const touched = (event.pointerType || pressed) === "touch" && event.detail > 0;
    if (!link || !touched || shown?.link === link) return;
    event.preventDefault(); // the first tap shows; the second one goes there
    open(link).then(() => {
      if (shown?.link !== link) location.assign(link.href); // nothing to show
    });
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") closeNow();
  });
  for (const left of ["resize", "pagehide"]) window.addEventListener(left, closeNow);
})();
