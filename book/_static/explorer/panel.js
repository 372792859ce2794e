/* The panel beside the maps: one unit, what it sees, and how it comes to its value. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine } = LeNet;
  const { make, number } = LeNet.widgets;
  const { layerText, writeOut } = LeNet.unit;

  const range = (first, side) => (side === 1 ? `${first}` : `${first}–${first + side - 1}`);
  const square = ({ row, column, side }) =>
    `rows ${range(row, side)}, columns ${range(column, side)}`;

  function unitName({ network, unit: { index, map, row, column } }) {
    const { name, size } = network.layers[index];
    return size > 1 ? `${name}, map ${map}, row ${row}, column ${column}` : `${name}, unit ${map}`;
  }

  /** Say where a unit looks, in the layer below and in the input. */
  function sees({ network, unit: { index, map, row, column } }) {
    const looks = engine.looksAt(network, index, row, column);
    const inInput =
      looks.input.side >= network.inputSize
        ? "the whole input"
        : `${square(looks.input)} of the input`;
    if (!index) return `It sees ${inInput}.`;
    const below = network.layers[index - 1];
    if (below.size === 1)
      return `It sees all ${below.maps} units of ${below.name}; through them, ${inInput}.`;
    const maps = engine.sees(network.layers[index], map);
    const which = maps.length === below.maps ? `all ${below.maps} maps` : `maps ${maps.join(", ")}`;
    const inMaps = maps.length > 1 ? `, in ${which}` : "";
    return `It sees ${square(looks.below)} of ${below.name}${inMaps}; through them, ${inInput}.`;
  }

  LeNet.panel = function (parts, state) {
    const fields = { map: parts.map, row: parts.row, column: parts.column };

    /** Write the unit out; returns its value. */
    function show() {
      const { network, outputs, unit } = state;
      const told = engine.explain(network, outputs, unit.index, unit.map, unit.row, unit.column);
      parts.unitTitle.textContent = unitName(state) + (state.pinned ? " (pinned)" : "");
      parts.unitPlace.textContent = sees(state);
      const open = parts.unitBody.querySelector("details")?.open;
      parts.unitBody.replaceChildren(...writeOut(state, unit.index, told));
      const products = parts.unitBody.querySelector("details"); // a pooling unit has none
      if (open && products) products.open = true;
      return told.value;
    }

    function showForm() {
      const { unit } = state;
      const { maps, size } = state.network.layers[unit.index];
      parts.layer.value = unit.index;
      for (const [key, input] of Object.entries(fields)) {
        const limit = key === "map" ? maps : size;
        input.max = limit - 1;
        input.value = unit[key];
        input.disabled = limit === 1;
      }
    }

    /* Put the form's numbers into the unit, within what the layer has. */
    function chooseByForm() {
      const index = Number(parts.layer.value);
      const { maps, size } = state.network.layers[index];
      const read = (key, end) => {
        const value = Math.round(Number(fields[key].value));
        return Math.min(Math.max(Number.isFinite(value) ? value : 0, 0), end - 1);
      };
      state.pinned = true;
      const place = {
        map: read("map", maps),
        row: read("row", size),
        column: read("column", size),
      };
      state.choose({ index, ...place }, true);
    }

    for (const input of [parts.layer, ...Object.values(fields)])
      input.addEventListener("change", chooseByForm);
    state.on("network", () => {
      const options = state.network.layers.map((layer, index) =>
        make("option", { value: index }, layerText(layer)),
      );
      parts.layer.replaceChildren(...options);
    });
    state.on("values", () => state.unit && show());
    state.on("unit", ({ aloud }) => {
      showForm();
      const value = show();
      if (aloud) {
        const pinned = state.pinned ? ", pinned" : "";
        parts.spokenUnit.textContent = `${unitName(state)}: ${number(value, 3)}${pinned}`;
      }
    });
  };
})();
