/* Which pixels the answer hangs on: the slopes of the input, and what covering a square does. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { say } = LeNet;
  const { paint } = LeNet.widgets;
  const REST = 400, // milliseconds: while the pen moves, nothing is covered
    SLICE = 12; // milliseconds of work between two breaks

  /** Show both pictures for what the state shows; `slopesNow` returns the slopes. */
  LeNet.backwardPixels = function (parts, state, slopesNow) {
    const { fine, limitOf } = LeNet.backwardUnit;
    let waiting = 0,
      turn = 0;

    function showSlopes() {
      const [values] = slopesNow().units;
      const limit = limitOf(values) || 1,
        side = state.network.inputSize;
      paint(parts.pixelSlopes, values, side, side, [-limit, limit], "signed");
      parts.pixelSlopesText.textContent = say("backward.pixelSlopes", { limit: fine(limit) });
    }

    function showCovered({ side, falls }, label, done) {
      const limit = limitOf(falls) || 1;
      paint(parts.pixelFalls, falls, side, side, [-limit, limit], "signed");
      const worst = Math.max(...falls);
      const told = {
        label,
        most: (100 * Math.max(0, worst)).toFixed(1),
        size: LeNet.occlude.PATCH,
      };
      const scale = { ...told, limit: (100 * limitOf(falls)).toFixed(1) };
      parts.pixelFallsText.textContent = done
        ? say("backward.pixelFalls", scale)
        : say("backward.covering");
    }

    /** Cover one place after the other, with breaks, until something else is shown. */
    function cover() {
      const mine = ++turn;
      const { network, image, outputs } = state;
      const { label } = LeNet.engine.answer(network, outputs);
      const places = LeNet.occlude(network, image, label);
      const go = () => {
        if (mine !== turn) return;
        const until = performance.now() + SLICE;
        let next;
        do next = places.next();
        while (!next.done && performance.now() < until);
        showCovered(next.value, label, next.done);
        parts.pixels.dataset.ready = next.done ? "yes" : "no";
        if (!next.done) setTimeout(go);
      };
      go();
    }

    function show() {
      clearTimeout(waiting);
      turn++; // what is being covered is out of date
      if (!parts.pixels.open || !state.outputs) return;
      parts.pixels.dataset.ready = "no";
      showSlopes();
      waiting = setTimeout(cover, REST);
    }

    parts.pixels.addEventListener("toggle", show);
    return show;
  };
})();
