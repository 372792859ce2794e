/* The paper that one draws on, and the steps from the drawing to what the network is given. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { preprocess } = LeNet;
  const { make, mark, paint, pen } = LeNet.widgets;
  const BLANK = new Float32Array(784);
  const CLOSE = 2; // of 255: a point nearer to the last one adds nothing to a stroke

  /** Let the reader draw strokes with mouse, finger or pen. */
  function listen(paper, state) {
    let stroke = null;
    const point = (event) => {
      const box = paper.getBoundingClientRect();
      const place = (at, from, length) =>
        Math.min(Math.max(Math.round((255 * (at - from)) / length), 0), 255);
      return [place(event.clientX, box.left, box.width), place(event.clientY, box.top, box.height)];
    };
    paper.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || stroke) return;
      event.preventDefault();
      paper.setPointerCapture(event.pointerId);
      const earlier = state.source.kind === "strokes" ? state.source.strokes : [];
      stroke = [point(event)];
      state.change({ kind: "strokes", strokes: [...earlier, stroke] });
    });
    paper.addEventListener("pointermove", (event) => {
      if (!stroke) return;
      const events = event.getCoalescedEvents?.() || [];
      for (const moved of events.length ? events : [event]) {
        const [x, y] = point(moved),
          [oldX, oldY] = stroke[stroke.length - 1];
        if (Math.abs(x - oldX) + Math.abs(y - oldY) >= CLOSE) stroke.push([x, y]);
      }
      state.soon();
    });
    for (const end of ["pointerup", "pointercancel"])
      paper.addEventListener(end, () => (stroke = null));
  }

  /* Strokes are on the paper already. A sample or a picture is put there, enlarged. */
  function showPaper(ink, onPaper, kind) {
    if (!onPaper || kind === "strokes") return;
    const small = make("canvas");
    paint(small, ink || BLANK, 28, 28, [0, 1], "ink");
    onPaper.imageSmoothingEnabled = false;
    onPaper.drawImage(small, 0, 0, preprocess.PAPER, preprocess.PAPER);
  }

  /** Show the first step: what is drawn, and its box. */
  function showDrawn({ canvas, marks, text }, { ink, side, steps }, paper, kind) {
    if (ink && side === 28) paint(canvas, ink, 28, 28, [0, 1], "ink");
    else {
      const view = pen(canvas);
      if (view) {
        canvas.width = canvas.height = preprocess.PAPER / 2;
        view.drawImage(paper, 0, 0, preprocess.PAPER / 2, preprocess.PAPER / 2);
      }
    }
    if (steps) {
      const { x, y, width, height } = steps.box;
      marks.append(mark(x / side, y / side, width / side, height / side));
    }
    const what = { strokes: "drawing", tried: "sample", picture: "picture" }[kind];
    text.textContent = `The ${what} and its box.`;
  }

  /** Show it scaled, and then with its centre of mass in the middle. */
  function showPlaced(scaled, centred, steps) {
    if (!steps) {
      paint(scaled.canvas, BLANK, 20, 20, [0, 1], "ink");
      paint(centred.canvas, BLANK, 28, 28, [0, 1], "ink");
      return;
    }
    const { small, width, height, x, y, centre } = steps;
    const small20 = preprocess.place(small, width, 20, (20 - width) >> 1, (20 - height) >> 1);
    paint(scaled.canvas, small20, 20, 20, [0, 1], "ink");
    paint(centred.canvas, steps.centred, 28, 28, [0, 1], "ink");
    const at = (place) => 100 * ((place + 0.5) / 28);
    const style = `left:${at(x + centre.x)}%;top:${at(y + centre.y)}%`;
    centred.marks.append(make("span", { class: "lx-cross", style }));
  }

  /** Show what the network is given. */
  function showInput({ canvas, text }, image, inputSize) {
    paint(canvas, image, inputSize, inputSize, [0, 1], "ink");
    text.textContent =
      inputSize === 28
        ? "This network takes 28×28: nothing is added."
        : "Two empty pixels are added on each side: 32×32.";
  }

  /** Give life to the paper, its buttons and the steps. `onPaper` draws on it. */
  LeNet.paper = function (parts, state, onPaper) {
    const [drawn, scaled, centred, padded] = Array.from(parts.steps.children, (figure) => ({
      canvas: figure.querySelector("canvas"),
      marks: figure.querySelector(".lx-marks"),
      text: figure.querySelector("figcaption"),
    }));
    parts.undo.addEventListener("click", state.undo);
    parts.clear.addEventListener("click", () => state.change({ kind: "strokes", strokes: [] }));
    if (onPaper) listen(parts.paper, state);

    state.on("source", () => (parts.undo.disabled = state.before.length === 0));
    state.on("drawing", (prepared) => {
      const { kind } = state.source;
      for (const step of [drawn, scaled, centred]) step.marks.replaceChildren();
      showPaper(prepared.ink, onPaper, kind);
      showDrawn(drawn, prepared, parts.paper, kind);
      showPlaced(scaled, centred, prepared.steps);
      showInput(padded, state.image, prepared.inputSize);
    });
  };
})();
