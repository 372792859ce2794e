/* What an explorer shows: a drawing, a network with its values, and one unit of it.

   A part of the page asks with `on` to be told of changes: of the "source" (what is drawn, at
   once), of the "drawing" (the same, prepared, once a frame), of the "network", of its "values",
   and of the "unit". */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, hand, preprocess } = LeNet;
  const { onceAFrame } = LeNet.widgets;
  const FIRST_LAYER = 2;
  const INPUT_SIZE = 32; // as long as there is no network

  /** Return the ink of what is drawn, its side and its steps. `pen` draws on the paper. */
  function prepare({ source, samples }, pen) {
    if (source.kind === "strokes") {
      if (!pen) return { steps: null };
      preprocess.drawStrokes(pen, source.strokes);
      const ink = preprocess.readInk(pen);
      const side = preprocess.PAPER;
      return { ink, side, steps: preprocess.normalise(ink, side, side) };
    }
    const ink = source.kind === "tried" ? samples?.[source.sample]?.ink : source.centred;
    if (!ink) return { steps: null };
    // It is as MNIST's digits are already: its box is shown, and nothing is changed.
    const box = preprocess.box(ink, 28, 28);
    if (!box) return { steps: null };
    const small = preprocess.scale(ink, 28, box, box.width, box.height);
    const centre = preprocess.centre(small, box.width);
    return { ink, side: 28, steps: { ...box, box, small, centre, centred: ink } };
  }

  /** Tell whether two units are the same one. */
  const same = (a, b) =>
    a && b && ["index", "map", "row", "column"].every((key) => a[key] === b[key]);

  /** Tell whether a network has a unit. */
  function has(network, { index, map, row, column }) {
    const layer = network.layers[index];
    return layer && map < layer.maps && row < layer.size && column < layer.size;
  }

  /** The unit of C3 that the digit excites most: a good one to begin with, for it sees maps below
      and feeds others above. A network of fewer layers has one in its last. */
  function liveliest({ network, outputs }) {
    const index = Math.min(FIRST_LAYER, network.layers.length - 1);
    const values = outputs[index + 1],
      { size } = network.layers[index];
    let best = 0;
    values.forEach((value, n) => {
      if (Math.abs(value) > Math.abs(values[best])) best = n;
    });
    const row = Math.floor(best / size) % size;
    return { index, map: Math.floor(best / size / size), row, column: best % size };
  }

  /** What computes: the drawing is prepared, and goes through the network. */
  function computing(state, tell, pen) {
    return {
      /** Compute with the next frame, once, whatever changes until then. */
      soon: onceAFrame(() => state.update()),
      update() {
        const { ink, side, steps } = prepare(state, pen);
        const inputSize = state.network ? state.network.inputSize : INPUT_SIZE;
        state.centred = steps ? steps.centred : new Float32Array(784);
        state.image = preprocess.forNetwork(state.centred, inputSize);
        tell("drawing", { ink, side, steps, inputSize });
        if (!state.network) return;
        state.outputs = engine.forward(state.network, state.image);
        tell("values", { drawn: Boolean(steps) });
      },
      use(network) {
        const other = state.network?.name !== network.name;
        state.network = network;
        if (state.unit && !has(network, state.unit)) state.unit = null;
        if (other) tell("network");
        state.update();
        if (!other) return;
        state.unit = state.unit || liveliest(state);
        tell("unit", { aloud: false }); // the same place in another network is another unit
      },
    };
  }

  /** What chooses a unit. */
  const choosing = (state, tell) => ({
    /** Show a unit. `aloud`: it was chosen on purpose, so a screen reader says what it is. */
    choose(unit, aloud = false) {
      if (!unit || !state.outputs) return;
      if (!aloud && same(unit, state.unit)) return;
      state.unit = unit;
      tell("unit", { aloud });
    },
    /** Pin a unit, or let it go where it is pinned already (unless it shall `stay`). */
    pin(unit, stay = false) {
      state.pinned = stay || !(state.pinned && same(unit, state.unit));
      state.choose(unit, true);
    },
    /** Let a pinned unit go; it is shown until another one is pointed at. */
    unpin() {
      if (!state.pinned) return;
      state.pinned = false;
      state.choose(state.unit, true);
    },
    /** Forget what was chosen. The next network chooses its first unit anew. */
    forget: () => Object.assign(state, { pinned: false, unit: null, network: null }),
  });

  /** Return a state in which nothing is drawn and there is no network. `pen` draws on the paper. */
  LeNet.newState = function (pen) {
    const listeners = { source: [], drawing: [], network: [], values: [], unit: [] };
    const tell = (what, told) => listeners[what].forEach((listener) => listener(told));
    const state = {
      source: { kind: "strokes", strokes: [] },
      before: [], // what `undo` goes back to: { source, network or null }
      after: [], // and `redo` forward to
      samples: null,
      network: null,
      centred: null, // the drawing, prepared: 28×28
      image: null, // what the network is given
      outputs: null, // the values of its layers, the image first
      unit: null, // { index, map, row, column }
      pinned: false,
      on: (what, listener) => listeners[what].push(listener),
    };
    return Object.assign(
      state,
      hand.steps(state, tell),
      computing(state, tell, pen),
      choosing(state, tell),
    );
  };
})();
