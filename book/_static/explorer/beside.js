/* A second network beside the first: what does it read in the same drawing? */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, preprocess, say } = LeNet;
  const { make } = LeNet.widgets;
  const LEAST = 0.005; // a share below this is not drawn as an outline

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
    const said = (kind) =>
      say(`beside.${kind}.${agree ? "same" : "other"}`, { ...names, first, second });
    return { long: said("long"), short: said("short") };
  }

  /** Put the second network's share into each row of the first one's, outlined. */
  function outline(bars, shares) {
    Array.from(bars.children).forEach((row, digit) => {
      const track = row.querySelector(".lx-track");
      track.querySelector(".lx-outlined")?.remove();
      if (!shares || shares[digit] < LEAST) return;
      const bar = make("span", { class: "lx-outlined" });
      bar.style.setProperty("--share", `${100 * shares[digit]}%`);
      track.append(bar);
    });
  }

  /** Offer networks and epochs. */
  function offer({ besideNetwork, besideEpoch }) {
    const { networks } = engine.received.catalogue;
    const option = (value, text) => make("option", { value }, text);
    besideNetwork.replaceChildren(
      option("", say("beside.no")),
      ...networks.map(({ name, title }) => option(name, LeNet.named(title))),
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
    const { besideNetwork, besideEpoch, besideAnswer, besideBars, besideSays } = parts;
    if (!besideNetwork) return;
    let second = null,
      turn = 0;

    const titleOf = ({ entry, epoch }) =>
      say("beside.title", {
        title: entry?.title || say("beside.yours"),
        epochs: LeNet.networks.epochs(epoch ?? 0),
      });

    function show(drawn) {
      besideAnswer.hidden = parts.second.hidden = !second;
      besideEpoch.disabled = !besideNetwork.value;
      if (!second || !state.network) {
        outline(parts.bars, null);
        return;
      }
      const image = preprocess.forNetwork(state.centred, second.inputSize);
      const other = read(second, engine.forward(second, image), drawn);
      showBars(besideBars, other);
      outline(parts.bars, other.shares);
      const names = {
        one: titleOf(state.network),
        other: titleOf(second),
        title: second.entry.title,
      };
      const said = compare(read(state.network, state.outputs, drawn), other, names);
      besideSays.textContent = drawn ? said.long : say("beside.nothing");
      parts.second.textContent = drawn ? said.short : "";
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
        notice(
          "beside",
          say("beside.refused", { why: error.message.replace(/[.。]?$/, (end) => end || ".") }),
        );
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
