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

  /** Say how many of the samples a network reads right, and which. */
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
