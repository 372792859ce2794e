/* Which network is asked, and after how many epochs: the choice, and the weights for it. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, files, say } = LeNet;
  const { id, make, pause } = LeNet.widgets;

  const epochs = (count) => say("networks.epochs", { count });
  const last = (list) => list[list.length - 1];
  const find = (name) => engine.received.catalogue.networks.find((entry) => entry.name === name);

  /** Load a network's weights and build it. */
  async function load(name, epoch) {
    const entry = find(name);
    const snapshot = entry?.snapshots.find((taken) => taken.epoch === epoch);
    if (!snapshot) throw new Error(say("networks.none", { name, epochs: epochs(epoch) }));
    await files.load(snapshot.file);
    const key = `${name}-${epoch}`;
    if (!(key in engine.received.weights))
      throw new Error(say("networks.damaged", { file: snapshot.file }));
    await pause();
    const network = engine.build(entry, engine.decode(engine.received.weights[key], snapshot));
    await pause();
    return Object.assign(network, { epoch });
  }

  /** Say what a network is, and how well it reads. */
  function about({ entry, epoch }) {
    const { title, dataset, seed, snapshots, layers } = entry;
    const snapshot = snapshots.find((taken) => taken.epoch === epoch);
    const parameters = String(entry.parameters).replace(/\B(?=(\d{3})+$)/g, " ");
    const validated = (100 * snapshot.val_accuracy).toFixed(1);
    const tested = (100 * entry.test_accuracy).toFixed(2);
    const values = { title, parameters, dataset, seed, validated, tested, epochs: epochs(epoch) };
    const sentences = [
      "what",
      epoch === 0 ? "before" : epoch === last(snapshots).epoch ? "last" : "after",
      last(layers).kind === "rbf" && "distances",
    ];
    return sentences
      .filter(Boolean)
      .map((name) => say(`networks.about.${name}`, values))
      .concat(LeNet.refusal.about(snapshot.none))
      .join(" ");
  }

  /** Make a group of radio buttons. */
  function radios(kind, legend, options, onchange) {
    const name = id(kind);
    const one = ([value, text]) =>
      make(
        "label",
        {},
        make("input", { type: "radio", name, value, "data-choice": kind, onchange }),
        ` ${text}`,
      );
    return make(
      "fieldset",
      { class: "lx-choice" },
      make("legend", {}, legend),
      ...options.map(one),
    );
  }

  /** Mark the buttons that are of a network. */
  function mark(choices, { entry, epoch }) {
    for (const input of choices.querySelectorAll("input")) {
      const value = { network: entry.name, epoch: String(epoch) }[input.dataset.choice];
      input.checked = input.value === value;
    }
  }

  const networks = (LeNet.networks = function (parts, state, notice) {
    let asked = 0; // the reader may go on to another network while one is being loaded
    let shown = null; // the network that the choice and the sentence below are of

    function showChoice(network) {
      shown = network;
      mark(parts.choices, network);
      parts.about.textContent = about(network);
    }

    /** Show a network. Where it can't be had, say so, and keep the one that is there. */
    async function use(name, epoch) {
      const turn = ++asked;
      try {
        const network = await load(name, epoch);
        if (turn !== asked) return;
        notice("weights", "");
        showChoice(network);
        state.use(network);
      } catch (error) {
        if (turn !== asked) return;
        const why = error.message.replace(/[.。]?$/, (end) => end || ".");
        const still = say(`networks.still.${state.network ? "shown" : "none"}`);
        notice("weights", say("networks.refused", { why, still }));
        if (state.network) showChoice(state.network);
      }
    }

    // What a button goes back to can have another network.
    state.on("values", () => {
      if (state.network.entry && state.network !== shown) showChoice(state.network);
    });

    function useChosen() {
      const value = (kind) =>
        parts.choices.querySelector(`input[data-choice="${kind}"]:checked`)?.value;
      return use(value("network"), Number(value("epoch")));
    }

    return {
      use,
      /** Load the list of networks and offer them. Rejects where there is none. */
      async offer() {
        await files.load("index.js");
        const { networks } = engine.received.catalogue || {};
        if (!networks?.length) throw new Error(say("networks.noList"));
        const names = networks.map(({ name, title }) => [name, LeNet.named(title)]);
        const taken = networks[0].snapshots.map(({ epoch }) => [epoch, epochs(epoch)]);
        parts.choices.replaceChildren(
          radios("network", say("networks.network"), names, useChosen),
          radios("epoch", say("networks.trained"), taken, useChosen),
        );
      },
      /** Tell whether there is such a network. */
      has: (name, epoch) =>
        Boolean(find(name)?.snapshots.some((snapshot) => snapshot.epoch === epoch)),
      /** Use the first network, after its last epoch. */
      useFirst() {
        const [{ name, snapshots }] = engine.received.catalogue.networks;
        return use(name, last(snapshots).epoch);
      },
    };
  });

  Object.assign(networks, { load, epochs });
})();
