/* One step of gradient descent on one digit, and what the answer hangs on. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine } = LeNet;
  const PATCH = 4, // side of what is covered
    EVERY = 2; // pixels from one place to the next

  /** Take one step: each weight moves against its slope, by the slope times the rate.

      Returns the changed `network` (the one given stays as it is), the `slopes` as
      `LeNet.backward` has found them, and the `changes` of each layer: −rate × slope. */
  LeNet.learnStep = function (network, outputs, label, rate) {
    const slopes = LeNet.backward(network, outputs, label);
    const changes = slopes.layers.map((arrays) => {
      const steps = {};
      for (const name in arrays) steps[name] = arrays[name].map((slope) => -rate * slope);
      return steps;
    });
    const layers = network.layers.map((layer, index) => {
      const moved = { ...layer };
      for (const name in changes[index])
        moved[name] = Float32Array.from(layer[name], (one, n) => one + changes[index][name][n]);
      return moved;
    });
    return { network: { ...network, layers }, slopes, changes };
  };

  /** The slopes of a layer's sums: those of its values, times the slope of its activation. */
  LeNet.sumSlope = function (network, outputs, slopes, index, unit) {
    const layer = network.layers[index];
    const slope = slopes.units[index + 1][unit];
    return slope * LeNet.backward.slopeOf(layer, outputs[index + 1][unit]);
  };

  /** What the value `n` of a layer's input is multiplied by on its way into a sum of the layer. */
  function factor(layer, input, map, from, place, n, window) {
    if (layer.kind === "average pooling") return 1 / 4;
    if (layer.kind === "max pooling")
      return n === window.find((one) => input[one] === Math.max(...window.map((w) => input[w])))
        ? 1
        : 0;
    if (layer.kind === "subsampling") return layer.coefficients[map];
    const at = (map * layer.inputs + from) * layer.kernel ** 2 + place;
    return layer.kind === "rbf" ? 2 * (input[n] - layer.codes[at]) : layer.weights[at];
  }

  /** Return the ways by which a unit reaches the loss: one for each unit above that it feeds, with
      the `factor` that it is multiplied by there, and the `slope` of that sum. Their products add up
      to the slope at the unit. `index` −1 is the input. */
  LeNet.ways = function (network, outputs, slopes, { index, map, row, column }) {
    const layer = network.layers[index + 1];
    if (!layer) return [];
    const { size, kernel, stride, below, maps } = layer;
    const input = outputs[index + 1],
      n = (map * below + row) * below + column;
    const found = [];
    for (let above = 0; above < maps; above++) {
      if (!engine.sees(layer, above).includes(map)) continue;
      for (let r = Math.max(0, Math.ceil((row - kernel + 1) / stride)); r < size; r++) {
        if (r * stride > row) break;
        for (let c = Math.max(0, Math.ceil((column - kernel + 1) / stride)); c < size; c++) {
          if (c * stride > column) break;
          const place = (row - r * stride) * kernel + column - c * stride;
          const first = (map * below + r * stride) * below + c * stride;
          const window = [first, first + 1, first + below, first + below + 1];
          const unit = (above * size + r) * size + c;
          found.push({
            ...{ map: above, row: r, column: c },
            factor: factor(layer, input, above, map, place, n, window),
            slope: LeNet.sumSlope(network, outputs, slopes, index + 1, unit),
          });
        }
      }
    }
    return found;
  };

  /** Say of each sample whether a network reads it right. */
  LeNet.readSamples = function (network, samples) {
    return samples.map(({ label, ink }) => {
      const image = LeNet.preprocess.forNetwork(ink, network.inputSize);
      return engine.answer(network, engine.forward(network, image)).label === label;
    });
  };

  /** Cover a square of the image with background, at one place after the other, and see by how much
      the share of a class falls. An iterator: one place at a time, for all take a second or so.

      Each turn hands over `{ side, falls }`; `falls` holds a number for each place, row after row. */
  LeNet.occlude = function* (network, image, label) {
    const size = network.inputSize;
    const side = (size - PATCH) / EVERY + 1;
    const falls = new Float32Array(side * side);
    const share = (pixels) => engine.answer(network, engine.forward(network, pixels)).shares[label];
    const whole = share(image);
    for (let n = 0; n < side * side; n++) {
      const top = EVERY * Math.floor(n / side),
        left = EVERY * (n % side);
      const covered = image.slice();
      let ink = 0;
      for (let place = 0; place < PATCH * PATCH; place++) {
        const at = (top + Math.floor(place / PATCH)) * size + left + (place % PATCH);
        ink += covered[at];
        covered[at] = 0;
      }
      if (ink === 0) continue; // nothing to cover: the answer stays as it is
      falls[n] = whole - share(covered);
      yield { side, falls };
    }
    return { side, falls };
  };
  LeNet.occlude.PATCH = PATCH;
})();
