/* Backwards through a network: the slope of the loss at each unit and each weight, for one image.

   `LeNet.backward(network, outputs, label)` goes the way of the chapter "LeNet from nothing", from
   the loss down to the input. Each layer is handed the slopes of its values. It needs nothing else
   than these and what went in on the way up; it keeps the slopes of its own weights, and hands the
   slopes of the values below it down. Slopes have the shape of what they are slopes for. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const A = 1.7159,
    S = 2 / 3; // of `squash`: LeCun et al. 1998, appendix A
  const J = 1; // of equation 9: `MapLoss` in lenet_tutorial/losses.py, as the network was trained

  const zeros = (count) => new Float64Array(count);

  // ------------------------------------------------------------------ where the slopes begin

  /** The logarithm of a sum of powers of e, and the share of each power; nothing overflows. */
  function powers(exponents) {
    const largest = Math.max(...exponents);
    const raised = Array.from(exponents, (one) => Math.exp(one - largest));
    const sum = raised.reduce((a, b) => a + b);
    return { log: largest + Math.log(sum), shares: raised.map((one) => one / sum) };
  }

  /** The scores of a layer with softmax: what it has summed up, before it makes shares of it. */
  function scores({ maps, weights, biases }, input) {
    return Array.from({ length: maps }, (_, map) => {
      let sum = biases[map];
      for (let n = 0; n < input.length; n++) sum += weights[map * input.length + n] * input[n];
      return sum;
    });
  }

  /* Minus the logarithm of the probability of the right class. From the scores, for a probability
     may have been rounded to 0. The slopes are those for the scores: p − y. */
  function crossEntropy(layer, input, label) {
    const z = scores(layer, input);
    const { log, shares } = powers(z);
    const slopes = Float64Array.from(shares, (share, map) => share - (map === label ? 1 : 0));
    return { loss: log - z[label], slopes };
  }

  /* Equation 9 of 1998: y[label] + ln(e^−j + Σ e^−y). The slopes are those for the distances y. */
  function mapLoss(distances, label) {
    const { log, shares } = powers([...Array.from(distances, (one) => -one), -J]);
    const slopes = Float64Array.from(distances, (_, map) => (map === label ? 1 : 0) - shares[map]);
    return { loss: distances[label] + log, slopes };
  }

  /** Return the loss, and its slopes where they begin: at the scores, or at the distances. */
  function begin({ layers }, outputs, label) {
    const layer = layers[layers.length - 1];
    if (layer.kind === "rbf") return mapLoss(outputs[layers.length], label);
    if (layer.activation === "softmax")
      return crossEntropy(layer, outputs[layers.length - 1], label);
    throw new Error(LeNet.say("backward.noLoss", { layer: layer.name }));
  }

  // ------------------------------------------------------------------ activations

  /** The slope of an activation, told from the value that it has given. */
  const SLOPE_OF = {
    linear: () => 1,
    tanh: (value) => 1 - value * value,
    relu: (value) => (value > 0 ? 1 : 0),
    sigmoid: (value) => value * (1 - value),
    squash: (value) => S * (A - (value * value) / A),
    softmax: () => 1, // `crossEntropy` has seen to it
  };

  /** From the slopes of the values to those of the sums. */
  function activationBackward({ activation = "linear" }, slopes, values) {
    return slopes.map((slope, n) => slope * SLOPE_OF[activation](values[n]));
  }

  // ------------------------------------------------------------------ layers

  /* Each weight leads from one input to one sum. A layer over maps takes them map after map. */
  function denseBackward({ maps, weights }, slopes, input) {
    const count = input.length;
    const below = zeros(count),
      ofWeights = zeros(weights.length);
    for (let map = 0; map < maps; map++) {
      for (let n = 0; n < count; n++) {
        ofWeights[map * count + n] = input[n] * slopes[map];
        below[n] += weights[map * count + n] * slopes[map]; // an input feeds all sums: a fork
      }
    }
    return { below, weights: ofWeights, biases: slopes };
  }

  /* A weight is used at every place of its map, and so is a bias: what comes back is added up. */
  function convolveBackward(layer, slopes, input) {
    const { size, below: side, kernel, inputs, maps, weights } = layer;
    const area = size * size;
    const below = zeros(input.length),
      ofWeights = zeros(weights.length),
      biases = zeros(maps);
    for (let map = 0; map < maps; map++) {
      const ofMap = slopes.subarray(map * area, (map + 1) * area);
      for (const slope of ofMap) biases[map] += slope;
      for (const from of LeNet.engine.sees(layer, map)) {
        for (let place = 0; place < kernel * kernel; place++) {
          const at = (map * inputs + from) * kernel * kernel + place;
          const shift = (from * side + Math.floor(place / kernel)) * side + (place % kernel);
          for (let row = 0; row < size; row++) {
            for (let column = 0; column < size; column++) {
              const slope = ofMap[row * size + column],
                seen = shift + row * side + column;
              ofWeights[at] += input[seen] * slope;
              below[seen] += weights[at] * slope;
            }
          }
        }
      }
    }
    return { below, weights: ofWeights, biases };
  }

  /** Call `visit(map, unit, window)` for each unit; the window is four places in the layer below. */
  function windows({ size, below, maps }, visit) {
    for (let map = 0; map < maps; map++) {
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          const first = (map * below + 2 * row) * below + 2 * column;
          const window = [first, first + 1, first + below, first + below + 1];
          visit(map, (map * size + row) * size + column, window);
        }
      }
    }
  }

  /* The four of a window get a quarter each. */
  function averagePoolBackward(layer, slopes, input) {
    const below = zeros(input.length);
    windows(layer, (map, unit, window) => {
      for (const n of window) below[n] = slopes[unit] / 4;
    });
    return { below };
  }

  /* The largest of a window gets all; the first of equals wins. */
  function maxPoolBackward(layer, slopes, input) {
    const below = zeros(input.length);
    windows(layer, (map, unit, window) => {
      const largest = Math.max(...window.map((n) => input[n]));
      below[window.find((n) => input[n] === largest)] = slopes[unit];
    });
    return { below };
  }

  /* coefficient · (sum of the window) + bias */
  function subsampleBackward(layer, slopes, input) {
    const below = zeros(input.length),
      coefficients = zeros(layer.maps),
      biases = zeros(layer.maps);
    windows(layer, (map, unit, window) => {
      let sum = 0;
      for (const n of window) {
        sum += input[n];
        below[n] = layer.coefficients[map] * slopes[unit];
      }
      coefficients[map] += sum * slopes[unit];
      biases[map] += slopes[unit];
    });
    return { below, coefficients, biases };
  }

  /* A distance is a sum of squares, (value − code)². The codes are given, and stay. */
  function distancesBackward({ maps, codes }, slopes, input) {
    const below = zeros(input.length);
    for (let map = 0; map < maps; map++)
      for (let n = 0; n < input.length; n++)
        below[n] += 2 * (input[n] - codes[map * input.length + n]) * slopes[map];
    return { below };
  }

  const BACKWARD = {
    convolution: (layer, ...rest) =>
      (layer.size === 1 ? denseBackward : convolveBackward)(layer, ...rest),
    dense: denseBackward,
    "average pooling": averagePoolBackward,
    "max pooling": maxPoolBackward,
    subsampling: subsampleBackward,
    rbf: distancesBackward,
  };

  // ------------------------------------------------------------------ all layers

  /** Return the loss for a label, its slopes at the `units` (like `outputs`: the input first, map
      after map) and, for each of the `layers`, those of its weights, in their order.

      The slopes of a last layer with softmax are those for its ten scores. */
  LeNet.backward = function (network, outputs, label) {
    const { layers } = network;
    const { loss, slopes } = begin(network, outputs, label);
    const units = outputs.map(() => null),
      kept = layers.map(() => null);
    let above = slopes;
    for (let index = layers.length - 1; index >= 0; index--) {
      units[index + 1] = Float32Array.from(above);
      const layer = layers[index];
      const sums = activationBackward(layer, above, outputs[index + 1]);
      const { below, ...own } = BACKWARD[layer.kind](layer, sums, outputs[index]);
      for (const name in own) own[name] = Float32Array.from(own[name]);
      kept[index] = own;
      above = below;
    }
    units[0] = Float32Array.from(above);
    return { loss, units, layers: kept };
  };

  /** The slope of a unit's activation at its value: what its own slope is multiplied by. */
  LeNet.backward.slopeOf = ({ activation = "linear" }, value) => SLOPE_OF[activation](value);
})();
