/* What a design costs: for each layer its size, parameters, connections, multiply–adds, receptive
   field and jump. The rules are those of the package (lenet_tutorial.tables.layer_table); a test
   compares them.

   A design is {size, layers}, a layer {name, kind} and, as its kind has them, {maps, kernel, stride,
   padding, dilation, activation, table, bias}. `padding` is "valid", "same", a number or a pair;
   `table` is "full", "1998" or the maps below that each map sees. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { shapes } = LeNet;
  const design = (LeNet.design = LeNet.design || {});

  const CODES = 84; // values of a fixed code of 1998
  const MOST = { "input-size": 1024, kernel: 1024, maps: 4096, units: 65536 };
  const WINDOW = ["convolution", "average", "max", "subsampling"];
  design.hasWindow = ({ kind }) => WINDOW.includes(kind);

  function refuse(code, values = {}) {
    throw Object.assign(new RangeError(code), { code, values });
  }

  function within(name, value) {
    if (!Number.isInteger(value)) refuse("whole", { name, value });
    if (value < 1) refuse("least", { name, value, minimum: 1 });
    if (value > MOST[name]) refuse("most", { name, value, maximum: MOST[name] });
    return value;
  }

  /** Return the maps below that each map of a convolution sees, or null where it sees all. */
  design.tableOf = function ({ table, maps }, below) {
    if (table === "1998") {
      if (below !== 6 || maps !== 16) refuse("table1998", { below, maps });
      return LeNet.TABLE_1998;
    }
    if (!Array.isArray(table)) return null;
    if (table.length !== maps) refuse("rows", { rows: table.length, maps });
    table.forEach((row, n) => {
      if (!row.length) refuse("emptyRow", { map: n + 1 });
      if (Math.max(...row) >= below)
        refuse("noMap", { map: n + 1, seen: 1 + Math.max(...row), below });
    });
    return table;
  };

  /** Return what the units see, from what those below see: [first pixels, last pixels]. */
  function sightOf([firsts, lasts], { size, kernel, stride, dilation, before }) {
    const first = [],
      last = [];
    for (let unit = 0; unit < size; unit++) {
      let low = Infinity,
        high = -1; // a place of padding sees nothing
      for (let tap = 0; tap < kernel; tap++) {
        const at = unit * stride - before + tap * dilation;
        if (at < 0 || at >= firsts.length) continue;
        low = Math.min(low, firsts[at]);
        high = Math.max(high, lasts[at]);
      }
      first.push(low);
      last.push(high);
    }
    return [first, last];
  }

  const seen = ([first, last]) => Math.max(0, ...last.map((end, n) => end - first[n] + 1));

  /** Return the window of a layer; that of 1998 is 2×2. */
  design.windowOf = ({ kind, kernel, stride, padding, dilation = 1 }) =>
    kind === "subsampling"
      ? { kernel: 2, stride: 2, padding: "valid", dilation: 1 }
      : { kernel, stride, padding, dilation: kind === "convolution" ? dilation : 1 };

  const COUNT = {
    convolution(layer, below, side) {
      const { maps, kernel, dilation, bias } = layer;
      within("maps", maps);
      const table = design.tableOf(layer, below.maps);
      if (dilation > 1 && (table || bias === "unit" || Array.isArray(layer.padding)))
        refuse("tableDilation");
      const pairs = table ? table.reduce((sum, row) => sum + row.length, 0) : maps * below.maps;
      const work = side * side * pairs * kernel * kernel;
      return {
        maps,
        parameters: pairs * kernel * kernel + maps * (bias === "unit" ? side * side : 1),
        connections: work + side * side * maps,
        multiplyAdds: work,
      };
    },
    average: ({ kernel }, { maps }, side) => ({
      maps,
      parameters: 0,
      connections: side * side * maps * kernel * kernel,
      multiplyAdds: 0,
    }),
    subsampling: (layer, { maps }, side) => ({
      maps,
      parameters: 2 * maps, // a coefficient and a bias
      connections: side * side * maps * 5, // four values and a bias
      multiplyAdds: side * side * maps,
    }),
    dense({ maps: units }, below) {
      within("units", units);
      const inputs = below.maps * Math.max(below.side, 1) ** 2;
      return {
        maps: units,
        parameters: units * (inputs + 1),
        connections: units * (inputs + 1),
        multiplyAdds: units * inputs,
      };
    },
    rbf(layer, below) {
      const inputs = below.maps * Math.max(below.side, 1) ** 2;
      if (inputs !== CODES) refuse("codes", { codes: CODES, inputs });
      return { maps: 10, parameters: 0, connections: 10 * CODES, multiplyAdds: 10 * CODES };
    },
  };
  COUNT.max = COUNT.average;

  /** Return what stands above: {maps, side (0: single units), reach, sight} and its counts. */
  function above(below, layer) {
    if (!design.hasWindow(layer)) {
      const [first, last] = below.sight;
      const sight = [[Math.min(...first)], [Math.max(...last)]];
      return { ...COUNT[layer.kind](layer, below), side: 0, sight, field: seen(sight), jump: null };
    }
    if (!below.side) refuse("needsMaps", { below: below.name });
    const window = design.windowOf(layer);
    if (window.kernel > MOST.kernel) within("kernel", window.kernel);
    const reach = shapes.above(below.reach, window);
    const [before] = shapes.padAmounts(below.side, ...Object.values(window));
    const sight = sightOf(below.sight, { ...window, size: reach.size, before });
    const counts = COUNT[layer.kind]({ ...layer, ...window }, below, reach.size);
    return { ...counts, side: reach.size, reach, sight, field: reach.field, jump: reach.jump };
  }

  /** Count a design: one entry per layer, or, from one that is impossible on, `error`s. `sees` is
      the part of the field that lies on the input. */
  design.count = function ({ size, layers }) {
    let below = null,
      broken = null;
    try {
      within("input-size", size);
      const pixels = Array.from({ length: size }, (_, n) => n);
      below = { maps: 1, side: size, reach: shapes.atInput(size), sight: [pixels, pixels] };
    } catch (error) {
      broken = { error };
    }
    return layers.map((layer) => {
      const { name, kind } = layer;
      if (broken) {
        const { error, name: first } = broken;
        return { name, kind, error: first ? { code: "after", values: { first } } : error };
      }
      try {
        below = { name, kind, ...above(below, layer) };
        return { ...below, sees: seen(below.sight), output: design.output(below) };
      } catch (error) {
        if (!error.code) throw error;
        broken = { name };
        return { name, kind, error };
      }
    });
  };

  /** Write a size as the paper does: 6@28×28, or 84. */
  design.output = ({ maps, side }) => (side ? `${maps}@${side}×${side}` : String(maps));

  /** Add up what the layers cost; null where one is impossible. */
  design.total = (counts) =>
    counts.some(({ error }) => error)
      ? null
      : Object.fromEntries(
          ["parameters", "connections", "multiplyAdds"].map((name) => [
            name,
            counts.reduce((sum, layer) => sum + layer[name], 0),
          ]),
        );
})();
