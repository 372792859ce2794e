/* Which pieces of ink are digits, and in which order are they read?

   The steps are those of src/lenet_tutorial/rows.py, number for number; what each is for is told
   there. A plane is {values, width, height}, line after line. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const LEVEL = 0.27;
  const DIGIT = [0.15, 0.4];
  const SLIM = [0.05, 0.6];
  const SPECK = [0.04, 0.15, 0.08];
  const APART = [0.25, 0.08];
  const SHORT = 0.7,
    SIZE = 1.1;
  const ALIKE = [0.5, 1.6];
  const BESIDE = 0.3;
  const ACROSS = 0.8;
  const FRAME = [0.2, 0.2];

  const rows = (LeNet.rows = {});
  const high = ({ box }) => box.bottom - box.top;
  const wide = ({ box }) => box.right - box.left;

  /** Find the digits on a picture: a list of rows, of digits {box, mask}. With `edge` what touches
      the picture's edge may be one, and nothing goes across. */
  rows.find = function (seen, edge = true) {
    const { width, height } = seen;
    const inked = Float64Array.from(seen.values, (value) => (value > LEVEL ? 1 : 0));
    const { marks, boxes } = LeNet.pieces.mark(
      LeNet.ink.largest({ values: inked, width, height }, 1, 1),
    );
    const all = LeNet.pieces
      .describe(seen, marks, inked, boxes.length)
      .map((part) => ({ ...part, numbers: [part.number] }));
    const slim = all.filter((part) => wide(part) < ACROSS * width);
    if (edge && slim.length < all.length) return [];
    const parts = slim.filter((part) => !isFrame(part, slim));
    const inner = parts.filter((part) => !part.edge);
    let digits = digitsOf(inner);
    if (edge && inner.length < parts.length) {
      const outer = parts.filter((part) => part.edge && isBeside(part, digits));
      digits = digitsOf(digits.length ? [...inner, ...outer] : parts);
    }
    const made = digits.map(({ box, numbers }) => {
      const here = new Set(numbers);
      return {
        box,
        mask: Float64Array.from(marks, (mark, n) => (inked[n] && here.has(mark) ? 1 : 0)),
      };
    });
    return inRows(digits).map((row) => row.map((n) => made[n]));
  };

  /** Return the ink of one piece, its soft edge too, without that of the others. */
  rows.piece = function ({ values, width, height }, mask) {
    const near = LeNet.ink.largest({ values: mask, width, height }, 2, 2).values;
    const rest = Float64Array.from(values, (value, n) => (value > LEVEL && !mask[n] ? 1 : 0));
    const others = LeNet.ink.largest({ values: rest, width, height }, 1, 1).values;
    return Float32Array.from(values, (value, n) =>
      mask[n] || (near[n] && !others[n]) ? value : 0,
    );
  };

  /** Say if a piece goes around others: a drawn box, the axes of a chart. */
  function isFrame(part, parts) {
    const { top, bottom, left, right } = part.box;
    const inside = (one) =>
      top < one.box.top &&
      one.box.bottom < bottom &&
      left < one.box.left &&
      one.box.right < right &&
      high(one) > FRAME[1] * (bottom - top);
    return part.fill < FRAME[0] && parts.some(inside);
  }

  /** Say if a piece stands in a row with one of the digits, and is about as high. */
  const isBeside = (part, digits) =>
    digits.some(
      (one) =>
        ALIKE[0] * high(one) <= high(part) &&
        high(part) <= ALIKE[1] * high(one) &&
        share(part.box, one.box) >= BESIDE,
    );

  /** Return how much of the lower one's height two boxes have in common. */
  function share(one, other) {
    const common = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
    return common / Math.min(one.bottom - one.top, other.bottom - other.top);
  }

  /** Return how far two boxes are from each other, down and across; below 0 where they overlap. */
  const gaps = ({ box: a }, { box: b }) => [
    Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom),
    Math.max(a.left, b.left) - Math.min(a.right, b.right),
  ];

  const joined = ({ box: a, ...one }, { box: b, ...other }) => ({
    numbers: [...one.numbers, ...other.numbers],
    mass: one.mass + other.mass,
    box: {
      top: Math.min(a.top, b.top),
      bottom: Math.max(a.bottom, b.bottom),
      left: Math.min(a.left, b.left),
      right: Math.max(a.right, b.right),
    },
  });

  /** Join what belongs together, and leave out what is no digit. */
  function digitsOf(parts) {
    if (!parts.length) return [];
    const most = Math.max(...parts.map((part) => part.mass));
    const highest = Math.max(
      ...parts.filter((part) => part.mass >= DIGIT[0] * most).map((part) => high(part)),
    );
    const isLarge = (part) => {
      const shares = [part.mass / most, high(part) / highest];
      return [DIGIT, SLIM].some(([a, b]) => shares[0] >= a && shares[1] >= b);
    };
    const digits = [],
      rest = [];
    const ordered = [...parts].sort((a, b) => b.mass - a.mass);
    for (const part of ordered.filter(isLarge)) add(digits, part, highest);
    for (const part of ordered) {
      const light =
        Math.max(high(part), wide(part)) < SPECK[1] * highest && part.mass < SPECK[2] * most;
      if (isLarge(part) || light || part.mass < SPECK[0] * most) continue;
      const far = digits.map((digit) => Math.max(...gaps(digit, part)));
      const near = far.indexOf(Math.min(...far));
      if (far[near] <= APART[0] * highest) digits[near] = joined(digits[near], part);
      else rest.push(part);
    }
    const small = []; // a digit may be in small pieces
    const downwards = ({ box: a }, { box: b }) =>
      a.top - b.top || a.bottom - b.bottom || a.left - b.left || a.right - b.right;
    for (const part of rest.sort(downwards)) add(small, part, highest);
    return [...digits, ...small.filter(isLarge)];
  }

  /** Join a piece to the first digit that it belongs to, or let it be a digit. */
  function add(digits, part, highest) {
    const same = digits.findIndex((digit) => areOne(digit, part, highest));
    if (same < 0) digits.push(part);
    else digits[same] = joined(digits[same], part);
  }

  /** Say if two large pieces are parts of one digit. */
  function areOne(one, other, highest) {
    const [down, across] = gaps(one, other),
      both = joined(one, other);
    return (
      Math.min(high(one), high(other)) < SHORT * highest &&
      down <= APART[0] * highest &&
      across <= APART[1] * highest &&
      Math.max(high(both), wide(both)) <= SIZE * highest
    );
  }

  /** Return the numbers of digits in rows. A row may climb: a digit goes to the row whose last digit
      is beside it. */
  function inRows(digits) {
    const middle = (n) => digits[n].box.left + digits[n].box.right;
    const found = [];
    for (const n of digits.map((_, n) => n).sort((a, b) => middle(a) - middle(b) || a - b)) {
      let best = 0,
        row = null;
      for (const one of found) {
        const common = share(digits[n].box, digits[one[one.length - 1]].box);
        if (common >= BESIDE && common > best) [best, row] = [common, one];
      }
      if (row) row.push(n);
      else found.push([n]);
    }
    const heights = found.map(
      (row) =>
        row.reduce((sum, n) => sum + digits[n].box.top + digits[n].box.bottom, 0) / row.length,
    );
    return found
      .map((_, n) => n)
      .sort((a, b) => heights[a] - heights[b] || a - b)
      .map((n) => found[n]);
  }
})();
