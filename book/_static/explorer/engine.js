/* The networks, computed in the browser: a forward pass, and how one unit comes to its value.

   A layer's values lie map after map, each map row after row. Weights come from scripts that
   `make export` writes (see export.py): base64 of what weights.py packs, in the order of Keras. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const A = 1.7159,
    S = 2 / 3; // LeCun et al. 1998, appendix A

  const ACTIVATIONS = {
    linear: (a) => a,
    tanh: Math.tanh,
    relu: (a) => Math.max(0, a),
    sigmoid: (a) => 1 / (1 + Math.exp(-a)),
    squash: (a) => A * Math.tanh(S * a),
    softmax: (a) => a, // needs all ten sums: see `softmax`
  };

  // ------------------------------------------------------------------ what the scripts hand over

  const received = { catalogue: null, samples: null, weights: {} };
  const engine = (LeNet.engine = {
    catalogue: (manifest) => (received.catalogue = manifest),
    samples: (base64) => (received.samples = base64),
    weights: (name, epoch, base64) => (received.weights[`${name}-${epoch}`] = base64),
    received,
    activations: ACTIVATIONS,
  });

  /** Return the bytes behind base64, or say that they are damaged. */
  engine.decode = function (base64, { file, bytes, crc32 }) {
    let data;
    try {
      const letters = atob(base64);
      data = new Uint8Array(letters.length);
      for (let n = 0; n < letters.length; n++) data[n] = letters.charCodeAt(n); // in a blink
    } catch {
      throw new Error(LeNet.say("files.notBase64", { file }));
    }
    if (data.length !== bytes) {
      throw new Error(LeNet.say("files.length", { file, bytes, held: data.length }));
    }
    if (engine.crc32(data) !== crc32) throw new Error(LeNet.say("files.checksum", { file }));
    return data;
  };

  /** Return the levels of ink, 0 to `levels` − 1, of pixels that come two a byte. */
  engine.unpair = function (pairs, levels) {
    const found = new Uint8Array(2 * pairs.length);
    for (let n = 0; n < pairs.length; n++) {
      found[2 * n] = Math.floor(pairs[n] / levels);
      found[2 * n + 1] = pairs[n] % levels;
    }
    return found;
  };

  /* The browser's own SHA-256 is there on safe origins only, and not at once. CRC-32 tells a
     damaged file from a whole one just as well. */
  const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n;
  });
  engine.crc32 = function (data) {
    let crc = 0xffffffff;
    for (const byte of data) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
    return (crc ^ 0xffffffff) >>> 0;
  };

  /** Turn little-endian float16 into numbers. */
  engine.halfs = function (data) {
    const result = new Float32Array(data.length / 2);
    for (let n = 0; n < result.length; n++) {
      const bits = data[2 * n] | (data[2 * n + 1] << 8);
      const exponent = (bits >> 10) & 31,
        fraction = bits & 1023;
      let value;
      if (exponent === 0) value = fraction * 2 ** -24;
      else if (exponent === 31) value = fraction ? NaN : Infinity;
      else value = (1 + fraction / 1024) * 2 ** (exponent - 15);
      result[n] = bits & 0x8000 ? -value : value;
    }
    return result;
  };

  /** Turn whole numbers of a byte each into numbers: 127 is the largest of its unit or map, and these
      largest ones come first, as float16. */
  engine.scaled = function (data, maps) {
    const largest = engine.halfs(data.subarray(0, 2 * maps));
    const whole = Int8Array.from(data.subarray(2 * maps));
    return Float32Array.from(whole, (one, n) => (one * largest[n % maps]) / 127);
  };

  // ------------------------------------------------------------------ building a network

  /** Put a network together from its part of the manifest and its weights.

      A dense layer over maps is the same as a convolution whose kernel is as large as a map (so
      it is with C5), and one over single units is a convolution with kernels of 1×1. */
  engine.build = function (entry, bytes) {
    const size = (shape) => shape.reduce((product, side) => product * side, 1);
    const shapes = entry.layers.flatMap((given) => given.shapes);
    const in16 = bytes.length === 2 * shapes.reduce((sum, shape) => sum + size(shape), 0);
    let used = 0;
    const take = (shape) => {
      const maps = shape[shape.length - 1];
      const half = in16 || shape.length === 1; // biases keep their 16 bits
      const length = half ? 2 * size(shape) : 2 * maps + size(shape);
      if (used + length > bytes.length)
        throw new Error(LeNet.say("files.few", { name: entry.name }));
      used += length;
      const piece = bytes.subarray(used - length, used);
      return half ? engine.halfs(piece) : engine.scaled(piece, maps);
    };
    let below = { size: entry.input_size, maps: 1, reach: LeNet.shapes.atInput(entry.input_size) };
    const layers = entry.layers.map((given) => {
      const arrays = given.shapes.map(take);
      const layer = { ...given, inputs: below.maps, below: below.size };
      if (given.kind === "dense" || given.kind === "rbf") {
        layer.kernel = below.size;
        layer.stride = 1;
      }
      layer.reach = LeNet.shapes.above(below.reach, layer);
      layer.size = layer.reach.size;
      if (given.kind === "convolution" || given.kind === "dense") {
        layer.weights = reorder(arrays[0], layer);
        layer.biases = arrays[1];
      } else if (given.kind === "subsampling") {
        [layer.coefficients, layer.biases] = arrays;
      } else if (given.kind === "rbf") {
        layer.codes = arrays[0]; // map after map
      }
      below = layer;
      return layer;
    });
    if (used !== bytes.length) throw new Error(LeNet.say("files.many", { name: entry.name }));
    return { name: entry.name, inputSize: entry.input_size, entry, layers };
  };

  /* Keras keeps a kernel as (place, input map, output map), and one with a table as (place, pair).
     Here the place comes last, so that the kernel between two maps lies in one piece. */
  function reorder(weights, { kernel, inputs, maps, table }) {
    const places = kernel ** 2;
    const pairs = table
      ? table.flatMap((seen, output) => seen.map((input) => [input, output]))
      : Array.from({ length: inputs * maps }, (_, n) => [Math.floor(n / maps), n % maps]);
    const result = new Float32Array(maps * inputs * places); // 0 where nothing is connected
    pairs.forEach(([input, output], pair) => {
      const first = (output * inputs + input) * places;
      for (let place = 0; place < places; place++) {
        result[first + place] = weights[place * pairs.length + pair];
      }
    });
    return result;
  }

  /** Say which maps below a map of a layer sees: all, unless the layer has a table. */
  engine.sees = function (layer, map) {
    if (layer.kind.endsWith("pooling") || layer.kind === "subsampling") return [map];
    return layer.table ? layer.table[map] : Array.from({ length: layer.inputs }, (_, n) => n);
  };

  // ------------------------------------------------------------------ the forward pass

  /** Run the network on an image, and return the values of every layer.

      `image` holds inputSize² values, 0 for background and 1 for ink. */
  engine.forward = function (network, image) {
    if (image.length !== network.inputSize ** 2) {
      throw new RangeError(`pixels: ${image.length}`);
    }
    let values = image;
    const { background = 0, ink = 1 } = network.entry;
    if (background !== 0 || ink !== 1) {
      values = Float32Array.from(image, (pixel) => background + pixel * (ink - background));
    }
    const outputs = [values];
    for (const layer of network.layers) {
      values = COMPUTE[layer.kind](layer, values);
      outputs.push(values);
    }
    return outputs;
  };

  const COMPUTE = {
    convolution: convolve,
    dense: convolve,
    "average pooling": (layer, input) => pool(layer, input, mean),
    "max pooling": (layer, input) => pool(layer, input, (a, b, c, d) => Math.max(a, b, c, d)),
    subsampling: subsample,
    rbf: distances,
  };
  const mean = (a, b, c, d) => (a + b + c + d) / 4;

  function convolve(layer, input) {
    const { size, below, kernel, inputs, maps, weights, biases } = layer;
    const area = size * size,
      places = kernel * kernel;
    const sums = new Float64Array(maps * area);
    for (let map = 0; map < maps; map++) {
      const here = map * area;
      sums.fill(biases[map], here, here + area);
      for (const from of engine.sees(layer, map)) {
        const first = (map * inputs + from) * places,
          there = from * below * below;
        if (size === 1) {
          let sum = 0;
          for (let n = 0; n < places; n++) sum += weights[first + n] * input[there + n];
          sums[here] += sum;
          continue;
        }
        for (let place = 0; place < places; place++) {
          const weight = weights[first + place];
          const shift = there + Math.floor(place / kernel) * below + (place % kernel);
          for (let row = 0; row < size; row++) {
            const to = here + row * size,
              at = shift + row * below;
            for (let column = 0; column < size; column++) {
              sums[to + column] += weight * input[at + column];
            }
          }
        }
      }
    }
    if (layer.activation === "softmax") return softmax(sums);
    return Float32Array.from(sums, ACTIVATIONS[layer.activation]);
  }

  function softmax(sums) {
    const largest = Math.max(...sums);
    const powers = Array.from(sums, (sum) => Math.exp(sum - largest)); // no overflow
    const total = powers.reduce((a, b) => a + b);
    return Float32Array.from(powers, (power) => power / total);
  }

  /** Call `visit(map, unit, first)` for each unit; `first` is its window's first value below. */
  function windows({ size, below, maps }, visit) {
    for (let map = 0; map < maps; map++) {
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          const unit = (map * size + row) * size + column;
          visit(map, unit, (map * below + 2 * row) * below + 2 * column);
        }
      }
    }
  }

  function pool(layer, input, what) {
    const { size, below, maps } = layer;
    const values = new Float32Array(maps * size * size);
    windows(layer, (map, unit, n) => {
      values[unit] = what(input[n], input[n + 1], input[n + below], input[n + below + 1]);
    });
    return values;
  }

  function subsample(layer, input) {
    const { size, below, maps, coefficients, biases } = layer;
    const squash = ACTIVATIONS[layer.activation];
    const values = new Float32Array(maps * size * size);
    windows(layer, (map, unit, n) => {
      const sum = input[n] + input[n + 1] + input[n + below] + input[n + below + 1];
      values[unit] = squash(coefficients[map] * sum + biases[map]);
    });
    return values;
  }

  /** Squared distance between F6 and the code of each class. */
  function distances(layer, input) {
    return Float32Array.from({ length: layer.maps }, (_, map) => {
      let sum = 0;
      for (let n = 0; n < input.length; n++) {
        sum += (input[n] - layer.codes[map * input.length + n]) ** 2;
      }
      return sum;
    });
  }

  // ------------------------------------------------------------------ the answer

  /** Return the class, and how sure the network is: ten shares that add up to 1.

      A network with RBF units answers with the nearest code. Its shares are those that its loss
      is made of: e to minus each distance, divided by the sum of all. */
  engine.answer = function (network, outputs) {
    const last = outputs[outputs.length - 1];
    const nearest = network.layers[network.layers.length - 1].kind === "rbf";
    const shares = nearest ? softmax(Array.from(last, (distance) => -distance)) : last;
    return { label: shares.indexOf(Math.max(...shares)), shares, distances: nearest ? last : null };
  };

  // ------------------------------------------------------------------ one unit

  /** Say where a unit looks: its window in the layer below, and its receptive field in the input.
      Rows and columns count from 0; `side` is the side of the square. */
  engine.looksAt = function (network, index, row, column) {
    const { stride, kernel, reach } = network.layers[index];
    const at = (n) => Math.max(0, reach.start + n * reach.jump);
    return {
      below: { row: row * stride, column: column * stride, side: kernel },
      input: { row: at(row), column: at(column), side: Math.min(reach.field, network.inputSize) },
    };
  };

  /** Work out one unit's value step by step.

      Returns `parts`, one for each map below that the unit sees (with its `weights`, the `values`
      under them, both row after row, and the `sum` of their products), the `bias`, the whole
      `sum`, and the `value`. */
  engine.explain = function (network, outputs, index, map, row, column) {
    const layer = network.layers[index],
      input = outputs[index];
    const { kernel, below, inputs } = layer;
    const places = kernel * kernel;
    const parts = engine.sees(layer, map).map((from) => {
      const values = new Float32Array(places);
      for (let place = 0; place < places; place++) {
        const r = row * layer.stride + Math.floor(place / kernel);
        const c = column * layer.stride + (place % kernel);
        values[place] = input[(from * below + r) * below + c];
      }
      const first = (map * inputs + from) * places;
      const weights = layer.weights ? layer.weights.slice(first, first + places) : null;
      const code = layer.codes ? layer.codes.slice(first, first + places) : null;
      let sum = 0;
      for (let n = 0; n < places; n++) {
        if (weights) sum += weights[n] * values[n];
        else if (code) sum += (values[n] - code[n]) ** 2;
        else sum += values[n];
      }
      return { map: from, weights: weights || code, values, sum };
    });
    const total = parts.reduce((sum, part) => sum + part.sum, 0);
    const value = outputs[index + 1][(map * layer.size + row) * layer.size + column];
    const bias = layer.biases ? layer.biases[map] : null;
    const coefficient = layer.coefficients ? layer.coefficients[map] : null;
    const sum = (coefficient === null ? total : coefficient * total) + (bias || 0);
    return { layer, parts, total, coefficient, bias, sum, value };
  };
})();
