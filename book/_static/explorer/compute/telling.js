/* One step of a computation, in words and numbers: where it is, and what is reckoned. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const compute = (LeNet.compute = LeNet.compute || {});
  const { say } = LeNet;
  const { number, term } = LeNet.widgets;
  const RAISED = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹";
  const GATHERING = ["product", "value", "compare", "difference"];

  /** Write 1600000 as 1.6·10⁶. */
  function scientific(value) {
    if (!value || !Number.isFinite(value)) return String(value);
    const [head, tail] = value.toExponential(1).split("e");
    const raised = Array.from(tail.replace("+", ""), (one) => RAISED["-0123456789".indexOf(one)]);
    return `${head}·10${raised.join("")}`;
  }

  /** Write a power of e, which can be large or small. */
  compute.power = (value) =>
    value >= 1e6 || value < 1e-3 ? scientific(value) : number(value, value < 1000 ? 3 : 0);

  const digits = (kind) => (kind === "product" || kind === "difference" ? 3 : 4);

  /** Say where a step of one unit is. */
  function where(step, { look, name }) {
    const { kind } = step;
    if (!GATHERING.includes(kind)) {
      const all = look.parts.length;
      return say(`compute.where.${kind}`, { ...step, n: step.part + 1, map: step.from, name, all });
    }
    const places = look.parts[0].values.length;
    const all = look.parts.length * places;
    const n = step.part * places + step.place + 1;
    if (kind === "product" && look.parts.length > 1)
      return say("compute.where.productOf", { n, all, map: step.from, name });
    return say(`compute.where.${kind === "compare" ? "value" : kind}`, { n, all });
  }

  /** Say what a step of one unit reckons. */
  function how(step, before) {
    const { kind } = step;
    const places = digits(kind);
    const values = {};
    for (const [key, value] of Object.entries(step))
      if (typeof value === "number") values[key] = number(value, places);
    for (const key of ["value", "bias", "coefficient", "partSum"])
      if (key in values && kind !== "compare") values[key] = term(step[key], places);
    if (kind === "difference") {
      values.value = number(step.value, places);
      values.weight = term(step.weight, places);
    }
    if (kind === "product") values.weight = number(step.weight, places);
    values.before = number(step.before ?? before, places);
    if (kind === "compare") {
      const name = step.place === 0 ? "compareFirst" : step.larger ? "larger" : "notLarger";
      return say(`compute.how.${name}`, values);
    }
    if (kind === "activation") {
      if (/squash|sigmoid/.test(step.activation)) values.sum = term(step.sum, places);
      return say(`compute.how.${step.activation}`, values);
    }
    if (step.ten) {
      const told = ofTen(step);
      const name = kind === "nearest" && told.of === told.label ? "nearestOwn" : kind;
      return say(`compute.how.${name}`, { ...values, ...told });
    }
    return say(`compute.how.${kind}`, { ...values, count: step.count });
  }

  /** The numbers of a step that is about all ten outputs. */
  function ofTen({ kind, of, ten, label, result, sum, at, unit }) {
    if (kind === "nearest") {
      const least = number(ten.distances[label], 2);
      return { of: unit ?? at?.map, label, result: number(result, 2), least };
    }
    if (kind === "sums") return { of: unit, sum: number(sum, 3) };
    const power = compute.power(ten.powers[of]);
    if (kind === "share")
      return { power, total: compute.power(ten.total), result: number(result, 4) };
    const total = ten.powers.slice(0, of + 1).reduce((a, b) => a + b);
    return { sum: term(ten.sums[of], 3), power, total: compute.power(total) };
  }

  /** Say what one unit of a map comes to: all at once. */
  function howUnit({ look, steps, value }) {
    const { layer, parts, coefficient } = look;
    const list = Array.from(parts[0].values, (one) => term(one, 3)).join(" + ");
    const result = number(value, 3);
    const [total, bias, sum] = [look.total, look.bias || 0, look.sum].map((one) => number(one, 3));
    if (layer.kind === "average pooling") return say("compute.how.unit.mean", { list, result });
    if (layer.kind === "max pooling")
      return say("compute.how.unit.largest", { list: list.replace(/ \+/g, ","), result });
    if (layer.kind === "rbf")
      return say("compute.how.unit.rbf", { count: parts[0].values.length, result });
    const values = { total, bias: term(look.bias || 0, 3), sum, result };
    if (layer.kind === "subsampling")
      return say("compute.how.unit.subsampling", { ...values, coefficient: term(coefficient, 3) });
    if (layer.activation === "softmax") {
      const after = steps.find((step) => step.kind === "bias");
      return say("compute.how.unit.softmax", { ...values, sum: number(after.sum, 3), bias });
    }
    return say("compute.how.unit.products", values);
  }

  /** Say a step: `scene` holds what is shown, and `made` the unit of a step of a whole map. */
  compute.tell = function (step, scene, made) {
    if (!step) return [say("compute.start"), start(scene)];
    if (step.kind === "unit") {
      const { unit, n } = step;
      const all = scene.count;
      const single = scene.layer.size === 1;
      const place = say(`compute.where.${single ? "unit" : "place"}`, { ...unit, n: n + 1, all });
      return [place, howUnit(made)];
    }
    const from = scene.steps[scene.steps.indexOf(step) - 1];
    const known = { ...step, unit: scene.unit.map };
    return [where(known, scene), how(known, from?.sum ?? 0)];
  };

  /** What is going to happen. */
  function start({ layer, level }) {
    if (level === "map") return say(`compute.start.${layer.size === 1 ? "layer" : "map"}`);
    const kind = {
      rbf: "difference",
      "max pooling": "compare",
      "average pooling": "value",
      subsampling: "value",
    }[layer.kind];
    return say(`compute.start.${kind || "product"}`);
  }
})();
