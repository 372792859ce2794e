/* A design as a program in Keras: what is shown is complete and runs. What Keras lacks comes from the
   book's package. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { say, shapes } = LeNet;
  const design = (LeNet.design = LeNet.design || {});

  const quoted = (text) => `"${text}"`;
  const curve = ({ activation = "linear" }) =>
    activation === "squash" ? "squash" : quoted(activation);

  /** Give each layer a name that Keras takes, and that no other has. */
  function namer() {
    const taken = new Set();
    return (name) => {
      const plain = name.replace(/[^A-Za-z0-9_.-]/g, "_") || "layer";
      let free = plain;
      for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${plain}_${n}`;
      taken.add(free.toLowerCase());
      return free;
    };
  }

  /** Write a table of maps as Python. */
  function rows({ table, maps }, below, need) {
    if (table === "1998") return need("models", "C3_TABLE");
    if (Array.isArray(table)) return `[${table.map((row) => `[${row.join(", ")}]`).join(", ")}]`;
    return below === 1 ? `[[0]] * ${maps}` : `[range(${below})] * ${maps}`;
  }

  /** Write a convolution that Keras does not have. */
  function byTable(layer, below, name, need) {
    const { kernel, stride, padding, bias } = layer;
    const pads = shapes.padAmounts(below.side, kernel, stride, padding);
    const given = [rows(layer, below.maps, need)];
    if (kernel !== 5) given.push(`kernel_size=${kernel}`);
    if (stride !== 1) given.push(`strides=${stride}`);
    if (pads[0] || pads[1]) given.push(`padding=(${pads.join(", ")})`);
    if (Array.isArray(padding)) given.push("background=-1.0");
    if (bias === "unit") given.push('bias="unit"');
    given.push(`activation=${curve(layer)}`, `name=${quoted(name)}`);
    return [`${need("layers", "TableConv2D")}(${given.join(", ")})`];
  }

  /** Write a layer with a window; Keras pads by so many zeros in a layer of its own. */
  function windowed(kind, first, layer, name, named) {
    const { stride, padding, dilation = 1 } = layer;
    const given = [...first];
    const usual = kind === "Conv2D" ? 1 : layer.kernel;
    if (stride !== usual) given.push(`strides=${stride}`);
    if (padding === "same") given.push('padding="same"');
    if (dilation > 1) given.push(`dilation_rate=${dilation}`);
    if (layer.activation && layer.activation !== "linear") given.push(`activation=${curve(layer)}`);
    given.push(`name=${quoted(name)}`);
    const made = [`keras.layers.${kind}(${given.join(", ")})`];
    const zeros = typeof padding === "number" ? padding : 0;
    if (zeros)
      made.unshift(`keras.layers.ZeroPadding2D(${zeros}, name=${quoted(named(`${name}_zeros`))})`);
    return made;
  }

  const WRITE = {
    convolution(layer, below, name, need, named) {
      const special =
        layer.table !== "full" || layer.bias === "unit" || Array.isArray(layer.padding);
      if (special) return byTable(layer, below, name, need);
      return windowed("Conv2D", [layer.maps, layer.kernel], layer, name, named);
    },
    average: (layer, below, name, need, named) =>
      windowed("AveragePooling2D", [layer.kernel], layer, name, named),
    max: (layer, below, name, need, named) =>
      windowed("MaxPooling2D", [layer.kernel], layer, name, named),
    subsampling: (layer, below, name, need) => [
      `${need("layers", "Subsample")}(activation=${curve(layer)}, name=${quoted(name)})`,
    ],
    dense: (layer, below, name) => [
      `keras.layers.Dense(${layer.maps}, activation=${curve(layer)}, name=${quoted(name)})`,
    ],
    rbf: (layer, below, name, need) => [
      `${need("layers", "EuclideanRBF")}(${need("layers", "digit_codes")}(), name=${quoted(name)})`,
    ],
  };

  /** Return the program, or null where a layer is impossible or Keras has no such layer; `why` says
      which. */
  design.code = function (given) {
    const counts = design.count(given);
    const wrong = counts.find(({ error }) => error);
    if (wrong || !counts.length) return { code: null, why: say("calculator.code.impossible") };
    const both = given.layers.find(
      ({ kind, stride, dilation }) => kind === "convolution" && stride > 1 && dilation > 1,
    );
    if (both) return { code: null, why: say("calculator.code.both", { layer: both.name }) };

    const needed = { layers: new Set(), models: new Set() };
    const need = (module, name) => {
      needed[module].add(name);
      return name;
    };
    const named = namer();
    const lines = [`keras.Input((${given.size}, ${given.size}, 1))`];
    let below = { maps: 1, side: given.size };
    given.layers.forEach((layer, n) => {
      const name = named(layer.name);
      if (!design.hasWindow(layer) && below.side)
        lines.push(`keras.layers.Flatten(name=${quoted(named("flatten"))})`);
      if (layer.activation === "squash") need("layers", "squash");
      lines.push(...WRITE[layer.kind](layer, below, name, need, named));
      below = counts[n];
    });
    return { code: program(lines, needed), why: "" };
  };

  function program(lines, needed) {
    const taken = (from, names) => [...from, "import", names].join(" ");
    const imports = [taken([], "keras")];
    const own = Object.entries(needed).filter(([, names]) => names.size);
    if (own.length) imports.push("", `# ${say("calculator.code.own")}`);
    for (const [module, names] of own)
      imports.push(taken(["from", `lenet_tutorial.${module}`], [...names].sort().join(", ")));
    const body = lines.map((line) => `        ${line},`).join("\n");
    return `${imports.join("\n")}\n\nmodel = keras.Sequential(\n    [\n${body}\n    ]\n)\nmodel.summary()\n`;
  }
})();
