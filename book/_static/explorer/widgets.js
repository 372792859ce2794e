/* What the explorer and the calculator share: making elements, and writing numbers. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const widgets = (LeNet.widgets = {});
  let count = 0;

  /** Let the browser do what waits, between two pieces of long work. A message, for timers are
      slow in a tab that is hidden. */
  widgets.pause = () =>
    new Promise((done) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => done(port1.close());
      port2.postMessage(null);
    });

  /** Return what asks for some work with the next frame, once, however often it is asked until then. */
  widgets.onceAFrame = function (work) {
    let waiting = false;
    return () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        work();
      });
    };
  };

  /** Make an element: `make("p", { class: "x", onclick: f }, "text", child, …)`. */
  widgets.make = function (tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value != null) element.setAttribute(name, value);
    }
    element.append(...children.flat().filter((child) => child != null && child !== false));
    return element;
  };

  /** Return an id that no other element has. */
  widgets.id = (what) => `lenet-${what}-${++count}`;

  /** Return a copy of a template, and the parts of it that `data-lx` names. Its labels and fields
      are joined here, for an id must be there only once. */
  widgets.copy = function (template) {
    const copy = template.content.cloneNode(true);
    for (const { firstElementChild, lastElementChild } of copy.querySelectorAll(".lx-field"))
      firstElementChild.htmlFor = lastElementChild.id = widgets.id("field");
    const named = Array.from(copy.querySelectorAll("[data-lx]"), (part) => [part.dataset.lx, part]);
    return { copy, parts: Object.fromEntries(named) };
  };

  /** Put a copy of an element's template in place of all that it holds; return the named parts. A
      picture that stands there stays, for paper: see explorer.css. */
  widgets.fill = function (root) {
    const { copy, parts } = widgets.copy(root.querySelector("template"));
    root.replaceChildren(...root.querySelectorAll(":scope > figure"), copy);
    root.classList.add("lx-on");
    return parts;
  };

  /** Return a function that shows a sentence in a box, or takes it away. `topic` keeps apart what
      has nothing to do with it. */
  widgets.messages = (box) => (topic, text) => {
    box.querySelector(`[data-topic="${topic}"]`)?.remove();
    if (text) box.append(widgets.make("p", { "data-topic": topic }, text));
  };

  /** Copy a text. Where the browser does not let it, `choose` marks it for the reader to copy; says
      whether it is copied. */
  widgets.copyText = async function (text, choose) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      choose();
      return false;
    }
  };

  /** Write a number with a real minus sign. */
  widgets.number = function (value, digits = 2) {
    const text = Math.abs(value).toFixed(digits);
    return value < 0 && Number(text) !== 0 ? `−${text}` : text;
  };

  /** Write a number that stands after another one: with brackets where it is negative. */
  widgets.term = (value, digits = 2) => {
    const text = widgets.number(value, digits);
    return text.startsWith("−") ? `(${text})` : text;
  };

  /** Return a canvas to draw on, or null where the browser has none. */
  widgets.pen = function (canvas, options) {
    try {
      return (canvas.getContext && canvas.getContext("2d", options)) || null;
    } catch {
      return null;
    }
  };

  /** Mark a part of a picture; all four numbers are shares of its side. */
  widgets.mark = (x, y, width, height, kind = "") =>
    widgets.make("span", {
      class: `lx-mark ${kind}`,
      style: `left:${100 * x}%;top:${100 * y}%;width:${100 * width}%;height:${100 * height}%`,
    });

  // ------------------------------------------------------------------ colours

  /* Dark is large, as in the figures (lenet_tutorial/figures/style.py). Values with a sign run
     through cividis (Nuñez, Anderton and Renslow 2018) the other way round, from light yellow over
     grey, 0, to dark blue: its lightness falls evenly, for all kinds of colour vision. Seventeen
     of its colours; what lies between is mixed. */
  const SIGNED = (
    "fee838 efd748 ddc858 ccba64 bbad6d aaa073 9a9376 8b8778 7c7b78 6e6f73 60646f 52596d 424e6c " +
    "31436d 18376f 002d68 00224e"
  ).split(" ");
  const rgb = (hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));

  function ramp(colours) {
    const stops = colours.map(rgb),
      table = new Uint8Array(256 * 3);
    for (let n = 0; n < 256; n++) {
      const at = (n / 255) * (stops.length - 1),
        low = Math.min(Math.floor(at), stops.length - 2);
      for (let part = 0; part < 3; part++) {
        table[3 * n + part] =
          stops[low][part] + (at - low) * (stops[low + 1][part] - stops[low][part]);
      }
    }
    return table;
  }

  widgets.schemes = { signed: ramp(SIGNED), ink: ramp(["ffffff", "000000"]) };
  const gradient = (colours) =>
    `linear-gradient(to right, ${colours.map((colour) => `#${colour}`).join(", ")})`;
  widgets.gradients = {
    negative: gradient(SIGNED.slice(0, 9)),
    positive: gradient(SIGNED.slice(8)),
    ink: gradient(["fff", "000"]),
  };

  /** The colours for values between two limits: amounts, which are never negative, are ink. */
  widgets.schemeOf = ([low]) => (low < 0 ? "signed" : "ink");

  /** Paint values on a canvas, one pixel each; CSS makes them larger. */
  widgets.paint = function (canvas, values, width, height, [low, high], scheme, first = 0) {
    const pen = widgets.pen(canvas);
    if (!pen) return;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const image = pen.createImageData(width, height),
      table = widgets.schemes[scheme];
    for (let n = 0; n < width * height; n++) {
      const value = values[first + n];
      if (value === undefined) continue; // the last row of a grid may be short
      const share = Math.min(Math.max((value - low) / (high - low || 1), 0), 1);
      const at = 3 * Math.round(255 * share);
      image.data[4 * n] = table[at];
      image.data[4 * n + 1] = table[at + 1];
      image.data[4 * n + 2] = table[at + 2];
      image.data[4 * n + 3] = 255;
    }
    pen.putImageData(image, 0, 0);
  };
})();
