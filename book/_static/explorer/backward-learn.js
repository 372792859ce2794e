/* "Learn this digit": steps of gradient descent on the digit that is drawn, and what they change. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, say } = LeNet;
  const { make, paint } = LeNet.widgets;
  const MANY = 10; // steps of the second button
  const SURE = 0.01; // a loss so small that a step changes next to nothing
  const MOST_KEPT = 200; // steps that can be undone: each holds a copy of the network
  const CHANGED = ", changed";

  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const right = (read) => read.filter(Boolean).length;

  /** What has been learned: the network as it was, as it is, and those between. */
  function newHistory(state) {
    const history = {
      first: null, // the network that came with the page, or null where nothing was learned
      steps: 0,
      before: [], // networks to go back to
      last: null, // the latest step: shares and losses before and after, and the change
      /** Forget, where the reader has gone to another network by himself. */
      check() {
        if (history.first && state.network !== history.now)
          Object.assign(history, { first: null, now: null, steps: 0, before: [], last: null });
      },
      show(network) {
        history.now = network;
        state.owner?.took(network);
        state.use(network);
      },
      learn(label, rate) {
        const { network, image, outputs } = state;
        history.first = history.first || network;
        const step = LeNet.learnStep(network, outputs, label, rate);
        if (!Number.isFinite(limit(step.changes))) throw new Error(say("backward.tooFar"));
        const next = step.network;
        next.name = history.first.name + CHANGED;
        const after = engine.forward(next, image);
        const loss = LeNet.backward(next, after, label).loss;
        if (!Number.isFinite(loss)) throw new Error(say("backward.tooFar"));
        history.before.push({ network, last: history.last });
        if (history.before.length > MOST_KEPT) history.before.shift();
        history.steps++;
        history.last = {
          ...{ label, rate, changes: step.changes },
          losses: [step.slopes.loss, loss],
          shares: [outputs, after].map((one, n) => engine.answer([network, next][n], one).shares),
        };
        history.show(next);
      },
      undo() {
        const { network, last } = history.before.pop();
        history.steps--;
        history.last = last;
        if (!history.steps) history.first = null;
        history.show(network);
      },
      forget() {
        const { first } = history;
        Object.assign(history, { first: null, steps: 0, before: [], last: null });
        history.show(first);
      },
    };
    return history;
  }

  const limit = (changes) =>
    Math.max(...changes.flatMap((arrays) => Object.values(arrays).map(LeNet.backwardUnit.limitOf)));

  /** The ten shares before and after a step, and the two losses. */
  function comparison({ label, losses, shares }) {
    const { fine } = LeNet.backwardUnit;
    const bar = (share, kind) =>
      make(
        "span",
        { class: `lx-track ${kind}` },
        make("span", { class: "lx-bar", style: `width:${100 * share}%` }),
      );
    const row = (digit) =>
      make(
        "tr",
        { class: digit === label ? "lx-best" : "" },
        make("th", { scope: "row" }, String(digit)),
        ...shares.map((one, n) =>
          make("td", {}, bar(one[digit], n ? "lx-after" : "lx-before"), percent(one[digit])),
        ),
      );
    const head = ["digit", "before", "after"].map((one) =>
      make("th", { scope: "col" }, say(`backward.${one}`)),
    );
    return [
      make(
        "p",
        { class: "lx-losses" },
        say("backward.losses", { before: fine(losses[0]), after: fine(losses[1]) }),
      ),
      ...(losses[0] < SURE ? [make("p", {}, say("backward.sure"))] : []),
      make(
        "table",
        { class: "lx-compared" },
        make("thead", {}, make("tr", {}, ...head)),
        make("tbody", {}, ...Array.from({ length: 10 }, (_, digit) => row(digit))),
      ),
    ];
  }

  /** The kernels of the first layer before anything was learned, after, and the change. */
  function kernels({ first, now, last }) {
    const { fine, limitOf } = LeNet.backwardUnit;
    const layer = first.layers[0],
      after = now.layers[0];
    const area = layer.kernel ** 2;
    const whole = after.weights.map((one, n) => one - layer.weights[n]);
    const rows = [
      ["kernelsBefore", layer.weights, limitOf(layer.weights)],
      ["kernelsAfter", after.weights, limitOf(layer.weights)],
      ["kernelsStep", last.changes[0].weights, limitOf(last.changes[0].weights)],
      ["kernelsChange", whole, limitOf(whole)],
    ];
    return rows.map(([name, values, most]) => {
      const pictures = Array.from({ length: layer.maps }, (_, map) => {
        const canvas = make("canvas", { "aria-hidden": "true", class: "lx-patch" });
        const limits = [-(most || 1), most || 1];
        const first = map * layer.inputs * area;
        paint(canvas, values, layer.kernel, layer.kernel, limits, "signed", first);
        return canvas;
      });
      const text = say(`backward.${name}`, { layer: layer.name, limit: fine(most) });
      return make("div", { class: "lx-kernels" }, make("span", {}, text), ...pictures);
    });
  }

  /** Show what can be done, and what was. `busy`: its own training would overwrite each step. */
  function showButtons(parts, { steps, first, before }, drawn, busy) {
    parts.learn.textContent = say(steps ? "backward.again" : "backward.learn");
    for (const button of [parts.learn, parts.learnMany]) button.disabled = !drawn || busy;
    parts.undoStep.disabled = !before.length || busy;
    parts.forgetAll.disabled = !steps || busy;
    parts.share.disabled = Boolean(steps);
    parts.share.title = steps ? say("backward.noLink") : "";
    parts.learnSteps.textContent = steps
      ? say("backward.steps", { count: steps, name: first.entry.title || first.name })
      : say(`backward.${busy ? "busy" : drawn ? "noSteps" : "nothingDrawn"}`);
  }

  /** Give life to the buttons. `chosen()` returns the label and the rate, or throws a sentence. */
  LeNet.backwardLearn = function (parts, state, chosen) {
    const history = newHistory(state);
    const samples = { network: null, read: null }; // of the network before learning
    let counting = 0;

    function attempt(steps) {
      parts.learnError.textContent = "";
      try {
        for (let n = 0; n < steps; n++) history.learn(...chosen());
      } catch (error) {
        parts.learnError.textContent = error.message;
      }
    }

    /** Say how the samples are read by now: this is where forgetting shows. Those that all networks
        misread don't count. */
    function count() {
      if (!state.samples || !history.first) return;
      const list = state.samples.slice(0, engine.received.catalogue.samples.misread?.from);
      if (samples.network !== history.first) {
        samples.network = history.first;
        samples.read = right(LeNet.readSamples(history.first, list));
      }
      const now = right(LeNet.readSamples(history.now, list));
      const told = { all: list.length, before: samples.read, after: now };
      parts.forgotten.textContent = say("backward.forgotten", told);
      parts.forgotten.dataset.read = `${samples.read} ${now}`;
    }

    function show({ drawn }) {
      history.check();
      const { steps, last } = history;
      showButtons(parts, history, drawn, state.owner?.busy());
      parts.learned.replaceChildren(...(last ? [...comparison(last)] : []));
      parts.kernels.replaceChildren(...(last ? kernels(history) : []));
      parts.changedNote.textContent = steps ? say("backward.changedNote", { count: steps }) : "";
      clearTimeout(counting);
      if (!steps) {
        parts.forgotten.textContent = "";
        delete parts.forgotten.dataset.read;
      } else counting = setTimeout(count, 30);
    }

    parts.learnMany.textContent = say("backward.many", { count: MANY });
    parts.learn.addEventListener("click", () => attempt(1));
    parts.learnMany.addEventListener("click", () => attempt(MANY));
    parts.undoStep.addEventListener("click", () => {
      history.undo();
      if (parts.undoStep.disabled) parts.learn.focus();
    });
    parts.forgetAll.addEventListener("click", () => {
      history.forget();
      parts.learn.focus();
    });
    return { show, history };
  };
})();
