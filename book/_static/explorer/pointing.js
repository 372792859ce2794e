/* Choosing a unit with mouse, finger or keyboard.

   With the mouse, the unit under the pointer is chosen when the pointer rests, or goes slowly: so
   one can go past others to the panel. A click pins a unit; a click elsewhere, or Escape, lets it
   go. For a finger most units are too small: see loupe.js. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const REST = 70; // milliseconds without a move: the pointer rests
  const SLOW = 0.12; // pixels a millisecond
  /* A click on one of these changes something else, so the pinned unit stays. */
  const KEEPS =
    "button, input, select, summary, a, label, canvas, textarea, .lx-bars, .lx-panel, .lx-drawer, .lx-loupe";

  /** Return the unit at a place on the screen, or null. */
  function unitAt(view, layer, { target, clientX, clientY }) {
    const canvas = target.closest("canvas");
    if (!canvas) return null;
    const { index, single, columns, rows } = view;
    const box = canvas.getBoundingClientRect();
    const within = (place, count) => Math.min(Math.max(Math.floor(place * count), 0), count - 1);
    const column = within((clientX - box.left) / box.width, columns);
    const row = within((clientY - box.top) / box.height, rows);
    if (!single) return { index, map: Number(canvas.dataset.map), row, column };
    const map = row * columns + column;
    return map < layer.maps ? { index, map, row: 0, column: 0 } : null;
  }

  /** Return where a key leads to, or null. */
  function along(view, { network, unit: chosen }, key) {
    const { index, single, columns } = view;
    const { maps, size } = network.layers[index];
    const unit = chosen?.index === index ? { ...chosen } : { index, map: 0, row: 0, column: 0 };
    const clamp = (value, end) => Math.min(Math.max(value, 0), end - 1);
    const step = STEPS[key];
    if (step && single) unit.map = clamp(unit.map + step[0] * columns + step[1], maps);
    else if (step) {
      unit.row = clamp(unit.row + step[0], size);
      unit.column = clamp(unit.column + step[1], size);
    } else if (key === "PageUp") unit.map = clamp(unit.map - 1, maps);
    else if (key === "PageDown") unit.map = clamp(unit.map + 1, maps);
    else if (key === "Home") unit.map = 0;
    else if (key === "End") unit.map = maps - 1;
    else return null;
    return unit;
  }

  /** Go from unit to unit with the keyboard. */
  function press(view, state, event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const pins = event.key === "Enter" || event.key === " ";
    const unit = pins ? state.unit : along(view, state, event.key);
    if (!unit) return;
    event.preventDefault();
    if (pins) state.pin(unit);
    else state.choose(unit, true);
  }

  /** Return a function that is told of each move of the mouse, and chooses what it rests on. */
  function follow(state) {
    let waiting,
      last = null;
    return {
      move(unit, { clientX, clientY, timeStamp }) {
        clearTimeout(waiting);
        const far = last && Math.hypot(clientX - last.clientX, clientY - last.clientY);
        const slow = last && far / Math.max(timeStamp - last.timeStamp, 1) < SLOW;
        last = { clientX, clientY, timeStamp };
        if (!unit) return;
        const choose = () => state.pinned || state.choose(unit);
        if (slow) choose();
        else waiting = setTimeout(choose, REST);
      },
      leave: () => clearTimeout(waiting),
    };
  }

  /** Let a pinned unit go: Escape, or a click on nothing. */
  function letGo(parts, state) {
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") state.unpin();
    });
    document.addEventListener("click", (event) => {
      if (state.pinned && !event.target.closest(KEEPS)) state.unpin();
    });
  }

  LeNet.pointing = function (parts, state, all) {
    const mouse = follow(state);
    const loupe = LeNet.loupe(parts, state, all);

    function listen(view) {
      const { group, index, single } = view;
      const layer = state.network.layers[index];
      group.addEventListener("pointermove", (event) => {
        if (event.pointerType !== "touch") mouse.move(unitAt(view, layer, event), event);
      });
      group.addEventListener("pointerleave", mouse.leave);
      group.addEventListener("click", (event) => {
        const unit = unitAt(view, layer, event);
        mouse.leave();
        if (!unit) return;
        if (event.pointerType === "touch" && loupe.wanted(view)) {
          state.pin(unit, true);
          loupe.open(view, event);
        } else state.pin(unit);
      });
      group.addEventListener("keydown", (event) => press(view, state, event));
      group.addEventListener("focus", () => {
        if (!group.matches(":focus-visible") || state.unit?.index === index) return;
        const middle = single ? 0 : layer.size >> 1;
        state.choose({ index, map: 0, row: middle, column: middle }, true);
      });
    }

    letGo(parts, state);
    parts.bars.addEventListener("click", ({ target }) => {
      const map = Array.from(parts.bars.children).indexOf(target.closest("li"));
      const view = all.views.find(({ output }) => output);
      if (map >= 0 && view) state.pin({ index: view.index, map, row: 0, column: 0 });
    });
    state.on("network", () => all.views.forEach(listen));
  };
})();
