/* What the page of the wide paper shows: what is written, the line made of it, and what LeNet-5,
   slid over that line, reads.

   A part of the page asks with `on` to be told of changes: of the "source" (what is written, at
   once), of the "values" (the line and the answers, once a frame), and of the "place" that is looked
   at. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { decode, engine, hand, lines, slide } = LeNet;
  const { onceAFrame } = LeNet.widgets;
  const SURE = 0.9; // probability of the number; below it the network is called unsure
  const CLEAR = 0.9; // share of a digit at its best place; below it the digit is

  /** Build the network out of what its script has handed over. */
  function networkOf({ about, weights }) {
    return engine.build(about.network, engine.decode(weights, about));
  }

  /** Read a line. Returns the answers at all places, the best path through them and its digits. */
  function read(network, line) {
    const { answers, places } = slide.forward(network, line.ink, line.width);
    const penalties = decode.penalties(answers, places);
    const labels = decode.best(answers, places);
    const digits = decode.spell(labels).map((one) => ({ ...one, ...decode.doubt(penalties, one) }));
    const text = digits.map(({ digit }) => digit).join("");
    const chance = decode.chance(penalties, places, text);
    for (const one of digits) one.unsure = one.share < CLEAR;
    const unsure = chance < SURE || digits.some((one) => one.unsure);
    const shares = Float32Array.from(penalties, (penalty) => Math.exp(-penalty));
    return { answers, places, shares, labels, digits, text, chance, unsure };
  }

  /** What computes: the writing becomes a line, and the network reads it. */
  function computing(state, tell, pen) {
    return {
      /** Compute with the next frame, once, whatever changes until then. */
      soon: onceAFrame(() => state.update()),
      update() {
        const { source, network } = state;
        const example = source.kind === "example" && state.examples[source.example];
        state.line = null;
        if (example) state.line = lines.ofExample(example);
        else if (pen && source.strokes?.length) state.line = lines.ofStrokes(source.strokes, pen);
        state.reading = state.line && network && read(network, state.line);
        tell("values");
        tell("place", { aloud: false });
      },
    };
  }

  /** The place that is looked at: the one that was chosen last, or that of the last digit read. */
  function placeOf({ reading, chosen }) {
    if (!reading) return null;
    if (chosen !== null) return Math.min(chosen, reading.places - 1);
    return reading.digits.length ? reading.digits[reading.digits.length - 1].at : 0;
  }

  /** Return a state in which nothing is written. `pen` draws on a canvas that nobody sees. */
  LeNet.newReader = function (pen) {
    const listeners = { source: [], values: [], place: [] };
    const tell = (what, told) => listeners[what].forEach((listener) => listener(told));
    const state = {
      source: { kind: "strokes", strokes: [] },
      before: [],
      after: [],
      network: null,
      failed: false, // could the network not be loaded?
      examples: [],
      line: null, // { ink, width, unit, left, top }: see prepare.js
      reading: null,
      chosen: null,
      on: (what, listener) => listeners[what].push(listener),
      get place() {
        return placeOf(state);
      },
      /** Look at a place; null: at that of the last digit. */
      look(place, aloud = false) {
        state.chosen = place;
        tell("place", { aloud });
      },
      /** Take what the script of weights has handed over. */
      use(received) {
        const { about, examples } = received;
        state.network = networkOf(received);
        state.examples = lines.unpack(engine.decode(examples, about.examples), about.examples);
        state.update();
      },
    };
    return Object.assign(state, hand.steps(state, tell), computing(state, tell, pen));
  };
})();
