/* From a written number to the line that the network is given, and where the one lies on the other.

   A line has 32 rows, its digits are about 20 rows high, and before and after them is paper, half a
   window of it: so lines are made in training, too (lenet_tutorial/reading/lines.py). Strokes are
   drawn anew in that size, with a pen as thick as MNIST's, so it does not matter how large somebody
   writes. The paper is 255 steps high. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, preprocess, slide } = LeNet;
  const HIGH = 255; // steps from the top of the paper to its bottom
  const MARGIN = 16; // columns before the first ink and after the last
  const DIGIT = 20; // rows of a digit
  const MOST = 27; // rows of ink, at most, where some digits stand higher than others
  const PEN = 2.4; // columns
  const FINE = 4; // a line is drawn so many times as large, and scaled down
  const LEAST = 50; // steps: what is lower is no digit, but a dot or a dash

  const lines = (LeNet.lines = { HIGH, MARGIN });

  /** Return the box around some points. */
  function box(points) {
    const across = points.map(([x]) => x),
      down = points.map(([, y]) => y);
    const least = (all) => all.reduce((a, b) => Math.min(a, b)),
      most = (all) => all.reduce((a, b) => Math.max(a, b));
    return { left: least(across), right: most(across), top: least(down), bottom: most(down) };
  }

  /** Return the height of the highest digit: of strokes that stand above or over each other. */
  function highest(strokes) {
    const boxes = strokes.map(box).sort((a, b) => a.left - b.left);
    let last = boxes[0],
      height = 0;
    for (const { left, right, top, bottom } of boxes) {
      if (left <= last.right)
        last = {
          right: Math.max(last.right, right),
          top: Math.min(last.top, top),
          bottom: Math.max(last.bottom, bottom),
        };
      else last = { right, top, bottom };
      height = Math.max(height, last.bottom - last.top);
    }
    return height;
  }

  /** Say how strokes become a line: how many steps on the paper a pixel of the line has (`unit`),
      where on the paper the line begins (`left`, `top`), and its `width`. */
  lines.layout = function (strokes) {
    const ink = box(strokes.flat());
    const rows = DIGIT - PEN; // the pen's width comes to the points
    const unit = Math.max(
      highest(strokes) / rows,
      (ink.bottom - ink.top) / (MOST - PEN),
      LEAST / rows,
    );
    const edge = (MARGIN + PEN / 2) * unit;
    return {
      unit,
      left: ink.left - edge,
      top: (ink.top + ink.bottom) / 2 - (slide.SIDE / 2) * unit,
      width: Math.max(Math.ceil((ink.right - ink.left + 2 * edge) / unit), slide.SIDE),
    };
  };

  /** Draw strokes as a line; null where there are none. `pen` draws on a canvas of its own. */
  lines.ofStrokes = function (strokes, pen) {
    if (!strokes.length) return null;
    const { unit, left, top, width } = lines.layout(strokes);
    const [wide, high] = [FINE * width, FINE * slide.SIDE];
    pen.canvas.width = wide;
    pen.canvas.height = high;
    const view = { width: wide, height: high, scale: FINE / unit, left, top, pen: FINE * PEN };
    preprocess.drawStrokes(pen, strokes, view);
    const fine = preprocess.readInk(pen, wide, high);
    const whole = { x: 0, y: 0, width: wide, height: high };
    const ink = preprocess.scale(fine, wide, whole, width, slide.SIDE);
    return { ink, width, unit, left, top };
  };

  /** An example is a line already; it fills the paper from top to bottom. */
  lines.ofExample = ({ ink, width }) => {
    const unit = HIGH / slide.SIDE;
    return { ink, width, unit, left: (-MARGIN * unit) / 2, top: 0 };
  };

  /** Unpack the examples that come with the weights: two pixels a byte. */
  lines.unpack = function (bytes, about) {
    const pixels = engine.unpair(bytes, about.levels);
    let end = 0;
    return about.lines.map(({ text, width }) => {
      const part = pixels.subarray(end, (end += slide.SIDE * width));
      return { text, width, ink: Float32Array.from(part, (level) => level / (about.levels - 1)) };
    });
  };
})();
