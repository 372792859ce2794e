/* The layers of a network that learns: forward and backward, for a batch of digits at once.

   An image's maps lie one after the other, each padded to a multiple of sixteen values (`row`). A
   dense layer has one padded row for each image. Each layer has `values` and `slopes`, of the loss
   with respect to its values; `weights` and `biases` with their slopes lie in one long row each
   (see learner.js), rows of weights padded as well. What is padding stays 0. */
(function () {
  "use strict";

  function part(LeNet) {
    const { wide, even } = LeNet.products;
    const A = 1.7159,
      S = 2 / 3; // LeCun et al. 1998, appendix A
    const CURVES = { tanh: [0, 1, 1], squash: [0, A, S], sigmoid: [0.5, 0.5, 0.5] };

    /** Turn sums into values. Softmax and the layers without a curve leave them as they are. */
    function activate(products, activation, values, count) {
      if (activation === "relu") {
        for (let n = 0; n < count; n++) if (values[n] < 0) values[n] = 0; // NaN stays
      } else if (CURVES[activation]) products.curve(values, count, ...CURVES[activation]);
    }

    /** Turn slopes of values into slopes of sums. The slope of each curve follows from its value. */
    function deactivate(activation, values, slopes, count) {
      if (activation === "relu") {
        for (let n = 0; n < count; n++) if (!(values[n] > 0)) slopes[n] = 0;
      } else if (activation === "tanh") {
        for (let n = 0; n < count; n++) slopes[n] *= 1 - values[n] * values[n];
      } else if (activation === "sigmoid") {
        for (let n = 0; n < count; n++) slopes[n] *= values[n] * (1 - values[n]);
      } else if (activation === "squash") {
        const steep = A * S,
          least = S / A;
        for (let n = 0; n < count; n++) slopes[n] *= steep - least * values[n] * values[n];
      }
    }

    /** Add a bias to the first `count` values of a row. */
    function addBias(values, first, count, bias) {
      for (let n = first; n < first + count; n++) values[n] += bias;
    }
    function sum(values, first, count) {
      let total = 0;
      for (let n = first; n < first + count; n++) total += values[n];
      return total;
    }

    // ---------------------------------------------------------------- convolution

    /* The patches of an image as the columns of a matrix: one row for each weight of a kernel, one
       column for each place. So a convolution is one product of matrices. */
    function unfold({ inputs, below, size, kernel, row }, from, first, belowRow, columns) {
      let to = 0;
      for (let map = 0; map < inputs; map++) {
        for (let place = 0; place < kernel * kernel; place++, to += row) {
          const shift = Math.floor(place / kernel) * below + (place % kernel);
          let at = first + map * belowRow + shift,
            into = to;
          for (let line = 0; line < size; line++, at += below, into += size)
            for (let n = 0; n < size; n++) columns[into + n] = from[at + n];
        }
      }
    }

    /* The way back: each value gets the slopes of all patches that it stands in. */
    function fold({ inputs, below, size, kernel, row }, columns, slopes, first, belowRow) {
      let from = 0;
      for (let map = 0; map < inputs; map++) {
        for (let place = 0; place < kernel * kernel; place++, from += row) {
          const shift = Math.floor(place / kernel) * below + (place % kernel);
          let at = first + map * belowRow + shift,
            out = from;
          for (let line = 0; line < size; line++, at += below, out += size)
            for (let n = 0; n < size; n++) slopes[at + n] += columns[out + n];
        }
      }
    }

    const convolution = {
      reserve(layer, products) {
        layer.columns = products.floats(even(layer.across) * layer.row);
        layer.columnSlopes = products.floats(even(layer.across) * layer.row);
        layer.turned = products.floats(even(layer.across) * even(layer.maps));
      },
      forward(layer, below, count, products) {
        const { maps, row, weights, biases, values } = layer,
          each = layer.image;
        for (let image = 0; image < count; image++) {
          unfold(layer, below.values, image * below.image, below.row, layer.columns);
          const out = values.subarray(image * each, image * each + each);
          products.multiply(weights, layer.columns, out, even(maps), layer.stretch, row);
          for (let map = 0; map < maps; map++) addBias(out, map * row, layer.area, biases[map]);
        }
        activate(products, layer.activation, values, count * each);
      },
      backward(layer, below, count, products) {
        const { maps, row, stretch, weights, slopes } = layer,
          each = layer.image;
        deactivate(layer.activation, layer.values, slopes, count * each);
        turn(weights, layer.turned, maps, stretch, even(maps));
        for (let image = 0; image < count; image++) {
          const here = slopes.subarray(image * each, image * each + each);
          for (let map = 0; map < maps; map++) {
            here.fill(0, map * row + layer.area, (map + 1) * row); // the padding learned nothing
            layer.biasSlopes[map] += sum(here, map * row, layer.area);
          }
          unfold(layer, below.values, image * below.image, below.row, layer.columns);
          products.addTurned(here, layer.columns, layer.weightSlopes, even(maps), row, stretch);
          if (!below.slopes) continue; // nobody asks for the slopes of pixels
          const { columnSlopes } = layer;
          products.multiply(layer.turned, here, columnSlopes, stretch, even(maps), row);
          fold(layer, columnSlopes, below.slopes, image * below.image, below.row);
        }
      },
    };

    /** Turn a matrix of rows × columns over; a row of the result is `wide` long. */
    function turn(from, to, rows, columns, width) {
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++)
          to[column * width + row] = from[row * columns + column];
    }

    // ---------------------------------------------------------------- dense

    /* The layer below as one row of numbers for each image: maps lose their padding. */
    function flatten(layer, below, count) {
      const area = below.area;
      for (let image = 0; image < count; image++)
        for (let map = 0; map < layer.inputs; map++) {
          const from = image * below.image + map * below.step,
            to = image * layer.stretch + map * area;
          for (let n = 0; n < area; n++) layer.flat[to + n] = below.values[from + n];
        }
    }
    function unflatten(layer, below, count) {
      const area = below.area;
      for (let image = 0; image < count; image++)
        for (let map = 0; map < layer.inputs; map++) {
          const to = image * below.image + map * below.step,
            from = image * layer.stretch + map * area;
          for (let n = 0; n < area; n++) below.slopes[to + n] = layer.flatSlopes[from + n];
        }
    }

    const dense = {
      reserve(layer, products, batch) {
        layer.flat = products.floats(even(batch) * layer.stretch);
        layer.flatSlopes = products.floats(even(batch) * layer.stretch);
        layer.turned = products.floats(even(layer.maps) * even(batch));
      },
      forward(layer, below, count, products) {
        const { maps, weights, biases, values, flat, stretch, row } = layer;
        flatten(layer, below, count);
        values.fill(0, 0, even(count) * row);
        products.addTurned(flat, weights, values, even(count), stretch, row);
        for (let image = 0; image < count; image++)
          for (let unit = 0; unit < maps; unit++) values[image * row + unit] += biases[unit];
        activate(products, layer.activation, values, count * row);
      },
      backward(layer, below, count, products) {
        const { maps, weights, slopes, flat, stretch, row } = layer;
        deactivate(layer.activation, layer.values, slopes, count * row);
        for (let image = 0; image < count; image++) {
          slopes.fill(0, image * row + maps, (image + 1) * row);
          for (let unit = 0; unit < maps; unit++)
            layer.biasSlopes[unit] += slopes[image * row + unit];
        }
        slopes.fill(0, count * row, even(count) * row);
        layer.turned.fill(0);
        for (let image = 0; image < count; image++)
          for (let unit = 0; unit < maps; unit++)
            layer.turned[unit * even(count) + image] = slopes[image * row + unit];
        products.multiply(
          ...[layer.turned, flat, layer.weightSlopes],
          ...[even(maps), even(count), stretch],
        );
        products.multiply(slopes, weights, layer.flatSlopes, even(count), row, stretch);
        unflatten(layer, below, count);
      },
    };

    // ---------------------------------------------------------------- pooling

    /** Call `visit(unit, first)` for each window of an image's map. */
    function windows({ size, below }, to, from, visit) {
      for (let row = 0; row < size; row++)
        for (let column = 0; column < size; column++)
          visit(to + row * size + column, from + 2 * row * below + 2 * column);
    }
    /** Call `visit(unit, first, map)` for each window of a batch. */
    function everyWindow(layer, below, count, visit) {
      for (let image = 0; image < count; image++)
        for (let map = 0; map < layer.maps; map++) {
          const to = image * layer.image + map * layer.row,
            from = image * below.image + map * below.row;
          windows(layer, to, from, (unit, first) => visit(unit, first, map));
        }
    }

    const average = {
      forward(layer, below, count) {
        const { values } = layer,
          under = below.values,
          wide = layer.below;
        everyWindow(layer, below, count, (unit, n) => {
          values[unit] = (under[n] + under[n + 1] + under[n + wide] + under[n + wide + 1]) / 4;
        });
      },
      backward(layer, below, count) {
        const { slopes } = layer,
          under = below.slopes,
          wide = layer.below;
        everyWindow(layer, below, count, (unit, n) => {
          under[n] = under[n + 1] = under[n + wide] = under[n + wide + 1] = slopes[unit] / 4;
        });
      },
    };

    const max = {
      forward(layer, below, count) {
        const { values } = layer,
          under = below.values,
          wide = layer.below;
        everyWindow(layer, below, count, (unit, n) => {
          values[unit] = Math.max(under[n], under[n + 1], under[n + wide], under[n + wide + 1]);
        });
      },
      backward(layer, below, count) {
        const { values, slopes } = layer,
          under = below.values,
          wide = layer.below;
        everyWindow(layer, below, count, (unit, n) => {
          const largest = values[unit]; // the first one gets it, where two are equal
          const under2 = n + wide;
          const at =
            under[n] === largest
              ? n
              : under[n + 1] === largest
                ? n + 1
                : under[under2] === largest
                  ? under2
                  : under2 + 1;
          below.slopes[at] += slopes[unit];
        });
      },
    };

    const subsampling = {
      reserve(layer, products, batch) {
        layer.sums = products.floats(even(batch) * layer.image);
      },
      forward(layer, below, count, products) {
        const { values, sums, weights, biases } = layer,
          under = below.values,
          wide = layer.below;
        everyWindow(layer, below, count, (unit, n, map) => {
          sums[unit] = under[n] + under[n + 1] + under[n + wide] + under[n + wide + 1];
          values[unit] = weights[map] * sums[unit] + biases[map];
        });
        activate(products, layer.activation, values, count * layer.image);
      },
      backward(layer, below, count) {
        const { values, slopes, sums, weights } = layer,
          under = below.slopes,
          wide = layer.below;
        deactivate(layer.activation, values, slopes, count * layer.image);
        everyWindow(layer, below, count, (unit, n, map) => {
          const slope = slopes[unit];
          layer.weightSlopes[map] += slope * sums[unit];
          layer.biasSlopes[map] += slope;
          under[n] = under[n + 1] = under[n + wide] = under[n + wide + 1] = slope * weights[map];
        });
      },
    };

    LeNet.learningLayers = {
      convolution,
      dense,
      subsampling,
      "average pooling": average,
      "max pooling": max,
    };
  }

  const LeNet = (window.LeNet = window.LeNet || {});
  (LeNet.workerParts = LeNet.workerParts || []).push(part);
  part(LeNet);
})();
