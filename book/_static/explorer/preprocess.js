/* From a drawing to what MNIST's digits look like.

   MNIST's digits were made so: scaled, without distortion, to fit a box of 20×20 pixels, and put
   into 28×28 with their centre of mass in the middle (LeCun et al. 1998, section III-A). LeNet-5
   adds two empty pixels on each side. Ink runs from 0 to 1. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const PAPER = 280; // side of the drawing, in pixels
  const PEN = 24; // width of its line
  const FAINT = 0.1; // ink below this counts as paper when the digit's edges are looked for
  const MIDDLE = 14; // where MNIST has the centre of mass, counting pixels from 0

  const WHOLE = { width: PAPER, height: PAPER, scale: PAPER / 255, left: 0, top: 0, pen: PEN };

  const preprocess = (LeNet.preprocess = { PAPER, PEN });

  /** Find the smallest box that holds all ink, or return null where there is none. */
  preprocess.box = function (ink, width, height) {
    let left = width,
      right = -1,
      top = height,
      bottom = -1;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (ink[y * width + x] >= FAINT) {
          if (x < left) left = x;
          if (x > right) right = x;
          if (y < top) top = y;
          if (y > bottom) bottom = y;
        }
      }
    }
    if (right < 0) return null;
    return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
  };

  /* Which old pixels a new one covers, and by how much: `count` new ones over `length` old ones. */
  function shares(length, count) {
    const scale = length / count;
    return Array.from({ length: count }, (_, n) => {
      const begin = n * scale,
        end = Math.min((n + 1) * scale, length);
      const covered = [];
      for (let old = Math.floor(begin); old < end; old++) {
        covered.push([old, (Math.min(end, old + 1) - Math.max(begin, old)) / scale]);
      }
      return covered;
    });
  }

  /** Scale a part of a picture: each new pixel is the mean of what it covers. */
  preprocess.scale = function (ink, width, box, newWidth, newHeight) {
    const across = shares(box.width, newWidth),
      down = shares(box.height, newHeight);
    const rows = new Float32Array(box.height * newWidth);
    for (let y = 0; y < box.height; y++) {
      for (let x = 0; x < newWidth; x++) {
        let sum = 0;
        for (const [old, share] of across[x]) sum += share * ink[(box.y + y) * width + box.x + old];
        rows[y * newWidth + x] = sum;
      }
    }
    const result = new Float32Array(newWidth * newHeight);
    for (let y = 0; y < newHeight; y++) {
      for (const [old, share] of down[y]) {
        for (let x = 0; x < newWidth; x++) {
          result[y * newWidth + x] += share * rows[old * newWidth + x];
        }
      }
    }
    return result;
  };

  /** Return the centre of mass, in pixels counted from 0. */
  preprocess.centre = function (ink, width) {
    let mass = 0,
      x = 0,
      y = 0;
    ink.forEach((value, n) => {
      mass += value;
      x += value * (n % width);
      y += value * Math.floor(n / width);
    });
    return { x: x / mass, y: y / mass };
  };

  /** Put a picture into the middle of an empty square, or at a place in it. */
  preprocess.place = function (ink, width, side, x, y) {
    const result = new Float32Array(side * side);
    ink.forEach((value, n) => {
      const column = x + (n % width),
        row = y + Math.floor(n / width);
      if (column >= 0 && column < side && row >= 0 && row < side) {
        result[row * side + column] = value;
      }
    });
    return result;
  };

  /** Take a drawing through all steps. Returns null where there is no ink.

      `small` fits 20×20 (`width` × `height`), `centred` is 28×28. */
  preprocess.normalise = function (ink, width, height) {
    const box = preprocess.box(ink, width, height);
    if (!box) return null;
    const scale = 20 / Math.max(box.width, box.height);
    const newWidth = Math.max(1, Math.round(box.width * scale));
    const newHeight = Math.max(1, Math.round(box.height * scale));
    const small = preprocess.scale(ink, width, box, newWidth, newHeight);
    const darkest = small.reduce((a, b) => Math.max(a, b), 0);
    for (let n = 0; n < small.length; n++) small[n] /= darkest; // a thin line stays black
    const centre = preprocess.centre(small, newWidth);
    const x = Math.min(Math.max(Math.round(MIDDLE - centre.x), 0), 28 - newWidth);
    const y = Math.min(Math.max(Math.round(MIDDLE - centre.y), 0), 28 - newHeight);
    const centred = preprocess.place(small, newWidth, 28, x, y);
    return { box, small, width: newWidth, height: newHeight, x, y, centre, centred };
  };

  /** Give a network its image: 28×28 as it is, or with two empty pixels on each side. */
  preprocess.forNetwork = function (centred, inputSize) {
    const border = (inputSize - 28) / 2;
    return border ? preprocess.place(centred, 28, inputSize, border, border) : centred;
  };

  // ------------------------------------------------------------------ strokes

  /** Draw strokes, each a list of [x, y] from 0 to 255, on a canvas of PAPER × PAPER; or on another
      part of a paper, in another size. `view` says how many pixels of the canvas one step on the
      paper has, where its left and top edge are, and how wide the pen is in pixels. */
  preprocess.drawStrokes = function (context, strokes, view = WHOLE) {
    const { width, height, scale, left, top, pen } = view;
    const at = ([x, y]) => [(x - left) * scale, (y - top) * scale];
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    context.strokeStyle = "#000";
    context.lineWidth = pen;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
      const [[x0, y0]] = stroke;
      context.beginPath();
      if (stroke.every(([x, y]) => x === x0 && y === y0)) {
        // A dot. Not every browser draws a line of no length.
        context.arc(...at(stroke[0]), pen / 2, 0, 2 * Math.PI);
        context.fillStyle = "#000";
        context.fill();
        continue;
      }
      context.moveTo(...at(stroke[0]));
      for (const point of stroke) context.lineTo(...at(point));
      context.stroke();
    }
  };

  /** Read the ink off a canvas that was drawn on in black and white. */
  preprocess.readInk = function (context, width = PAPER, height = PAPER) {
    const pixels = context.getImageData(0, 0, width, height).data;
    const ink = new Float32Array(width * height);
    for (let n = 0; n < ink.length; n++) ink[n] = 1 - pixels[4 * n] / 255;
    return ink;
  };
})();
