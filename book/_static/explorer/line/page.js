/* The page of the wide paper: write a whole number, and LeNet-5 slides over it.

   `LeNet.line.start(root)` fills an element of class lenet-line from the template in it
   (book/_templates/line.html). */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { decode, engine, files, hand, lineView, lines, say, sentences, slide } = LeNet;
  const { fill, make, messages, paint, pen } = LeNet.widgets;
  const FILE = "line.js";
  const QUIET = 700; // milliseconds: while the pen moves, a screen reader keeps quiet
  const states = []; // of all such papers in the page
  const MOVES = { ArrowLeft: -1, ArrowRight: 1, PageDown: -8, PageUp: 8 };

  const percent = (share) => (100 * share).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1);
  const nameOf = (label) => (label === decode.NONE ? say("line.none") : String(label - 1));

  /** Say what is read, and where it is unsure. */
  function inWords({ line, reading, network, failed }) {
    if (!network) return failed ? say("line.noOne") : say("line.loading");
    if (!line) return say("line.nothing");
    const { text, chance, digits, unsure } = reading;
    if (!text) return say("line.noDigit");
    const said = [say("line.reads", { text, share: percent(chance) })];
    const worst = digits.reduce((a, b) => (b.share < a.share ? b : a));
    if (worst.unsure)
      said.push(
        say("line.unsureDigit", {
          number: digits.indexOf(worst) + 1,
          digit: worst.digit,
          share: percent(worst.share),
          other: nameOf(worst.second),
          otherShare: percent(worst.secondShare),
        }),
      );
    else if (unsure) said.push(say("line.unsure"));
    return sentences(...said);
  }

  /** Show the number, large, and the sentence. */
  function showSaid(parts, state) {
    const { digits = [], unsure } = state.reading || {};
    parts.number.replaceChildren(
      ...digits.map((one) =>
        make("span", { class: one.unsure ? "ll-unsure" : null }, `${one.digit}`),
      ),
      ...(unsure && digits.length ? [make("span", { class: "ll-doubt" }, "?")] : []),
    );
    parts.verdict.textContent = inWords(state);
  }

  /** Make the bars for the answers at one place. */
  function makeBars(list) {
    return Array.from({ length: decode.LABELS }, (_, label) => {
      const bar = make("span", { class: "lx-bar" }),
        share = make("span", { class: "ll-share" });
      const row = make(
        "li",
        {},
        make("span", { class: "ll-name" }, nameOf(label)),
        make("span", { class: "ll-track" }, bar),
        share,
      );
      list.append(row);
      return { row, bar, share };
    });
  }

  /** Say what a place's window holds and what the network answers there. */
  function placeInWords({ reading, network }, place) {
    const { from } = slide.windowOf(network, place);
    const shares = reading.shares.subarray(place * decode.LABELS, (place + 1) * decode.LABELS);
    const order = Array.from(shares.keys()).sort((a, b) => shares[b] - shares[a]);
    const [best, second] = order.map((label) =>
      say("line.answer", { label: nameOf(label), share: percent(shares[label]) }),
    );
    const columns = { from, to: from + slide.SIDE - 1 };
    return say("line.place", {
      place: place + 1,
      places: reading.places,
      ...columns,
      best,
      second,
    });
  }

  /** Show one place: its window on the line, the window alone, and the answers. */
  function showPlace(parts, bars, state, shown) {
    const { place, reading, line, network } = state;
    const there = place !== null;
    for (const mark of [parts.mark, parts.column, parts.window]) mark.hidden = !there;
    parts.slider.setAttribute("aria-valuemax", there ? reading.places : 1);
    parts.slider.setAttribute("aria-valuenow", there ? place + 1 : 1);
    const words = there ? placeInWords(state, place) : say("line.noPlace");
    parts.slider.setAttribute("aria-valuetext", words);
    parts.placeText.textContent = words;
    const shares = there && reading.shares.subarray(place * decode.LABELS);
    bars.forEach(({ row, bar, share }, label) => {
      bar.style.height = there ? `${100 * shares[label]}%` : "0";
      share.textContent = there ? percent(shares[label]) : "";
      row.classList.toggle("ll-best", there && label === reading.labels[place]);
    });
    if (!there) return;
    const { left, width } = lineView.window(state, shown, place);
    Object.assign(parts.mark.style, { left: `${left}px`, width: `${width}px` });
    const { x, broad } = lineView.column(state, shown, place);
    Object.assign(parts.column.style, { left: `${x - broad / 2}px`, width: `${broad}px` });
    const { from } = slide.windowOf(network, place);
    const seen = Float32Array.from({ length: slide.SIDE ** 2 }, (_, n) => {
      return line.ink[Math.floor(n / slide.SIDE) * line.width + from + (n % slide.SIDE)];
    });
    paint(parts.window, seen, slide.SIDE, slide.SIDE, [0, 1], "ink");
  }

  /** Let mouse, finger and keys choose a place. */
  function choosing(parts, state, shown) {
    const at = (event) => {
      if (!state.reading) return;
      const { left } = parts.slider.getBoundingClientRect();
      state.look(lineView.placeAt(state, shown(), event.clientX - left));
    };
    for (const box of [parts.slider, parts.given])
      for (const type of ["pointermove", "pointerdown"]) box.addEventListener(type, at);
    parts.slider.addEventListener("keydown", (event) => {
      if (!state.reading || event.altKey || event.ctrlKey || event.metaKey) return;
      const last = state.reading.places - 1;
      const to = { Home: 0, End: last }[event.key] ?? state.place + MOVES[event.key];
      if (Number.isNaN(to)) return;
      event.preventDefault();
      state.look(Math.min(Math.max(to, 0), last), true);
    });
  }

  /** Offer the lines that come with the weights, as small pictures. */
  function offer(parts, state) {
    const buttons = state.examples.map(({ text, width, ink }, example) => {
      const picture = make("canvas", { "aria-hidden": "true" });
      paint(picture, ink, width, slide.SIDE, [0, 1], "ink");
      const show = () => {
        state.look(null);
        state.change({ kind: "example", example });
      };
      const label = say("line.example", { text });
      return make("button", { type: "button", "aria-label": label, onclick: show }, picture);
    });
    parts.examples.replaceChildren(...buttons);
  }

  /** Draw all anew when the line or the room for it has changed. */
  function drawing(parts, state) {
    const bars = makeBars(parts.bars);
    let shown = { width: 1, height: 1, scale: 1, free: 0 };
    const place = () => showPlace(parts, bars, state, shown);
    const draw = () => {
      const { clientWidth: width, clientHeight: height } = parts.paper;
      shown = lineView.of(state, { width: width || 1, height: height || 1 });
      lineView.paper(parts.paper, state, shown);
      lineView.given(parts.line, state, shown);
      lineView.answers(parts.answers, state, shown);
      lineView.path(parts.path, state, shown);
      lineView.digits(parts.digits, state, shown);
    };
    let speaking;
    state.on("values", () => {
      draw();
      showSaid(parts, state);
      clearTimeout(speaking);
      const sentence = parts.verdict.textContent;
      speaking = setTimeout(() => (parts.spoken.textContent = sentence), QUIET);
    });
    state.on("place", place);
    state.on("source", () => state.look(null));
    if (window.ResizeObserver) {
      new ResizeObserver(() => {
        draw();
        place();
      }).observe(parts.paper);
    }
    return () => shown;
  }

  /** Fill the element, and return its state. */
  async function start(root) {
    const parts = fill(root);
    const notice = messages(parts.messages);
    const onPaper = pen(parts.paper);
    const state = LeNet.newReader(onPaper && pen(make("canvas"), { willReadFrequently: true }));
    if (!onPaper) notice("canvas", say("line.noCanvas"));
    states.push(state);
    const shown = drawing(parts, state);
    const reach = () => [shown().width / shown().scale, shown().height / shown().scale];
    const isDrawing = onPaper ? hand.draws(parts.paper, state, reach) : () => false;
    hand.buttons(parts, state);
    hand.keys(root, state, isDrawing);
    choosing(parts, state, shown);
    state.update();
    try {
      await files.load(FILE);
      state.use(engine.received.line);
      offer(parts, state);
    } catch (error) {
      notice("weights", say("line.noNetwork", { why: error.message }));
      state.failed = true;
    }
    const first = state.examples.length ? { kind: "example", example: 0 } : state.source;
    if (!state.before.length) state.source = LeNet.keepLine.read(state.examples) || first;
    state.update();
    LeNet.keepLine(state);
    root.dataset.ready = state.failed ? "none" : "yes";
    return state;
  }

  LeNet.line = { start, states };
  for (const root of document.querySelectorAll(".lenet-line")) start(root);
})();
