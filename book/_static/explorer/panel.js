/* The panel beside the maps: one unit, what it sees, and how it comes to its value. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, say, sentences } = LeNet;
  const { make, number } = LeNet.widgets;
  const { layerText, writeOut } = LeNet.unit;

  const range = (first, side) =>
    side === 1 ? `${first}` : say("explorer.range", { first, last: first + side - 1 });
  const rectangle = ({ row, column, side }) =>
    say("explorer.rectangle", { rows: range(row, side), columns: range(column, side) });

  function unitName({ network, unit: { index, map, row, column } }) {
    const { name, size } = network.layers[index];
    const place = { layer: name, map, row, column };
    return size > 1 ? say("explorer.unitOfMap", place) : say("explorer.unitOfLayer", place);
  }

  /** Say where a unit looks, in the layer below and in the input. */
  function sees({ network, unit: { index, map, row, column } }) {
    const looks = engine.looksAt(network, index, row, column);
    const input =
      looks.input.side >= network.inputSize
        ? say("explorer.wholeInput")
        : say("explorer.ofInput", { square: rectangle(looks.input) });
    if (!index) return say("explorer.seesInput", { input });
    const below = network.layers[index - 1];
    const named = { below: below.name, input, square: rectangle(looks.below) };
    if (below.size === 1) return say("explorer.seesUnits", { ...named, count: below.maps });
    const seen = engine.sees(network.layers[index], map);
    if (seen.length === 1) return say("explorer.seesOne", named);
    const maps =
      seen.length === below.maps
        ? say("explorer.allMaps", { count: below.maps })
        : say("explorer.someMaps", { maps: seen.join(", ") });
    return say("explorer.seesMaps", { ...named, maps });
  }

  /** Say which units above see a unit. */
  function feeds({ network, unit }) {
    const list = LeNet.field.above(network, unit).map(({ index, maps, rows, columns }) =>
      say("explorer.feedsLayer", {
        count: maps.length * rows * columns,
        layer: network.layers[index].name,
      }),
    );
    return list.length ? say("explorer.feeds", { list: list.join(say("explorer.and")) }) : "";
  }

  /** Write which unit it is, and where it stands between the others. */
  function name(parts, state) {
    const unit = unitName(state);
    parts.unitTitle.textContent = state.pinned ? say("explorer.pinnedTitle", { unit }) : unit;
    parts.unitPlace.textContent = sentences(sees(state), feeds(state));
  }

  function aloudText(state, value) {
    const told = { unit: unitName(state), value };
    return state.pinned ? say("explorer.pinnedSpoken", told) : say("explorer.spoken", told);
  }

  LeNet.panel = function (parts, state) {
    const fields = { map: parts.map, row: parts.row, column: parts.column };

    /** Write the unit out; returns its value. */
    function show() {
      const { network, outputs, unit } = state;
      const told = engine.explain(network, outputs, unit.index, unit.map, unit.row, unit.column);
      name(parts, state);
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
      if (!aloud) return;
      parts.spokenUnit.textContent = aloudText(state, number(value, 3));
    });
  };
})();
