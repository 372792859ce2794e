/* The networks of the book as designs: those of lenet_tutorial.models. A test compares them. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const design = (LeNet.design = LeNet.design || {});

  /** What a layer of each kind has, until the reader says otherwise. */
  design.DEFAULTS = {
    convolution: {
      ...{ maps: 6, kernel: 5, stride: 1, padding: "valid", dilation: 1 },
      ...{ activation: "tanh", table: "full", bias: "map" },
    },
    average: { kernel: 2, stride: 2, padding: "valid" },
    max: { kernel: 2, stride: 2, padding: "valid" },
    subsampling: { activation: "squash" },
    dense: { maps: 84, activation: "tanh" },
    rbf: {},
  };
  design.layer = (name, kind, rest = {}) => ({ name, kind, ...design.DEFAULTS[kind], ...rest });
  const { layer } = design;

  /** C1 to S4 of a LeNet-5. */
  const lower = (pooling, activation, table = "full") => [
    layer("C1", "convolution", { maps: 6, activation }),
    layer("S2", pooling),
    layer("C3", "convolution", { maps: 16, activation, table }),
    layer("S4", pooling),
  ];
  const upTo = (count, first = 0) => Array.from({ length: count }, (_, n) => first + n);
  const half = [[0], [0, 1], [0, 1], [1], [0, 1], [0, 1]]; // of C3 in LeNet-1
  const eights = [upTo(8), upTo(8, 4), [...upTo(4), ...upTo(4, 8)]]; // of H2 in 1989
  const old = { maps: 12, stride: 2, padding: [2, 1], activation: "squash", bias: "unit" };

  design.PRESETS = {
    textbook: {
      size: 32,
      layers: [
        ...lower("average", "tanh"),
        layer("C5", "convolution", { maps: 120 }),
        layer("F6", "dense"),
        layer("output", "dense", { maps: 10, activation: "softmax" }),
      ],
    },
    article: {
      size: 28,
      layers: [
        ...lower("max", "tanh"),
        layer("C5", "dense", { maps: 120 }),
        layer("F6", "dense"),
        layer("output", "dense", { maps: 10, activation: "softmax" }),
      ],
    },
    lenet5: {
      size: 32,
      layers: [
        ...lower("subsampling", "squash", "1998"),
        layer("C5", "convolution", { maps: 120, activation: "squash" }),
        layer("F6", "dense", { activation: "squash" }),
        layer("output", "rbf"),
      ],
    },
    lenet1: {
      size: 28,
      layers: [
        layer("C1", "convolution", { maps: 4, activation: "squash" }),
        layer("S2", "subsampling"),
        layer("C3", "convolution", {
          maps: 12,
          activation: "squash",
          table: [...half, ...half.map((row) => row.map((map) => map + 2))],
        }),
        layer("S4", "subsampling"),
        layer("output", "dense", { maps: 10, activation: "squash" }),
      ],
    },
    net1989: {
      size: 16,
      layers: [
        layer("H1", "convolution", old),
        layer("H2", "convolution", { ...old, table: upTo(12).map((n) => eights[n >> 2]) }),
        layer("H3", "dense", { maps: 30, activation: "squash" }),
        layer("output", "dense", { maps: 10, activation: "squash" }),
      ],
    },
  };
})();
