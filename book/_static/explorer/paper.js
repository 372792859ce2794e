/* The paper that one draws on, and the steps from the drawing to what the network is given. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { preprocess, say } = LeNet;
  const { make, mark, paint, pen } = LeNet.widgets;
  const BLANK = new Float32Array(784);
  const CLOSE = 2; // of 255: a point nearer to the last one adds nothing to a stroke
  const BLOT = 16; // of 255: what stays nearer than this to where it began is a dot
  const SHORTCUTS = { z: "undo", y: "redo" };
  const TYPED =
    "input:not([type]), input[type=text], input[type=search], input[type=number], textarea";

  const strokesOf = ({ source }) => (source.kind === "strokes" ? source.strokes : []);
  const isBlot = (stroke) => {
    const [[x, y]] = stroke;
    return stroke.every((point) => Math.hypot(point[0] - x, point[1] - y) < BLOT);
  };

  /** Return where an event is on the paper, from 0 to 255, and whether it is on it at all. */
  function placeOf(paper, event) {
    const box = paper.getBoundingClientRect();
    const x = (255 * (event.clientX - box.left)) / box.width,
      y = (255 * (event.clientY - box.top)) / box.height;
    const within = (at) => Math.min(Math.max(Math.round(at), 0), 255);
    const onIt = x >= 0 && x <= 255 && y >= 0 && y <= 255;
    return { point: [within(x), within(y)], onIt };
  }

  /** Return what follows one pointer, from where it comes down until it is lifted. What it draws is
      one step for `undo`; where it leaves the paper, the line ends, and goes on where it is back. */
  function follow(paper, state, { pointerId, pointerType }, first) {
    const earlier = strokesOf(state);
    const lines = [[first]];
    let away = false;
    state.change({ kind: "strokes", strokes: [...earlier, ...lines] });
    const source = state.source;

    return {
      pointerId,
      pointerType,
      /** Something else is shown by now: a sample, or what a button went back to. */
      isOver: () => state.source !== source,
      add(event) {
        const { point, onIt } = placeOf(paper, event);
        if (!onIt && away) return;
        if (onIt && away) {
          lines.push([]);
          source.strokes.push(lines[lines.length - 1]);
        }
        away = !onIt;
        const line = lines[lines.length - 1];
        const [x, y] = line[line.length - 1] || [-CLOSE, -CLOSE];
        if (Math.abs(point[0] - x) + Math.abs(point[1] - y) >= CLOSE) line.push(point);
      },
      /** Take back what was no drawing: a palm's dot. */
      takeBack() {
        if (state.source === source && lines.length === 1 && isBlot(lines[0])) state.undo();
      },
    };
  }

  /** Let the reader draw strokes with mouse, finger or pen: one pointer at a time. */
  function listen(paper, state) {
    let hand = null;
    paper.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault(); // no text is selected
      if (hand && !hand.isOver() && hand.pointerId !== event.pointerId) {
        // A second finger, or the palm. But the palm may come first, and the pen after it.
        if (event.pointerType !== "pen" || hand.pointerType !== "touch") return;
        hand.takeBack();
      }
      hand = follow(paper, state, event, placeOf(paper, event).point);
      try {
        paper.setPointerCapture(event.pointerId);
      } catch {
        // The pointer is gone already: a tap that was short.
      }
    });
    paper.addEventListener("pointermove", (event) => {
      if (event.pointerId !== hand?.pointerId) return;
      const lifted = event.isTrusted && event.pointerType === "mouse" && !(event.buttons & 1);
      if (hand.isOver() || lifted) {
        hand = null; // it was lifted where nobody saw it
        return;
      }
      const events = event.getCoalescedEvents?.() || [];
      for (const moved of events.length ? events : [event]) hand.add(moved);
      state.soon();
    });
    const end = (event) => {
      if (event.pointerId !== hand?.pointerId) return;
      if (event.type === "pointercancel" && hand.pointerType === "touch") hand.takeBack();
      hand = null;
    };
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"])
      paper.addEventListener(type, end);
    paper.addEventListener("contextmenu", (event) => {
      if (hand) event.preventDefault(); // of a long touch
    });
    return () => Boolean(hand && !hand.isOver());
  }

  /** Let Ctrl+Z, Ctrl+Shift+Z and Ctrl+Y (on a Mac with Cmd) go back and forward, unless the reader
      types somewhere, or was last busy with another part of the page. */
  function listenToKeys(root, state, isDrawing) {
    let here = false;
    document.addEventListener("pointerdown", ({ target }) => (here = root.contains(target)), true);
    document.addEventListener("keydown", (event) => {
      const { altKey, code, ctrlKey, metaKey, shiftKey, target } = event;
      const key = /^[a-z]$/i.test(event.key) ? event.key : code.replace("Key", ""); // of other alphabets
      let way = SHORTCUTS[key.toLowerCase()];
      if (!way || altKey || ctrlKey === metaKey || event.defaultPrevented) return;
      if (way === "undo" && shiftKey) way = "redo";
      const mine = root.contains(target) || (here && target === document.body);
      if (!mine || target.isContentEditable || target.matches(TYPED)) return;
      event.preventDefault();
      if (!isDrawing()) state[way]();
    });
  }

  /** Give life to the buttons below the paper. One that has the focus and can't be used any more
      hands the focus on. */
  function listenToButtons({ undo, redo, clear }, state) {
    undo.addEventListener("click", state.undo);
    redo.addEventListener("click", state.redo);
    clear.addEventListener("click", () => {
      if (state.source.kind !== "strokes" || state.source.strokes.length)
        state.change({ kind: "strokes", strokes: [] });
    });
    state.on("source", () => {
      const focused = document.activeElement;
      undo.disabled = state.before.length === 0;
      redo.disabled = state.after.length === 0;
      if ([undo, redo].includes(focused) && focused.disabled)
        [redo, undo, clear].find((button) => !button.disabled).focus();
    });
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
    const isDrawing = onPaper ? listen(parts.paper, state) : () => false;
    listenToButtons(parts, state);
    listenToKeys(parts.paper.closest("[class*=lenet-]"), state, isDrawing);

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
