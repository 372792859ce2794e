/* What is written on the wide paper is kept while the tab is open, so that a reload loses nothing. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const WAIT = 150; // milliseconds: a stroke is kept when it rests
  const key = () => `lenet-line:${location.pathname}`;

  /** Tell whether something is a list of strokes. */
  const areStrokes = (strokes) =>
    Array.isArray(strokes) &&
    strokes.every(
      (stroke) =>
        Array.isArray(stroke) &&
        stroke.length > 0 &&
        stroke.every(([x, y, ...more]) => Number.isFinite(x) && Number.isFinite(y) && !more.length),
    );

  /** Keep what is shown from now on. */
  LeNet.keepLine = function (state) {
    let waiting;
    const keep = () => {
      clearTimeout(waiting);
      waiting = undefined;
      try {
        window.sessionStorage.setItem(key(), JSON.stringify(state.source));
      } catch {
        // There is no storage, or it is full: nothing is kept.
      }
    };
    const soon = () => (waiting = waiting ?? setTimeout(keep, WAIT));
    for (const what of ["source", "values"]) state.on(what, soon);
    window.addEventListener("pagehide", keep);
  };

  /** Return what was kept before a reload; null where there is nothing that can be shown. */
  LeNet.keepLine.read = function (examples) {
    try {
      const { kind, strokes, example } = JSON.parse(window.sessionStorage.getItem(key()));
      if (kind === "strokes" && areStrokes(strokes)) return { kind, strokes };
      if (kind === "example" && examples[example]) return { kind, example };
    } catch {
      // Nothing, or nothing that could be read.
    }
    return null;
  };
})();
