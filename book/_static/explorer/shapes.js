/* The size of a layer's output, and how much of the input one unit sees. All is about one axis, in
   pixels. This is shapes.py again, with the same rules and the same words; a test compares them. An
   error carries a code and the numbers as well, from which a reader is told (explain.js). */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const shapes = (LeNet.shapes = {});

  /** Throw an error in the words of Python, with what it is about. */
  function refuse(code, values, message) {
    throw Object.assign(new RangeError(message), { code, values });
  }

  /** Return a number, or say which rule it breaks. */
  function whole(name, value, minimum) {
    if (!Number.isInteger(value))
      refuse("whole", { name, value }, `${name} must be a whole number, got ${value}`);
    if (value < minimum)
      refuse(
        "least",
        { name, value, minimum },
        `${name} must be at least ${minimum}, got ${value}`,
      );
    return value;
  }

  /** Return how many zeros stand before and after the input.

      `padding` is a number (on each side), a pair, "valid" or "same"; as in Keras, the odd zero
      of "same" comes after. */
  shapes.padAmounts = function (size, kernel, stride = 1, padding = 0, dilation = 1) {
    whole("input size", size, 1);
    whole("kernel", kernel, 1);
    whole("stride", stride, 1);
    whole("dilation", dilation, 1);
    if (padding === "valid") return [0, 0];
    if (padding === "same") {
      const out = Math.ceil(size / stride);
      const total = Math.max((out - 1) * stride + dilation * (kernel - 1) + 1 - size, 0);
      return [Math.floor(total / 2), total - Math.floor(total / 2)];
    }
    const [before, after] = Array.isArray(padding) ? padding : [padding, padding];
    return [whole("padding", before, 0), whole("padding", after, 0)];
  };

  /** Return the output size of a convolution or a pooling layer. */
  shapes.outputSize = function (size, kernel, stride = 1, padding = 0, dilation = 1) {
    const [before, after] = shapes.padAmounts(size, kernel, stride, padding, dilation);
    const padded = size + before + after;
    const extent = dilation * (kernel - 1) + 1;
    if (extent > padded)
      refuse(
        "place",
        { extent, padded, size, kernel, dilation, before, after },
        `the kernel covers ${extent} pixels and the padded input has only ${padded}: ` +
          `no position fits (input ${size}, kernel ${kernel}, dilation ${dilation}, ` +
          `padding ${before} + ${after})`,
      );
    return Math.floor((padded - extent) / stride) + 1;
  };

  /** Return the output size of a transposed convolution: the smallest input size for which the
      convolution gives `size`, or, with the rule "keras", the one that Keras gives. */
  shapes.transposedOutputSize = function (
    size,
    kernel,
    stride = 1,
    padding = 0,
    rule = "smallest",
  ) {
    whole("input size", size, 1);
    whole("kernel", kernel, 1);
    whole("stride", stride, 1);
    if (!["smallest", "keras"].includes(rule))
      throw new RangeError(`rule must be 'smallest' or 'keras', got '${rule}'`);
    if (padding === "same" && rule === "keras") return stride * size;
    if (typeof padding === "string" && padding !== "valid")
      throw new RangeError(`padding must be a whole number, got '${padding}'`);
    const zeros = whole("padding", padding === "valid" ? 0 : padding, 0);
    if (rule === "keras") {
      if (zeros) throw new RangeError(`padding must be 'valid' or 'same' with Keras, got ${zeros}`);
      return stride * (size - 1) + Math.max(kernel, stride);
    }
    const out = stride * (size - 1) + kernel - 2 * zeros;
    if (out < 1)
      throw new RangeError(
        `padding ${zeros} takes away all of the ${out + 2 * zeros} output pixels`,
      );
    return out;
  };

  /** The input itself: each unit is a pixel, and sees that. */
  shapes.atInput = (size) => ({ size, field: 1, jump: 1, start: 0 });

  /** Return size and receptive field of a layer, from those below it: how many units there are,
      how many pixels one sees, how far apart two neighbours' fields are, and where the first
      begins. */
  shapes.above = function (below, { kernel, stride = 1, padding = 0, dilation = 1 }) {
    const size = shapes.outputSize(below.size, kernel, stride, padding, dilation);
    const [before] = shapes.padAmounts(below.size, kernel, stride, padding, dilation);
    return {
      size,
      field: below.field + dilation * (kernel - 1) * below.jump,
      jump: below.jump * stride,
      start: below.start - before * below.jump,
    };
  };

  /** Follow size and receptive field through a list of layers.

      Each layer is {name, kernel, stride, padding, dilation}. Returns one entry per layer: {name,
      size, field, jump, start}. Where a layer is impossible, its entry and all later ones hold an
      `error` in place of numbers. */
  shapes.trace = function (size, layers) {
    let below = shapes.atInput(size),
      broken = null;
    return layers.map(({ name, ...layer }) => {
      if (broken) return { name, error: `comes after ${broken}, which has no output` };
      try {
        below = shapes.above(below, layer);
        return { name, ...below };
      } catch (error) {
        broken = name;
        return { name, error: error.message };
      }
    });
  };
})();
