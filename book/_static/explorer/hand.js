/* The hand that draws: strokes of mouse, finger or pen on a paper, and the steps back and forward.

   A stroke is a list of [x, y]; the square paper of one digit goes from 0 to 255 both ways. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const hand = (LeNet.hand = {});
  const SQUARE = [255, 255];
  const CLOSE = 2; // of 255: a point nearer to the last one adds nothing to a stroke
  const BLOT = 16; // of 255: what stays nearer than this to where it began is a dot
  const UNDO_STEPS = 100;
  const WAIT = 150; // milliseconds: a stroke is kept when it rests
  const SHORTCUTS = { z: "undo", y: "redo" };
  const TYPED =
    "input:not([type]), input[type=text], input[type=search], input[type=number], textarea";

  const strokesOf = ({ source }) => (source.kind === "strokes" ? source.strokes : []);
  const isBlot = (stroke) => {
    const [[x, y]] = stroke;
    return stroke.every((point) => Math.hypot(point[0] - x, point[1] - y) < BLOT);
  };

  /** Return where an event is on the paper, and whether it is on it at all. `reach` says how far the
      paper goes across and down. */
  function placeOf(paper, event, [across, down]) {
    const box = paper.getBoundingClientRect();
    const x = (across * (event.clientX - box.left)) / box.width,
      y = (down * (event.clientY - box.top)) / box.height;
    const within = (at, most) => Math.min(Math.max(Math.round(at), 0), Math.floor(most));
    const onIt = x >= 0 && x <= across && y >= 0 && y <= down;
    return { point: [within(x, across), within(y, down)], onIt };
  }

  /** Return what follows one pointer, from where it comes down until it is lifted. What it draws is
      one step for `undo`; where it leaves the paper, the line ends, and goes on where it is back. */
  function follow(state, event, place) {
    const { pointerId, pointerType } = event;
    const earlier = strokesOf(state);
    const lines = [[place(event).point]];
    let away = false;
    state.change({ kind: "strokes", strokes: [...earlier, ...lines] });
    const source = state.source;

    return {
      pointerId,
      pointerType,
      /** Something else is shown by now: a sample, or what a button went back to. */
      isOver: () => state.source !== source,
      add(moved) {
        const { point, onIt } = place(moved);
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

  /** Let the reader draw strokes with mouse, finger or pen: one pointer at a time. What it returns
      says whether one draws right now. */
  hand.draws = function (paper, state, reach = () => SQUARE) {
    const place = (event) => placeOf(paper, event, reach());
    let held = null;
    paper.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault(); // no text is selected
      if (held && !held.isOver() && held.pointerId !== event.pointerId) {
        // A second finger, or the palm. But the palm may come first, and the pen after it.
        if (event.pointerType !== "pen" || held.pointerType !== "touch") return;
        held.takeBack();
      }
      held = follow(state, event, place);
      try {
        paper.setPointerCapture(event.pointerId);
      } catch {
        // The pointer is gone already: a tap that was short.
      }
    });
    paper.addEventListener("pointermove", (event) => {
      if (event.pointerId !== held?.pointerId) return;
      const lifted = event.isTrusted && event.pointerType === "mouse" && !(event.buttons & 1);
      if (held.isOver() || lifted) {
        held = null; // it was lifted where nobody saw it
        return;
      }
      const events = event.getCoalescedEvents?.() || [];
      for (const moved of events.length ? events : [event]) held.add(moved);
      state.soon();
    });
    const end = (event) => {
      if (event.pointerId !== held?.pointerId) return;
      if (event.type === "pointercancel" && held.pointerType === "touch") held.takeBack();
      held = null;
    };
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"])
      paper.addEventListener(type, end);
    paper.addEventListener("contextmenu", (event) => {
      if (held) event.preventDefault(); // of a long touch
    });
    return () => Boolean(held && !held.isOver());
  };

  /** Let Ctrl+Z, Ctrl+Shift+Z and Ctrl+Y (on a Mac with Cmd) go back and forward, unless the reader
      types somewhere, or was last busy with another part of the page. */
  hand.keys = function (root, state, isDrawing) {
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
  };

  /** Give life to the buttons below the paper. One that has the focus and can't be used any more
      hands the focus on. */
  hand.buttons = function ({ undo, redo, clear }, state) {
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
  };

  /** Give a function the tab's storage; return null where there is none, or it is full. */
  hand.inTab = function (action) {
    try {
      return action(window.sessionStorage);
    } catch {
      return null;
    }
  };

  /** Call `keep` when what is drawn rests after a change, and when the page is left. */
  hand.atRest = function (state, keep) {
    let waiting;
    const rest = () => {
      clearTimeout(waiting);
      waiting = undefined;
      keep();
    };
    const soon = () => (waiting = waiting ?? setTimeout(rest, WAIT));
    for (const what of ["source", "values"]) state.on(what, soon);
    window.addEventListener("pagehide", rest);
  };

  /** What changes the drawing, in `state.source`, `before` and `after`. A step back can be gone
      forward again, until something new comes. */
  hand.steps = function (state, tell) {
    const go = (from, to) => {
      if (!from.length) return;
      const { source, network } = from.pop();
      to.push({ source: state.source, network: network && state.network });
      if (network) state.use(network);
      state.show(source);
    };
    return {
      /** Show something else. `network` is kept for the way back, where that changes too. */
      change(source, network = null) {
        state.before.push({ source: state.source, network });
        if (state.before.length > UNDO_STEPS) state.before.shift();
        state.after = [];
        state.show(source);
      },
      show(source) {
        state.source = source;
        tell("source");
        state.soon();
      },
      undo: () => go(state.before, state.after),
      redo: () => go(state.after, state.before),
    };
  };
})();
