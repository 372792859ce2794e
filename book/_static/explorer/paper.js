/* The paper that one draws on, and the steps from the drawing to what the network is given. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { hand, preprocess, say } = LeNet;
  const { make, mark, paint, pen } = LeNet.widgets;
  const BLANK = new Float32Array(784);
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
    text.textContent = say(`paper.drawn.${kind}`);
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
    text.textContent = say(`paper.input.${inputSize === 28 ? "same" : "padded"}`);
  }

  /** Give life to the paper, its buttons and the steps. `onPaper` draws on it. */
  LeNet.paper = function (parts, state, onPaper) {
    const [drawn, scaled, centred, padded] = Array.from(parts.steps.children, (figure) => ({
      canvas: figure.querySelector("canvas"),
      marks: figure.querySelector(".lx-marks"),
      text: figure.querySelector("figcaption"),
    }));
    const isDrawing = onPaper ? hand.draws(parts.paper, state) : () => false;
    hand.buttons(parts, state);
    hand.keys(parts.paper.closest("[class*=lenet-]"), state, isDrawing);

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
