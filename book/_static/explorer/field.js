/* How one unit hangs together with the others: what it sees, through every layer down to the input,
   and which units above see it.

   In each layer these units are the same rows and columns of some maps, so a block of them is
   { index, maps, row, column, rows, columns }, where index −1 is the input. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});

  const block = ({ index, map, row, column }) => ({
    index,
    maps: [map],
    row,
    column,
    rows: 1,
    columns: 1,
  });

  /** Return the units of the layer below that a block of units sees. */
  function down(network, { index, maps, row, column, rows, columns }) {
    const layer = network.layers[index];
    const { kernel, stride = 1 } = layer;
    const seen = new Set(maps.flatMap((map) => LeNet.engine.sees(layer, map)));
    const side = layer.below;
    const span = (first, count) => {
      const from = first * stride;
      return [from, Math.min((count - 1) * stride + kernel, side - from)];
    };
    const [top, height] = span(row, rows),
      [left, width] = span(column, columns);
    return {
      index: index - 1,
      maps: [...seen].sort((a, b) => a - b),
      row: top,
      column: left,
      rows: height,
      columns: width,
    };
  }

  /** Return the units of the layer above that see one of a block; null where none does. */
  function up(network, { index, maps, row, column, rows, columns }) {
    const layer = network.layers[index + 1];
    if (!layer) return null;
    const { kernel, stride = 1 } = layer;
    const span = (first, count) => {
      const from = Math.max(0, Math.ceil((first - kernel + 1) / stride));
      const to = Math.min(layer.size - 1, Math.floor((first + count - 1) / stride));
      return [from, to - from + 1];
    };
    const [top, height] = span(row, rows),
      [left, width] = span(column, columns);
    const fed = Array.from({ length: layer.maps }, (_, map) => map).filter((map) =>
      LeNet.engine.sees(layer, map).some((seen) => maps.includes(seen)),
    );
    if (height < 1 || width < 1 || !fed.length) return null;
    return { index: index + 1, maps: fed, row: top, column: left, rows: height, columns: width };
  }

  LeNet.field = {
    /** Return what a unit sees: blocks, from the layer below it down to the input. */
    below(network, unit) {
      const blocks = [];
      for (let at = block(unit); at.index >= 0;) blocks.push((at = down(network, at)));
      return blocks;
    },

    /** Return the units that see a unit: blocks, from the layer above it up to the output. */
    above(network, unit) {
      const blocks = [];
      for (let at = up(network, block(unit)); at; at = up(network, at)) blocks.push(at);
      return blocks;
    },
  };
})();
