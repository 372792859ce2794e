/* A network in a file: `LeNet.train.file`, an archive of NumPy (.npz).

   It holds `about.json`, which says what the network is, and one array of float32 for the weights
   and one for the biases of each layer, in the order of Keras. `lenet-tutorial predict --model`
   reads it, and so does numpy.load. Nothing in it is squeezed. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const train = (LeNet.train = LeNet.train || {});
  const FORMAT = "lenet-tutorial network 1";
  const NAME = "lenet.npz";

  const encode = (text) => new TextEncoder().encode(text);
  /** Whole numbers as bytes, the lowest first: [[value, how many bytes], …]. */
  const bytesOf = (...fields) =>
    fields.flatMap(([value, count]) =>
      Array.from({ length: count }, (_, n) => Math.floor(value / 256 ** n) % 256),
    );
  function joined(pieces) {
    const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  /** Return an archive of files, [[name, bytes], …], that are not squeezed. */
  function zip(files) {
    const DAY = [33, 2]; // 1 January 1980: the same network gives the same file
    const pieces = [],
      list = [];
    let at = 0;
    for (const [name, data] of files) {
      const title = encode(name);
      const about = bytesOf(
        ...[[20, 2], [0, 2], [0, 2], [0, 2], DAY, [LeNet.engine.crc32(data), 4]],
        ...[
          [data.length, 4],
          [data.length, 4],
          [title.length, 2],
          [0, 2],
        ],
      );
      const head = [...bytesOf([0x04034b50, 4]), ...about];
      const rest = bytesOf([0, 2], [0, 2], [0, 2], [0, 4], [at, 4]);
      list.push([...bytesOf([0x02014b50, 4], [20, 2]), ...about, ...rest], title);
      pieces.push(head, title, data);
      at += head.length + title.length + data.length;
    }
    const directory = joined(list),
      count = [files.length, 2];
    const end = bytesOf(
      ...[[0x06054b50, 4], [0, 2], [0, 2], count, count],
      ...[
        [directory.length, 4],
        [at, 4],
        [0, 2],
      ],
    );
    return joined([...pieces, directory, end]);
  }

  /** Return numbers as a file of NumPy (.npy, version 1). */
  function npy(values, shape) {
    const sides = shape.join(", ") + (shape.length === 1 ? "," : "");
    let head = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sides}), }`;
    head = head.padEnd(Math.ceil((head.length + 11) / 64) * 64 - 11) + "\n";
    const start = [0x93, ...encode("NUMPY"), 1, 0, ...bytesOf([head.length, 2])];
    const data = new Uint8Array(4 * values.length),
      view = new DataView(data.buffer);
    values.forEach((value, n) => view.setFloat32(4 * n, value, true));
    return joined([start, encode(head), data]);
  }

  /** Return weights in the order of Keras, (place, input map, output map), and their shape. */
  function turned({ weights, maps, inputs, kernel, kind }) {
    const places = kernel ** 2,
      result = new Float32Array(weights.length);
    for (let map = 0; map < maps; map++)
      for (let from = 0; from < inputs; from++)
        for (let place = 0; place < places; place++)
          result[(place * inputs + from) * maps + map] =
            weights[(map * inputs + from) * places + place];
    const isFlat = kind === "dense";
    return [result, isFlat ? [places * inputs, maps] : [kernel, kernel, inputs, maps]];
  }

  function arraysOf(layer) {
    const files = [];
    const add = (name, values, shape) =>
      files.push([`${layer.name}.${name}.npy`, npy(values, shape)]);
    if (layer.weights) add("weights", ...turned(layer));
    if (layer.coefficients) add("coefficients", layer.coefficients, [layer.maps]);
    if (layer.biases) add("biases", layer.biases, [layer.maps]);
    return files;
  }

  /** Return a network as a file, {name, bytes}. `settings` are those it was trained with; a network
      of `train.open` knows them itself. */
  train.file = function (network, settings = network.entry.settings) {
    const { activation, pooling, table, maps, units, inputSize } = train.settings(settings);
    const about = {
      format: FORMAT,
      activation,
      pooling,
      table,
      maps,
      units,
      input_size: inputSize,
    };
    const files = [["about.json", encode(JSON.stringify(about))]];
    files.push(...network.layers.flatMap(arraysOf));
    return { name: NAME, bytes: zip(files) };
  };
})();
