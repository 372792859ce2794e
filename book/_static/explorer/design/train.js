/* Whether the page "Watch it learn" can train a design, and the link that opens it there. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const design = (LeNet.design = LeNet.design || {});
  const CURVES = ["tanh", "relu", "squash", "sigmoid"];
  const MOST = { c1: 32, c3: 64, c5: 500, f6: 500 };

  const isPlain = (layer, kernel, stride) =>
    layer.kernel === kernel && layer.stride === stride && layer.padding === "valid";

  /** Return the settings of a training, flat as the link names them; or why there are none, as
      the last part of a name in the table of words. */
  function settings({ size, layers }) {
    if (![28, 32].includes(size)) return "size";
    if (layers.length !== 7) return "layers";
    const [c1, s2, c3, s4, c5, f6, output] = layers;
    if (![c1, c3].every(({ kind }) => kind === "convolution")) return "layers";
    if (![s2, s4].every(({ kind }) => ["average", "max", "subsampling"].includes(kind)))
      return "layers";
    if (f6.kind !== "dense" || !["convolution", "dense"].includes(c5.kind)) return "layers";
    if (output.kind !== "dense" || output.maps !== 10 || output.activation !== "softmax")
      return "output";
    // With 28 the maps of S4 are 4×4, and a convolution 5×5 has no place there.
    const convolutions = [c1, c3, ...(c5.kind === "convolution" ? [c5] : [])];
    const windows = [s2, s4].filter(({ kind }) => kind !== "subsampling");
    if (!convolutions.every((one) => isPlain(one, 5, 1) && one.dilation === 1)) return "windows";
    if (!windows.every((one) => isPlain(one, 2, 2))) return "windows";
    if (convolutions.some(({ bias }) => bias === "unit")) return "bias";
    if (c1.table !== "full" || Array.isArray(c3.table)) return "table";
    if (c5.kind === "convolution" && c5.table !== "full") return "table";
    if (s2.kind !== s4.kind) return "pooling";
    const curves = new Set([c1, c3, c5, f6, s2, s4].map((one) => one.activation));
    curves.delete(undefined);
    if (curves.size > 1 || !CURVES.includes([...curves][0])) return "activation";
    const numbers = { c1: c1.maps, c3: c3.maps, c5: c5.maps, f6: f6.maps };
    if (Object.entries(MOST).some(([name, most]) => numbers[name] > most)) return "many";
    return {
      activation: c1.activation,
      pooling: s2.kind,
      table: c3.table,
      ...numbers,
      input: size,
    };
  }

  /** Return {fragment}, or {why}. */
  design.training = function (given) {
    if (design.count(given).some(({ error }) => error)) return { why: "impossible" };
    const found = settings(given);
    if (typeof found === "string") return { why: found };
    const pairs = Object.entries(found).map(([key, value]) => `${key}:${value}`);
    return { fragment: `#train=${pairs.join(",")}` };
  };
})();
