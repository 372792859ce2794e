/* All units of the network, as pictures: layers, their maps, and marks on them. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine } = LeNet;
  const { make, mark, number, paint, schemeOf } = LeNet.widgets;
  const { GRID, layerText, valueRange } = LeNet.unit;
  const KEYS =
    "Arrow keys go from unit to unit, Page Up and Page Down from map to map; Enter pins the unit.";
  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  /** Make a picture that marks can be put on. */
  function picture() {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const marks = make("span", { class: "lx-marks" });
    return { canvas, marks, box: make("span", { class: "lx-map" }, canvas, marks) };
  }

  /* How large the pictures of a layer are, by its maps and their size: see explorer.css. */
  function sizeClass({ maps, size }) {
    if (size === 1) return `lx-units-${maps}`;
    const letter = size > 14 ? "l" : size > 9 ? "m" : size > 6 ? "n" : "s";
    return `lx-size-${maps}-${letter}`;
  }

  /** Make the pictures of a layer. Single units, which have no maps, share one. */
  function newView(layer) {
    const single = layer.size === 1;
    const columns = single ? GRID[layer.maps] || Math.ceil(Math.sqrt(layer.maps)) : layer.size;
    const rows = single ? Math.ceil(layer.maps / columns) : layer.size;
    const maps = Array.from({ length: single ? 1 : layer.maps }, picture);
    maps.forEach(({ canvas }, map) => (canvas.dataset.map = map));
    const group = make(
      "div",
      {
        class: `lx-maps ${sizeClass(layer)}`,
        role: "application",
        tabindex: 0,
        "aria-label": `${layerText(layer)}. ${KEYS}`,
      },
      ...maps.map((map) => map.box),
    );
    return { group, single, columns, rows, maps };
  }

  /** Put a name above the pictures of a layer. */
  const titled = (name, ...content) =>
    make("div", { class: "lx-layer" }, make("p", { class: "lx-name" }, name), ...content);

  /** The ten digits, under the outputs that stand for them. */
  const digits = () =>
    make(
      "div",
      { class: "lx-digits", "aria-hidden": "true" },
      ...Array.from("0123456789", (digit) => make("span", {}, digit)),
    );

  // ------------------------------------------------------------------ choosing a unit

  /** Return the unit under the pointer, or null. */
  function unitAt(view, index, layer, event) {
    const canvas = event.target.closest("canvas");
    if (!canvas) return null;
    const box = canvas.getBoundingClientRect();
    const within = (place, count) => Math.min(Math.max(Math.floor(place * count), 0), count - 1);
    const column = within((event.clientX - box.left) / box.width, view.columns);
    const row = within((event.clientY - box.top) / box.height, view.rows);
    if (!view.single) return { index, map: Number(canvas.dataset.map), row, column };
    const map = row * view.columns + column;
    return map < layer.maps ? { index, map, row: 0, column: 0 } : null;
  }

  /** Go from unit to unit with the keyboard. */
  function press(view, index, state, event) {
    const { maps, size } = state.network.layers[index];
    const unit =
      state.unit?.index === index ? { ...state.unit } : { index, map: 0, row: 0, column: 0 };
    const clamp = (value, end) => Math.min(Math.max(value, 0), end - 1);
    const step = STEPS[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (step && view.single) unit.map = clamp(unit.map + step[0] * view.columns + step[1], maps);
    else if (step) {
      unit.row = clamp(unit.row + step[0], size);
      unit.column = clamp(unit.column + step[1], size);
    } else if (event.key === "PageUp") unit.map = clamp(unit.map - 1, maps);
    else if (event.key === "PageDown") unit.map = clamp(unit.map + 1, maps);
    else if (event.key === "Home") unit.map = 0;
    else if (event.key === "End") unit.map = maps - 1;
    else if (event.key === "Enter" || event.key === " ") state.pinned = !state.pinned;
    else if (event.key === "Escape") state.pinned = false;
    else return;
    event.preventDefault();
    state.choose(unit, true);
  }

  function listen(view, index, state) {
    const { group, single } = view;
    const layer = state.network.layers[index];
    group.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch" && !state.pinned)
        state.choose(unitAt(view, index, layer, event));
    });
    group.addEventListener("click", (event) => {
      const unit = unitAt(view, index, layer, event);
      if (unit) state.pin(unit);
    });
    group.addEventListener("keydown", (event) => press(view, index, state, event));
    group.addEventListener("focus", () => {
      if (!group.matches(":focus-visible") || state.unit?.index === index) return;
      const middle = single ? 0 : layer.size >> 1;
      state.choose({ index, map: 0, row: middle, column: middle }, true);
    });
  }

  // ------------------------------------------------------------------ what they show

  function paintLayer(view, index, { network, outputs }) {
    let values = outputs[index + 1];
    let limits = valueRange(network, index, values);
    if (network.layers[index].kind === "rbf") {
      values = engine.answer(network, outputs).shares;
      limits = [0, 1];
    }
    const { columns, rows } = view;
    view.maps.forEach(({ canvas }, map) =>
      paint(canvas, values, columns, rows, limits, schemeOf(limits), map * columns * rows),
    );
  }

  /** Mark a unit, and where it looks: in the layer below and in the input. */
  function markUnit(input, views, { network, unit: { index, map, row, column } }) {
    const here = views[index],
      layer = network.layers[index],
      looks = engine.looksAt(network, index, row, column);
    const { columns, rows } = here;
    const place = here.single ? [map % columns, Math.floor(map / columns)] : [column, row];
    here.maps[here.single ? 0 : map].marks.append(
      mark(place[0] / columns, place[1] / rows, 1 / columns, 1 / rows, "lx-unit"),
    );
    const square = ({ row, column, side }, size) =>
      mark(column / size, row / size, side / size, side / size);
    input.marks.append(square(looks.input, network.inputSize));
    if (!index) return;
    const below = views[index - 1];
    if (below.single) below.maps[0].marks.append(mark(0, 0, 1, 1));
    else
      for (const seen of engine.sees(layer, map))
        below.maps[seen].marks.append(square(looks.below, layer.below));
  }

  /** Show the layers of the network, whichever it is. Returns a function that takes the marks off. */
  LeNet.maps = function (parts, state) {
    const input = picture();
    let views = [];

    const unmark = () =>
      [input, ...views.flatMap((view) => view.maps)].forEach((map) => map.marks.replaceChildren());

    function showMarks() {
      unmark();
      markUnit(input, views, state);
    }

    state.on("network", () => {
      const { network } = state;
      views = network.layers.map(newView);
      views.forEach((view, index) => listen(view, index, state));
      const side = network.inputSize;
      parts.network.replaceChildren(
        titled(`Input: ${side}×${side}`, make("div", { class: "lx-maps lx-input" }, input.box)),
        ...network.layers.map((layer, index) =>
          titled(
            layerText(layer),
            views[index].group,
            layer.maps === 10 && layer.size === 1 ? digits() : null,
          ),
        ),
      );
      const [low, high] = valueRange(network, 0, [0]);
      parts.low.textContent = number(low, low % 1 ? 1 : 0);
      parts.high.textContent = number(high, high % 1 ? 1 : 0);
    });
    state.on("values", () => {
      const side = state.network.inputSize;
      paint(input.canvas, state.image, side, side, [0, 1], "ink");
      views.forEach((view, index) => paintLayer(view, index, state));
      if (state.unit) showMarks();
    });
    state.on("unit", showMarks);
    return unmark;
  };
})();
