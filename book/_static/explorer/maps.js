/* All units of the network, as pictures: layers and their maps. What marks them is in marks.js, and
   how one chooses a unit in pointing.js. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, say } = LeNet;
  const { make, number, paint, schemeOf } = LeNet.widgets;
  const { GRID, layerText, valueRange } = LeNet.unit;
  const STACKS = [8, 16, 24, 32]; // so many maps stand in one, two, three, four columns

  /** Make a picture that marks can be put on. */
  function picture() {
    const canvas = make("canvas", { "aria-hidden": "true", width: 1, height: 1 });
    const marks = make("span", { class: "lx-marks" });
    return { canvas, marks, box: make("span", { class: "lx-map" }, canvas, marks) };
  }

  /* How large the pictures of a layer may become: see stage.css. */
  const sizeClass = (size) =>
    size === 1 ? "lx-ones" : `lx-size-${size > 14 ? "l" : size > 9 ? "m" : size > 6 ? "n" : "s"}`;

  /** How the pictures of a layer stand, in columns and rows. */
  function stack(count) {
    const columns = STACKS.findIndex((most) => count <= most) + 1 || Math.ceil(count / 8);
    return { columns, rows: Math.ceil(count / columns) };
  }

  /** Make the pictures of a layer. Single units, which have no maps, share one; those of the
      output stand under each other, beside the answer. */
  function newView(layer, index, last) {
    const single = layer.size === 1;
    const output = single && index === last;
    const across = output ? 1 : GRID[layer.maps] || Math.ceil(Math.sqrt(layer.maps));
    const columns = single ? across : layer.size;
    const rows = single ? Math.ceil(layer.maps / columns) : layer.size;
    const maps = Array.from({ length: single ? 1 : layer.maps }, picture);
    maps.forEach(({ canvas }, map) => (canvas.dataset.map = map));
    const grid = stack(maps.length);
    const style = single
      ? `--across:${columns};--down:${rows}`
      : `--columns:${grid.columns};--rows:${grid.rows}`;
    const group = make(
      "div",
      {
        class: `lx-maps ${sizeClass(layer.size)}`,
        role: "application",
        tabindex: 0,
        style,
        "aria-label": say("explorer.keys", { layer: layerText(layer) }),
      },
      ...maps.map((map) => map.box),
    );
    return { index, group, single, output, columns, rows, maps };
  }

  /** Say in short what a layer is: its name, its shape, its kind. */
  function heading({ name, kind, maps, size }) {
    const shape =
      size > 1 ? say("explorer.shapeMaps", { maps, size }) : say("explorer.shapeUnits", { maps });
    return make(
      "p",
      { class: "lx-name" },
      make("strong", {}, LeNet.named(name)),
      make("span", { class: "lx-shape" }, shape),
      make("span", { class: "lx-kind" }, say(`explorer.kind.${kind}`)),
    );
  }

  /** Put the name of a layer above its pictures. */
  const titled = (layer, { group, index }) =>
    make(
      "div",
      { class: "lx-layer", "data-index": index },
      heading(layer),
      make("div", { class: "lx-middle" }, group),
    );

  function showInput(parts, input, side) {
    const name = make(
      "p",
      { class: "lx-name" },
      make("strong", {}, say("explorer.input")),
      make("span", { class: "lx-shape" }, say("explorer.square", { side })),
    );
    parts.input.replaceChildren(name, make("div", { class: "lx-maps lx-input" }, input.box));
  }

  /** Return what a layer shows (−1: the input): its values and the limits of their colours, or what
      a wing shows in their place (`state.instead`). */
  function shown(index, state) {
    const { network, outputs, image } = state;
    const instead = state.instead?.(index);
    if (instead) return instead;
    if (index < 0) return { values: image, limits: [0, 1] };
    if (network.layers[index].kind === "rbf")
      return { values: engine.answer(network, outputs).shares, limits: [0, 1] };
    const values = outputs[index + 1];
    return { values, limits: valueRange(network, index, values) };
  }

  function paintLayer({ index, columns, rows, maps }, state) {
    const { values, limits } = shown(index, state);
    maps.forEach(({ canvas }, map) =>
      paint(canvas, values, columns, rows, limits, schemeOf(limits), map * columns * rows),
    );
  }

  /** Show the layers of the network, whichever it is. The wings that mark and point, and the stage,
      get what is shown: `views`, one for each layer, and the picture of the `input`. */
  LeNet.maps = function (parts, state) {
    const all = { input: picture(), views: [], shown: (index) => shown(index, state) };

    state.on("network", () => {
      const { network } = state;
      const last = network.layers.length - 1;
      all.views = network.layers.map((layer, index) => newView(layer, index, last));
      showInput(parts, all.input, network.inputSize);
      const inside = all.views.filter(({ output }) => !output);
      parts.network.replaceChildren(
        ...inside.map((view) => titled(network.layers[view.index], view)),
      );
      const outputs = all.views.filter(({ output }) => output);
      parts.outputs.replaceChildren(...outputs.map(({ group }) => group));
      const [low, high] = valueRange(network, 0, [0]);
      parts.low.textContent = number(low, low % 1 ? 1 : 0);
      parts.high.textContent = number(high, high % 1 ? 1 : 0);
    });
    state.on("values", () => {
      const side = state.network.inputSize;
      const { values, limits } = all.shown(-1);
      paint(all.input.canvas, values, side, side, limits, schemeOf(limits));
      for (const view of all.views) paintLayer(view, state);
    });
    return all;
  };
})();
