/* The designer: a list of layers, what each costs, undo, a link, Keras code, and the way to training. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { grouped, explain, say } = LeNet;
  const { make } = LeNet.widgets;
  const design = (LeNet.design = LeNet.design || {});
  const MOST_STEPS = 100; // that can be undone

  /** Keep what a design was. Changes of one field that follow each other are one step. */
  function history() {
    let past = [],
      future = [],
      latest = null;
    return {
      note(before, what) {
        if (what === null || what !== latest) past = [...past, before].slice(-MOST_STEPS);
        latest = what;
        future = [];
      },
      undo: (now) => step(past, future, now),
      redo: (now) => step(future, past, now),
      can: () => ({ undo: past.length > 0, redo: future.length > 0 }),
    };
    function step(from, to, now) {
      latest = null;
      if (!from.length) return now;
      to.push(now);
      return from.pop();
    }
  }

  /** Say what comes out, or which layer does not fit. */
  function inWords({ size }, counts) {
    const wrong = counts.find(({ error }) => error);
    if (wrong)
      return say("calculator.wrongLayer", { layer: wrong.name, why: explain(wrong.error) });
    if (!counts.length) return say("calculator.empty");
    const windows = counts.filter(({ jump }) => jump !== null);
    const sizes = [size, ...windows.map(({ side }) => side)].join(" → ");
    const last = windows[windows.length - 1];
    if (!last) return say("calculator.noWindow", { size });
    const whole = last.field >= size ? ".whole" : ".part";
    return say(`calculator.sees${whole}`, { sizes, layer: last.name, field: last.field });
  }

  function totals(counts) {
    const total = design.total(counts);
    if (!total || !counts.length) return "";
    const told = Object.entries(total).map(([name, number]) => [name, grouped(number)]);
    return say("calculator.totals", Object.fromEntries(told));
  }

  /** Offer the way to training, or say why there is none. */
  function showTraining({ train, trainWhy }, now) {
    if (!train) return; // the book has no such page
    const { fragment, why } = design.training(now);
    train.hidden = !fragment;
    if (fragment) train.href = train.dataset.page + fragment;
    trainWhy.textContent = why ? say(`calculator.train.${why}`) : "";
  }

  function showCode({ code, codeWhy, copyCode }, now) {
    const { code: text, why } = design.code(now);
    code.textContent = text ?? "";
    code.closest("pre").hidden = !text;
    codeWhy.textContent = why;
    copyCode.disabled = !text;
  }

  // ------------------------------------------------------------------ what a reader changes

  /* A desk holds what there is: {parts, showLayer, steps, now, cards}. */

  /** Return the design with a name for each layer. */
  const whole = ({ now }) => ({
    ...now,
    layers: now.layers.map((layer, n) => ({
      ...layer,
      name: layer.name.trim() || say("calculator.unnamed", { number: n + 1 }),
    })),
  });

  function forget({ linkRow, listNote }) {
    linkRow.hidden = true;
    listNote.textContent = "";
  }

  /** Take another design; what it was can be had again. */
  function change(desk, next, what = null) {
    desk.steps.note(desk.now, what);
    desk.now = next;
    forget(desk.parts);
  }

  function rebuild(desk, next) {
    change(desk, next);
    layOut(desk);
  }

  /** Show the design anew: a card for each layer. */
  function layOut(desk) {
    const { parts, now } = desk;
    parts.inputSize.value = Number.isNaN(now.size) ? "" : now.size;
    desk.cards = now.layers.map((layer, n) => design.card(parts.card, layer, actsOf(desk, n)));
    parts.rows.replaceChildren(...desk.cards.map(({ element }) => element));
    show(desk);
  }

  /** Show what the design costs. */
  function show(desk) {
    const { parts, cards, steps } = desk;
    const given = whole(desk);
    const counts = design.count(given);
    let below = { maps: 1, side: given.size };
    counts.forEach((count, n) => {
      cards[n].show(count, below, n === 0);
      below = count;
    });
    parts.add.disabled = counts.length >= design.links.MOST_LAYERS;
    const wrong = counts.some(({ error }) => error);
    parts.verdict.classList.toggle("lc-wrong", wrong);
    parts.verdict.textContent = inWords(given, counts);
    parts.totals.textContent = totals(counts);
    for (const [way, can] of Object.entries(steps.can())) parts[way].disabled = !can;
    showTraining(parts, given);
    showCode(parts, given);
  }

  /** Return what the buttons and fields of a card do. */
  function actsOf(desk, place) {
    const { parts } = desk;
    return {
      change(layer, what) {
        const layers = [...desk.now.layers];
        layers[place] = layer;
        change(desk, { ...desk.now, layers }, `${place} ${what}`);
        show(desk);
      },
      up() {
        const layers = [...desk.now.layers];
        layers.splice(place - 1, 2, layers[place], layers[place - 1]);
        rebuild(desk, { ...desk.now, layers });
        const { up, remove } = desk.cards[place - 1].parts;
        (up.disabled ? remove : up).focus();
      },
      remove() {
        const { name } = whole(desk).layers[place];
        const layers = desk.now.layers.filter((_, n) => n !== place);
        rebuild(desk, { ...desk.now, layers });
        const next = desk.cards[place] ?? desk.cards[place - 1];
        (next?.parts.remove ?? parts.add).focus();
        parts.listNote.textContent = say("calculator.removed", { layer: name });
      },
      draw() {
        const layer = desk.now.layers[place];
        const below = place ? design.count(whole(desk))[place - 1].side : desk.now.size;
        desk.showLayer?.(below, design.windowOf(layer), layer.kind);
      },
    };
  }

  function add(desk) {
    const { layers } = desk.now;
    const last = layers[layers.length - 1];
    const flat = last && !design.hasWindow(last);
    const name = `${flat ? "F" : "C"}${layers.length + 1}`;
    const layer = flat
      ? design.layer(name, "dense")
      : design.layer(name, "convolution", { kernel: 3 });
    rebuild(desk, { ...desk.now, layers: [...layers, layer] });
    desk.cards[layers.length].parts.name.focus();
  }

  /** Undo or redo a step. */
  function step(desk, way) {
    const { parts, steps } = desk;
    if (!steps.can()[way]) return;
    desk.now = steps[way](desk.now);
    forget(parts);
    layOut(desk);
    const other = way === "undo" ? "redo" : "undo";
    if (parts[way].disabled) parts[other].focus();
  }

  // ------------------------------------------------------------------ what the buttons do

  function offerPresets(desk) {
    const { parts } = desk;
    const buttons = Object.keys(design.PRESETS).map((name) => {
      const title = say(`calculator.preset.${name}`);
      const load = () => {
        rebuild(desk, structuredClone(design.PRESETS[name]));
        parts.listNote.textContent = say("calculator.loaded", { name: title });
      };
      return make("button", { type: "button", onclick: load }, title);
    });
    parts.presets.replaceChildren(...buttons);
  }

  async function copyCode({ code, codeNote }) {
    const choose = () => getSelection().selectAllChildren(code);
    const copied = await LeNet.widgets.copyText(code.textContent, choose);
    codeNote.textContent = copied ? say("calculator.copied") : say("calculator.copyByHand");
  }

  /** Ctrl+Z and Ctrl+Shift+Z; in a field they are the browser's own. */
  function pressed(desk, event) {
    const typed = event.target.matches("input:not([type=checkbox]), select");
    if (typed || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    step(desk, event.shiftKey ? "redo" : "undo");
  }

  /** Show the designer. `showLayer` draws one of its layers, if there is a place for that. */
  LeNet.designer = function (parts, showLayer) {
    const now = structuredClone(design.PRESETS.textbook);
    const desk = { parts, showLayer, steps: history(), now, cards: [] };
    offerPresets(desk);
    parts.inputSize.addEventListener("input", () => {
      change(desk, { ...desk.now, size: LeNet.layerFields.number(parts.inputSize) }, "size");
      show(desk);
    });
    parts.add.addEventListener("click", () => add(desk));
    for (const way of ["undo", "redo"]) parts[way].addEventListener("click", () => step(desk, way));
    parts.list.addEventListener("keydown", (event) => pressed(desk, event));
    parts.copyCode.addEventListener("click", () => copyCode(parts));
    layOut(desk);
    return { now: () => whole(desk), load: (next) => rebuild(desk, next) };
  };
})();
