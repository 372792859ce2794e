/* The slope at one unit, written out by the chain rule: for the panel of the explorer. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { say } = LeNet;
  const { make, paint } = LeNet.widgets;
  const { GRID } = LeNet.unit;
  const MOST = 6; // ways that are written out; the others are added up

  const RAISED = { "-": "⁻" };
  "0123456789".split("").forEach((digit, n) => (RAISED[digit] = "⁰¹²³⁴⁵⁶⁷⁸⁹"[n]));

  /** Write a number with three digits, however small it is: 0.0123, −4.56·10⁻⁷. */
  function fine(value) {
    if (!value) return "0";
    const size = Math.abs(value);
    const minus = value < 0 ? "−" : "";
    if (size >= 0.001 && size < 10_000) {
      const digits = Math.max(0, 2 - Math.floor(Math.log10(size)));
      return minus + size.toFixed(Math.min(digits, 5));
    }
    const [digits, power] = size.toExponential(2).split("e");
    return `${minus}${digits}·10${Array.from(power.replace("+", ""), (one) => RAISED[one]).join("")}`;
  }

  /** The same after another number: with brackets where it is negative. */
  const term = (value) => (value < 0 ? `(${fine(value)})` : fine(value));

  const limitOf = (values) => values.reduce((most, one) => Math.max(most, Math.abs(one)), 0);

  /** A few numbers with a sign as a small picture. */
  function picture(values, columns, alt) {
    const limit = limitOf(values) || 1;
    const canvas = make("canvas", { role: "img", "aria-label": alt, class: "lx-patch" });
    const rows = Math.ceil(values.length / columns);
    paint(canvas, values, columns, rows, [-limit, limit], "signed");
    return canvas;
  }

  const line = (...content) => make("p", { class: "lx-sum" }, ...content);

  /** Name a unit above, short: "C3 4 (2, 7)". */
  const named = ({ name, size }, { map, row, column }) =>
    size > 1
      ? say("backward.placeOfMap", { layer: name, map, row, column })
      : say("backward.placeOfLayer", { layer: name, map });

  /** By which ways the unit reaches the loss. */
  function ways(state, slopes, unit, slope) {
    const { network, outputs } = state;
    const above = network.layers[unit.index + 1];
    if (!above) {
      const rbf = network.layers[unit.index].kind === "rbf";
      return [line(say(rbf ? "backward.atDistance" : "backward.atScore", { slope: fine(slope) }))];
    }
    const all = LeNet.ways(network, outputs, slopes, unit);
    if (!all.length) return [line(say("backward.feedsNone"))];
    const product = (way) => way.factor * way.slope;
    const sorted = all.slice().sort((a, b) => Math.abs(product(b)) - Math.abs(product(a)));
    const listed = sorted.slice(0, MOST).map((way) =>
      make(
        "li",
        {},
        say("backward.way", {
          unit: named(above, way),
          factor: term(way.factor),
          slope: term(way.slope),
          product: fine(product(way)),
        }),
      ),
    );
    const rest = sorted.slice(MOST);
    const sum = rest.reduce((total, way) => total + product(way), 0);
    if (rest.length)
      listed.push(
        make("li", {}, say("backward.otherWays", { count: rest.length, sum: fine(sum) })),
      );
    return [
      make("p", { class: "lx-key" }, say("backward.ways", { count: all.length })),
      make("ul", { class: "lx-ways" }, ...listed),
    ];
  }

  /** The slopes of the unit's own weights, beside the weights, and how far a step moves them. */
  function ownWeights(state, slopes, { index, map }, rate) {
    const layer = state.network.layers[index],
      own = slopes.layers[index];
    const lines = [];
    if (own.weights) {
      const places = layer.kernel ** 2;
      const part = (array, from) => {
        const first = (map * layer.inputs + from) * places;
        return array.subarray(first, first + places);
      };
      const whole = layer.below === 1;
      const columns = whole ? GRID[layer.inputs] || 10 : layer.kernel;
      const rowOf = (weights, given, text) =>
        make(
          "div",
          { class: "lx-part" },
          text && make("span", { class: "lx-from" }, text),
          picture(weights, columns, say("backward.weightsPicture")),
          "→",
          make(
            "span",
            { class: "lx-back" },
            picture(given, columns, say("backward.slopesPicture")),
          ),
          make("span", {}, `±${fine(limitOf(given))}`),
        );
      const count = layer.inputs * places;
      const mine = (array) => array.subarray(map * count, (map + 1) * count);
      const rows = whole
        ? [rowOf(mine(layer.weights), mine(own.weights))]
        : LeNet.engine
            .sees(layer, map)
            .map((from) => rowOf(part(layer.weights, from), part(own.weights, from), String(from)));
      const most = limitOf(mine(own.weights));
      lines.push(
        make("p", { class: "lx-key" }, say("backward.ownWeights", { count: layer.size ** 2 })),
        make("div", { class: "lx-parts" }, ...rows),
        line(say("backward.stepOfWeights", { rate, step: fine(rate * most) })),
      );
    }
    const single = { coefficients: "backward.coefficient", biases: "backward.bias" };
    for (const name in single)
      if (own[name])
        lines.push(
          line(
            say(single[name], {
              value: fine(layer[name][map]),
              slope: fine(own[name][map]),
              step: fine(-rate * own[name][map]),
            }),
          ),
        );
    return lines;
  }

  /** Write out the slope at the unit that the state shows. */
  function writeSlope(state, slopes, rate) {
    const { network, outputs, unit } = state;
    const layer = network.layers[unit.index];
    const n = (unit.map * layer.size + unit.row) * layer.size + unit.column;
    const slope = slopes.units[unit.index + 1][n];
    const value = outputs[unit.index + 1][n];
    const lines = [
      line(`${say("backward.slopeAt")} `, make("strong", { "data-slope": slope }, fine(slope))),
      ...ways(state, slopes, unit, slope),
    ];
    if (layer.activation && layer.activation !== "softmax") {
      const ofCurve = LeNet.backward.slopeOf(layer, value);
      const given = { slope: fine(slope), curve: term(ofCurve), activation: layer.activation };
      lines.push(line(say("backward.throughCurve", { ...given, result: fine(slope * ofCurve) })));
    }
    return make("div", { class: "lx-slope" }, ...lines, ...ownWeights(state, slopes, unit, rate));
  }

  LeNet.backwardUnit = { fine, limitOf, picture, writeSlope };
})();
