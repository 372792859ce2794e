/* Which part of a picture is a digit, or which parts are digits, and where that is doubtful.

   The steps are those of src/lenet_tutorial/cutout.py, number for number; what each is for is told
   there. ink.js has those for photographs, and rows.js tells digits apart. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const LEAST_CONTRAST = 0.15; // between paper and ink; black on white is 1
  const DOUBTS = ["several", "specks", "edge", "faint", "small", "full", "thin", "wide"];
  const INK = 0.5; // at least so much is ink where pieces are counted
  const SECOND = [0.15, 0.4]; // share of the first thing's ink, and of the box's height
  const SPECKS = 0.75; // the largest piece's longer side, as a share of the whole box's
  const FAINT_CONTRAST = 0.35;
  const SMALL = 0.2; // the box's longer side, as a share of the picture's
  const FULL = 0.75, // share of ink in the box …
    SLIM = 0.5; // … but a 1 may fill its box, which is slim
  const THIN = 0.12; // share of ink in the box
  const WIDE = 1.35; // times as wide as high
  const TINY = 64; // pixels: in a smaller picture there is nothing but a digit
  const MIXED = 0.1; // share of what stands out that is lighter than the paper, or darker
  const EVEN = [0.15, 0.6, 0.06, 0.65]; // paper, ink along the border, how much between, how much paper
  const CLOSER = [0.4, 0.6]; // a smaller digit is looked at again, with so much around
  const NEARER = 0.8; // several are looked at again where that shows so small a share
  const WHOLE = [0, 1, 0, 1]; // a picture

  const pictures = (LeNet.pictures = LeNet.pictures || {});
  const lightOf = ({ red, green, blue }) => LeNet.ink.grey(red, green, blue);

  /** Call a function for each place of the border. */
  function alongBorder(width, height, look) {
    for (let x = 0; x < width; x++) [x, (height - 1) * width + x].forEach(look);
    for (let y = 0; y < height; y++) [y * width, (y + 1) * width - 1].forEach(look);
  }

  /** Return how far each pixel is from the paper, which is what the border mostly is, and how far
      the ink is. */
  function contrastOf(light, width, height) {
    const border = [];
    alongBorder(width, height, (n) => border.push(light[n]));
    border.sort((a, b) => a - b);
    const paper = border[border.length >> 1];
    const contrast = light.map((value) => Math.abs(value - paper));
    const strongest = Float32Array.from(contrast).sort()[Math.floor(contrast.length * 0.995)];
    return { contrast, strongest, paper };
  }

  /** Tell ink from paper, dark on light or light on dark. Returns null where nothing stands out. */
  pictures.findInk = function (light, width, height) {
    const { contrast, strongest } = contrastOf(light, width, height);
    if (strongest < LEAST_CONTRAST) return null;
    // Shadows and the grain of the paper stay below a third of the contrast.
    return contrast.map((value) => Math.min(Math.max((value / strongest - 0.33) * 3, 0), 1));
  };

  // ------------------------------------------------------------------ doubts

  /** Return the pieces of ink, {mass, width, height}, the one with most of it first. */
  function piecesOf(ink, width, height) {
    const values = ink.map((value) => (value >= INK ? 1 : 0));
    const { marks, boxes } = LeNet.pieces.markAll({ values, width, height });
    const found = boxes.map(({ top, bottom, left, right }) => {
      return { mass: 0, width: right - left, height: bottom - top };
    });
    for (let n = 0; n < ink.length; n++) if (marks[n]) found[marks[n] - 1].mass += ink[n];
    return found.sort((a, b) => b.mass - a.mass);
  }

  /** Say why the cut-out of a digit is doubtful: names, none where all is well. */
  pictures.doubts = function (light, ink, width, height, told = {}) {
    const box = LeNet.preprocess.box(ink, width, height);
    const long = Math.max(box.width, box.height),
      slim = Math.min(box.width, box.height) / long;
    const [first, second] = piecesOf(ink, width, height);
    let edge = false,
      inked = 0;
    alongBorder(width, height, (n) => (edge = edge || ink[n] >= INK));
    for (const value of ink) if (value >= INK) inked++; // none of it is outside the box
    const share = inked / (box.width * box.height);
    const several =
      told.others ||
      (second && second.mass >= SECOND[0] * first.mass && second.height >= SECOND[1] * box.height);
    const found = {
      several,
      specks: first && !several && Math.max(first.width, first.height) < SPECKS * long,
      edge,
      faint: (told.contrast ?? contrastOf(light, width, height).strongest) < FAINT_CONTRAST,
      small: long < SMALL * Math.max(width, height),
      full: share > FULL && slim > SLIM,
      thin: share < THIN,
      wide: box.width > WIDE * box.height,
    };
    return DOUBTS.filter((name) => found[name]);
  };

  /** Say if a picture is a digit on even paper, all of which the simple rule sees. */
  function isPlain(light, width, height, doubts) {
    if (Math.max(width, height) < TINY) return true;
    const many = ["several", "specks", "full", "thin"].some((name) => doubts.includes(name));
    return !many && isEven(light, width, height);
  }

  /** Say if the paper is even, and all that is on it darker than it, or all of it lighter. */
  function isEven(light, width, height) {
    const { contrast, strongest, paper } = contrastOf(light, width, height);
    let [all, papered, inked, out, lighter] = [0, 0, 0, 0, 0];
    alongBorder(width, height, (n) => {
      all++;
      if (contrast[n] <= EVEN[0] * strongest) papered++;
      if (contrast[n] >= EVEN[1] * strongest) inked++;
    });
    const even = 1 - papered / all - inked / all < EVEN[2] && papered / all > EVEN[3];
    // Ink is darker than its paper, or lighter. A picture with both holds more than a digit.
    for (let n = 0; n < light.length; n++) {
      if (contrast[n] <= 0.33 * strongest) continue;
      out++;
      if (light[n] > paper) lighter++;
    }
    const both = lighter / out > MIXED && lighter / out < 1 - MIXED;
    return even && !both;
  }

  // ------------------------------------------------------------------ one digit, or several

  /** Return a box of pixels in a part of a picture as shares of the picture. */
  function within(view, { top, bottom, left, right }, { width, height }) {
    const high = (view[1] - view[0]) / height,
      wide = (view[3] - view[2]) / width;
    const down = [top, bottom].map((edge) => view[0] + edge * high);
    return [...down, ...[left, right].map((edge) => view[2] + edge * wide)];
  }

  /** Return a box and so many pixels around it, as far as the picture goes. */
  function around([top, bottom, left, right], pixels, { width, height }) {
    const down = pixels / height,
      across = pixels / width;
    const wider = [top - down, bottom + down, left - across, right + across];
    return wider.map((edge) => Math.min(Math.max(edge, 0), 1));
  }

  /** Find the digits on a picture, in the order in which they are read: {steps, doubts, box, row}.

      `look` takes a box, [top, bottom, left, right] as shares of the picture, and returns its
      colours, or a promise of them. */
  pictures.findDigits = async function (look) {
    const seen = new Map();
    const once = (box) => {
      const name = box.join();
      if (!seen.has(name)) seen.set(name, look(box));
      return seen.get(name);
    };
    const one = await alone(once);
    if (!one) return [];
    if (one.many || one.doubts.includes("several")) {
      const found = await several(once, one.view);
      if (found.length > 1) return found;
    }
    const { ink, size, doubts, view } = one;
    const steps = LeNet.preprocess.normalise(ink, size.width, size.height);
    const { x, y, width, height } = steps.box;
    const box = { top: y, bottom: y + height, left: x, right: x + width };
    return [{ steps, doubts, box: within(view, box, size), row: 0 }];
  };

  /** Return the ink of one digit, its doubts, which part of the picture was looked at, and whether
      the simple rule saw several things on even paper. */
  async function alone(look) {
    let size = await look(WHOLE),
      view = WHOLE;
    const { width, height } = size,
      light = lightOf(size);
    const simple = pictures.findInk(light, width, height);
    const why = simple ? pictures.doubts(light, simple, width, height) : [];
    const plain = simple && { ink: simple, size, doubts: why, view };
    if (simple && isPlain(light, width, height, why)) return plain;
    const many = why.includes("several") && isEven(light, width, height);
    let found = LeNet.ink.find(size);
    if (!found) return plain && { ...plain, many };
    const { box, others } = found,
      side = Math.max(box.bottom - box.top, box.right - box.left);
    if (side < CLOSER[0] * Math.max(width, height)) {
      const near = around(within(WHOLE, box, size), CLOSER[1] * side, size);
      const seen = await look(near),
        nearer = LeNet.ink.find(seen);
      if (nearer && nearer.ink.length >= (side * (1 + CLOSER[1])) ** 2)
        [found, size, view] = [nearer, seen, near];
    }
    const { ink, contrast } = found;
    const told = { contrast, others };
    return {
      ink,
      size,
      doubts: pictures.doubts(light, ink, size.width, size.height, told),
      view,
      many,
    };
  }

  /** Return the digits of a picture that holds more than one, or a list with fewer. */
  async function several(look, view) {
    let found = await inView(look, WHOLE),
      seen = WHOLE;
    if (view !== WHOLE) {
      const other = await inView(look, view);
      if (other.length > found.length) [found, seen] = [other, view];
    }
    if (found.length < 2) return found;
    const end = (n, pick) => pick(...found.map(({ box }) => box[n]));
    const box = [end(0, Math.min), end(1, Math.max), end(2, Math.min), end(3, Math.max)];
    const whole = await look(WHOLE),
      { width, height } = whole;
    const high = Math.max(...found.map((digit) => (digit.box[1] - digit.box[0]) * height));
    const nearer = around(box, CLOSER[1] * high, whole);
    const side = (one) => Math.max((one[1] - one[0]) * height, (one[3] - one[2]) * width);
    if (side(nearer) >= NEARER * side(seen)) return found;
    const again = await inView(look, nearer);
    return again.length >= found.length ? again : found;
  }

  /** Return the digits in a part of a picture. */
  async function inView(look, view) {
    const size = await look(view),
      { width, height } = size;
    const light = lightOf(size);
    const plane = (values) => ({ values, width, height });
    let ink = pictures.findInk(light, width, height),
      rows = [],
      contrast;
    if (ink && isEven(light, width, height)) {
      rows = LeNet.rows.find(plane(ink));
      contrast = contrastOf(light, width, height).strongest;
    }
    if (rows.flat().length < 2) {
      const found = LeNet.ink.find(size);
      if (!found) return [];
      [ink, contrast] = [found.whole, found.contrast];
      rows = LeNet.rows.find(plane(ink), false);
    }
    return rows.flatMap((row, n) =>
      row.map(({ box, mask }) => {
        const part = cropped(plane(LeNet.rows.piece(plane(ink), mask)), box);
        const doubts = pictures.doubts(light, part.values, part.width, part.height, { contrast });
        const steps = LeNet.preprocess.normalise(part.values, part.width, part.height);
        return { steps, doubts, box: within(view, box, size), row: n };
      }),
    );
  }

  /** Return the ink in a box, with paper around it as far as the picture goes. */
  function cropped({ values, width, height }, { top, bottom, left, right }) {
    const around = Math.floor(Math.max(bottom - top, right - left) / 2);
    const y = Math.max(top - around, 0),
      x = Math.max(left - around, 0);
    const high = Math.min(bottom + around, height) - y,
      wide = Math.min(right + around, width) - x;
    const part = new Float32Array(high * wide);
    for (let line = 0; line < high; line++)
      part.set(values.subarray((y + line) * width + x, (y + line) * width + x + wide), line * wide);
    return { values: part, width: wide, height: high };
  }
})();
