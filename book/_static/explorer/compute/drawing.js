/* The drawing of a computation: the maps below with the window on them, the kernel and the values
   under it, their products, the sum, and the map that is being filled. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const compute = (LeNet.compute = LeNet.compute || {});
  const { say } = LeNet;
  const { make, number, schemeOf } = LeNet.widgets;
  const { GRID, inputRange, valueRange } = LeNet.unit;
  const SIGNS = { product: ["×", "="], difference: ["−", "→"] };

  /** The limits and colours of the values that a layer gets. */
  function belowLook({ network, outputs, unit: { index } }) {
    const limits = index ? valueRange(network, index - 1, outputs[index]) : inputRange(network);
    return [limits, index ? schemeOf(limits) : "ink"];
  }

  const gridOf = (count) => GRID[count] || Math.ceil(Math.sqrt(count));
  const widest = (numbers) => numbers.reduce((most, one) => Math.max(most, Math.abs(one)), 1e-6);

  /** The limits and colours of a layer's weights, or of its codes; null where it has none. */
  function weightLook({ layer, look }) {
    if (layer.codes) return [[-1, 1], "signed"];
    if (!layer.weights) return null;
    const most = widest(look.parts.map((part) => widest(part.weights)));
    return [[-most, most], "signed"];
  }

  // ------------------------------------------------------------------ what it sees

  function belowMaps(scene) {
    const { layer, look, outputs, unit, name, network } = scene;
    const [limits, scheme] = belowLook(scene);
    const several = look.parts.length > 1;
    const size = layer.below;
    const kind = several ? (look.parts.length > 8 ? "lm-tiny" : "lm-small") : "lm-large";
    return look.parts.map(({ map }) => {
      const caption = unit.index
        ? several
          ? String(map)
          : say("compute.below.map", { name, map })
        : say("compute.below.input", { size: network.inputSize });
      const picture = compute.picture(caption, size, size, limits, scheme, kind);
      picture.paint(outputs[unit.index], map * size * size);
      return picture;
    });
  }

  /** A dense layer sees single units: they and their weights are shown side by side. */
  function belowUnits(scene) {
    const { layer, look, outputs, unit, name } = scene;
    const columns = gridOf(layer.inputs);
    const rows = Math.ceil(layer.inputs / columns);
    const [limits, scheme] = belowLook(scene);
    const values = compute.picture(
      say("compute.below.units", { name }),
      columns,
      rows,
      limits,
      scheme,
      "lm-units",
    );
    values.paint(outputs[unit.index]);
    const text = layer.codes
      ? say("compute.below.code", { map: unit.map })
      : say("compute.below.weights");
    const weights = compute.picture(text, columns, rows, ...weightLook(scene), "lm-units");
    weights.paint(look.parts[0].weights);
    return [values, weights];
  }

  /** Say which maps of the layer below are shown. */
  function belowTitle({ look, layer, name }) {
    const seen = look.parts.length;
    if (look.single || seen === 1) return "";
    return say(`compute.below.${seen < layer.inputs ? "maps" : "all"}`, {
      name,
      seen,
      maps: layer.inputs,
    });
  }

  // ------------------------------------------------------------------ the numbers

  /** The grids of the kernel, of the values under it, and of the products. */
  function grids(scene) {
    const { look, layer, level, steps, name } = scene;
    if (level === "map" && (look.single || look.parts.length > 1)) return null;
    const { across, page } = look;
    const weighted = weightLook(scene);
    const values = compute.grid(
      say(`compute.grid.${weighted ? "values" : "window"}`, { name }),
      across,
      page,
      ...belowLook(scene),
    );
    if (!weighted) {
      values.box.classList.add("lm-wide"); // larger numbers, and room for them
      return { all: [values], values };
    }
    const rbf = layer.kind === "rbf";
    const title = rbf ? "code" : look.single ? "weights" : "kernel";
    const weights = compute.grid(say(`compute.grid.${title}`), across, page, ...weighted);
    const most = widest(steps.map((step) => step.added ?? 0));
    const products = compute.grid(
      say(`compute.grid.${rbf ? "squares" : "products"}`),
      across,
      page,
      ...(level === "unit" ? [[-most, most]] : [weighted[0]]),
      "signed",
    );
    const [times, equals] = SIGNS[rbf ? "difference" : "product"];
    const sign = (text) => make("span", { class: "lm-sign", "aria-hidden": "true" }, text);
    const [one, two] = rbf ? [values, weights] : [weights, values];
    const all = [one, { box: sign(times) }, two, { box: sign(equals) }, products];
    return { all, values, weights, products };
  }

  /** Write the numbers of a part of what a unit sees, up to a place. */
  function fillGrids({ values, weights, products }, look, part, place, now) {
    const seen = look.parts[part];
    const first = Math.max(0, Math.floor(Math.max(place, 0) / look.page) * look.page);
    const slice = (list) => Array.from(list.slice(first, first + look.page));
    const under = slice(seen.values);
    const at = now === null ? -1 : now - first;
    values.fill(under, under.length, at);
    if (!weights) return;
    const beside = slice(seen.weights);
    weights.fill(beside, beside.length, at);
    const rbf = look.layer.kind === "rbf";
    const added = under.map((one, n) => (rbf ? (one - beside[n]) ** 2 : one * beside[n]));
    products.fill(added, place - first + 1, at);
  }

  // ------------------------------------------------------------------ what comes out

  function out({ layer, unit, outputs, network, ten }) {
    if (ten) return null;
    const { size, maps, name } = layer;
    const columns = size > 1 ? size : gridOf(maps);
    const rows = size > 1 ? size : Math.ceil(maps / columns);
    const limits = valueRange(network, unit.index, outputs[unit.index + 1]);
    const text = say(`compute.out.${size > 1 ? "map" : "units"}`, {
      name,
      map: unit.map,
      maps,
    });
    const picture = compute.picture(
      text,
      columns,
      rows,
      limits,
      schemeOf(limits),
      size > 1 ? "lm-large lm-out" : "lm-units lm-out",
    );
    const from = size > 1 ? unit.map * size * size : 0;
    const count = size > 1 ? size * size : maps;
    const values = Array.from(outputs[unit.index + 1].subarray(from, from + count));
    return {
      ...picture,
      columns,
      rows,
      /** Show the units up to one, with or without its own value. */
      show(n, done) {
        picture.paint(
          values.map((value, at) => (at < n || (at === n && done) ? value : undefined)),
        );
        picture.mark([n % columns, Math.floor(n / columns), 1, 1, "lx-unit"]);
      },
    };
  }

  /** What stands in the table of the ten outputs at a step. */
  function fillTen(table, scene, n) {
    const { steps, unit, layer, level } = scene;
    const { ten } = steps[steps.length - 1];
    const step = steps[n];
    const rbf = layer.kind === "rbf";
    const upTo = level === "map" ? (step?.kind === "unit" ? step.n + 1 : step ? 10 : 0) : null;
    const known = ({ map }) =>
      upTo !== null ? map < upTo : Boolean(step?.ten) || (map === unit.map && step?.part === -1);
    const write = (list, digits) =>
      list.map((one, map) => (known({ map }) ? number(one, digits) : ""));
    const now =
      level === "map" ? (step?.of ?? step?.n) : step?.kind === "power" ? step.of : unit.map;
    if (rbf) {
      const most = Math.max(...ten.distances);
      const bars = ten.distances.map((one, map) => (known({ map }) ? one / most : 0));
      return table.fill([write(ten.distances, 2)], bars, now, step?.label);
    }
    const powers = step?.kind === "power" ? step.of + 1 : step?.kind === "share" ? 10 : 0;
    const all = level === "map" ? (step?.kind === "share" ? step.of + 1 : 0) : 10;
    const shown = (at) => step?.kind === "share" && at < all;
    table.fill(
      [
        write(ten.sums, 2),
        ten.powers.map((one, at) => (at < powers ? compute.power(one) : "")),
        ten.shares.map((one, at) => (shown(at) ? number(one, 3) : "")),
      ],
      ten.shares.map((one, at) => (shown(at) ? one : 0)),
      now,
      null,
    );
  }

  // ------------------------------------------------------------------ put together

  /** Mark where one unit looks, in the maps below. */
  function markBelow({ below, look, layer }, unit, part, place) {
    const { kernel, stride } = layer;
    if (look.single) {
      const columns = gridOf(layer.inputs);
      const row = Math.floor(Math.max(place, 0) / columns);
      const across = [0, row, columns, 1];
      for (const picture of below) {
        if (part === null) picture.mark();
        else picture.mark(across, [Math.max(place, 0) % columns, row, 1, 1, "lx-unit"]);
      }
      return;
    }
    const [x, y] = [unit.column * stride, unit.row * stride];
    below.forEach((picture, n) => {
      picture.box.classList.toggle("lm-now", below.length > 1 && n === part);
      const inside = n === part && place !== null;
      const cell = [x + (place % kernel), y + Math.floor(place / kernel), 1, 1, "lx-unit"];
      const whole = kernel === layer.below; // its frame would say nothing
      picture.mark(...(whole ? [] : [[x, y, kernel, kernel]]), ...(inside ? [cell] : []));
    });
  }

  /** Write the sum of each map below it. */
  function noteSums({ below, look }, parts, upTo) {
    if (look.single || below.length === 1) return;
    below.forEach(({ note }, n) => (note.textContent = n < upTo ? number(parts[n].sum) : "\u2007"));
  }

  function showUnit(scene, n) {
    const { steps, look, unit } = scene;
    const step = steps[n];
    const gathering = step && step.part >= 0;
    const part = !step ? 0 : gathering ? step.part : look.parts.length - 1;
    const count = look.parts[part].values.length;
    const place = !step ? -1 : gathering ? step.place : count - 1;
    const now = gathering && step.kind !== "map" ? step.place : null;
    if (scene.grids) fillGrids(scene.grids, look, part, place, now);
    markBelow(scene, unit, step && !gathering ? null : part, now ?? (look.single ? place : null));
    noteSums(scene, look.parts, !step ? 0 : gathering ? part + (step.kind === "map") : part + 1);
    scene.out?.show(scene.first, step?.result !== undefined);
    scene.curve?.show(n);
  }

  function showMap(scene, n) {
    const { steps, network, outputs, look } = scene;
    const step = steps[n];
    const unit = step ? step.at || step.unit : steps[0].unit;
    const made = compute.unit(network, outputs, unit);
    scene.made = made;
    if (scene.grids) {
      const last = step ? made.look.parts[0].values.length - 1 : -1;
      fillGrids(scene.grids, made.look, 0, last, null);
    }
    if (look.single) scene.below[1].paint(made.look.parts[0].weights);
    markBelow(scene, unit, null, null);
    noteSums(scene, made.look.parts, step ? made.look.parts.length : 0);
    scene.out?.show(step ? step.n : 0, Boolean(step));
  }

  /** Draw a scene (see compute.js) into its parts; returns a function that shows a step. */
  compute.draw = function (parts, scene) {
    const { look, layer, level, steps } = scene;
    scene.ten = layer.kind === "rbf" || layer.activation === "softmax";
    scene.below = look.single ? belowUnits(scene) : belowMaps(scene);
    scene.grids = grids(scene);
    scene.out = out(scene);
    const { unit } = scene;
    scene.first = layer.size > 1 ? unit.row * layer.size + unit.column : unit.map;
    const table = scene.ten
      ? compute.ten(layer.kind === "rbf" ? ["distance"] : ["sum", "power", "share"])
      : null;
    const sums = steps
      .filter(({ ten, kind }) => !ten && kind !== "activation")
      .map(({ sum }) => sum);
    scene.curve = level === "unit" && layer.kind !== "max pooling" ? compute.curve(sums) : null;
    parts.belowTitle.textContent = belowTitle(scene);
    parts.below.replaceChildren(...scene.below.map(({ box }) => box));
    parts.out.replaceChildren((scene.out || table).box);
    parts.grids.replaceChildren(...(scene.grids ? scene.grids.all.map(({ box }) => box) : []));
    parts.grids.classList.toggle("lm-stacked", look.single);
    parts.curve.replaceChildren(...(scene.curve ? [scene.curve.box] : []));
    return (n) => {
      (level === "unit" ? showUnit : showMap)(scene, n);
      if (table) fillTen(table, scene, n);
    };
  };
})();
