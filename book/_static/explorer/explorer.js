/* The explorer: draw a digit, and see every unit of the network.

   `LeNet.explorer.start(root)` fills an element of class lenet-explorer from the template in it
   (book/_templates/explorer.html). Where a chapter holds it, that happens when the reader asks for
   it (data-when="asked"). The parts of the page stand in scripts of their own: they are told by the
   state (state.js) what has changed, and show it. A script that adds a part of its own puts a
   function into `LeNet.wings`.

   The hero of the first page (data-hero) is the stage alone. It asks for a network when it comes
   into view, and begins with strokes, so that it needs no samples. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const PARTS = [
    ...["say", "engine", "field", "preprocess", "links", "unit", "files", "hand", "newState"],
    ...["paper", "refusal", "answer", "maps", "marks", "loupe", "pointing", "stage", "panel"],
    ...["networks", "sources", "remember"],
  ];
  const FIRST_SAMPLE = 35; // what is shown at first
  const FIRST_STROKES = "C0ZCZD6MPLI6vjy4TqpsmoyMqoDGeNg";

  /** What is shown at first, unless the reader has drawn already, and asks for no beginning. */
  function firstSource(state, anew) {
    if (state.before.length && !anew) return state.source;
    if (state.samples) return { kind: "tried", sample: FIRST_SAMPLE };
    return LeNet.links.strokes.read(FIRST_STROKES);
  }

  /** Show what a link holds, or a first digit, with the network that it names or the first. What
      the reader asks for (`anew`) can be undone. */
  function begin(link, state, networks, notice, anew = null) {
    const known = link && networks.has(link.name, link.epoch);
    if (link && !known) notice("link", LeNet.say("explorer.linkUnknown"));
    const isThere = link && (link.source.kind !== "tried" || state.samples?.[link.source.sample]);
    const source = isThere ? link.source : firstSource(state, anew);
    if (anew) state.change(source, anew.network);
    else state.show(source);
    return known ? networks.use(link.name, link.epoch) : networks.useFirst();
  }

  /** Wait until the page stands and an element comes into view. */
  async function inView(root) {
    const { IntersectionObserver, requestIdleCallback = (then) => setTimeout(then, 50) } = window;
    if (document.readyState !== "complete")
      await new Promise((done) => addEventListener("load", done, { once: true }));
    await new Promise((done) => requestIdleCallback(done, { timeout: 500 }));
    if (!IntersectionObserver) return;
    await new Promise((done) => {
      const observer = new IntersectionObserver(([{ isIntersecting }]) => {
        if (!isIntersecting) return;
        observer.disconnect();
        done();
      });
      observer.observe(root);
    });
  }

  /** Give life to all parts; returns the two that load something, and what takes marks off. */
  function assemble(root, own, parts, state, notice) {
    LeNet.paper(parts, state, LeNet.widgets.pen(parts.paper));
    LeNet.answer(parts, state);
    const all = LeNet.maps(parts, state);
    const unmark = LeNet.marks(parts, state, all);
    LeNet.pointing(parts, state, all);
    LeNet.stage(parts, state, all);
    LeNet.panel(parts, state);
    const networks = own
      ? LeNet.ownNetwork(parts, state, own)
      : LeNet.networks(parts, state, notice);
    const sources = LeNet.sources(parts, state, notice);
    if (!("hero" in root.dataset)) for (const wing of LeNet.wings || []) wing(parts, state, notice);
    return { networks, sources, unmark };
  }

  /** Fill the element, and return its state. `own` returns a network that is on the page already
      (own.js); then no other is offered. */
  async function start(root, own = null) {
    const { gradients, fill, pen } = LeNet.widgets;
    const parts = fill(root);
    const notice = LeNet.widgets.messages(parts.messages);
    parts.paper.width = parts.paper.height = LeNet.preprocess.PAPER;
    parts.negativeRamp.style.background = gradients.negative;
    parts.positiveRamp.style.background = gradients.positive;
    parts.inkRamp.style.background = gradients.ink;
    const onPaper = pen(parts.paper, { willReadFrequently: true });
    if (!onPaper) notice("canvas", LeNet.say("explorer.noCanvas"));

    const state = LeNet.newState(onPaper);
    const { networks, sources, unmark } = assemble(root, own, parts, state, notice);
    state.on("values", () => (root.dataset.ready = "yes"));
    state.on("unit", () => (root.dataset.pinned = state.pinned ? "yes" : "no"));
    let offered = false; // are there networks?
    parts.reset.addEventListener("click", () => {
      const { network } = state;
      state.forget();
      sources.forget();
      unmark();
      if (offered) begin(null, state, networks, notice, { network });
      else state.change({ kind: "strokes", strokes: [] });
    });
    const hero = "hero" in root.dataset;
    if (hero) state.show(firstSource(state));
    state.update();
    if (hero) await inView(root);

    try {
      await networks.offer();
    } catch (error) {
      notice("weights", LeNet.say("explorer.noNetworks", { why: error.message }));
      parts.verdict.textContent = LeNet.say("explorer.noOneToAsk");
      parts.samples.textContent = LeNet.say("explorer.noSamples");
      root.dataset.ready = "none";
      return state;
    }
    offered = true;
    const kept = () => (state.before.length ? null : LeNet.remember.read(networks.has));
    const link = sources.readLink() || kept();
    if (!hero || link?.source.kind === "tried") await sources.offer();
    await begin(link, state, networks, notice);
    LeNet.remember(state);
    window.addEventListener("hashchange", () => {
      const link = sources.readLink();
      if (link) begin(link, state, networks, notice, state);
    });
    root.dataset.ready = "yes";
    return state;
  }

  LeNet.explorer = { start };
  if (PARTS.every((part) => LeNet[part]))
    // else its sentence stays
    for (const root of document.querySelectorAll(".lenet-explorer:not([data-when])")) start(root);
})();
