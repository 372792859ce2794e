/* The settings of a training in a link, "#train=rate:0.05,batch:16,…", and what they may be. What
   a link does not name is as it is by itself; what it names wrongly makes the whole link broken. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const MARK = "#train=";

  const { USUAL, LARGEST, CHOICES: KNOWN } = LeNet.blueprint;
  const DEFAULTS = USUAL;

  /** What a reader can choose from. A link may name other numbers. */
  const CHOICES = {
    rate: [0.0001, 0.0005, 0.002, 0.005, 0.02, 0.1, 0.5],
    falls: [0, 10000, 40000, 160000],
    batch: [1, 4, 8, 16, 32, 64, 128],
    shift: [0, 1, 2, 3],
    activation: KNOWN.activation,
    pooling: KNOWN.pooling,
    table: KNOWN.table,
    c1: [1, 2, 4, 6, 8],
    c3: [1, 4, 8, 16, 24],
  };
  const whole = (low, high) => (text) => {
    const number = Number(text);
    if (!/^\d{1,7}$/.test(text) || number < low || number > high) throw new Error("range");
    return number;
  };
  const among = (list) => (text) => {
    const found = list.find((one) => String(one) === text);
    if (found === undefined) throw new Error("choice");
    return found;
  };

  /* How each key of a link is read, and where it goes. */
  const READ = {
    rate: (text) => {
      const number = Number(text);
      if (!(number > 0 && number <= 100)) throw new Error("range");
      return number;
    },
    falls: whole(0, LARGEST.falls),
    batch: whole(1, LARGEST.batch),
    shift: whole(0, LARGEST.shift),
    seed: whole(0, 9999),
    activation: among(CHOICES.activation),
    pooling: among(CHOICES.pooling),
    table: among(CHOICES.table),
    c1: whole(1, LARGEST.maps),
    c3: whole(1, LARGEST.maps),
    c5: whole(1, LARGEST.units),
    f6: whole(1, LARGEST.units),
    input: among(KNOWN.inputSize),
  };

  /** The keys of a link, flat. */
  const flat = ({ maps, units, inputSize, ...rest }) => ({
    ...rest,
    ...{ c1: maps[0], c3: maps[1], c5: units[0], f6: units[1], input: inputSize },
  });

  const nested = ({ c1, c3, c5, f6, input, ...rest }) => ({
    ...rest,
    ...{ maps: [c1, c3], units: [c5, f6], inputSize: input },
  });

  LeNet.trainLink = {
    CHOICES,
    defaults: () => ({ ...DEFAULTS, maps: [...DEFAULTS.maps], units: [...DEFAULTS.units] }),

    /** Tell whether an address's fragment is meant for this page. */
    isMine: (fragment) => fragment.startsWith(MARK),

    /** Return the fragment for settings, with "#". All of them are named: a link means the same
        when the book's own settings are others. */
    write: (settings) =>
      MARK +
      Object.keys(READ)
        .map((key) => `${key}:${flat(settings)[key]}`)
        .join(","),

    /** Return the settings that a fragment names; throws where it is broken. */
    read(fragment) {
      const settings = flat(DEFAULTS);
      for (const pair of decodeURIComponent(fragment).slice(MARK.length).split(",")) {
        const [key, text] = pair.split(":");
        if (!Object.hasOwn(READ, key) || text === undefined) throw new Error("setting");
        settings[key] = READ[key](text);
      }
      if (settings.table === "1998" && (settings.c1 !== 6 || settings.c3 !== 16))
        throw new Error("table");
      return nested(settings);
    },
  };
})();
