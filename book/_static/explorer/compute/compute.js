/* Watch it compute: one unit, or a whole map, step by step, on a real digit.

   `LeNet.compute.box(parts)` gives life to a copy of book/_templates/compute.html, and shows what
   it is handed. A page that holds an element of class lenet-compute gets one with a choice of
   digit, network and place, when the reader asks for it (asked.js); the explorer gets one for the unit that
   is chosen there. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const compute = (LeNet.compute = LeNet.compute || {});
  const { engine, files, say } = LeNet;
  const { fill, make } = LeNet.widgets;
  const FIRST = 35; // the sample that is shown at first, as in the explorer
  const PLACE = ["map", "row", "column"];

  /** Say what is computed. */
  function titleOf({ layer, level, unit }) {
    const single = layer.size === 1;
    const name = level === "unit" ? (single ? "Single" : "Unit") : single ? "Layer" : "Map";
    return say(`compute.title${name}`, { layer: layer.name, ...unit });
  }

  /** Return all that is needed to show a unit, or the map that it is in. */
  function newScene({ network, outputs, unit }, level) {
    const layer = network.layers[unit.index];
    const steps = compute[level === "unit" ? "steps" : "mapSteps"](network, outputs, unit);
    const name = unit.index ? network.layers[unit.index - 1].name : say("unit.input");
    const look = compute.look(network, outputs, unit);
    const count = layer.size > 1 ? layer.size ** 2 : layer.maps;
    return { network, outputs, unit, level, layer, steps, name, look, count };
  }

  /** Give life to a box. `show({network, outputs, unit})` shows a unit, before its first step. */
  compute.box = function (parts) {
    let scene = null,
      given = null,
      draw = null;
    const player = compute.player(parts, (n, byHand) => {
      if (!scene) return;
      draw(n);
      const [where, how] = compute.tell(scene.steps[n], scene, scene.made);
      parts.where.textContent = where;
      parts.how.textContent = how;
      parts.spoken.textContent = byHand ? `${where}: ${how}` : "";
    });

    function show(what, goOn = false) {
      const playing = player.playing();
      given = what;
      scene = newScene(what, parts.level.value);
      for (const key of ["row", "column"])
        parts[key].parentElement.hidden = scene.layer.size === 1 || scene.level === "map";
      const wholes = scene.layer.size > 1 ? "map" : "layer";
      parts.level.options[1].textContent = say(`compute.level.${wholes}`);
      parts.title.textContent = titleOf(scene);
      draw = compute.draw(parts, scene);
      player.load(scene.steps, scene.level);
      if (goOn && playing) player.play();
    }
    parts.level.addEventListener("change", () => given && show(given));
    return { show, player, scene: () => scene };
  };

  /** Return the unit of a map at a point of its picture. */
  function unitAt(scene, canvas, event) {
    const { layer, unit, out } = scene;
    const box = canvas.getBoundingClientRect();
    const within = (share, count) => Math.min(Math.max(Math.floor(share * count), 0), count - 1);
    const column = within((event.clientX - box.left) / box.width, out.columns);
    const row = within((event.clientY - box.top) / box.height, out.rows);
    if (layer.size > 1) return { ...unit, row, column };
    return { ...unit, map: Math.min(row * out.columns + column, layer.maps - 1) };
  }

  // ------------------------------------------------------------------ in a chapter

  /** The unit of the first map that the digit excites most; of the outputs, the answer. */
  function firstUnit(network, outputs, name) {
    const found = network.layers.findIndex((layer) => layer.name === name);
    const index = Math.max(0, found);
    const { size, kind } = network.layers[index];
    const values = Array.from(outputs[index + 1]);
    if (index === network.layers.length - 1) {
      const best = kind === "rbf" ? Math.min(...values) : Math.max(...values);
      return { index, map: values.indexOf(best), row: 0, column: 0 };
    }
    const sizes = values.slice(0, size * size).map(Math.abs);
    const place = sizes.indexOf(Math.max(...sizes));
    return { index, map: 0, row: Math.floor(place / size), column: place % size };
  }

  /** Put the fields' numbers within what the layer has, and back into the fields. */
  function readPlace(parts, { index }, network) {
    const { maps, size } = network.layers[index];
    const unit = { index };
    for (const key of PLACE) {
      const limit = key === "map" ? maps : size;
      const value = Math.round(Number(parts[key].value));
      unit[key] = Math.min(Math.max(Number.isFinite(value) ? value : 0, 0), limit - 1);
    }
    return unit;
  }

  function writePlace(parts, unit, network) {
    const { maps, size } = network.layers[unit.index];
    for (const key of PLACE) {
      parts[key].max = (key === "map" ? maps : size) - 1;
      parts[key].value = unit[key];
    }
    parts.map.previousElementSibling.textContent =
      size > 1 ? say("compute.map") : say("compute.unit");
  }

  /** Load the list of networks, the digits, and a network's weights. */
  async function load(name) {
    await files.load("index.js");
    await files.load("samples.js");
    const entry = engine.received.catalogue.networks.find((one) => one.name === name);
    const { snapshots } = entry || engine.received.catalogue.networks[0];
    return LeNet.networks.load(name, snapshots[snapshots.length - 1].epoch);
  }

  /** Offer one sample of each digit, and the networks. */
  function offer(parts, samples, chosen) {
    const firsts = Array.from("0123456789", (digit) =>
      samples.findIndex(({ label }) => label === Number(digit)),
    );
    firsts[samples[FIRST].label] = FIRST;
    parts.digit.replaceChildren(
      ...firsts.map((n, label) =>
        make("option", { value: n, selected: n === FIRST }, say("compute.sample", { label })),
      ),
    );
    parts.network.replaceChildren(
      ...engine.received.catalogue.networks.map(({ name, title }) =>
        make("option", { value: name, selected: name === chosen }, LeNet.named(title)),
      ),
    );
  }

  /** Fill an element of a chapter: what is chosen in it is computed. */
  async function start(root, network) {
    const parts = fill(root);
    const box = compute.box(parts);
    const samples = LeNet.sources.readSamples();
    let unit = null;
    offer(parts, samples, network.name);
    parts.whole.href = files.page;

    /** Show what is chosen; `name` of a layer asks for a unit of it. */
    function update(goOn, name) {
      const image = LeNet.preprocess.forNetwork(samples[parts.digit.value].ink, network.inputSize);
      const outputs = engine.forward(network, image);
      if (name) unit = firstUnit(network, outputs, name);
      writePlace(parts, unit, network);
      const { title } = network.entry;
      parts.about.textContent = say("compute.about", { title, count: network.epoch });
      box.show({ network, outputs, unit }, goOn);
    }
    parts.digit.addEventListener("change", () => update(true));
    for (const key of PLACE)
      parts[key].addEventListener("change", () => {
        unit = readPlace(parts, unit, network);
        update(true);
      });
    parts.out.addEventListener("click", (event) => {
      const canvas = event.target.closest("canvas");
      if (!canvas) return;
      const chosen = unitAt(box.scene(), canvas, event);
      const { level, out } = box.scene();
      if (level === "map") {
        const { map, row, column } = chosen;
        box.player.byHand(network.layers[unit.index].size > 1 ? row * out.columns + column : map);
        return;
      }
      unit = chosen;
      update(true);
    });
    parts.network.addEventListener("change", async () => {
      const wanted = parts.network.value;
      const { name } = network.layers[unit.index];
      try {
        const loaded = await load(wanted);
        if (wanted !== parts.network.value) return; // the reader has gone on to another one
        network = loaded;
      } catch (error) {
        if (wanted !== parts.network.value) return;
        parts.network.value = network.name;
        parts.about.textContent = say("compute.unavailable", { why: error.message });
        return;
      }
      update(true, name);
    });
    update(false, root.dataset.layer);
    root.dataset.ready = "yes";
    parts.stage.focus({ preventScroll: true });
    if (!box.player.calm()) box.player.play();
  }

  /** Start in an element of a chapter, with the first of the book's networks (see asked.js). */
  compute.start = async (root) => start(root, await load("textbook"));

  // ------------------------------------------------------------------ in the explorer

  const SOON = 150; // milliseconds after the last change of a drawing

  /** The wing of the explorer: the unit that is chosen there, opened in the drawer, or from the
      panel that writes it out. */
  function wing(parts, state) {
    const { watch, watchPlace, watchSection, watchTemplate } = parts;
    if (!watch) return;
    let box = null,
      stage = null,
      waiting = null;
    const opened = () => !watchPlace.hidden;

    function show(goOn) {
      if (!opened() || !state.unit || !state.outputs) return;
      const { network, outputs, unit } = state;
      box.show({ network, outputs, unit: { ...unit } }, goOn);
    }
    /* A drawing changes with every frame: the computation begins anew when the hand rests. */
    function soon() {
      clearTimeout(waiting);
      waiting = setTimeout(show, SOON, true);
    }
    function build() {
      const { copy, parts: own } = LeNet.widgets.copy(watchTemplate);
      watchPlace.append(copy);
      own.choices.remove();
      own.more.remove();
      stage = own.stage;
      box = compute.box(own);
    }
    function open(on) {
      if (!box) build();
      watchPlace.hidden = !on;
      watch.setAttribute("aria-expanded", String(on));
      watch.textContent = on ? say("compute.wingClose") : say("compute.wing");
      if (!on) return box.player.pause();
      show(false);
      if (!box.player.calm()) box.player.play();
    }
    /** From the panel: show the unit, and bring it into view. */
    function bring() {
      if (!state.unit) return;
      state.pinned = true;
      open(true);
      const behavior = box.player.calm() ? "auto" : "smooth";
      watchSection.scrollIntoView({ block: "start", behavior });
      stage.focus({ preventScroll: true });
    }
    watch.addEventListener("click", () => open(!opened()));
    const button = make("button", { type: "button", class: "lm-watch" }, say("compute.wing"));
    button.addEventListener("click", bring);
    parts.unitTitle.after(button);
    for (const what of ["values", "unit"]) state.on(what, () => box && soon());
  }
  (LeNet.wings = LeNet.wings || []).push(wing);
})();
