/* A design in a link: "design=1." (the version), the input's size, and each layer as its name, "~" and
   a code such as c6k5s1at: kind, maps, kernel and so on, each a letter and what it is set to. What is
   as usual is left out. Also the fields of one layer, "layer=1.", in the same code. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const design = (LeNet.design = LeNet.design || {});

  const VERSION = "1";
  const KINDS = {
    convolution: "c",
    average: "v",
    max: "m",
    subsampling: "s",
    dense: "d",
    rbf: "r",
  };
  const CURVES = { linear: "l", tanh: "t", relu: "r", sigmoid: "s", squash: "q", softmax: "x" };
  const MOST_LAYERS = 20;
  const CODE =
    /^([cvmsdr])(\d*)(?:k(\d+))?(?:s(\d+))?(?:p(same|\d+(?:-\d+)?))?(?:d(\d+))?(?:a([ltrsqx]))?(u)?(?:g(1998|[0-9a-z_]+))?$/;

  const broken = () => {
    throw new Error("broken");
  };
  const keyOf = (table, letter) =>
    Object.keys(table).find((key) => table[key] === letter) ?? broken();

  /** Write a table as numbers whose bits are the maps seen, in base 36. */
  const toText = (table) =>
    table
      .map((row) => row.reduce((sum, map) => sum + 2n ** BigInt(map), 0n).toString(36))
      .join("_");
  function fromText(text) {
    return text.split("_").map((word) => {
      let bits = 0n;
      for (const letter of word) bits = bits * 36n + BigInt(parseInt(letter, 36));
      const row = [];
      for (let map = 0; bits > 0n; map++, bits >>= 1n) if (bits & 1n) row.push(map);
      return row;
    });
  }

  function writeLayer(layer) {
    const usual = design.DEFAULTS[layer.kind];
    let text = KINDS[layer.kind] + (usual.maps ? layer.maps : "");
    if (usual.kernel) text += `k${layer.kernel}s${layer.stride}`;
    if (usual.kernel && layer.padding !== "valid") text += `p${[layer.padding].flat().join("-")}`;
    if (usual.dilation && layer.dilation !== 1) text += `d${layer.dilation}`;
    if (usual.activation) text += `a${CURVES[layer.activation]}`;
    if (layer.bias === "unit") text += "u";
    if (usual.table && layer.table !== "full")
      text += `g${layer.table === "1998" ? "1998" : toText(layer.table)}`;
    return text;
  }

  function readPadding(text) {
    if (!text) return "valid";
    if (text === "same") return text;
    const numbers = text.split("-").map(Number);
    if (numbers.length === 2 && text !== "2-1") broken(); // that of 1989 is the only uneven one
    return numbers.length === 2 ? numbers : numbers[0];
  }

  function readLayer(name, text) {
    const [, kind, maps, kernel, stride, padding, dilation, curve, unit, table] =
      CODE.exec(text) ?? broken();
    const layer = design.layer(name, keyOf(KINDS, kind));
    const put = (key, value, given) => {
      if (!given) return;
      if (!(key in layer)) broken();
      layer[key] = value;
    };
    put("maps", Number(maps), maps);
    put("kernel", Number(kernel), kernel);
    put("stride", Number(stride), stride);
    put("padding", readPadding(padding), padding);
    put("dilation", Number(dilation), dilation);
    put("activation", curve && keyOf(CURVES, curve), curve);
    put("bias", "unit", unit);
    put("table", table && (table === "1998" ? table : fromText(table)), table);
    if (Array.isArray(layer.padding) && layer.kind !== "convolution") broken();
    if (layer.activation === "softmax" && layer.kind !== "dense") broken();
    const numbers = [layer.maps, layer.kernel, layer.stride, layer.dilation, layer.padding].flat();
    if (numbers.some((one) => typeof one === "number" && one > 1e5)) broken();
    return layer;
  }

  /** Return the value of a key in an address's fragment, or null: "#design=…&layer=…". */
  function part(fragment, key) {
    const found = fragment
      .replace(/^#/, "")
      .split("&")
      .find((one) => one.startsWith(`${key}=`));
    return found === undefined ? null : found.slice(key.length + 1);
  }

  function open(text) {
    const [version, ...rest] = text.split(".");
    if (version !== VERSION) broken();
    return rest;
  }

  /** Write a name so that it has none of the signs that divide a link. */
  const safe = (name) =>
    encodeURIComponent(name).replace(/[.~!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);

  const isWhole = (text) => /^\d{1,5}$/.test(text ?? "");
  const links = (design.links = {
    MOST_LAYERS,
    write: ({ size, layers }) =>
      `design=${VERSION}.${size}` +
      layers.map((layer) => `.${safe(layer.name)}~${writeLayer(layer)}`).join(""),
    /** Return the design of a fragment, null where it names none; throws where it is broken. */
    read(fragment) {
      const text = part(fragment, "design");
      if (text === null) return null;
      const [size, ...layers] = open(text);
      if (!isWhole(size) || layers.length > MOST_LAYERS) broken();
      const read = layers.map((one) => {
        const [name, code, more] = one.split("~");
        if (code === undefined || more !== undefined) broken();
        return readLayer(decodeURIComponent(name).slice(0, 12), code);
      });
      return { size: Number(size), layers: read };
    },
    /** The fields of one layer: {kind: "convolution" or "pooling", size, kernel, …}. */
    writeOne: ({ kind, size, ...layer }) => {
      const full = design.layer("", kind === "pooling" ? "max" : "convolution", layer);
      return `layer=${VERSION}.${size}.${writeLayer({ ...full, activation: "tanh", table: "full" })}`;
    },
    readOne(fragment) {
      const text = part(fragment, "layer");
      if (text === null) return null;
      const [size, code, more] = open(text);
      if (!isWhole(size) || code === undefined || more !== undefined) broken();
      const { kind, kernel, stride, padding, dilation = 1 } = readLayer("", code);
      if (!["max", "convolution"].includes(kind) || Array.isArray(padding)) broken();
      const pooling = kind === "max" ? "pooling" : kind;
      return { kind: pooling, size: Number(size), kernel, stride, padding, dilation };
    },
    /** Whether every number of a design can stand in a link: a field may be empty, or hold 2.5. */
    canWrite: ({ size, layers }) =>
      [
        size,
        ...layers.flatMap((one) => [one.maps, one.kernel, one.stride, one.dilation, one.padding]),
      ]
        .flat()
        .every((value) => typeof value !== "number" || (Number.isInteger(value) && value >= 0)),
  });
  links.isMine = (fragment) =>
    part(fragment, "design") !== null || part(fragment, "layer") !== null;
})();
