/* The wide paper, the line that the network is given, its answers at all places, and the best path:
   one below the other, and what belongs together on one upright. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { decode, lines, preprocess, slide } = LeNet;
  const { make, paint, pen } = LeNet.widgets;
  const { LABELS } = decode;
  const THICK = 15; // steps of 255: the pen on the paper
  const SVG = "http://www.w3.org/2000/svg";

  const view = (LeNet.lineView = {});

  /** Say how the paper is shown: pixels of the page for a step (`scale`), and what is free above,
      where something broader than the paper was made smaller. */
  view.of = function ({ source, line }, { width, height }) {
    const right =
      source.kind === "strokes"
        ? source.strokes.flat().reduce((most, [x]) => Math.max(most, x), 1)
        : line
          ? line.left + line.width * line.unit
          : 1;
    const scale = Math.min(height / lines.HIGH, width / right);
    return { width, height, scale, free: (height / scale - lines.HIGH) / 2 };
  };

  /** Where a column of the line is on the page. */
  const across = ({ line }, { scale }, column) => (line.left + column * line.unit) * scale;

  /** Make a canvas as fine as the screen; return its pen, which counts in the page's pixels. */
  function sharp(canvas, { width, height }) {
    const onIt = pen(canvas);
    if (!onIt) return null;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    return { onIt, ratio };
  }

  /** Draw a line's pixels where they are on the paper. */
  function drawLine(onIt, { line }, { scale, free }, ratio) {
    const small = make("canvas");
    paint(small, line.ink, line.width, slide.SIDE, [0, 1], "ink");
    const unit = line.unit * scale * ratio;
    onIt.imageSmoothingEnabled = false;
    onIt.drawImage(
      small,
      line.left * scale * ratio,
      (line.top + free) * scale * ratio,
      unit * line.width,
      unit * slide.SIDE,
    );
  }

  /** Show what is written. */
  view.paper = function (canvas, state, shown) {
    const { onIt, ratio } = sharp(canvas, shown) || {};
    if (!onIt) return;
    const { source } = state;
    const scale = shown.scale * ratio;
    preprocess.drawStrokes(onIt, source.kind === "strokes" ? source.strokes : [], {
      width: canvas.width,
      height: canvas.height,
      scale,
      left: 0,
      top: -shown.free,
      pen: THICK * scale,
    });
    if (source.kind === "example" && state.line) drawLine(onIt, state, shown, ratio);
  };

  /** Show what the network is given. */
  view.given = function (canvas, state, shown) {
    const { onIt, ratio } = sharp(canvas, shown) || {};
    if (onIt && state.line) drawLine(onIt, state, shown, ratio);
  };

  /** Say where a place's answers stand on the page: their middle, and how broad they are. */
  view.column = function (state, shown, place) {
    const { middle } = slide.windowOf(state.network, place);
    const next = slide.windowOf(state.network, place + 1).middle;
    const x = across(state, shown, middle);
    return { x, broad: across(state, shown, next) - x };
  };

  /** Say where a place's window is on the page. */
  view.window = function (state, shown, place) {
    const { from } = slide.windowOf(state.network, place);
    const left = across(state, shown, from);
    return { left, width: across(state, shown, from + slide.SIDE) - left };
  };

  /** Return the place whose answers are nearest to a point of the page. */
  view.placeAt = function (state, shown, x) {
    const first = view.column(state, shown, 0);
    const place = Math.round((x - first.x) / first.broad);
    return Math.min(Math.max(place, 0), state.reading.places - 1);
  };

  /** Show the answers at all places, one upright row for each place. */
  view.answers = function (canvas, state, shown) {
    const { reading } = state;
    canvas.hidden = !reading;
    if (!reading) return;
    const { places, shares } = reading;
    const turned = Float32Array.from(shares, (_, n) => {
      return shares[(n % places) * LABELS + Math.floor(n / places)];
    });
    paint(canvas, turned, places, LABELS, [0, 1], "ink");
    const { x, broad } = view.column(state, shown, 0);
    canvas.style.left = `${x - broad / 2}px`;
    canvas.style.width = `${broad * places}px`;
  };

  /** Draw the best path, and a ring around each digit where it is surest. */
  view.path = function (svg, state, shown) {
    const { reading } = state;
    svg.replaceChildren();
    if (!reading) return;
    svg.setAttribute("viewBox", `0 0 ${shown.width} ${LABELS}`);
    const points = reading.labels.map((label, place) => [
      view.column(state, shown, place).x,
      label + 0.5,
    ]);
    const shape = (name, attributes) => {
      const element = document.createElementNS(SVG, name);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      svg.append(element);
    };
    for (const kind of ["ll-halo", "ll-path"]) {
      shape("polyline", { class: kind, points: points.map((point) => point.join()).join(" ") });
    }
  };

  /** Put each digit under the place where it is read. */
  view.digits = function (box, state, shown) {
    const digits = state.reading ? state.reading.digits : [];
    box.replaceChildren(
      ...digits.map(({ digit, from, to, unsure }) => {
        const first = view.column(state, shown, from).x,
          last = view.column(state, shown, to).x;
        const style = `left:${(first + last) / 2}px`;
        return make("span", { class: unsure ? "ll-unsure" : null, style }, String(digit));
      }),
    );
  };
})();
