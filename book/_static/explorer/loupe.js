/* The loupe: where a finger has touched a map, the units around it stand large enough for a finger.
   A touch on one of them chooses it, and brings it to the middle. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { make, paint, schemeOf } = LeNet.widgets;
  const SMALL = 24; // pixels: a smaller unit is too small for a finger
  const ACROSS = 7; // units in a row of the loupe
  const UNIT = 30; // pixels
  const AWAY = 28; // pixels between the finger and the loupe

  /** Return the first of so many rows or columns around a place, within a map. */
  const first = (place, size) =>
    Math.min(Math.max(place - (ACROSS >> 1), 0), Math.max(size - ACROSS, 0));

  /** Return the part of a map around a unit. */
  function around(values, layer, { map, row, column }) {
    const count = Math.min(ACROSS, layer.size);
    const top = first(row, layer.size),
      left = first(column, layer.size);
    const part = new Float32Array(count * count);
    for (let n = 0; n < part.length; n++) {
      const r = top + Math.floor(n / count),
        c = left + (n % count);
      part[n] = values[(map * layer.size + r) * layer.size + c];
    }
    return { part, count, top, left };
  }

  LeNet.loupe = function (parts, state, all) {
    const box = parts.loupe;
    const canvas = make("canvas", { class: "lx-glass", "aria-hidden": "true" });
    const chosen = make("span", { class: "lx-mark lx-unit" });
    box.append(make("span", { class: "lx-map" }, canvas, make("span", {}, chosen)));
    const close = () => (box.hidden = true);

    function show() {
      const { unit, network } = state;
      if (box.hidden || !unit) return;
      const layer = network.layers[unit.index];
      if (layer.size === 1) return close();
      const { values, limits } = all.shown(unit.index);
      const { part, count, top, left } = around(values, layer, unit);
      paint(canvas, part, count, count, limits, schemeOf(limits));
      canvas.style.width = `${count * UNIT}px`;
      const share = 100 / count;
      chosen.style.cssText =
        `left:${(unit.column - left) * share}%;top:${(unit.row - top) * share}%;` +
        `width:${share}%;height:${share}%`;
    }

    canvas.addEventListener("click", ({ clientX, clientY }) => {
      const { unit, network } = state;
      const layer = network.layers[unit.index];
      const { count, top, left } = around(all.shown(unit.index).values, layer, unit);
      const edge = canvas.getBoundingClientRect();
      const at = (place, from, length) =>
        Math.min(Math.max(Math.floor((count * (place - from)) / length), 0), count - 1);
      const row = top + at(clientY, edge.top, edge.height);
      const column = left + at(clientX, edge.left, edge.width);
      state.pin({ ...unit, row, column }, true);
    });
    document.addEventListener("pointerdown", ({ target }) => {
      if (!box.contains(target)) close();
    });
    document.addEventListener("keydown", ({ key }) => key === "Escape" && close());
    state.on("unit", show);
    state.on("values", show);
    state.on("network", close);

    return {
      /** Tell whether the units of a layer are too small for a finger. */
      wanted({ single, columns, maps: [{ canvas: one }] }) {
        return !single && one.getBoundingClientRect().width / columns < SMALL;
      },
      /** Open the loupe above the finger, or below where there is no room. */
      open(view, { clientX, clientY }) {
        box.hidden = false;
        show();
        const stage = parts.stage.getBoundingClientRect();
        const { width, height } = box.getBoundingClientRect();
        const left = Math.min(Math.max(clientX - stage.left - width / 2, 0), stage.width - width);
        const above = clientY - AWAY - height;
        const top = above > 0 ? above : clientY + AWAY;
        box.style.left = `${left}px`;
        box.style.top = `${top - stage.top}px`;
      },
    };
  };
})();
