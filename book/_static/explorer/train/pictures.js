/* What a network has learned, beside what it was at the start: the kernels of C1, the maps of C1 for
   one digit, and a wall of held-out digits with what it reads in each. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, preprocess, say } = LeNet;
  const { make, number, paint, schemeOf } = LeNet.widgets;
  const { valueRange } = LeNet.unit;
  const WALL = 24; // held-out digits that are shown

  /** Return a held-out digit as a network of this input size takes it. */
  function digit({ held }, n, size) {
    const ink = Float32Array.from(held.images.subarray(784 * n, 784 * n + 784), (v) => v / 255);
    return { ink, label: held.labels[n], image: preprocess.forNetwork(ink, size) };
  }

  /** Put as many canvases into a row as there are maps; return them. */
  function canvases(row, count) {
    if (row.children.length !== count)
      row.replaceChildren(...Array.from({ length: count }, () => make("canvas")));
    row.style.setProperty("--count", count);
    return Array.from(row.children);
  }

  /** Paint one square after another, all with the same limits. */
  function paintRow(row, values, count, side, limits) {
    canvases(row, count).forEach((canvas, n) =>
      paint(canvas, values, side, side, limits, schemeOf(limits), n * side * side),
    );
  }

  function kernels(parts, first, now) {
    const [before, after] = [first.layers[0], now.layers[0]];
    const largest = [...before.weights, ...after.weights].reduce(
      (most, weight) => Math.max(most, Math.abs(weight)),
      0,
    );
    const limits = [-largest || -1, largest || 1];
    paintRow(parts.kernelsBefore, before.weights, before.maps, before.kernel, limits);
    paintRow(parts.kernelsNow, after.weights, after.maps, after.kernel, limits);
    const scale = { low: number(-largest), high: number(largest) };
    const { kernel } = after;
    parts.kernelsTitle.textContent = say("trainer.pictures.kernels", { ...scale, side: kernel });
    const alt = (when) =>
      say("trainer.pictures.kernelsAlt", { count: after.maps, side: kernel, when });
    parts.kernelsBefore.setAttribute("aria-label", alt(say("trainer.pictures.before")));
    parts.kernelsNow.setAttribute("aria-label", alt(say("trainer.pictures.now")));
  }

  function maps(parts, first, now, { image, label }) {
    const values = [first, now].map((network) => engine.forward(network, image));
    const ranges = [first, now].map((network, n) => valueRange(network, 0, values[n][1]));
    const low = Math.min(...ranges.map((range) => range[0]));
    const limits = [low, Math.max(...ranges.map((range) => range[1])) || 1];
    const { maps: count, size } = now.layers[0];
    paintRow(parts.mapsBefore, values[0][1], count, size, limits);
    paintRow(parts.mapsNow, values[1][1], count, size, limits);
    const answers = [first, now].map((network, n) => engine.answer(network, values[n]));
    const told = answers.map((one) => ({
      read: one.label,
      share: `${Math.round(100 * one.shares[one.label])} %`,
    }));
    parts.mapsTitle.textContent = say("trainer.pictures.maps", { label, count });
    [parts.mapsBefore, parts.mapsNow].forEach((row, n) => {
      const when = say(n ? "trainer.pictures.now" : "trainer.pictures.before");
      row.setAttribute("aria-label", say("trainer.pictures.mapsAlt", { ...told[n], label, when }));
    });
  }

  // ------------------------------------------------------------------ the wall

  /** Make the button of a held-out digit. */
  function brick({ ink, label }, n, choose) {
    const canvas = make("canvas", { "aria-hidden": "true" });
    paint(canvas, ink, 28, 28, [0, 1], "ink");
    const text = make("span", { class: "lt-read", "aria-hidden": "true" });
    const onclick = () => choose(n);
    const button = make(
      "button",
      { type: "button", "aria-pressed": "false", onclick },
      canvas,
      text,
    );
    return { button, text, label };
  }

  /** Show what the network reads in each digit; return how many it reads right. */
  function readAll(bricks, digits, network, chosen) {
    let right = 0;
    bricks.forEach(({ button, text, label }, n) => {
      const outputs = engine.forward(network, digits[n].image);
      const read = engine.answer(network, outputs).label;
      const good = read === label;
      right += good;
      text.textContent = good ? `✓ ${read}` : `✗ ${read}`;
      button.classList.toggle("lt-wrong", !good);
      button.setAttribute("aria-pressed", n === chosen ? "true" : "false");
      const what = good ? "good" : "bad";
      button.setAttribute("aria-label", say(`trainer.wall.${what}`, { n: n + 1, label, read }));
    });
    return right;
  }

  /** Show the pictures of a run in `parts`; return a function that paints them as they are. */
  LeNet.learnedPictures = function (parts, run) {
    let digits = [],
      bricks = [],
      chosen = 0;

    function show() {
      const { first, network } = run;
      if (!first || !network) return;
      kernels(parts, first, network);
      maps(parts, first, network, digits[chosen]);
      const right = readAll(bricks, digits, network, chosen);
      parts.wallTitle.textContent = say("trainer.wall.title", { right, count: bricks.length });
    }

    function choose(n) {
      chosen = n;
      show();
    }

    run.on("start", () => {
      const size = run.network.inputSize;
      const count = Math.min(WALL, run.digits.held.labels.length);
      digits = Array.from({ length: count }, (_, n) => digit(run.digits, n, size));
      if (bricks.length === count) return;
      bricks = digits.map((one, n) => brick(one, n, choose));
      parts.wall.replaceChildren(...bricks.map((one) => one.button));
    });
    return show;
  };
})();
