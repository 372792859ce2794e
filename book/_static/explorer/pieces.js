/* Pieces of ink on a photograph: printed lines, frames, dirt, and the digit among them.

   The steps are those of src/lenet_tutorial/ink.py, number for number; what each is for is told
   there. A plane is {values, width, height}, line after line. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const LINE = 0.25;
  const LONG = [0.12, 0.6, 0.45];
  const MOST = 300;
  const FRAME = [0.45, 0.4, 0.2, 0.2];
  const OTHER = [0.15, 0.4];
  const SPECK = [0.04, 0.15, 0.08];
  const NEAR = 0.25;

  const pieces = (LeNet.pieces = {});

  /** Mark the pieces of a mask, pixels that touch being one: {marks, boxes}. */
  pieces.markAll = function ({ values, width, height }) {
    const marks = new Int32Array(values.length),
      found = [];
    for (let start = 0; start < values.length; start++) {
      if (!values[start] || marks[start]) continue;
      const name = found.length + 1,
        todo = [start];
      const box = { top: height, bottom: 0, left: width, right: 0, size: 0 };
      marks[start] = name;
      while (todo.length) {
        const n = todo.pop(),
          x = n % width,
          y = (n - x) / width;
        box.size++;
        box.top = Math.min(box.top, y);
        box.bottom = Math.max(box.bottom, y + 1);
        box.left = Math.min(box.left, x);
        box.right = Math.max(box.right, x + 1);
        for (let below = Math.max(y - 1, 0); below <= Math.min(y + 1, height - 1); below++)
          for (let beside = Math.max(x - 1, 0); beside <= Math.min(x + 1, width - 1); beside++) {
            const next = below * width + beside;
            if (!values[next] || marks[next]) continue;
            marks[next] = name;
            todo.push(next);
          }
      }
      found.push(box);
    }
    return { marks, boxes: found };
  };

  /** Mark the pieces of a mask, only the largest where there are very many. */
  pieces.mark = function (mask) {
    const { marks, boxes } = pieces.markAll(mask);
    return boxes.length > MOST ? largestOf(marks, boxes) : { marks, boxes };
  };

  function largestOf(marks, boxes) {
    const order = boxes.map((_, n) => n).sort((a, b) => boxes[b].size - boxes[a].size || a - b);
    const kept = order.slice(0, MOST).sort((a, b) => a - b);
    const names = new Int32Array(boxes.length + 1);
    kept.forEach((n, k) => (names[n + 1] = k + 1));
    return { marks: marks.map((mark) => names[mark]), boxes: kept.map((n) => boxes[n]) };
  }

  // ------------------------------------------------------------------ printed lines

  /** Take away lines that go from side to side, and mend the strokes that they cross. */
  pieces.withoutLines = function (seen, strong) {
    const { largest, smallest } = LeNet.ink,
      { width, height } = seen;
    const mask = (values) => ({ values, width, height });
    const inked = mask(Float64Array.from(seen.values, (value) => (value > LINE * strong ? 1 : 0)));
    const half = Math.max(4, Math.floor(Math.floor(LONG[0] * width) / 2));
    const straight = largest(smallest(largest(inked, 1, 0), 0, half), 0, half);
    const { marks, boxes } = pieces.mark(largest(straight, 0, half));
    const runs = runsOf(inked);
    let values = seen.values;
    boxes.forEach((box, k) => {
      if (box.right - box.left < LONG[1] * width) return;
      const line = marks.map((mark, n) =>
        mark === k + 1 && straight.values[n] && inked.values[n] ? 1 : 0,
      );
      const thickness = new Int32Array(width);
      line.forEach((one, n) => (thickness[n % width] += one));
      const there = thickness.filter((count) => count > 0).sort();
      if (there.length < LONG[2] * width) return;
      const thick = there[there.length >> 1];
      if (thick > Math.max(3, 0.03 * height)) return;
      const thin = (n) => runs[n] <= 1.8 * thick + 1; // elsewhere a stroke runs along it
      const lost = Float64Array.from(line, (one, n) => (one && thin(n) ? 1 : 0));
      const gone = largest(mask(lost), 1, 0).values.map((one, n) => (one && thin(n) ? 1 : 0));
      values = mended(values, gone, width, thick + 2);
    });
    return mask(values);
  };

  /** Return for each pixel of a mask how many there are above and below it without a gap. */
  function runsOf({ values, width, height }) {
    const count = new Int32Array(values.length);
    for (let n = 0; n < values.length; n++)
      count[n] = values[n] ? (n >= width ? count[n - width] : 0) + 1 : 0;
    for (let n = (height - 1) * width - 1; n >= 0; n--)
      if (values[n] && values[n + width]) count[n] = count[n + width];
    return count;
  }

  /** Put into each lost pixel what is above and below the loss: the smaller of both. */
  function mended(values, gone, width, reach) {
    const beyond = (n, step) => {
      for (let far = 1; far <= reach; far++) {
        const at = n + step * far * width;
        if (at < 0 || at >= values.length) return 0;
        if (!gone[at]) return values[at];
      }
      return 0;
    };
    return values.map((value, n) => (gone[n] ? Math.min(beyond(n, -1), beyond(n, 1)) : value));
  }

  // ------------------------------------------------------------------ the digit

  /** Return which pixels are the digit, its box, and if there may be others; or null. */
  pieces.digit = function (seen, level) {
    const { values, width, height } = seen,
      side = Math.max(width, height);
    const inked = Float64Array.from(values, (value) => (value > level ? 1 : 0));
    const gap = Math.max(1, Math.floor(0.008 * side + 0.5));
    // Parts that nearly touch are one piece.
    const { marks, boxes } = pieces.mark(
      LeNet.ink.largest({ values: inked, width, height }, gap, gap),
    );
    let parts = pieces.describe(seen, marks, inked, boxes.length);
    parts = parts.filter((part) => !isFrame(part, parts, width, height));
    if (!parts.length) return null;
    let inner = parts.filter((part) => !part.edge);
    let best = heaviest(inner.length ? inner : parts);
    if (inner.length && best.side < 0.12 * side) {
      // What touches the edge is the digit only where all else is dirt beside it.
      const large = parts.filter(
        (part) =>
          part.edge && part.mass > 8 * best.mass && part.fill < 0.6 && part.side < 0.95 * side,
      );
      if (large.length) [best, inner] = [heaviest(large), parts];
    }
    if (!inner.length) inner = [best];
    const { kept, box } = withNear(best, inner);
    const others = inner.some(
      (part) =>
        !kept.has(part.number) &&
        part.mass >= OTHER[0] * best.mass &&
        part.side >= OTHER[1] * best.side,
    );
    const mask = Uint8Array.from(marks, (mark, n) => (inked[n] && kept.has(mark) ? 1 : 0));
    return { mask, box, others };
  };

  const heaviest = (parts) => parts.reduce((best, one) => (one.mass > best.mass ? one : best));

  /** Describe each piece: its box, its ink, its longer side, and if it touches the edge. */
  pieces.describe = function ({ values, width, height }, marks, inked, count) {
    const parts = Array.from({ length: count }, (_, n) => ({
      number: n + 1,
      box: { top: height, bottom: 0, left: width, right: 0 },
      mass: 0,
      size: 0,
    }));
    for (let n = 0; n < marks.length; n++) {
      if (!marks[n] || !inked[n]) continue;
      const part = parts[marks[n] - 1],
        { box } = part;
      const x = n % width,
        y = (n - x) / width;
      part.size++;
      part.mass += values[n];
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y + 1);
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
    }
    for (const part of parts) {
      const { top, bottom, left, right } = part.box;
      part.fill = part.size / ((bottom - top) * (right - left));
      part.side = Math.max(bottom - top, right - left);
      part.edge = top <= 1 || left <= 1 || bottom >= height - 1 || right >= width - 1;
    }
    return parts.filter((part) => part.size);
  };

  /** Say if a piece goes around others: a drawn box, the axes of a chart. */
  function isFrame(part, parts, width, height) {
    const { top, bottom, left, right } = part.box;
    if (bottom - top <= FRAME[0] * height || right - left <= FRAME[1] * width) return false;
    const inside = ({ box, side }) =>
      top < box.top &&
      box.bottom < bottom &&
      left < box.left &&
      box.right < right &&
      side > FRAME[3] * part.side;
    return part.fill < FRAME[2] && parts.some(inside);
  }

  /** Return the numbers of a piece and of the parts that belong to it, and the box of all. */
  function withNear(best, parts) {
    const kept = new Set([best.number]),
      all = { ...best.box };
    for (const part of [...parts].sort((a, b) => b.mass - a.mass)) {
      if (part === best || part.mass < SPECK[0] * best.mass) continue;
      if (part.side < SPECK[1] * best.side && part.mass < SPECK[2] * best.mass) continue;
      const { box } = part;
      const apart = Math.max(
        box.top - all.bottom,
        all.top - box.bottom,
        box.left - all.right,
        all.left - box.right,
      );
      if (apart > NEAR * best.side) continue;
      kept.add(part.number);
      all.top = Math.min(all.top, box.top);
      all.bottom = Math.max(all.bottom, box.bottom);
      all.left = Math.min(all.left, box.left);
      all.right = Math.max(all.right, box.right);
    }
    return { kept, box: all };
  }
})();
