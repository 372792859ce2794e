/* A second network beside the first: what does it read in the same drawing? */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, preprocess, say } = LeNet;
  const { make } = LeNet.widgets;

  const read = (network, outputs, drawn) => {
    const answer = engine.answer(network, outputs);
    return { ...answer, refuses: Boolean(drawn && LeNet.refusal(network, answer)) };
  };
  const inWords = ({ label, refuses }) =>
    refuses ? say("beside.refuses") : say("beside.reads", { label });

  /** Say what two networks make of a drawing, and whether they agree. */
  function compare(one, other, names) {
    const [first, second] = [one, other].map(inWords);
    const agree = one.refuses === other.refuses && (one.refuses || one.label === other.label);
    return say(`beside.${agree ? "agree" : "disagree"}`, { ...names, first, second });
  }

  /** Offer networks and epochs. */
  function offer({ besideNetwork, besideEpoch }) {
    const { networks } = engine.received.catalogue;
    const option = (value, text) => make("option", { value }, text);
    besideNetwork.replaceChildren(
      option("", say("beside.no")),
      ...networks.map(({ name, title }) => option(name, title)),
    );
    const epochs = networks[0].snapshots.map(({ epoch }) => epoch);
    besideEpoch.replaceChildren(
      ...epochs.map((epoch) => option(epoch, LeNet.networks.epochs(epoch))),
    );
    besideEpoch.value = epochs[epochs.length - 1];
  }

  /** Show the ten shares. */
  function showBars(bars, { label, shares }) {
    Array.from(bars.children).forEach((row, digit) => {
      const share = `${(100 * shares[digit]).toFixed(1)} %`;
      row.querySelector(".lx-bar").style.width = `${100 * shares[digit]}%`;
      row.querySelector(".lx-share").textContent = share;
      row.classList.toggle("lx-best", digit === label);
    });
  }

  LeNet.wings = LeNet.wings || [];
  LeNet.wings.push((parts, state, notice) => {
    const { besideNetwork, besideEpoch, besideAnswer, besideBars, besideSays, besideName } = parts;
    if (!besideNetwork) return;
    let second = null,
      turn = 0;

    const titleOf = ({ entry, epoch }) =>
      say("beside.title", {
        title: entry?.title || say("beside.yours"),
        epochs: LeNet.networks.epochs(epoch ?? 0),
      });

    function show(drawn) {
      besideAnswer.hidden = !second;
      besideEpoch.disabled = !besideNetwork.value;
      if (!second || !state.network) return;
      const image = preprocess.forNetwork(state.centred, second.inputSize);
      const other = read(second, engine.forward(second, image), drawn);
      showBars(besideBars, other);
      besideName.textContent = titleOf(second);
      besideSays.textContent = drawn
        ? compare(read(state.network, state.outputs, drawn), other, {
            one: titleOf(state.network),
            other: titleOf(second),
          })
        : say("beside.nothing");
    }

    async function choose() {
      const mine = ++turn;
      let network = null;
      try {
        if (besideNetwork.value)
          network = await LeNet.networks.load(besideNetwork.value, Number(besideEpoch.value));
        notice("beside", "");
      } catch (error) {
        if (mine !== turn) return;
        notice("beside", say("beside.refused", { why: error.message.replace(/\.?$/, ".") }));
        besideNetwork.value = "";
      }
      if (mine !== turn) return;
      second = network;
      show(state.drawn);
    }

    besideNetwork.addEventListener("change", choose);
    besideEpoch.addEventListener("change", choose);
    state.on("values", ({ drawn }) => {
      if (!besideNetwork.options.length && engine.received.catalogue) offer(parts);
      state.drawn = drawn;
      show(drawn);
    });
  });
})();
