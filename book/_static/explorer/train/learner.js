/* A network that learns: its numbers in one piece of memory, one step of Adam for each batch.

   The loss is the cross-entropy of the softmax. Adam is that of Kingma and Ba 2015, with its usual
   numbers. Weights start after He et al. 2015, with every activation: averaging and tanh make
   values small, and with the start that Keras has (Glorot and Bengio 2010) it takes twice as many
   digits to read 95 % of those held out. Coefficients of subsampling start at 1/4, so that it
   begins as an average. */
(function () {
  "use strict";

  function part(LeNet) {
    const { wide, even } = LeNet.products;
    const BETA = [0.9, 0.999],
      SMALL = 1e-7, // as in Keras
      INKED = 0.16; // C1 sees mostly paper, which is 0: as if it had so many of its inputs

    /** Say how a layer's numbers lie in memory, and reserve the place for them. */
    function reserve(layer, products, batch, learned) {
      const isDense = layer.size === 1 && !layer.kind.endsWith("pooling"),
        ways = LeNet.learningLayers;
      layer.way = ways[isDense ? "dense" : layer.kind];
      layer.area = layer.size ** 2;
      layer.row = isDense ? wide(layer.maps) : wide(layer.area);
      layer.step = isDense ? 1 : layer.row; // from one map to the next
      layer.image = isDense ? layer.row : even(layer.maps) * layer.row;
      layer.at = { values: products.floats(even(batch) * layer.image) };
      layer.at.slopes = products.floats(even(batch) * layer.image);
      if (layer.kind === "subsampling") {
        layer.across = 1;
        layer.stretch = 1;
        learned.push([layer, "weights", wide(layer.maps)], [layer, "biases", wide(layer.maps)]);
      } else if (isDense || layer.kind === "convolution") {
        layer.across = layer.inputs * layer.kernel ** 2;
        layer.stretch = isDense ? wide(layer.across) : even(layer.across);
        const rows = isDense ? layer.row : even(layer.maps);
        learned.push([layer, "weights", wide(rows * layer.stretch)]);
        learned.push([layer, "biases", wide(layer.maps)]);
      }
      const before = new Set(Object.keys(layer));
      layer.way.reserve?.(layer, products, batch);
      for (const name of Object.keys(layer))
        // places that the way has asked for
        if (!before.has(name)) layer.at[name] = layer[name];
    }

    /** Draw the weights that a layer starts with. */
    function start(layer, next) {
      const { maps, across, stretch, weights } = layer;
      if (layer.kind === "subsampling") {
        weights.fill(0.25, 0, maps);
        return;
      }
      const sees = (map, n) =>
        !layer.table || layer.table[map].includes(Math.floor(n / layer.kernel ** 2));
      for (let map = 0; map < maps; map++) {
        const fanIn = layer.table ? layer.table[map].length * layer.kernel ** 2 : across;
        const limit = Math.sqrt(6 / (layer.name === "C1" ? INKED * fanIn : fanIn));
        for (let n = 0; n < across; n++)
          weights[map * stretch + n] = sees(map, n) ? limit * (2 * next() - 1) : 0;
      }
    }

    /** Slopes of what is not connected are no slopes. */
    function cut(layer) {
      const places = layer.kernel ** 2;
      for (let map = 0; map < layer.maps; map++)
        for (let from = 0; from < layer.inputs; from++)
          if (!layer.table[map].includes(from)) {
            const first = map * layer.stretch + from * places;
            layer.weightSlopes.fill(0, first, first + places);
          }
    }

    /** Put the numbers of a network into memory: {layers, input, products, all, slopes, …}. */
    function laidOut(settings, plain) {
      const products = LeNet.products(plain),
        learned = [],
        { inputSize, batch } = settings;
      const area = inputSize ** 2,
        row = wide(area);
      const input = { area, row, step: row, image: row, slopes: null };
      const at = products.floats(even(batch) * row);
      const layers = LeNet.blueprint.layersOf(settings);
      for (const layer of layers) reserve(layer, products, batch, learned);
      const count = learned.reduce((total, [, , size]) => total + size, 0);
      const rows = ["all", "slopes", "first", "second"].map(() => products.floats(count));
      const { arrays, ...operations } = products.begin();
      input.values = arrays[at];
      for (const layer of layers)
        for (const [name, place] of Object.entries(layer.at)) layer[name] = arrays[place];
      const [all, slopes, first, second] = rows.map((place) => arrays[place]);
      let used = 0;
      for (const [layer, name, size] of learned) {
        layer[name] = all.subarray(used, used + size);
        layer[name === "weights" ? "weightSlopes" : "biasSlopes"] = slopes.subarray(
          used,
          used + size,
        );
        used += size;
      }
      return { settings, layers, input, products: operations, all, slopes, first, second, count };
    }

    /** Compute all layers for the first `count` images that lie in the input; the output's values
        are still sums. */
    function forward({ layers, input, products }, count) {
      let below = input;
      for (const layer of layers) {
        layer.way.forward(layer, below, count, products);
        below = layer;
      }
      return below;
    }

    /** Make shares of the output's sums. Returns the mean loss of a batch and how many it reads
        right; the slopes of the sums, share − target, are put into the output. */
    function judge({ values, slopes, row }, labels) {
      const count = labels.length;
      let loss = 0,
        right = 0;
      for (let image = 0; image < count; image++) {
        const shares = values.subarray(image * row, image * row + 10),
          label = labels[image];
        const largest = Math.max(...shares),
          sum = shares[label];
        right += sum === largest && shares.indexOf(largest) === label;
        let total = 0;
        for (let n = 0; n < 10; n++) total += shares[n] = Math.exp(shares[n] - largest);
        for (let n = 0; n < 10; n++) {
          shares[n] /= total;
          slopes[image * row + n] = (shares[n] - (n === label ? 1 : 0)) / count;
        }
        loss += (Math.log(total) + largest - sum) / count;
      }
      return { loss, right };
    }

    /** Go back through the layers: the slopes of the mean loss for all weights. */
    function backward({ layers, input, products, slopes }, count) {
      slopes.fill(0);
      for (const layer of layers.slice(0, -1)) layer.slopes.fill(0);
      for (let n = layers.length - 1; n >= 0; n--) {
        const layer = layers[n];
        layer.way.backward(layer, n ? layers[n - 1] : input, count, products);
        if (layer.table) cut(layer);
      }
    }

    /** One step of Adam. */
    function adam({ all, slopes, first, second, count }, rate, step) {
      const [b1, b2] = BETA;
      const scale = (rate * Math.sqrt(1 - b2 ** step)) / (1 - b1 ** step);
      for (let n = 0; n < count; n++) {
        const slope = slopes[n];
        const mean = (first[n] += (1 - b1) * (slope - first[n]));
        const square = (second[n] += (1 - b2) * (slope * slope - second[n]));
        all[n] -= (scale * mean) / (Math.sqrt(square) + SMALL);
      }
    }

    /** Return a layer's learned numbers in the order of `engine.build`: (map, from, place). */
    function numbersOf(layer) {
      const { maps, inputs, kernel, across, stretch } = layer;
      if (layer.kind === "subsampling")
        return { coefficients: layer.weights.slice(0, maps), biases: layer.biases.slice(0, maps) };
      if (!layer.weights) return {};
      const weights = new Float32Array(maps * inputs * kernel ** 2);
      for (let map = 0; map < maps; map++)
        weights.set(
          layer.weights.subarray(map * stretch, map * stretch + across),
          map * inputs * kernel ** 2,
        );
      return { weights, biases: layer.biases.slice(0, maps) };
    }

    /** Put numbers in the order of `engine.build` into the layers. */
    function setNumbers(layers, given) {
      layers.forEach((layer, n) => {
        const { weights, coefficients, biases } = given[n];
        if (biases) layer.biases.set(biases);
        if (coefficients) layer.weights.set(coefficients);
        if (!weights) return;
        for (let map = 0; map < layer.maps; map++)
          layer.weights.set(
            weights.subarray(map * layer.across, (map + 1) * layer.across),
            map * layer.stretch,
          );
      });
    }

    /* Put digits into the input: 28×28 bytes each, in the middle where the input is larger. Each is
       moved by so many rows and columns, [[down, right], …]; what leaves the input is lost. */
    function put({ settings: { inputSize }, input: { values, image } }, images, places, moves) {
      const margin = (inputSize - 28) >> 1;
      values.fill(0, 0, places.length * image);
      places.forEach((place, n) => {
        const [top, left] = moves ? moves[n].map((move) => margin + move) : [margin, margin];
        const first = Math.max(0, -left),
          end = Math.min(28, inputSize - left);
        for (let row = Math.max(0, -top); row < Math.min(28, inputSize - top); row++) {
          const to = n * image + (row + top) * inputSize + left,
            from = 784 * place + 28 * row;
          for (let column = first; column < end; column++)
            values[to + column] = images[from + column] / 255;
        }
      });
    }

    /** Compute digits, and judge the answers. */
    function read(net, images, labels, places, moves) {
      put(net, images, places, moves);
      const output = forward(net, places.length);
      return judge(
        output,
        places.map((place) => labels[place]),
      );
    }

    /** Return how many of a set of digits are read right. */
    function countRight(net, images, labels) {
      const { batch } = net.settings;
      let right = 0;
      for (let first = 0; first < labels.length; first += batch) {
        const count = Math.min(batch, labels.length - first);
        const places = Array.from({ length: count }, (_, n) => first + n);
        right += read(net, images, labels, places).right;
      }
      return right;
    }

    /** Return a learner. `plain`: without WebAssembly. */
    LeNet.newLearner = function (given, plain = false) {
      const settings = LeNet.blueprint.check(given);
      const net = laidOut(settings, plain);
      const random = LeNet.blueprint.random(settings.seed);
      for (const layer of net.layers) if (layer.weights) start(layer, random);
      let steps = 0;
      const learner = {
        ...{ settings, random, kind: net.products.kind, layers: net.layers },
        /** Return loss and right answers for the digits at some places, and the slopes of the loss,
            but learn nothing. */
        look(images, labels, places, moves) {
          const judged = read(net, images, labels, places, moves);
          backward(net, places.length);
          return judged;
        },
        /** Learn from a batch; returns its loss, and how many were right before. */
        learn(images, labels, places, rate, moves) {
          const judged = learner.look(images, labels, places, moves);
          if (Number.isFinite(judged.loss)) adam(net, rate, ++steps);
          return judged;
        },
        right: (images, labels) => countRight(net, images, labels),
        numbers: () => net.layers.map(numbersOf),
        /** Put numbers in, as `numbers` returns them. */
        put: (numbers) => setNumbers(net.layers, numbers),
        /** Put numbers in, and forget what Adam has gathered. */
        set(numbers) {
          learner.put(numbers);
          net.first.fill(0);
          net.second.fill(0);
          steps = 0;
        },
      };
      return learner;
    };
  }

  const LeNet = (window.LeNet = window.LeNet || {});
  (LeNet.workerParts = LeNet.workerParts || []).push(part);
  part(LeNet);
})();
