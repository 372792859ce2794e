/* How a unit comes to its value, one small step after the other, with every number: what is
   multiplied or compared, what the sum is then, and what follows when all is added up.

   Nothing is shown here. A step is {kind, part, place, …, sum, end}: `part` is the map below that
   is looked at (-1: all are done), `place` the place within it, `sum` the sum after the step, and
   `end` says what ends with it: 0 nothing, 1 a row, 2 a map or a block, 3 the sum. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const compute = (LeNet.compute = LeNet.compute || {});
  const { engine } = LeNet;
  const NOTHING = 0,
    ROW = 1,
    BLOCK = 2,
    SUM = 3;

  /** Return what a unit sees, as `engine.explain` does; the single units below a dense layer are
      one part. `across` is how many places are shown in a row, `page` how many at once. */
  compute.look = function (network, outputs, { index, map, row, column }) {
    const told = engine.explain(network, outputs, index, map, row, column);
    const single = told.layer.below === 1;
    const parts = single ? [LeNet.unit.joinParts(told.parts)] : told.parts;
    const across = single ? LeNet.unit.GRID[told.layer.inputs] || 10 : told.layer.kernel;
    return { ...told, parts, single, across, page: single ? across : told.layer.kernel ** 2 };
  };

  /** Say what ends with a place of a part. */
  function ending({ across, page }, place, count) {
    if (place + 1 === count || (place + 1) % page === 0) return BLOCK;
    return (place + 1) % across === 0 ? ROW : NOTHING;
  }

  /** What one place adds: weight times value, the squared difference to a code, or the value. */
  const ADDED = {
    product: (value, weight) => weight * value,
    difference: (value, weight) => (value - weight) ** 2,
    value: (value) => value,
  };

  /** Add up what a unit sees. The greatest of a window is kept in the place of a sum. */
  function gather(look, kind) {
    const steps = [];
    let sum = 0;
    const several = look.parts.length > 1;
    look.parts.forEach(({ map: from, values, weights }, part) => {
      let partSum = 0;
      values.forEach((value, place) => {
        const weight = weights ? weights[place] : null;
        const step = { kind, part, from, place, value, weight };
        if (kind === "compare") {
          step.larger = place === 0 || value > sum;
          sum = place === 0 ? value : Math.max(sum, value);
        } else {
          step.added = ADDED[kind](value, weight);
          sum += step.added;
          partSum += step.added;
        }
        const end = several
          ? ending(look, place, values.length)
          : ending(look, place, values.length);
        steps.push({ ...step, partSum, sum, end: several && end === BLOCK ? ROW : end });
      });
      if (several)
        steps.push({
          kind: "map",
          part,
          from,
          before: sum - partSum,
          partSum,
          sum,
          place: values.length - 1,
        });
      steps[steps.length - 1].end = BLOCK;
    });
    steps[steps.length - 1].end = SUM;
    return steps;
  }

  /** Return a unit's sum before its activation, worked out on its own. */
  function sumOf(look) {
    const kind = look.layer.kind === "rbf" ? "difference" : "product";
    return gather(look, kind).pop().sum + (look.bias || 0);
  }

  /** The sums of all ten outputs become powers of e, and these become shares. */
  function shares(network, outputs, index, map) {
    const units = Array.from({ length: network.layers[index].maps }, (_, n) => n);
    const sums = units.map((n) =>
      sumOf(compute.look(network, outputs, { index, map: n, row: 0, column: 0 })),
    );
    const largest = Math.max(...sums);
    const small = sums.map((sum) => Math.exp(sum - largest)); // no overflow
    const all = small.reduce((a, b) => a + b);
    const ten = { sums, powers: sums.map(Math.exp), shares: small.map((power) => power / all) };
    ten.total = ten.powers.reduce((a, b) => a + b);
    const after = { part: -1, sum: sums[map], ten };
    const powers = units.map((n) => ({ ...after, kind: "power", of: n, end: NOTHING }));
    powers[powers.length - 1].end = SUM;
    return [
      { ...after, kind: "sums", end: SUM },
      ...powers,
      { ...after, kind: "share", of: map, result: ten.shares[map], end: SUM },
    ];
  }

  /** The nearest of ten codes is the answer. */
  function nearest(network, outputs, index, map, sum) {
    const distances = Array.from({ length: network.layers[index].maps }, (_, n) =>
      sumOf(compute.look(network, outputs, { index, map: n, row: 0, column: 0 })),
    );
    const label = distances.indexOf(Math.min(...distances));
    return [
      {
        kind: "nearest",
        part: -1,
        sum,
        ten: { distances },
        label,
        result: distances[map],
        end: SUM,
      },
    ];
  }

  /** What follows on the sum: coefficient, bias, activation. */
  function finish(look, sum) {
    const { layer, coefficient, bias } = look;
    const steps = [];
    if (coefficient !== null) {
      steps.push({ kind: "coefficient", before: sum, coefficient, sum: coefficient * sum });
      sum = coefficient * sum;
    }
    if (bias !== null) {
      steps.push({ kind: "bias", before: sum, bias, sum: sum + bias });
      sum += bias;
    }
    if (layer.activation && layer.activation !== "softmax") {
      const result = engine.activations[layer.activation](sum);
      steps.push({ kind: "activation", activation: layer.activation, sum, result });
    }
    return steps.map((step) => ({ ...step, part: -1, end: SUM }));
  }

  /** Return the steps by which a unit comes to its value; the last one holds the `result`. */
  compute.steps = function (network, outputs, unit) {
    const look = compute.look(network, outputs, unit);
    const { kind, activation } = look.layer;
    const after = { part: -1, end: SUM };
    if (kind === "max pooling") {
      const steps = gather(look, "compare");
      const { sum } = steps[steps.length - 1];
      return [...steps, { ...after, kind: "largest", sum, result: sum }];
    }
    if (kind === "average pooling") {
      const steps = gather(look, "value");
      const { sum } = steps[steps.length - 1];
      const count = steps.length;
      return [...steps, { ...after, kind: "mean", sum, count, result: sum / count }];
    }
    if (kind === "rbf") {
      const steps = gather(look, "difference");
      const { sum } = steps[steps.length - 1];
      return [...steps, ...nearest(network, outputs, unit.index, unit.map, sum)];
    }
    const steps = gather(look, kind === "subsampling" ? "value" : "product");
    steps.push(...finish(look, steps[steps.length - 1].sum));
    if (activation === "softmax") steps.push(...shares(network, outputs, unit.index, unit.map));
    return steps;
  };

  /** Return the steps by which a whole map comes about, or a layer of single units: one for each
      unit, with the step that its own steps end with; then, at the outputs, what follows. */
  compute.mapSteps = function (network, outputs, { index, map }) {
    const { size, maps, activation, kind } = network.layers[index];
    const single = size === 1;
    const count = single ? maps : size * size;
    const across = single ? LeNet.unit.GRID[maps] || 10 : size;
    const steps = Array.from({ length: count }, (_, n) => ({
      kind: "unit",
      n,
      unit: single
        ? { index, map: n, row: 0, column: 0 }
        : { index, map, row: Math.floor(n / size), column: n % size },
      end: (n + 1) % across === 0 ? ROW : NOTHING,
    }));
    steps[count - 1].end = SUM;
    const last = steps[count - 1].unit;
    if (activation === "softmax") {
      const [, ...after] = shares(network, outputs, index, map);
      const all = after[maps].ten.shares.map((result, of) => ({ ...after[maps], of, result }));
      const shown = [...after.slice(0, maps), ...all];
      steps.push(...shown.map((step, n) => ({ ...step, n: count + n, at: last })));
    } else if (kind === "rbf") {
      const sum = outputs[index + 1][last.map];
      steps.push({ ...nearest(network, outputs, index, last.map, sum)[0], n: count, at: last });
    }
    return steps;
  };

  /** Work out one unit of a map: what it looks at, its sum and its value. */
  compute.unit = function (network, outputs, unit) {
    const look = compute.look(network, outputs, unit);
    const steps = compute.steps(network, outputs, unit);
    return { look, steps, value: steps[steps.length - 1].result };
  };
})();
