/* Marks on the chosen unit, on what it sees in every layer down to the input, and, faintly, on what
   it feeds above; with lines from layer to layer. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { mark } = LeNet.widgets;
  const SVG = "http://www.w3.org/2000/svg";

  /** Return the pictures on which a block of units lies, each with the block's place in it, in
      shares of its side. Single units share a picture: a block of all is the whole of it. */
  function places(all, network, { index, maps, row, column, rows, columns }) {
    const view = index < 0 ? null : all.views[index];
    if (!view?.single) {
      const side = index < 0 ? network.inputSize : network.layers[index].size;
      const pictures = index < 0 ? [all.input] : maps.map((map) => view.maps[map]);
      const place = [column / side, row / side, columns / side, rows / side];
      return pictures.map((picture) => ({ picture, place }));
    }
    const [picture] = view.maps;
    const { columns: across, rows: down } = view;
    if (maps.length === network.layers[index].maps) return [{ picture, place: [0, 0, 1, 1] }];
    return maps.map((map) => ({
      picture,
      place: [(map % across) / across, Math.floor(map / across) / down, 1 / across, 1 / down],
    }));
  }

  /** Return the place of a mark on the stage, in pixels. */
  function onStage({ picture, place: [x, y, width, height] }, stage) {
    const box = picture.canvas.getBoundingClientRect();
    const left = box.left - stage.left + x * box.width,
      top = box.top - stage.top + y * box.height;
    return {
      left,
      top,
      right: left + width * box.width,
      bottom: top + height * box.height,
      middle: top + (height * box.height) / 2,
      centre: left + (width * box.width) / 2,
    };
  }

  /** A line from one mark to another: from left to right, or upright where they stand one above the
      other. */
  function line(from, to) {
    const at = (x, y) => `${x.toFixed(1)} ${y.toFixed(1)}`;
    if (from.right <= to.left) {
      const half = (from.right + to.left) / 2;
      return `M${at(from.right, from.middle)}C${at(half, from.middle)} ${at(half, to.middle)} ${at(to.left, to.middle)}`;
    }
    const [start, end] = from.bottom <= to.top ? [from.bottom, to.top] : [from.top, to.bottom];
    const half = (start + end) / 2;
    return `M${at(from.centre, start)}C${at(from.centre, half)} ${at(to.centre, half)} ${at(to.centre, end)}`;
  }

  /** Return the path of all lines between the marks of two layers, and how many they are. */
  function lines(lower, upper, joined) {
    const paths = [];
    for (const from of lower)
      for (const to of upper) if (joined(from, to)) paths.push(line(from.box, to.box));
    return { d: paths.join(""), count: paths.length };
  }

  function newLines(stage) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "lx-lines");
    svg.setAttribute("aria-hidden", "true");
    stage.append(svg);
    return (list) =>
      svg.replaceChildren(
        ...list.map(({ d, count, kind }) => {
          const path = document.createElementNS(SVG, "path");
          path.setAttribute("d", d);
          path.setAttribute("class", kind);
          path.style.opacity = Math.min(0.75, Math.max(0.1, 5 / count)).toFixed(2);
          return path;
        }),
      );
  }

  /** Return the marks of a unit: what it sees, itself, and what it feeds, from the input up. */
  function levels(all, state) {
    const { network, unit } = state;
    const own = { ...unit, maps: [unit.map], rows: 1, columns: 1 };
    const give = (block, kind) => ({
      block,
      kind,
      marks: places(all, network, block).map((one, n) => ({ ...one, map: block.maps[n] })),
    });
    return [
      ...LeNet.field
        .below(network, unit)
        .reverse()
        .map((block) => give(block, "lx-sees")),
      give(own, "lx-unit"),
      ...LeNet.field.above(network, unit).map((block) => give(block, "lx-feeds")),
    ];
  }

  /** Mark the unit that the state shows, whenever it is another one. Returns a function that takes
      the marks off. */
  LeNet.marks = function (parts, state, all) {
    const draw = newLines(parts.stage);
    let last = null; // the levels that are shown

    const unmark = () => {
      last = null;
      for (const { marks } of [all.input, ...all.views.flatMap(({ maps }) => maps)])
        marks.replaceChildren();
      draw([]);
    };

    /** Draw the lines anew: the marks have moved on the screen. */
    function join() {
      if (!last) return;
      const stage = parts.stage.getBoundingClientRect();
      const { network } = state;
      for (const { marks } of last) for (const one of marks) one.box = onStage(one, stage);
      const list = last.slice(1).map((upper, n) => {
        const lower = last[n];
        const layer = network.layers[upper.block.index];
        const whole = [lower, upper].some(({ marks, block }) => marks.length < block.maps.length);
        const seen = new Map(upper.block.maps.map((map) => [map, LeNet.engine.sees(layer, map)]));
        const joined = (from, to) => whole || seen.get(to.map).includes(from.map);
        const kind = upper.kind === "lx-feeds" ? "lx-up" : "lx-down";
        return { ...lines(lower.marks, upper.marks, joined), kind };
      });
      draw(list);
    }

    function show() {
      if (!state.unit) return;
      unmark();
      last = levels(all, state);
      join(); // it asks where things stand, so before anything is changed
      for (const { marks, kind } of last)
        for (const { picture, place } of marks) picture.marks.append(mark(...place, kind));
    }

    state.on("unit", show);
    if (window.ResizeObserver) new ResizeObserver(join).observe(parts.stage);
    return unmark;
  };
})();
