/* One unit, written out: kernel × patch + bias → activation → value, with all numbers. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { say } = LeNet;
  const { make, number, term, paint, schemeOf } = LeNet.widgets;
  const GRID = { 120: 12, 84: 7, 10: 10 }; // units in a row, where a layer has no maps to draw

  /** Say in short what a layer is. */
  function layerText({ name, kind, maps, size, kernel }) {
    const shape = say(`unit.${size > 1 ? "maps" : "units"}`, { maps, size });
    const known = kind === "dense" || kind === "rbf" ? kind : "windowed";
    return say(`unit.kind.${known}`, { name, shape, kind, kernel });
  }

  /** The range of a layer's values, for its colours. */
  function valueRange(network, index, values) {
    const layer = network.layers[index];
    if (layer.kind.endsWith("pooling")) return valueRange(network, index - 1, values);
    if (layer.activation === "tanh") return [-1, 1];
    if (layer.activation === "squash") return [-1.7159, 1.7159];
    if (layer.activation === "softmax" || layer.activation === "sigmoid") return [0, 1];
    return [0, Math.max(...values)];
  }

  /** A few values as a small picture. */
  function picture(values, columns, limits, scheme, alt) {
    const canvas = make("canvas", { role: "img", "aria-label": alt, class: "lx-patch" });
    paint(canvas, values, columns, Math.ceil(values.length / columns), limits, scheme);
    return canvas;
  }

  const sumLine = (...content) => make("p", { class: "lx-sum" }, ...content);

  /** Write out how a unit comes to its value: a list of elements for the side panel. */
  function writeOut({ network, outputs }, index, told) {
    const result = make("strong", {}, number(told.value, 4));
    const limits = index ? valueRange(network, index - 1, outputs[index]) : inputRange(network);
    const below = index
      ? { name: network.layers[index - 1].name, limits, scheme: schemeOf(limits) }
      : { name: say("unit.input"), limits, scheme: "ink" };
    const { kind } = told.layer;
    if (kind.endsWith("pooling")) return pooled(told, below, result);
    if (kind === "subsampling") return subsampled(told, below, result);
    return weighed(told, below, result);
  }

  /** The window that a unit of a pooling layer sees. */
  const windowPart = (values, { limits, scheme }) =>
    make("div", { class: "lx-part" }, picture(values, 2, limits, scheme, say("unit.window")));

  function pooled({ layer, parts: [{ values }] }, below, result) {
    const list = Array.from(values, (v) => (layer.kind === "max pooling" ? number : term)(v, 3));
    const formula =
      layer.kind === "max pooling"
        ? `max(${list.join(", ")}) = `
        : `(${list.join(" + ")}) / ${values.length} = `;
    return [windowPart(values, below), sumLine(formula, result)];
  }

  function subsampled(
    { layer, parts: [{ values }], total, coefficient, bias, sum },
    below,
    result,
  ) {
    const list = Array.from(values, (v) => term(v, 3)).join(" + ");
    return [
      windowPart(values, below),
      sumLine(say("unit.windowSum", { list, total: number(total, 4) })),
      sumLine(
        say("unit.coefficient", {
          coefficient: term(coefficient, 4),
          bias: term(bias, 4),
          sum: number(sum, 4),
        }),
      ),
      activationLine(layer, sum, result),
    ];
  }

  /** A unit that compares what it sees with weights: a convolution, a dense layer, an RBF unit. */
  function weighed({ layer, parts: seen, total, bias, sum }, below, result) {
    const dense = layer.below === 1,
      rbf = layer.kind === "rbf";
    const joined = dense ? [joinParts(seen)] : seen;
    const columns = dense ? GRID[layer.inputs] || 10 : layer.kernel;
    const strongest =
      Math.max(...joined.map((part) => Math.max(...part.weights.map(Math.abs)))) || 1;
    const reach = rbf ? below.limits : [-strongest, strongest];
    const lines = joined.map((part) => {
      const weights = picture(
        part.weights,
        columns,
        reach,
        "signed",
        say(`unit.${rbf ? "code" : "kernel"}`),
      );
      const values = picture(
        part.values,
        columns,
        below.limits,
        below.scheme,
        say("unit.valuesBelow"),
      );
      return make(
        "div",
        { class: "lx-part" },
        joined.length > 1 &&
          make("span", { class: "lx-from" }, say("unit.from", { name: below.name, map: part.map })),
        ...(rbf
          ? [values, make("span", {}, "−"), weights]
          : [weights, make("span", {}, "×"), values, `= ${number(part.sum, 3)}`]),
      );
    });
    const ends = { low: number(-strongest), high: number(strongest) };
    const key = rbf ? say("unit.keyRbf") : say(`unit.${dense ? "keyDense" : "keyKernel"}`, ends);
    return [
      make("div", { class: joined.length > 1 ? "lx-parts lx-many" : "lx-parts" }, ...lines),
      make("p", { class: "lx-key" }, key),
      allNumbers(joined, layer, below, columns),
      ...(rbf
        ? [sumLine(say("unit.squares"), result), sumLine(say("unit.smallest"))]
        : [
            sumLine(
              say("unit.products", {
                total: term(total, 4),
                bias: term(bias, 4),
                sum: number(sum, 4),
              }),
            ),
            activationLine(layer, sum, result),
          ]),
    ];
  }

  const inputRange = ({ entry: { background = 0, ink = 1 } }) => [background, ink];

  function activationLine({ activation }, sum, result) {
    const given = term(sum, 4);
    const formula = {
      tanh: `tanh(${number(sum, 4)}) = `,
      squash: `1.7159 · tanh(2/3 · ${given}) = `,
      relu: `max(0, ${number(sum, 4)}) = `,
      sigmoid: `1 / (1 + e^(−${given})) = `,
      linear: "",
      softmax: say("unit.softmax", { sum: given }),
    }[activation];
    return sumLine(formula, result);
  }

  /** A dense layer has one weight for each unit below: they are shown together. */
  function joinParts(seen) {
    const flat = (key) => Float32Array.from(seen, (part) => part[key][0]);
    return {
      map: 0,
      weights: flat("weights"),
      values: flat("values"),
      sum: seen.reduce((sum, part) => sum + part.sum, 0),
    };
  }

  function allNumbers(joined, layer, below, columns) {
    const text = () =>
      joined
        .map((part) => {
          const one = (weight, n) =>
            layer.kind === "rbf"
              ? `(${number(part.values[n])} − ${term(weight)})²`
              : `${number(weight)}·${term(part.values[n])}`;
          const products = Array.from(part.weights, one);
          const lines = [];
          const across = layer.below === 1 ? 1 : columns;
          for (let n = 0; n < products.length; n += across)
            lines.push(products.slice(n, n + across).join("  "));
          return (
            (joined.length > 1
              ? `${say("unit.fromMap", { name: below.name, map: part.map })}\n`
              : "") + lines.join("\n")
          );
        })
        .join("\n\n");
    const box = make("pre", { tabindex: 0, "aria-label": say("unit.listed") });
    const details = make(
      "details",
      { ontoggle: () => (box.textContent = details.open ? text() : "") },
      make(
        "summary",
        {},
        say(layer.kind === "rbf" ? "unit.allDifferences" : "unit.allProducts", {
          count: joined.length * joined[0].weights.length,
        }),
      ),
      box,
    );
    return details;
  }

  LeNet.unit = { GRID, inputRange, joinParts, layerText, valueRange, writeOut };
})();
