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

  /** Show the designer. `showLayer` draws one of its layers, if there is a place for that. */
  LeNet.designer = function (parts, showLayer) {
    const steps = history();
    let now = { size: 32, layers: [] },
      cards = [];

    const named = (layer, n) => ({
      ...layer,
      name: layer.name.trim() || say("calculator.unnamed", { number: n + 1 }),
    });
    const whole = () => ({ ...now, layers: now.layers.map(named) });

    /** Take another design; what it was can be had again. */
    function change(next, what = null) {
      steps.note(now, what);
      now = next;
      parts.linkRow.hidden = true;
      parts.listNote.textContent = "";
    }

    const actsOf = (place) => {
      const layers = () => [...now.layers];
      return {
        change(layer, what) {
          change({ ...now, layers: now.layers.with(place, layer) }, `${place} ${what}`);
          show();
        },
        up() {
          const list = layers();
          list.splice(place - 1, 2, list[place], list[place - 1]);
          rebuild({ ...now, layers: list });
          cards[place - 1].parts.up.focus();
          if (place === 1) cards[0].parts.remove.focus();
        },
        remove() {
          const { name } = named(now.layers[place], place);
          rebuild({ ...now, layers: now.layers.toSpliced(place, 1) });
          (cards[place] ?? cards[place - 1])?.parts.remove.focus();
          if (!cards.length) parts.add.focus();
          parts.listNote.textContent = say("calculator.removed", { layer: name });
        },
        draw() {
          const below = place ? design.count(whole())[place - 1].side : now.size;
          showLayer?.(below, design.windowOf(now.layers[place]), now.layers[place].kind);
        },
      };
    };

    function rebuild(next, what) {
      if (next !== now) change(next, what);
      layOut();
    }

    function layOut() {
      parts.inputSize.value = Number.isNaN(now.size) ? "" : now.size;
      cards = now.layers.map((layer, n) => design.card(parts.card, layer, actsOf(n)));
      parts.rows.replaceChildren(...cards.map(({ element }) => element));
      show();
    }

    function show() {
      const given = whole();
      const counts = design.count(given);
      let below = { maps: 1, side: now.size };
      counts.forEach((count, n) => {
        cards[n].show(count, below, n === 0);
        below = count;
      });
      parts.add.disabled = counts.length >= design.links.MOST_LAYERS;
      parts.verdict.classList.toggle(
        "lc-wrong",
        counts.some(({ error }) => error),
      );
      parts.verdict.textContent = inWords(given, counts);
      parts.totals.textContent = totals(counts);
      parts.undo.disabled = !steps.can().undo;
      parts.redo.disabled = !steps.can().redo;
      showTraining(parts, given);
      showCode(parts, given);
    }

    function add() {
      const last = now.layers[now.layers.length - 1];
      const flat = last && !design.hasWindow(last);
      const name = `${flat ? "F" : "C"}${now.layers.length + 1}`;
      const layer = design.layer(name, flat ? "dense" : "convolution", flat ? {} : { kernel: 3 });
      rebuild({ ...now, layers: [...now.layers, layer] });
      cards[cards.length - 1].parts.name.focus();
    }

    function step(way) {
      now = steps[way](now);
      parts.linkRow.hidden = true;
      parts.listNote.textContent = "";
      layOut();
      if (parts[way].disabled) parts[way === "undo" ? "redo" : "undo"].focus();
    }

    parts.presets.replaceChildren(
      ...Object.keys(design.PRESETS).map((name) => {
        const title = say(`calculator.preset.${name}`);
        const load = () => {
          rebuild(structuredClone(design.PRESETS[name]));
          parts.listNote.textContent = say("calculator.loaded", { name: title });
        };
        return make("button", { type: "button", onclick: load }, title);
      }),
    );
    parts.inputSize.addEventListener("input", () => {
      change({ ...now, size: LeNet.layerFields.number(parts.inputSize) }, "size");
      show();
    });
    parts.add.addEventListener("click", add);
    for (const way of ["undo", "redo"]) parts[way].addEventListener("click", () => step(way));
    parts.list.addEventListener("keydown", (event) => {
      const typed = event.target.matches("input:not([type=checkbox]), select");
      if (typed || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
      event.preventDefault();
      step(event.shiftKey ? "redo" : "undo");
    });
    parts.copyCode.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(parts.code.textContent);
        parts.codeNote.textContent = say("calculator.copied");
      } catch {
        getSelection().selectAllChildren(parts.code);
        parts.codeNote.textContent = say("calculator.copyByHand");
      }
    });
    now = structuredClone(design.PRESETS.textbook);
    layOut();
    return {
      now: whole,
      load: (next) => rebuild(next),
    };
  };
})();
