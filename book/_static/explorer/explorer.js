/* The explorer: draw a digit, and see every unit of the network.

   `LeNet.explorer.start(root)` fills an element of class lenet-explorer. Where a chapter holds it,
   the weights are loaded when the reader asks for them (data-when="asked"). */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const HERE = document.currentScript.src.replace(/[^/]*$/, ""); // the folder of this script
  const PAGE = HERE.replace(/_static\/explorer\/$/, "book/explorer.html");
  const UNDO_STEPS = 100;

  // ------------------------------------------------------------------ scripts with data

  const loading = {};

  /** Load a script of weights once; a failed one can be tried again. */
  function loadScript(file) {
    loading[file] =
      loading[file] ||
      new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = HERE + "weights/" + file;
        script.onload = () => resolve(script.remove());
        script.onerror = () => {
          script.remove();
          delete loading[file];
          reject(new Error(`The file weights/${file} is missing.`));
        };
        document.head.append(script);
      });
    return loading[file];
  }

  // ------------------------------------------------------------------ words

  const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const percent = (share) => `${(100 * share).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)} %`;
  const range = (first, side) => (side === 1 ? `${first}` : `${first}–${first + side - 1}`);

  // ------------------------------------------------------------------ the explorer

  function start(root) {
    const { make, field, number, pen, paint } = LeNet.widgets;
    const { GRID, layerText, valueRange, writeOut } = LeNet.unit;
    const { engine, links, preprocess } = LeNet;
    const state = {
      source: { kind: "strokes", strokes: [] },
      before: [], // what `undo` goes back to
      network: null,
      outputs: null,
      unit: null, // { index, map, row, column }
      pinned: false,
      samples: null,
    };
    const parts = {}; // elements that change

    // ---------------------------------------------------------------- messages

    /** Show a sentence, or take it away. `topic` keeps apart what has nothing to do with it. */
    function say(topic, text) {
      parts.messages.querySelector(`[data-topic="${topic}"]`)?.remove();
      if (text) parts.messages.append(make("p", { "data-topic": topic }, text));
    }

    // ---------------------------------------------------------------- what is drawn

    function change(source) {
      state.before.push(state.source);
      if (state.before.length > UNDO_STEPS) state.before.shift();
      show(source);
    }

    function show(source) {
      state.source = source;
      parts.undo.disabled = state.before.length === 0;
      soon();
    }

    function undo() {
      if (state.before.length) show(state.before.pop());
    }

    /** Return the ink of what is shown, and its steps. */
    function prepareSource() {
      const { source } = state;
      if (source.kind === "strokes") {
        if (!parts.ink) return { steps: null };
        preprocess.drawStrokes(parts.ink, source.strokes);
        const ink = preprocess.readInk(parts.ink);
        return {
          ink,
          side: preprocess.PAPER,
          steps: preprocess.normalise(ink, preprocess.PAPER, preprocess.PAPER),
        };
      }
      const ink = source.kind === "tried" ? state.samples?.[source.sample]?.ink : source.centred;
      if (!ink) return { steps: null };
      // It is as MNIST's digits are already: its box is shown, and nothing is changed.
      const box = preprocess.box(ink, 28, 28);
      if (!box) return { steps: null };
      const small = preprocess.scale(ink, 28, box, box.width, box.height);
      const steps = {
        box,
        small,
        width: box.width,
        height: box.height,
        x: box.x,
        y: box.y,
        centred: ink,
      };
      return { ink, side: 28, steps: { ...steps, centre: preprocess.centre(small, box.width) } };
    }

    // ---------------------------------------------------------------- from ink to answer

    let waiting = false;
    function soon() {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        update();
      });
    }

    function update() {
      const { ink, side, steps } = prepareSource();
      const inputSize = state.network ? state.network.inputSize : 32;
      const centred = steps ? steps.centred : new Float32Array(784);
      const image = preprocess.forNetwork(centred, inputSize);
      showPaper(ink, side);
      showSteps(ink, side, steps, image, inputSize);
      if (!state.network) return;
      state.outputs = engine.forward(state.network, image);
      const answer = engine.answer(state.network, state.outputs);
      showAnswer(answer, Boolean(steps));
      showLayers(image);
      if (state.unit) showUnit();
      root.dataset.ready = "yes";
    }

    /* Strokes are on the paper already. A sample or a picture is put there, enlarged. */
    function showPaper(ink, side) {
      if (!parts.ink || state.source.kind === "strokes") return;
      const small = make("canvas");
      paint(small, ink || new Float32Array(784), 28, 28, [0, 1], "ink");
      parts.ink.imageSmoothingEnabled = false;
      parts.ink.drawImage(small, 0, 0, preprocess.PAPER, preprocess.PAPER);
    }

    function showSteps(ink, side, steps, image, inputSize) {
      const [drawn, scaled, centred, padded] = parts.steps;
      [drawn, scaled, centred].forEach((step) => step.marks.replaceChildren());
      if (ink && side === 28) paint(drawn.canvas, ink, 28, 28, [0, 1], "ink");
      else {
        const view = pen(drawn.canvas);
        if (view) {
          drawn.canvas.width = drawn.canvas.height = preprocess.PAPER / 2;
          view.drawImage(parts.paper, 0, 0, preprocess.PAPER / 2, preprocess.PAPER / 2);
        }
      }
      if (steps) {
        const { box, width, height, centre } = steps;
        drawn.marks.append(mark(box.x / side, box.y / side, box.width / side, box.height / side));
        const left = (20 - width) >> 1,
          top = (20 - height) >> 1;
        paint(
          scaled.canvas,
          preprocess.place(steps.small, width, 20, left, top),
          20,
          20,
          [0, 1],
          "ink",
        );
        paint(centred.canvas, steps.centred, 28, 28, [0, 1], "ink");
        const at = (place) => (place + 0.5) / 28;
        centred.marks.append(cross(at(steps.x + centre.x), at(steps.y + centre.y)));
      } else {
        paint(scaled.canvas, new Float32Array(400), 20, 20, [0, 1], "ink");
        paint(centred.canvas, new Float32Array(784), 28, 28, [0, 1], "ink");
      }
      paint(padded.canvas, image, inputSize, inputSize, [0, 1], "ink");
      padded.text.textContent =
        inputSize === 28
          ? "This network takes 28×28: nothing is added."
          : "Two empty pixels are added on each side: 32×32.";
      drawn.text.textContent =
        state.source.kind === "tried"
          ? "The sample and its box."
          : state.source.kind === "picture"
            ? "The picture and its box."
            : "The drawing and its box.";
    }

    const mark = (x, y, width, height, kind = "") =>
      make("span", {
        class: `lx-mark ${kind}`,
        style: `left:${100 * x}%;top:${100 * y}%;width:${100 * width}%;height:${100 * height}%`,
      });
    const cross = (x, y) =>
      make("span", { class: "lx-cross", style: `left:${100 * x}%;top:${100 * y}%` });

    let speaking;
    function showAnswer({ label, shares, distances }, drawn) {
      shares.forEach((share, digit) => {
        const { row, bar, text } = parts.bars[digit];
        bar.style.width = `${100 * share}%`;
        text.textContent = distances
          ? `${percent(share)} · ${number(distances[digit], 1)}`
          : percent(share);
        row.classList.toggle("lx-best", digit === label);
      });
      parts.barList.classList.toggle("lx-distances", Boolean(distances));
      const sentence = drawn
        ? `The network reads a ${label} (${percent(shares[label])}` +
          (distances ? `; distance to its code ${number(distances[label], 1)}).` : ").")
        : "Nothing is drawn. The network answers all the same, because it must.";
      parts.verdict.textContent = sentence;
      clearTimeout(speaking); // while the pen moves, a screen reader keeps quiet
      speaking = setTimeout(() => (parts.spoken.textContent = sentence), 700);
    }

    // ---------------------------------------------------------------- the network's layers

    /** Make the pictures of all layers; their values come with `showLayers`. */
    function layOut() {
      const { network } = state;
      parts.layers = network.layers.map((layer, index) => {
        const group = make("div", {
          class: "lx-maps",
          role: "application",
          tabindex: 0,
          "aria-label": `${layerText(layer)}. Arrow keys go from unit to unit, Page Up and Page Down from map to map; Enter pins the unit.`,
        });
        const single = layer.size === 1;
        const columns = single ? GRID[layer.maps] || Math.ceil(Math.sqrt(layer.maps)) : layer.size;
        const rows = single ? Math.ceil(layer.maps / columns) : layer.size;
        const maps = Array.from({ length: single ? 1 : layer.maps }, (_, map) => {
          const canvas = make("canvas", { "aria-hidden": "true" });
          const marks = make("span", { class: "lx-marks" });
          canvas.dataset.map = map;
          return { canvas, marks, box: make("span", { class: "lx-map" }, canvas, marks) };
        });
        const view = { group, single, columns, rows, maps };
        group.append(...maps.map((map) => map.box));
        group.classList.add(
          single
            ? `lx-units-${layer.maps}`
            : `lx-size-${layer.maps}-${layer.size > 14 ? "l" : layer.size > 9 ? "m" : layer.size > 6 ? "n" : "s"}`,
        );
        group.addEventListener("pointermove", (event) => {
          if (event.pointerType !== "touch" && !state.pinned) choose(unitAt(view, index, event));
        });
        group.addEventListener("click", (event) => {
          const unit = unitAt(view, index, event);
          if (!unit) return;
          const again = state.pinned && same(unit, state.unit);
          state.pinned = !again;
          choose(unit, true);
        });
        group.addEventListener("keydown", (event) => keys(view, index, event));
        group.addEventListener("focus", () => {
          if (!group.matches(":focus-visible") || state.unit?.index === index) return;
          const middle = single ? 0 : layer.size >> 1;
          choose({ index, map: 0, row: middle, column: middle }, true);
        });
        return view;
      });
      parts.network.replaceChildren(
        make(
          "div",
          { class: "lx-layer" },
          make("p", { class: "lx-name" }, `Input: ${network.inputSize}×${network.inputSize}`),
          make("div", { class: "lx-maps lx-input" }, parts.input.box),
        ),
        ...network.layers.map((layer, index) =>
          make(
            "div",
            { class: "lx-layer" },
            make("p", { class: "lx-name" }, layerText(layer)),
            parts.layers[index].group,
            layer.maps === 10 && layer.size === 1
              ? make(
                  "div",
                  { class: "lx-digits", "aria-hidden": "true" },
                  ...Array.from("0123456789", (digit) => make("span", {}, digit)),
                )
              : null,
          ),
        ),
      );
      const [low, high] = valueRange(network, 0, [0]);
      parts.scaleLow.textContent = number(low, low % 1 ? 1 : 0);
      parts.scaleHigh.textContent = number(high, high % 1 ? 1 : 0);
      parts.layerSelect.replaceChildren(
        ...network.layers.map((layer, index) => make("option", { value: index }, layerText(layer))),
      );
    }

    function showLayers(image) {
      const { network, outputs } = state;
      paint(parts.input.canvas, image, network.inputSize, network.inputSize, [0, 1], "ink");
      parts.layers.forEach((view, index) => {
        let values = outputs[index + 1];
        const layer = network.layers[index];
        let limits = valueRange(network, index, values);
        if (layer.kind === "rbf") {
          values = engine.answer(network, outputs).shares;
          limits = [0, 1];
        }
        view.maps.forEach(({ canvas }, map) => {
          paint(
            canvas,
            values,
            view.columns,
            view.rows,
            limits,
            "values",
            map * view.columns * view.rows,
          );
        });
      });
    }

    // ---------------------------------------------------------------- choosing a unit

    const same = (a, b) =>
      a && b && ["index", "map", "row", "column"].every((key) => a[key] === b[key]);

    function unitAt(view, index, event) {
      const canvas = event.target.closest("canvas");
      if (!canvas) return null;
      const box = canvas.getBoundingClientRect();
      const within = (place, count) => Math.min(Math.max(Math.floor(place * count), 0), count - 1);
      const column = within((event.clientX - box.left) / box.width, view.columns);
      const row = within((event.clientY - box.top) / box.height, view.rows);
      if (!view.single) return { index, map: Number(canvas.dataset.map), row, column };
      const map = row * view.columns + column;
      return map < state.network.layers[index].maps ? { index, map, row: 0, column: 0 } : null;
    }

    function keys(view, index, event) {
      const { maps, size } = state.network.layers[index];
      const unit =
        state.unit?.index === index ? { ...state.unit } : { index, map: 0, row: 0, column: 0 };
      const clamp = (value, end) => Math.min(Math.max(value, 0), end - 1);
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[
        event.key
      ];
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (step && view.single) unit.map = clamp(unit.map + step[0] * view.columns + step[1], maps);
      else if (step) {
        unit.row = clamp(unit.row + step[0], size);
        unit.column = clamp(unit.column + step[1], size);
      } else if (event.key === "PageUp") unit.map = clamp(unit.map - 1, maps);
      else if (event.key === "PageDown") unit.map = clamp(unit.map + 1, maps);
      else if (event.key === "Home") unit.map = 0;
      else if (event.key === "End") unit.map = maps - 1;
      else if (event.key === "Enter" || event.key === " ") state.pinned = !state.pinned;
      else if (event.key === "Escape") state.pinned = false;
      else return;
      event.preventDefault();
      choose(unit, true);
    }

    /** Show a unit. `aloud`: it was chosen on purpose, so a screen reader says what it is. */
    function choose(unit, aloud = false) {
      if (!unit || !state.outputs) return;
      if (!aloud && same(unit, state.unit)) return;
      state.unit = unit;
      const layer = state.network.layers[unit.index];
      parts.layerSelect.value = unit.index;
      const limits = { map: layer.maps, row: layer.size, column: layer.size };
      for (const [key, input] of Object.entries(parts.unitFields)) {
        input.max = limits[key] - 1;
        input.value = unit[key];
        input.disabled = limits[key] === 1;
      }
      root.dataset.pinned = state.pinned ? "yes" : "no";
      showUnit();
      if (aloud) {
        const value = engine.explain(
          state.network,
          state.outputs,
          unit.index,
          unit.map,
          unit.row,
          unit.column,
        ).value;
        parts.spokenUnit.textContent = `${unitName(unit)}: ${number(value, 3)}${state.pinned ? ", pinned" : ""}`;
      }
    }

    function unitName({ index, map, row, column }) {
      const { name, size } = state.network.layers[index];
      return size > 1
        ? `${name}, map ${map}, row ${row}, column ${column}`
        : `${name}, unit ${map}`;
    }

    /* Put the form's numbers into the unit, within what the layer has. */
    function chooseByForm() {
      const index = Number(parts.layerSelect.value),
        { maps, size } = state.network.layers[index];
      const read = (key, end) => {
        const value = Math.round(Number(parts.unitFields[key].value));
        return Math.min(Math.max(Number.isFinite(value) ? value : 0, 0), end - 1);
      };
      state.pinned = true;
      choose(
        { index, map: read("map", maps), row: read("row", size), column: read("column", size) },
        true,
      );
    }

    // ---------------------------------------------------------------- one unit, written out

    function showUnit() {
      const { network, outputs, unit } = state;
      const { index, map, row, column } = unit;
      const told = engine.explain(network, outputs, index, map, row, column);
      const looks = engine.looksAt(network, index, row, column);
      showMarks(told, looks);
      const below = index ? network.layers[index - 1] : null;
      const whole = !below || below.size === 1 ? null : looks.below;
      const maps = told.parts.map((part) => part.map);
      const from = below ? below.name : "the input";
      const where = whole
        ? `rows ${range(whole.row, whole.side)}, columns ${range(whole.column, whole.side)} of ${from}` +
          (maps.length > 1
            ? `, in ${maps.length === below.maps ? `all ${below.maps} maps` : `maps ${maps.join(", ")}`}`
            : "")
        : below
          ? `all ${below.maps} units of ${from}`
          : "";
      const { input } = looks;
      const field_ =
        input.side >= network.inputSize
          ? "the whole input"
          : `rows ${range(input.row, input.side)}, columns ${range(input.column, input.side)} of the input`;
      const text = index ? `It sees ${where}; through them, ${field_}.` : `It sees ${field_}.`;
      parts.unitTitle.textContent = unitName(unit) + (state.pinned ? " (pinned)" : "");
      parts.unitPlace.textContent = text;
      const open = parts.unitBody.querySelector("details")?.open;
      parts.unitBody.replaceChildren(...writeOut(state, index, told));
      if (open) parts.unitBody.querySelector("details").open = true;
    }

    function showMarks({ layer, parts: seen }, looks) {
      const { network, unit } = state;
      for (const view of [parts.input, ...parts.layers.flatMap((layer) => layer.maps)])
        view.marks.replaceChildren();
      const here = parts.layers[unit.index];
      const { row, column } = here.single
        ? { row: Math.floor(unit.map / here.columns), column: unit.map % here.columns }
        : unit;
      here.maps[here.single ? 0 : unit.map].marks.append(
        mark(column / here.columns, row / here.rows, 1 / here.columns, 1 / here.rows, "lx-unit"),
      );
      const square = ({ row, column, side }, size) =>
        mark(column / size, row / size, side / size, side / size);
      parts.input.marks.append(square(looks.input, network.inputSize));
      if (!unit.index) return;
      const below = parts.layers[unit.index - 1];
      if (below.single) below.maps[0].marks.append(mark(0, 0, 1, 1));
      else
        for (const { map } of seen) below.maps[map].marks.append(square(looks.below, layer.below));
    }

    // ---------------------------------------------------------------- networks and epochs

    let asked = 0;
    async function useNetwork(name, epoch) {
      const turn = ++asked;
      const entry = engine.received.catalogue.networks.find((network) => network.name === name);
      const snapshot = entry?.snapshots.find((taken) => taken.epoch === epoch);
      try {
        if (!snapshot)
          throw new Error(`There are no weights of “${name}” after ${count(epoch, "epoch")}.`);
        await loadScript(snapshot.file);
        const key = `${name}-${epoch}`;
        if (!(key in engine.received.weights))
          throw new Error(`${snapshot.file} is damaged: it hands over no weights`);
        const network = engine.build(entry, engine.decode(engine.received.weights[key], snapshot));
        if (turn !== asked) return; // the reader has gone on to another one
        const other = state.network?.name !== name;
        state.network = network;
        network.epoch = epoch;
        say("weights", "");
        if (other) {
          layOut();
          if (state.unit && !fits(state.unit)) state.unit = null;
        }
        showChoice(entry, snapshot);
        update();
        if (other) choose(state.unit || liveliest(), false);
      } catch (error) {
        if (turn !== asked) return;
        const still = state.network
          ? "The network on this page stays as it was."
          : "Drawing and its preparation work all the same.";
        say(
          "weights",
          `The weights can’t be used. ${error.message.replace(/\.?$/, ".")} ${still} Reload the page to try again; if you have built the book yourself, run “make export”.`,
        );
        if (state.network) showChoice(state.network.entry, { epoch: state.network.epoch });
      }
    }

    const fits = ({ index, map, row, column }) => {
      const layer = state.network.layers[index];
      return layer && map < layer.maps && row < layer.size && column < layer.size;
    };

    /** The unit of C1 that the digit excites most: a good one to begin with. */
    function liveliest() {
      const values = state.outputs[1],
        { size } = state.network.layers[0];
      let best = 0;
      values.forEach((value, n) => {
        if (Math.abs(value) > Math.abs(values[best])) best = n;
      });
      return {
        index: 0,
        map: Math.floor(best / size / size),
        row: Math.floor(best / size) % size,
        column: best % size,
      };
    }

    function showChoice(entry, { epoch }) {
      for (const input of root.querySelectorAll('input[data-choice="network"]'))
        input.checked = input.value === entry.name;
      for (const input of root.querySelectorAll('input[data-choice="epoch"]'))
        input.checked = Number(input.value) === epoch;
      const snapshot = entry.snapshots.find((taken) => taken.epoch === epoch);
      const parameters = String(entry.parameters).replace(/\B(?=(\d{3})+$)/g, " ");
      const last = epoch === entry.snapshots[entry.snapshots.length - 1].epoch;
      parts.about.textContent =
        `${entry.title}: ${parameters} parameters, trained on ${entry.dataset} (seed ${entry.seed}). ` +
        (epoch === 0 ? "Before training" : `After ${count(epoch, "epoch")}`) +
        ` it reads ${(100 * snapshot.val_accuracy).toFixed(1)} % of the validation digits` +
        (last ? `, and ${(100 * entry.test_accuracy).toFixed(2)} % of the test digits.` : ".") +
        (entry.layers[entry.layers.length - 1].kind === "rbf"
          ? " Beside each share stands the distance of F6 to the code of the class: the smallest wins."
          : "");
    }

    function choices(kind, legend, options, onchange) {
      const name = LeNet.widgets.id(kind);
      return make(
        "fieldset",
        { class: "lx-choice" },
        make("legend", {}, legend),
        ...options.map(([value, text]) =>
          make(
            "label",
            {},
            make("input", { type: "radio", name, value, "data-choice": kind, onchange }),
            ` ${text}`,
          ),
        ),
      );
    }

    function chosen() {
      const value = (kind) => root.querySelector(`input[data-choice="${kind}"]:checked`)?.value;
      return [value("network"), Number(value("epoch"))];
    }

    function showNetworks() {
      const { networks } = engine.received.catalogue;
      const go = () => useNetwork(...chosen());
      parts.choices.replaceChildren(
        choices(
          "network",
          "Network",
          networks.map((entry) => [entry.name, entry.title]),
          go,
        ),
        choices(
          "epoch",
          "Trained for",
          networks[0].snapshots.map(({ epoch }) => [epoch, count(epoch, "epoch")]),
          go,
        ),
      );
    }

    // ---------------------------------------------------------------- samples, pictures, links

    async function loadSamples() {
      try {
        await loadScript("samples.js");
        const about = engine.received.catalogue.samples;
        const bytes = engine.decode(engine.received.samples, about);
        state.samples = about.labels.map((label, n) => ({
          label,
          ink: Float32Array.from(bytes.subarray(784 * n, 784 * n + 784), (value) => value / 255),
        }));
        parts.samples.replaceChildren(
          make("p", {}, `From ${about.source}: digits that the network has not learned from.`),
          make(
            "div",
            { class: "lx-samples" },
            ...state.samples.map(({ label, ink }, n) => {
              const canvas = make("canvas", { "aria-hidden": "true" });
              const visible = pen(canvas) ? canvas : String(label);
              paint(canvas, ink, 28, 28, [0, 1], "ink");
              return make(
                "button",
                {
                  type: "button",
                  "aria-label": `Sample ${n + 1}: a ${label}`,
                  onclick: () => change({ kind: "tried", sample: n }),
                },
                visible,
              );
            }),
          ),
        );
        say("samples", "");
      } catch (error) {
        say(
          "samples",
          `The sample digits can’t be shown. ${error.message.replace(/\.?$/, ".")} Draw one, or choose an image file.`,
        );
      }
    }

    async function choosePicture(event) {
      const [file] = event.target.files;
      event.target.value = ""; // the same file can be chosen again
      if (!file) return;
      try {
        const { steps } = await preprocess.readFile(file);
        say("picture", "");
        change({ kind: "picture", centred: steps.centred });
      } catch (error) {
        say("picture", error.message);
      }
    }

    async function share() {
      if (!state.network) return;
      const address = `${PAGE}#${links.write(state.network.name, state.network.epoch, state.source)}`;
      parts.link.value = address;
      parts.linkRow.hidden = false;
      if (PAGE === location.href.split(/[?#]/)[0]) history.replaceState(null, "", address);
      try {
        await navigator.clipboard.writeText(address);
        parts.linkNote.textContent = "Copied.";
      } catch {
        parts.link.select();
        parts.linkNote.textContent = "Copy it from here.";
      }
    }

    /** Show what the page's address holds; returns the network and epoch that it names. */
    function readLink() {
      if (!links.isMine(location.hash)) return null;
      try {
        const link = links.read(location.hash);
        if (link.source.kind === "tried" && !(link.source.sample < 50))
          throw new Error("no such sample");
        say("link", "");
        return link;
      } catch {
        say(
          "link",
          "The drawing in this link can’t be read: the link may have been cut short. Here is a sample in its place.",
        );
        return null;
      }
    }

    function begin(link) {
      const { networks } = engine.received.catalogue || { networks: [] };
      const known =
        link &&
        networks.some(
          ({ name, snapshots }) =>
            name === link.name && snapshots.some(({ epoch }) => epoch === link.epoch),
        );
      if (link && networks.length && !known)
        say(
          "link",
          "The link names a network that is not here; its drawing is shown with another one.",
        );
      const first = networks[0];
      const last = first?.snapshots[first.snapshots.length - 1].epoch;
      show(
        link
          ? link.source
          : state.samples
            ? { kind: "tried", sample: 35 }
            : { kind: "strokes", strokes: [] },
      );
      return networks.length
        ? useNetwork(...(known ? [link.name, link.epoch] : [first.name, last]))
        : null;
    }

    function reset() {
      state.before = [];
      state.pinned = false;
      state.unit = null;
      parts.linkRow.hidden = true;
      if (links.isMine(location.hash)) history.replaceState(null, "", location.href.split("#")[0]);
      for (const topic of ["picture", "link"]) say(topic, "");
      if (state.network)
        for (const view of [parts.input, ...parts.layers.flatMap((layer) => layer.maps)])
          view.marks.replaceChildren();
      state.network = null; // so that the first unit is chosen anew
      begin(null);
    }

    // ---------------------------------------------------------------- drawing

    function drawing(canvas) {
      let stroke = null;
      const point = (event) => {
        const box = canvas.getBoundingClientRect();
        const place = (at, from, length) =>
          Math.min(Math.max(Math.round((255 * (at - from)) / length), 0), 255);
        return [
          place(event.clientX, box.left, box.width),
          place(event.clientY, box.top, box.height),
        ];
      };
      canvas.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || stroke) return;
        event.preventDefault();
        canvas.setPointerCapture(event.pointerId);
        const earlier = state.source.kind === "strokes" ? state.source.strokes : [];
        stroke = [point(event)];
        change({ kind: "strokes", strokes: [...earlier, stroke] });
      });
      canvas.addEventListener("pointermove", (event) => {
        if (!stroke) return;
        const events = event.getCoalescedEvents?.() || [];
        for (const moved of events.length ? events : [event]) {
          const [x, y] = point(moved),
            [oldX, oldY] = stroke[stroke.length - 1];
          if (Math.abs(x - oldX) + Math.abs(y - oldY) >= 2) stroke.push([x, y]);
        }
        soon();
      });
      for (const end of ["pointerup", "pointercancel"])
        canvas.addEventListener(end, () => (stroke = null));
    }

    // ---------------------------------------------------------------- the page

    function build() {
      parts.messages = make("div", { class: "lx-messages", role: "status" });
      parts.paper = make("canvas", {
        width: preprocess.PAPER,
        height: preprocess.PAPER,
        class: "lx-paper",
        role: "img",
        "aria-label":
          "Paper to draw a digit on with mouse, finger or pen. With the keyboard, choose a sample digit or an image file below.",
      });
      parts.ink = pen(parts.paper, { willReadFrequently: true });
      const button = (text, onclick, more = {}) =>
        make("button", { type: "button", onclick, ...more }, text);
      parts.undo = button("Undo", undo, { disabled: true });
      parts.samples = make("div", {}, "The sample digits are loaded with the network.");
      const file = make("input", {
        type: "file",
        accept: preprocess.KINDS.join(","),
        onchange: choosePicture,
      });
      parts.steps = [
        "",
        "It is scaled to fit 20×20.",
        "Its centre of mass (cross) is put in the middle of 28×28.",
        "",
      ].map((words) => {
        const canvas = make("canvas", { "aria-hidden": "true", width: 28, height: 28 });
        const marks = make("span", { class: "lx-marks" });
        const text = make("figcaption", {}, words);
        return {
          canvas,
          marks,
          text,
          figure: make(
            "figure",
            { class: "lx-step" },
            make("span", { class: "lx-map" }, canvas, marks),
            text,
          ),
        };
      });
      parts.bars = Array.from("0123456789", (digit) => {
        const bar = make("span", { class: "lx-bar" });
        const text = make("span", { class: "lx-share" });
        const row = make(
          "li",
          {},
          make("span", { class: "lx-digit" }, digit),
          make("span", { class: "lx-track" }, bar),
          text,
        );
        return { row, bar, text };
      });
      parts.barList = make(
        "ol",
        { class: "lx-bars", "aria-label": "Share of each class" },
        ...parts.bars.map((bar) => bar.row),
      );
      parts.verdict = make(
        "p",
        { class: "lx-verdict", "aria-hidden": "true" },
        "The network is being loaded …",
      );
      parts.spoken = make("p", { class: "lx-quiet", role: "status" });
      parts.spokenUnit = make("p", { class: "lx-quiet", role: "status" });
      parts.choices = make("div", { class: "lx-choices" });
      parts.about = make("p", { class: "lx-about" });
      parts.link = make("input", {
        type: "text",
        readonly: true,
        "aria-label": "Link to this drawing",
      });
      parts.linkNote = make("span", { role: "status" });
      parts.linkRow = make("div", { class: "lx-link", hidden: true }, parts.link, parts.linkNote);
      parts.network = make("div", { class: "lx-network" });
      const inputCanvas = make("canvas", { "aria-hidden": "true" });
      const inputMarks = make("span", { class: "lx-marks" });
      parts.input = {
        canvas: inputCanvas,
        marks: inputMarks,
        box: make("span", { class: "lx-map" }, inputCanvas, inputMarks),
      };
      parts.scaleLow = make("span", {}, "−1");
      parts.scaleHigh = make("span", {}, "1");
      const legend = make(
        "p",
        { class: "lx-legend" },
        "Values: ",
        parts.scaleLow,
        make("span", { class: "lx-ramp", style: `background:${LeNet.widgets.gradients.values}` }),
        parts.scaleHigh,
        " · ink: 0 ",
        make("span", { class: "lx-ramp", style: `background:${LeNet.widgets.gradients.ink}` }),
        " 1",
      );
      parts.layerSelect = make("select", { onchange: chooseByForm });
      parts.unitFields = Object.fromEntries(
        ["map", "row", "column"].map((key) => [
          key,
          make("input", { type: "number", min: 0, value: 0, onchange: chooseByForm }),
        ]),
      );
      parts.unitTitle = make("p", { class: "lx-title" }, "One unit");
      parts.unitPlace = make("p", { class: "lx-place" }, "Point at a unit, or choose one here.");
      parts.unitBody = make("div", {});
      const panel = make(
        "section",
        { class: "lx-panel", "aria-label": "One unit, computed", tabindex: 0 },
        parts.unitTitle,
        parts.unitPlace,
        parts.unitBody,
        make(
          "div",
          { class: "lx-form" },
          field("Layer", parts.layerSelect),
          field("Map", parts.unitFields.map),
          field("Row", parts.unitFields.row),
          field("Column", parts.unitFields.column),
        ),
      );
      root.replaceChildren(
        parts.messages,
        make(
          "div",
          { class: "lx-top" },
          make(
            "section",
            { class: "lx-draw", "aria-label": "Draw a digit" },
            make("p", { class: "lx-title" }, "Draw a digit"),
            parts.paper,
            make(
              "div",
              { class: "lx-buttons" },
              parts.undo,
              button("Clear", () => change({ kind: "strokes", strokes: [] })),
              button("Reset", reset),
              button("Share", share),
            ),
          ),
          make(
            "section",
            { class: "lx-answer", "aria-label": "What the network reads" },
            make("p", { class: "lx-title" }, "What the network reads"),
            parts.verdict,
            parts.barList,
          ),
          make(
            "section",
            { class: "lx-prepare", "aria-label": "How the drawing is prepared" },
            make("p", { class: "lx-title" }, "Prepared as MNIST was"),
            make("div", { class: "lx-steps" }, ...parts.steps.map((step) => step.figure)),
          ),
        ),
        parts.linkRow,
        make(
          "details",
          { class: "lx-more" },
          make("summary", {}, "Choose a sample digit"),
          parts.samples,
        ),
        make("div", { class: "lx-upload" }, field("Or an image file of one digit", file)),
        make("section", { "aria-label": "Which network" }, parts.choices, parts.about),
        make(
          "div",
          { class: "lx-body" },
          make(
            "section",
            { "aria-label": "All units of the network" },
            make("p", { class: "lx-title" }, "All units"),
            legend,
            parts.network,
          ),
          panel,
        ),
        parts.spoken,
        parts.spokenUnit,
      );
      root.classList.add("lx-on");
      if (parts.ink) drawing(parts.paper);
      else
        say(
          "canvas",
          "This browser has no canvas, so nothing can be drawn and no map shown. Sample digits and the numbers of each unit work.",
        );
    }

    build();
    update();
    return (async () => {
      try {
        await loadScript("index.js");
        if (!engine.received.catalogue?.networks?.length)
          throw new Error("The file weights/index.js is damaged.");
      } catch (error) {
        say(
          "weights",
          `The networks can’t be loaded. ${error.message} Drawing and its preparation work all the same. Reload the page to try again; if you have built the book yourself, run “make export”.`,
        );
        parts.verdict.textContent = "There is no network to ask.";
        parts.samples.textContent = "The sample digits could not be loaded.";
        root.dataset.ready = "no network";
        return;
      }
      showNetworks();
      await loadSamples();
      await begin(readLink());
      window.addEventListener("hashchange", () => {
        const link = readLink();
        if (link) begin(link);
      });
      root.dataset.ready = "yes";
    })();
  }

  /** Fill the element, now or when the reader asks for it. */
  function offer(root) {
    if (!["engine", "preprocess", "widgets", "links", "unit"].every((part) => LeNet[part])) return; // its sentence stays
    if (root.dataset.when !== "asked" || LeNet.links.isMine(location.hash)) {
      start(root);
      return;
    }
    const { make } = LeNet.widgets;
    root.classList.add("lx-on");
    const load = () => {
      start(root);
      root.querySelector("button:enabled").focus(); // the button that had the focus is gone
    };
    root.replaceChildren(
      make("button", { type: "button", class: "lx-load", onclick: load }, "Load the explorer"),
      make("span", {}, " Draw a digit here, and see every unit of the network (about 0.2 MB)."),
    );
  }

  LeNet.explorer = { start };
  for (const root of document.querySelectorAll(".lenet-explorer")) offer(root);
})();
