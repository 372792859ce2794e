/* The networks that the reader has trained and kept (kept.js), among those of the explorer. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { kept, say } = LeNet;
  const { id, make } = LeNet.widgets;

  /** Say what a kept network is. */
  function about({ title, about: { accuracy, seen } }) {
    const known = Number.isFinite(accuracy) && Number.isFinite(seen);
    const grouped = String(seen).replace(/\B(?=(\d{3})+$)/g, " ");
    const right = `${(100 * accuracy).toFixed(1)} %`;
    return known
      ? say("yours.what", { title, seen: grouped, right })
      : say("yours.bare", { title });
  }

  /** Load a kept network in a form that the list of the book's networks understands, too. */
  function load(one) {
    const network = kept.load(one.id);
    const { snapshots } = LeNet.engine.received.catalogue.networks[0];
    const { epoch } = snapshots[snapshots.length - 1]; // what a network of the book comes with next
    const { accuracy, settings } = one.about;
    const taken = { dataset: "MNIST", seed: settings?.seed, parameters: "", test_accuracy: NaN };
    network.entry = { ...network.entry, ...taken, name: network.name, title: one.name };
    network.entry.snapshots = [{ epoch, val_accuracy: accuracy }];
    network.entry.layers = network.layers;
    return Object.assign(network, { epoch, about: one.about });
  }

  LeNet.wings = LeNet.wings || [];
  LeNet.wings.push((parts, state, notice) => {
    const list = kept.list();
    if (!list.length || parts.choices.closest("section").hidden) return;
    const name = id("yours");

    function use(one) {
      try {
        notice("yours", "");
        state.use(load(one));
      } catch (error) {
        notice("yours", say("yours.refused", { name: one.name, why: error.message }));
        show();
      }
    }
    const inputs = list.map((one) =>
      make("input", { type: "radio", name, value: one.id, onchange: () => use(one) }),
    );
    const labels = inputs.map((input, n) => make("label", {}, input, ` ${list[n].name}`));
    parts.choices.after(
      make("fieldset", { class: "lx-choice" }, make("legend", {}, say("yours.yours")), ...labels),
    );

    /** Mark what is shown: one of these, or one of the book's. */
    function show() {
      const mine = state.network?.kept;
      for (const input of inputs) input.checked = input.value === mine;
      for (const input of parts.choices.querySelectorAll("input")) {
        input.disabled = Boolean(mine) && input.dataset.choice === "epoch";
        if (mine && input.dataset.choice === "network") input.checked = false;
      }
      parts.share.disabled = Boolean(mine); // a link can't hold it
      if (mine) parts.about.textContent = about(state.network);
    }
    state.on("values", show);
  });
})();
