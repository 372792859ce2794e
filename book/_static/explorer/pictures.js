/* From a picture file to a digit: what is ink on it, and where that is doubtful.

   The steps are those of the command `lenet-tutorial predict` (src/lenet_tutorial/cutout.py and
   command/photos.py), number for number; ink.js has those for photographs. A picture is made small in strips, so that one of many
   megapixels stops neither the page nor a phone. Light runs from 0, black, to 1. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const SIDE = 400; // larger pictures are made smaller first
  const STRIP = 2 ** 20; // pixels that are looked at in one go
  const PAUSE = 30; // milliseconds of work, after which the page gets its turn
  const LEAST_CONTRAST = 0.15; // between paper and ink; black on white is 1
  const DOUBTS = ["several", "specks", "edge", "faint", "small", "full", "thin"];
  const INK = 0.5; // at least so much is ink where pieces are counted
  const SECOND = [0.15, 0.4]; // share of the first thing's ink, and of the box's height
  const SPECKS = 0.75; // the largest piece's longer side, as a share of the whole box's
  const FAINT_CONTRAST = 0.35;
  const SMALL = 0.2; // the box's longer side, as a share of the picture's
  const FULL = 0.75, // share of ink in the box …
    SLIM = 0.5; // … but a 1 may fill its box, which is slim
  const THIN = 0.12; // share of ink in the box
  const HIDDEN = 0.05; // light that differs by less is not seen
  const TINY = 64; // pixels: in a smaller picture there is nothing but a digit
  const MIXED = 0.1; // share of what stands out that is lighter than the paper, or darker
  const EVEN = [0.15, 0.6, 0.06, 0.65]; // paper, ink along the border, how much between, how much paper
  const CLOSER = [0.4, 0.6]; // a smaller digit is looked at again, with so much around

  const pictures = (LeNet.pictures = {});

  // ------------------------------------------------------------------ light

  /* Which old pixels each of `parts` new ones is the mean of: [first, end]. A pixel counts where its
     middle lies, as in Pillow's filter BOX. */
  function windows(length, parts) {
    const scale = length / parts,
      inside = (x, middle) => {
        const at = (x - middle + 0.5) * (1 / scale);
        return at > -0.5 && at <= 0.5;
      };
    return Array.from({ length: parts }, (_, n) => {
      const middle = (n + 0.5) * scale;
      let first = Math.max(Math.floor(middle - 0.5 * scale + 0.5), 0),
        end = Math.min(Math.floor(middle + 0.5 * scale + 0.5), length);
      while (first < end - 1 && !inside(first, middle)) first++;
      while (first < end - 1 && !inside(end - 1, middle)) end--;
      return [first, end];
    });
  }

  /** Return what makes a picture smaller: `add` rows of RGBA bytes from the top, and read `colours`:
      {red, green, blue, width, height}, 0 to 1. */
  pictures.smaller = function (width, height) {
    const shrink = Math.min(1, SIDE / Math.max(width, height));
    const [columns, rows] = [width, height].map((side) => Math.max(1, Math.round(side * shrink)));
    const across = windows(width, columns),
      down = windows(height, rows);
    // Red, green and blue, as much as is there, and how much is there.
    const sums = Array.from({ length: 4 }, () => new Float64Array(columns * rows));
    const seen = sums.map(() => new Float64Array(width));
    let row = 0,
      next = 0; // the first new row that is not complete
    return {
      add(pixels) {
        for (let at = 0; at < pixels.length; row++) {
          for (let x = 0; x < width; x++, at += 4) {
            const there = (seen[3][x] = pixels[at + 3] / 255);
            for (let colour = 0; colour < 3; colour++)
              seen[colour][x] = (pixels[at + colour] / 255) * there;
          }
          while (next < rows && down[next][1] <= row) next++;
          for (let n = next; n < rows && down[n][0] <= row; n++) {
            const high = down[n][1] - down[n][0];
            across.forEach(([first, end], column) => {
              for (let plane = 0; plane < 4; plane++) {
                let sum = 0;
                for (let x = first; x < end; x++) sum += seen[plane][x];
                sums[plane][n * columns + column] += sum / (end - first) / high;
              }
            });
          }
        }
      },
      colours: () => onPaper(sums, columns, rows),
    };
  };

  /** Lay what is there on white; where nothing can be seen so, on black. */
  function onPaper(planes, width, height) {
    const there = planes[3];
    const laid = (ground) =>
      planes
        .slice(0, 3)
        .map((plane) =>
          Float32Array.from(plane, (value, n) =>
            Math.min(Math.max(value + ground * (1 - there[n]), 0), 1),
          ),
        );
    const range = (values) => {
      let [least, most] = [1, 0];
      for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
      return [least, most];
    };
    const white = laid(1),
      ends = white.map(range);
    const seen = Math.max(...ends.map((end) => end[1])) - Math.min(...ends.map((end) => end[0]));
    const [least, most] = range(there);
    const [red, green, blue] = seen < HIDDEN && most - least >= HIDDEN ? laid(0) : white;
    return { red, green, blue, width, height };
  }

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

  /** Return the pieces of ink, the one with most of it first. Pixels that touch are one piece. */
  function piecesOf(ink, width, height) {
    const seen = new Uint8Array(ink.length),
      pieces = [];
    for (let start = 0; start < ink.length; start++) {
      if (seen[start] || ink[start] < INK) continue;
      const todo = [start],
        piece = { mass: 0, left: width, right: 0, top: height, bottom: 0 };
      seen[start] = 1;
      while (todo.length) {
        const n = todo.pop(),
          x = n % width,
          y = Math.floor(n / width);
        piece.mass += ink[n];
        piece.left = Math.min(piece.left, x);
        piece.right = Math.max(piece.right, x);
        piece.top = Math.min(piece.top, y);
        piece.bottom = Math.max(piece.bottom, y);
        for (let below = Math.max(y - 1, 0); below <= Math.min(y + 1, height - 1); below++) {
          for (let beside = Math.max(x - 1, 0); beside <= Math.min(x + 1, width - 1); beside++) {
            const next = below * width + beside;
            if (seen[next] || ink[next] < INK) continue;
            seen[next] = 1;
            todo.push(next);
          }
        }
      }
      const { left, right, top, bottom } = piece;
      pieces.push({ mass: piece.mass, width: right - left + 1, height: bottom - top + 1 });
    }
    return pieces.sort((a, b) => b.mass - a.mass);
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
    };
    return DOUBTS.filter((name) => found[name]);
  };

  /** Say if a picture is a digit on even paper, all of which the simple rule sees. */
  function isPlain(light, width, height, doubts) {
    if (Math.max(width, height) < TINY) return true;
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
    return (
      even && !both && !["several", "specks", "full", "thin"].some((name) => doubts.includes(name))
    );
  }

  /** Find the digit on a picture: its steps (see preprocess.js) and doubts, or null.

      `look` takes a box, [top, bottom, left, right] as shares of the picture, and returns its
      colours, or a promise of them. */
  pictures.cutOut = async function (look) {
    const colours = await look([0, 1, 0, 1]),
      { width, height } = colours;
    const light = LeNet.ink.grey(colours.red, colours.green, colours.blue);
    const simple = pictures.findInk(light, width, height);
    const made = (ink, wide, high, doubts) => ({
      steps: LeNet.preprocess.normalise(ink, wide, high),
      doubts,
    });
    const why = simple ? pictures.doubts(light, simple, width, height) : [];
    if (simple && isPlain(light, width, height, why)) return made(simple, width, height, why);
    const found = LeNet.ink.find(colours);
    if (!found) return simple && made(simple, width, height, why);
    const { ink, seen } = (await closer(look, found, width, height)) ?? {
      ink: found,
      seen: colours,
    };
    const told = { contrast: ink.contrast, others: found.others };
    return made(
      ink.ink,
      seen.width,
      seen.height,
      pictures.doubts(light, ink.ink, seen.width, seen.height, told),
    );
  };

  /** Look at a small digit again, from nearer; null where that shows no more of it. */
  async function closer(look, { box }, width, height) {
    const { top, bottom, left, right } = box,
      side = Math.max(bottom - top, right - left);
    if (side >= CLOSER[0] * Math.max(width, height)) return null;
    const around = CLOSER[1] * side;
    const shares = [(top - around) / height, (bottom + around) / height];
    shares.push((left - around) / width, (right + around) / width);
    const seen = await look(shares.map((edge) => Math.min(Math.max(edge, 0), 1)));
    const ink = LeNet.ink.find(seen);
    return ink && ink.ink.length >= (side * (1 + CLOSER[1])) ** 2 ? { ink, seen } : null;
  }

  // ------------------------------------------------------------------ files

  const refuse = (name, values) => new Error(LeNet.say(`sources.file.${name}`, values));

  /** Load a picture; what is shown of it is the right side up. */
  function load(address, name) {
    return new Promise((resolve, reject) => {
      const image = new Image();
      image.onload = () => resolve(image);
      image.onerror = () => reject(refuse("damaged", { name }));
      image.src = address;
    });
  }

  /** Return the colours of a part of a picture. The pixels come strip by strip. */
  async function coloursOf(picture, [top, bottom, left, right]) {
    const [width, height] = [right - left, bottom - top];
    const canvas = document.createElement("canvas");
    const rows = Math.max(1, Math.min(height, Math.floor(STRIP / width)));
    [canvas.width, canvas.height] = [width, rows];
    const context = LeNet.widgets.pen(canvas, { willReadFrequently: true });
    if (!context) throw refuse("noCanvas");
    const made = pictures.smaller(width, height);
    let rested = performance.now();
    for (let line = 0; line < height; line += rows) {
      const count = Math.min(rows, height - line);
      context.clearRect(0, 0, width, rows);
      context.drawImage(picture, left, top + line, width, count, 0, 0, width, count);
      made.add(context.getImageData(0, 0, width, count).data);
      if (performance.now() - rested < PAUSE) continue;
      await new Promise((resolve) => setTimeout(resolve));
      rested = performance.now();
    }
    return made.colours();
  }

  /** Return the pixels of a box that is given in shares of a picture. */
  pictures.pixelsOf = ([top, bottom, left, right], width, height) => [
    Math.floor(top * height),
    Math.ceil(bottom * height),
    Math.floor(left * width),
    Math.ceil(right * width),
  ];

  /** Read a picture of some kinds, of at most `most` pixels, from a file: steps and doubts. Rejects,
      with a sentence that helps, what can't be used. */
  pictures.readFile = async function (file, { kinds, most }) {
    const { name, type } = file;
    if (!kinds.includes(type)) throw refuse(type ? "type" : "unknown", { name, type });
    const address = URL.createObjectURL(file);
    let bitmap = null;
    try {
      const image = await load(address, name);
      const { naturalWidth: width, naturalHeight: height } = image;
      const million = (count) => Math.round(count / 1e6);
      if (width * height > most)
        throw refuse("large", {
          name,
          count: million(width * height),
          most: million(most),
        });
      // Unpacked once, beside the page; else the browser may do so for each strip.
      bitmap = window.createImageBitmap
        ? await window.createImageBitmap(file).catch(() => null)
        : null;
      const same = bitmap?.width === width && bitmap.height === height;
      const look = (box) => coloursOf(same ? bitmap : image, pictures.pixelsOf(box, width, height));
      const digit = await pictures.cutOut(look);
      if (!digit) throw refuse("blank", { name });
      return digit;
    } finally {
      URL.revokeObjectURL(address);
      bitmap?.close();
    }
  };
})();
