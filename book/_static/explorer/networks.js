/* Which network is asked, and after how many epochs: the choice, and the weights for it. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, files } = LeNet;
  const { id, make } = LeNet.widgets;

  const epochs = (number) => `${number} epoch${number === 1 ? "" : "s"}`;
  const last = (list) => list[list.length - 1];
  const find = (name) => engine.received.catalogue.networks.find((entry) => entry.name === name);

  /** Load a network's weights and build it. */
  async function load(name, epoch) {
    const entry = find(name);
    const snapshot = entry?.snapshots.find((taken) => taken.epoch === epoch);
    if (!snapshot) throw new Error(`There are no weights of “${name}” after ${epochs(epoch)}.`);
    await files.load(snapshot.file);
    const key = `${name}-${epoch}`;
    if (!(key in engine.received.weights))
      throw new Error(`${snapshot.file} is damaged: it hands over no weights`);
    const network = engine.build(entry, engine.decode(engine.received.weights[key], snapshot));
    return Object.assign(network, { epoch });
  }

  /** Say what a network is, and how well it reads. */
  function about({ entry, epoch }) {
    const { title, dataset, seed, snapshots, layers } = entry;
    const snapshot = snapshots.find((taken) => taken.epoch === epoch);
    const parameters = String(entry.parameters).replace(/\B(?=(\d{3})+$)/g, " ");
    const when = epoch === 0 ? "Before training" : `After ${epochs(epoch)}`;
    const validated = (100 * snapshot.val_accuracy).toFixed(1);
    const tested = (100 * entry.test_accuracy).toFixed(2);
    return (
      `${title}: ${parameters} parameters, trained on ${dataset} (seed ${seed}). ` +
      `${when} it reads ${validated} % of the validation digits` +
      (epoch === last(snapshots).epoch ? `, and ${tested} % of the test digits.` : ".") +
      (last(layers).kind === "rbf"
        ? " Beside each share stands the distance of F6 to the code of the class: the smallest wins."
        : "")
    );
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

  LeNet.networks = function (parts, state, notice) {
    let asked = 0; // the reader may go on to another network while one is being loaded

    function showChoice({ entry, epoch }) {
      for (const input of parts.choices.querySelectorAll("input")) {
        const value = { network: entry.name, epoch: String(epoch) }[input.dataset.choice];
        input.checked = input.value === value;
      }
      parts.about.textContent = about({ entry, epoch });
    }

    /** Show a network. Where it can't be had, say so, and keep the one that is there. */
    async function use(name, epoch) {
      const turn = ++asked;
      try {
        const network = await load(name, epoch);
        if (turn !== asked) return;
        notice("weights", "");
        state.use(network);
        showChoice(network);
      } catch (error) {
        if (turn !== asked) return;
        const still = state.network
          ? "The network on this page stays as it was."
          : "Drawing and its preparation work all the same.";
        notice(
          "weights",
          `The weights can’t be used. ${error.message.replace(/\.?$/, ".")} ${still} Reload the page to try again; if you have built the book yourself, run “make export”.`,
        );
        if (state.network) showChoice(state.network);
      }
    }

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
        if (!networks?.length) throw new Error("The file weights/index.js is damaged.");
        const names = networks.map(({ name, title }) => [name, title]);
        const taken = networks[0].snapshots.map(({ epoch }) => [epoch, epochs(epoch)]);
        parts.choices.replaceChildren(
          radios("network", "Network", names, useChosen),
          radios("epoch", "Trained for", taken, useChosen),
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
  };
  LeNet.networks.load = load;
})();
