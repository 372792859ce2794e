/* The backward view, a wing of the explorer: a switch that shows slopes in the place of values, the
   digit that it is meant to be, and the loss. What learns is in backward-learn.js. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, say } = LeNet;
  const { id, make } = LeNet.widgets;
  const RATES = [0.001, 0.01, 0.03, 0.1, 0.3, 1];
  const RATE = 0.03;

  /** Return what finds the slopes for what is shown, once for each. */
  function finder(state, label) {
    let kept = {};
    return () => {
      const { network, outputs } = state;
      const wanted = label();
      if (kept.outputs !== outputs || kept.label !== wanted)
        kept = { outputs, label: wanted, found: LeNet.backward(network, outputs, wanted) };
      return kept.found;
    };
  }

  /** The ten buttons that say what the drawing is meant to be. `label()` is the one that counts. */
  function meant(parts, state, changed) {
    let chosen = null; // by the reader; otherwise the sample's label, or the answer
    let kind = "";
    const known = () => {
      const { source, samples } = state;
      return source.kind === "tried" ? samples?.[source.sample]?.label : undefined;
    };
    const label = () => chosen ?? known() ?? engine.answer(state.network, state.outputs).label;
    const name = id("meant");
    const buttons = Array.from("0123456789", (digit) => {
      const onchange = () => {
        chosen = Number(digit);
        changed();
      };
      const input = make("input", { type: "radio", name, value: digit, onchange });
      return make("label", {}, input, ` ${digit}`);
    });
    parts.meant.append(...buttons);
    state.on("source", () => {
      const { source } = state;
      const now = source.kind === "strokes" && source.strokes.length ? "strokes" : "";
      if (!now || now !== kind) chosen = null; // another digit
      kind = now;
    });
    function show() {
      buttons[label()].querySelector("input").checked = true;
      const why = chosen !== null ? "byReader" : known() !== undefined ? "bySample" : "byAnswer";
      parts.meantWhy.textContent = say(`backward.${why}`);
    }
    return { label, show };
  }

  /** Write the limits of the colours in the place of the kinds of layers. */
  function writeLimits(parts, state, all) {
    const { fine } = LeNet.backwardUnit;
    for (const layer of parts.network.querySelectorAll(".lx-layer")) {
      const kind = layer.querySelector(".lx-kind");
      kind.dataset.kind = kind.dataset.kind || kind.textContent;
      const limit = all && fine(all.units[Number(layer.dataset.index) + 1].limit);
      kind.textContent = all ? `±${limit}` : kind.dataset.kind;
    }
    const shape = parts.input.querySelector(".lx-shape");
    if (shape) {
      shape.dataset.kind = shape.dataset.kind || shape.textContent;
      shape.textContent = all ? `±${fine(all.units[0].limit)}` : shape.dataset.kind;
    }
    if (!all) return;
    const last = state.network.layers.length;
    parts.slopesLegend.textContent = say("backward.legend", {
      output: state.network.layers[last - 1].name,
      limit: fine(all.units[last].limit),
    });
  }

  /** The switch between values and slopes. */
  function newSwitch(parts, state, slopesNow) {
    const legend = parts.low.closest(".lx-legend");
    legend.before(parts.slopesBar);
    parts.slopesLegend.before(legend);
    parts.share.closest(".lx-buttons").after(parts.changedNote);
    let on = false;
    const limits = () => {
      const { limitOf } = LeNet.backwardUnit;
      return { units: slopesNow().units.map((values) => ({ limit: limitOf(values) })) };
    };
    state.instead = (index) => {
      if (!on) return null;
      const values = slopesNow().units[index + 1];
      const limit = LeNet.backwardUnit.limitOf(values) || 1;
      return { values, limits: [-limit, limit] };
    };
    function turn(slopes) {
      on = slopes;
      parts.showValues.setAttribute("aria-pressed", String(!on));
      parts.showSlopes.setAttribute("aria-pressed", String(on));
      parts.stage.classList.toggle("lx-backward", on);
      legend.hidden = on;
      parts.slopesLegend.hidden = !on;
      if (state.outputs) state.update();
    }
    parts.showValues.addEventListener("click", () => turn(false));
    parts.showSlopes.addEventListener("click", () => turn(true));
    turn(false);
    return { isOn: () => on, show: () => writeLimits(parts, state, on ? limits() : null) };
  }

  function offerRates(parts) {
    const options = RATES.map((rate) => make("option", { value: rate }, String(rate)));
    parts.rate.append(...options);
    parts.rate.value = RATE;
    return () => Number(parts.rate.value);
  }

  function backwardView(parts, state) {
    const { fine, writeSlope } = LeNet.backwardUnit;
    const rate = offerRates(parts);
    const mean = meant(parts, state, () => state.update());
    const slopesNow = finder(state, mean.label);
    const shown = newSwitch(parts, state, slopesNow);
    const showPixels = LeNet.backwardPixels(parts, state, slopesNow);
    const learning = LeNet.backwardLearn(parts, state, () => [mean.label(), rate()]);

    /** Put the slope at the unit above its value in the panel. */
    function showUnit() {
      parts.unitBody.querySelector(".lx-slope")?.remove();
      if (shown.isOn() && state.unit)
        parts.unitBody.prepend(writeSlope(state, slopesNow(), rate()));
    }

    state.on("values", (told) => {
      mean.show();
      const { loss } = slopesNow();
      const rbf = state.network.layers[state.network.layers.length - 1].kind === "rbf";
      const name = rbf ? "backward.mapLoss" : "backward.crossEntropy";
      parts.loss.textContent = say(name, { label: mean.label(), loss: fine(loss) });
      parts.loss.dataset.loss = loss;
      shown.show();
      showUnit();
      showPixels();
      learning.show(told);
    });
    state.on("unit", showUnit);
    parts.rate.addEventListener("change", showUnit);
  }

  LeNet.wings = [...(LeNet.wings || []), backwardView];
})();
