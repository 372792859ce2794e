/* The explorer: draw a digit, and see every unit of the network.

   `LeNet.explorer.start(root)` fills an element of class lenet-explorer from the template in it
   (book/_templates/explorer.html). Where a chapter holds it, that happens when the reader asks for
   it (data-when="asked"). The parts of the page stand in scripts of their own: they are told by the
   state (state.js) what has changed, and show it. A script that adds a part of its own puts a
   function into `LeNet.wings`. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const PARTS = [
    ...["engine", "preprocess", "links", "unit", "files", "newState"],
    ...["paper", "answer", "maps", "panel", "networks", "sources"],
  ];
  const FIRST_SAMPLE = 35; // what is shown at first

  /** Return a function that shows a sentence, or takes it away. `topic` keeps apart what has
      nothing to do with it. */
  function messages(box) {
    return (topic, text) => {
      box.querySelector(`[data-topic="${topic}"]`)?.remove();
      if (text) box.append(LeNet.widgets.make("p", { "data-topic": topic }, text));
    };
  }

  /** Show what a link holds, or the first sample, with the network that it names or the first. */
  function begin(link, state, networks, notice) {
    const known = link && networks.has(link.name, link.epoch);
    if (link && !known)
      notice(
        "link",
        "The link names a network that is not here; its drawing is shown with another one.",
      );
    const sample = { kind: "tried", sample: FIRST_SAMPLE };
    state.show(link ? link.source : state.samples ? sample : { kind: "strokes", strokes: [] });
    return known ? networks.use(link.name, link.epoch) : networks.useFirst();
  }

  /** Fill the element, and return its state. `own` returns a network that is on the page already
      (own.js); then no other is offered. */
  async function start(root, own = null) {
    const { gradients, fill, pen } = LeNet.widgets;
    const parts = fill(root);
    const notice = messages(parts.messages);
    parts.paper.width = parts.paper.height = LeNet.preprocess.PAPER;
    parts.negativeRamp.style.background = gradients.negative;
    parts.positiveRamp.style.background = gradients.positive;
    parts.inkRamp.style.background = gradients.ink;
    const onPaper = pen(parts.paper, { willReadFrequently: true });
    if (!onPaper)
      notice(
        "canvas",
        "This browser has no canvas, so nothing can be drawn and no map shown. Sample digits and the numbers of each unit work.",
      );

    const state = LeNet.newState(onPaper);
    LeNet.paper(parts, state, onPaper);
    LeNet.answer(parts, state);
    const unmark = LeNet.maps(parts, state);
    LeNet.panel(parts, state);
    const networks = own
      ? LeNet.ownNetwork(parts, state, own)
      : LeNet.networks(parts, state, notice);
    const sources = LeNet.sources(parts, state, notice);
    for (const wing of LeNet.wings || []) wing(parts, state, notice);
    state.on("values", () => (root.dataset.ready = "yes"));
    state.on("unit", () => (root.dataset.pinned = state.pinned ? "yes" : "no"));
    let offered = false; // are there networks?
    parts.reset.addEventListener("click", () => {
      state.forget();
      sources.forget();
      unmark();
      if (offered) begin(null, state, networks, notice);
      else state.show({ kind: "strokes", strokes: [] });
    });
    state.update();

    try {
      await networks.offer();
    } catch (error) {
      notice(
        "weights",
        `The networks can’t be loaded. ${error.message} Drawing and its preparation work all the same. Reload the page to try again; if you have built the book yourself, run “make export”.`,
      );
      parts.verdict.textContent = "There is no network to ask.";
      parts.samples.textContent = "The sample digits could not be loaded.";
      root.dataset.ready = "no network";
      return state;
    }
    offered = true;
    await sources.offer();
    await begin(sources.readLink(), state, networks, notice);
    window.addEventListener("hashchange", () => {
      const link = sources.readLink();
      if (link) begin(link, state, networks, notice);
    });
    root.dataset.ready = "yes";
    return state;
  }

  /** Fill the element, now or when the reader asks for it. */
  function offer(root) {
    if (!PARTS.every((part) => LeNet[part])) return; // its sentence stays
    if (root.dataset.when !== "asked" || LeNet.links.isMine(location.hash)) {
      start(root);
      return;
    }
    const { make } = LeNet.widgets;
    const load = () => {
      start(root);
      root.querySelector("button:enabled").focus(); // the button that had the focus is gone
    };
    root.classList.add("lx-on");
    root.replaceChildren(
      make("button", { type: "button", class: "lx-load", onclick: load }, "Load the explorer"),
      make("span", {}, " Draw a digit here, and see every unit of the network (about 0.2 MB)."),
      root.querySelector("template"),
    );
  }

  LeNet.explorer = { start };
  for (const root of document.querySelectorAll(".lenet-explorer")) offer(root);
})();
