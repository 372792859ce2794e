/* LeNet-5, slid over a whole line at once.

   Its layers are convolutions to the end, C5 and F6 too. So they can be computed for a wider image
   as they are: the maps of all layers become longer, and the network answers once for each window
   of 32 columns, a few columns after the other. What neighbouring windows share is computed once. The
   network is one that `engine.build` has put together for an image of 32×32. Values lie map after
   map, each map row after row. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine } = LeNet;
  const SIDE = 32; // rows of a line, and columns of a window

  /** What the script of weights hands over: what is to be known of the network, its weights, and
      lines to try. */
  engine.line = (about, weights, examples) => (engine.received.line = { about, weights, examples });

  const slide = (LeNet.slide = { SIDE });

  /** Return the size of a layer's maps over some columns below. */
  const across = (columns, { kernel, stride }) => Math.floor((columns - kernel) / stride) + 1;

  /** How many columns lie between two places: 4, for S2 and S4 halve once each. */
  slide.step = (network) => network.layers.reduce((all, { stride }) => all * stride, 1);

  /** Say where a place's window is in the line: its first column, and its middle. */
  slide.windowOf = function (network, place) {
    const from = place * slide.step(network);
    return { from, middle: from + SIDE / 2 };
  };

  /** Return the network's answers at all places of a line: `answers`, the labels of one place after
      those of another, and how many `places` there are. The line has 32 rows, and 1 is ink. */
  slide.forward = function (network, line, width) {
    let values = line,
      columns = width;
    for (const layer of network.layers) {
      const to = across(columns, layer);
      values = layer.weights
        ? convolve(layer, values, columns, to)
        : pool(layer, values, columns, to);
      columns = to;
    }
    const labels = values.length / columns;
    const answers = new Float32Array(values.length);
    values.forEach((value, n) => {
      answers[(n % columns) * labels + Math.floor(n / columns)] = value;
    });
    return { answers, places: columns };
  };

  function convolve(layer, input, columns, to) {
    const { size, below, kernel, inputs, maps, weights, biases } = layer;
    const sums = new Float64Array(maps * size * to);
    for (let map = 0; map < maps; map++) {
      sums.fill(biases[map], map * size * to, (map + 1) * size * to);
      for (const from of engine.sees(layer, map)) {
        for (let place = 0; place < kernel * kernel; place++) {
          const weight = weights[(map * inputs + from) * kernel * kernel + place];
          const shift = (from * below + Math.floor(place / kernel)) * columns + (place % kernel);
          for (let row = 0; row < size; row++) {
            const here = (map * size + row) * to,
              there = shift + row * columns;
            for (let n = 0; n < to; n++) sums[here + n] += weight * input[there + n];
          }
        }
      }
    }
    return Float32Array.from(sums, engine.activations[layer.activation]);
  }

  /** Maximum or mean of 2×2. */
  function pool({ size, below, maps, kind }, input, columns, to) {
    const values = new Float32Array(maps * size * to);
    const largest = kind === "max pooling";
    for (let map = 0; map < maps; map++) {
      for (let row = 0; row < size; row++) {
        for (let n = 0; n < to; n++) {
          const at = (map * below + 2 * row) * columns + 2 * n;
          const [a, b, c, d] = [
            input[at],
            input[at + 1],
            input[at + columns],
            input[at + columns + 1],
          ];
          values[(map * size + row) * to + n] = largest
            ? Math.max(a, b, c, d)
            : (a + b + c + d) / 4;
        }
      }
    }
    return values;
  }
})();
