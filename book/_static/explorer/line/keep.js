/* What is written on the wide paper is kept while the tab is open, so that a reload loses nothing. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { hand } = LeNet;
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
    const text = () => JSON.stringify(state.source);
    hand.atRest(state, () => hand.inTab((storage) => storage.setItem(key(), text())));
  };

  /** Return what was kept before a reload; null where there is nothing that can be shown. */
  LeNet.keepLine.read = function (examples) {
    try {
      const { kind, strokes, example } = JSON.parse(
        hand.inTab((storage) => storage.getItem(key())),
      );
      if (kind === "strokes" && areStrokes(strokes)) return { kind, strokes };
      if (kind === "example" && examples[example]) return { kind, example };
    } catch {
      // Nothing, or nothing that could be read.
    }
    return null;
  };
})();
