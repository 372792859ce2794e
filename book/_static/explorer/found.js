/* The digits that were found on a picture, where there are several: the number that the network reads
   in them, and which of them it shows. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, preprocess, say } = LeNet;
  const { make, paint, pen } = LeNet.widgets;

  /** Return what is shown of a picture: one of its digits, and all of them where there are several. */
  LeNet.fromPicture = function (digits, chosen = 0) {
    const { steps, doubts } = digits[chosen];
    const source = { kind: "picture", centred: steps.centred, doubts };
    return digits.length > 1 ? { ...source, digits, chosen } : source;
  };

  /** Return what a network reads in each digit: its label, or "?" where it refuses. */
  const read = (network, digits) =>
    digits.map(({ steps }) => {
      const image = preprocess.forNetwork(steps.centred, network.inputSize);
      const answer = engine.answer(network, engine.forward(network, image));
      return LeNet.refusal(network, answer) ? "?" : String(answer.label);
    });

  /** Return the number, with a space between rows. */
  const numberOf = (labels, digits) =>
    labels.map((label, n) => (n && digits[n].row > digits[n - 1].row ? " " : "") + label).join("");

  /** Make a button for a digit: its picture, and what the network reads in it. */
  function button({ steps }, onclick) {
    const canvas = make("canvas", { "aria-hidden": "true" });
    paint(canvas, steps.centred, 28, 28, [0, 1], "ink");
    const label = make("span", {});
    return make("button", { type: "button", onclick }, pen(canvas) ? canvas : "", label);
  }

  LeNet.wings = LeNet.wings || [];
  LeNet.wings.push((parts, state) => {
    const { found, foundNumber, foundDigits } = parts;
    let shown = null, // the digits that have buttons
      asked = null, // the network that has read them …
      labels = []; // … so

    /** Say which is chosen, and what is read in each. */
    function tell() {
      const { chosen } = state.source;
      Array.from(foundDigits.children).forEach((one, n) => {
        one.setAttribute("aria-pressed", n === chosen);
        const values = { place: n + 1, count: shown.length, label: labels[n] ?? "" };
        one.setAttribute("aria-label", say("found.digit", values));
        one.querySelector("span").textContent = labels[n] ?? "";
      });
      const number = numberOf(labels, shown);
      foundNumber.textContent = number && say("found.number", { count: shown.length, number });
    }

    function show() {
      const { digits = null } = state.source;
      found.hidden = !digits;
      if (digits && digits !== shown) {
        const choose = (n) => () => state.change(LeNet.fromPicture(digits, n));
        foundDigits.replaceChildren(...digits.map((one, n) => button(one, choose(n))));
        asked = null;
      }
      shown = digits;
      if (!digits) return;
      if (state.network && state.network !== asked) {
        asked = state.network;
        labels = read(asked, digits);
      }
      tell();
    }

    state.on("source", show);
    state.on("values", show);
  });
})();
