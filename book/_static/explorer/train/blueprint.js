/* Settings of a training, checked; the layers that they ask for; and the random numbers of a seed. */
(function () {
  "use strict";

  function part(LeNet) {
    const KERNEL = 5;
    const TABLE_1998 = LeNet.TABLE_1998.map((maps) => [...maps].sort());
    const CHOICES = {
      activation: ["tanh", "relu", "squash", "sigmoid"],
      pooling: ["average", "max", "subsampling"],
      table: ["full", "1998"],
      inputSize: [28, 32],
    };
    /* `shift`: each time a digit comes, it is moved by up to so many pixels. Without that, the
       10 000 digits are soon known by heart: 97.0 % right at the end, in place of 98.5 %.
       `falls`: after so many digits the rate is half of what it was; 0 leaves it as it is. */
    const USUAL = {
      ...{ activation: "tanh", pooling: "average", table: "full", inputSize: 32 },
      ...{
        maps: [6, 16],
        units: [120, 84],
        rate: 0.002,
        batch: 16,
        seed: 0,
        shift: 1,
        falls: 40000,
      },
    };
    const LARGEST = { maps: 64, units: 512, batch: 512, seed: 2 ** 32 - 1, shift: 3, falls: 1e6 };

    /** An error with the name of what to say, "train.wrong.NAME", and the values in it. */
    const wrong = (name, values) => Object.assign(new RangeError(name), { said: name, values });

    function checkWhole(name, value, most, least = 1) {
      if (!Number.isInteger(value) || value < least || value > most)
        throw wrong("whole", { name, value: String(value), least, most });
    }

    /** Return all settings, those that are not given as usual; throws where one can't be used. */
    function check(given = {}) {
      const settings = { ...USUAL };
      for (const name of Object.keys(USUAL))
        if (given[name] !== undefined) settings[name] = given[name];
      for (const [name, known] of Object.entries(CHOICES))
        if (!known.includes(settings[name]))
          throw wrong("choice", {
            ...{ name, value: String(settings[name]) },
            known: known.join(", "),
          });
      for (const name of ["maps", "units"]) {
        const pair = settings[name];
        if (!Array.isArray(pair) || pair.length !== 2)
          throw wrong("pair", { name, value: String(pair) });
        pair.forEach((count) => checkWhole(name, count, LARGEST[name]));
      }
      checkWhole("batch", settings.batch, LARGEST.batch);
      checkWhole("seed", settings.seed, LARGEST.seed, 0);
      checkWhole("shift", settings.shift, LARGEST.shift, 0);
      checkWhole("falls", settings.falls, LARGEST.falls, 0);
      checkRate(settings.rate);
      if (settings.table === "1998" && String(settings.maps) !== "6,16")
        throw wrong("table", { maps: settings.maps.join(", ") });
      return settings;
    }

    function checkBatch({ batch }, digits) {
      if (batch > digits) throw wrong("batch", { value: batch, digits });
    }

    function checkRate(rate) {
      if (!(typeof rate === "number" && rate > 0 && rate <= 100))
        throw wrong("rate", { value: String(rate) });
    }

    /** Return the layers of a network: what they are and how large, from the input up. */
    function layersOf({ activation, pooling, table, inputSize, maps, units }) {
      const layers = [];
      let size = inputSize,
        inputs = 1;
      const add = (name, kind, count, kernel, more = {}) => {
        const stride = kernel === 2 ? 2 : 1;
        const below = size;
        size = (size - kernel) / stride + 1;
        layers.push({ name, kind, maps: count, kernel, stride, inputs, below, size, ...more });
        inputs = count;
      };
      const pool = pooling === "subsampling" ? { activation } : {};
      const kind = pooling === "subsampling" ? pooling : `${pooling} pooling`;
      add("C1", "convolution", maps[0], KERNEL, { activation });
      add("S2", kind, maps[0], 2, pool);
      add("C3", "convolution", maps[1], KERNEL, {
        activation,
        ...(table === "1998" ? { table: TABLE_1998 } : {}),
      });
      add("S4", kind, maps[1], 2, pool);
      add("C5", size === KERNEL ? "convolution" : "dense", units[0], size, { activation });
      add("F6", "dense", units[1], 1, { activation });
      add("output", "dense", 10, 1, { activation: "softmax" });
      return layers;
    }

    /** Return how many numbers a network learns. */
    function parameters(settings) {
      const weights = ({ kind, maps, inputs, kernel, table }) => {
        if (kind.endsWith("pooling")) return 0;
        if (kind === "subsampling") return 2 * maps;
        const pairs = table ? table.flat().length : maps * inputs;
        return pairs * kernel ** 2 + maps;
      };
      return layersOf(settings).reduce((sum, layer) => sum + weights(layer), 0);
    }

    /** The rate that is used after so many digits: it falls, so that the steps become finer. */
    const rateAfter = (rate, seen, falls) => (falls ? rate / (1 + seen / falls) : rate);

    /** Return a function that gives one random number from 0 to 1 after the other. This is
        "mulberry32", which is small; it is no secret and need not be one. */
    function random(seed) {
      let state = seed >>> 0;
      return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
      };
    }

    /** Put the numbers from 0 to `count` into a random order. */
    function shuffled(count, next) {
      const order = Uint32Array.from({ length: count }, (_, n) => n);
      for (let n = count - 1; n > 0; n--) {
        const other = Math.floor(next() * (n + 1));
        [order[n], order[other]] = [order[other], order[n]];
      }
      return order;
    }

    LeNet.blueprint = {
      USUAL,
      CHOICES,
      LARGEST,
      check,
      checkRate,
      checkBatch,
      layersOf,
      parameters,
    };
    Object.assign(LeNet.blueprint, { random, rateAfter, shuffled });
  }

  const LeNet = (window.LeNet = window.LeNet || {});
  (LeNet.workerParts = LeNet.workerParts || []).push(part);
  part(LeNet);
})();
