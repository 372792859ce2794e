/* From a picture file to a digit: what is ink on it, and where that is doubtful.

   The steps are those of the command `lenet-tutorial predict` (src/lenet_tutorial/cutout.py and
   command/photos.py), number for number. A picture is made small in strips, so that one of many
   megapixels stops neither the page nor a phone. Light runs from 0, black, to 1. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const SIDE = 400; // larger pictures are made smaller first
  const STRIP = 2 ** 20; // pixels that are looked at in one go
  const PAUSE = 30; // milliseconds of work, after which the page gets its turn
  const KINDS = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"];
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

  const pictures = (LeNet.pictures = { KINDS });

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

  /** Return what makes a picture smaller: `add` rows of RGBA bytes from the top, and read `light`. */
  pictures.smaller = function (width, height) {
    const shrink = Math.min(1, SIDE / Math.max(width, height));
    const [columns, rows] = [width, height].map((side) => Math.max(1, Math.round(side * shrink)));
    const across = windows(width, columns),
      down = windows(height, rows);
    const sums = new Float64Array(columns * rows),
      seen = new Float64Array(width);
    let row = 0,
      next = 0; // the first new row that is not complete
    return {
      width: columns,
      height: rows,
      add(pixels) {
        for (let at = 0; at < pixels.length; row++) {
          for (let x = 0; x < width; x++, at += 4) {
            const value = 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
            // What is transparent lies on white.
            seen[x] = 1 + (value / 255 - 1) * (pixels[at + 3] / 255);
          }
          while (next < rows && down[next][1] <= row) next++;
          for (let n = next; n < rows && down[n][0] <= row; n++) {
            across.forEach(([first, end], column) => {
              let sum = 0;
              for (let x = first; x < end; x++) sum += seen[x];
              sums[n * columns + column] += sum / (end - first) / (down[n][1] - down[n][0]);
            });
          }
        }
      },
      light: () => Float32Array.from(sums, (value) => Math.min(Math.max(value, 0), 1)),
    };
  };

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
    return { contrast, strongest };
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
  pictures.doubts = function (light, ink, width, height) {
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
      second && second.mass >= SECOND[0] * first.mass && second.height >= SECOND[1] * box.height;
    const found = {
      several,
      specks: first && !several && Math.max(first.width, first.height) < SPECKS * long,
      edge,
      faint: contrastOf(light, width, height).strongest < FAINT_CONTRAST,
      small: long < SMALL * Math.max(width, height),
      full: share > FULL && slim > SLIM,
      thin: share < THIN,
    };
    return DOUBTS.filter((name) => found[name]);
  };

  /** Cut a digit out of a picture's light: its steps (see preprocess.js) and doubts, or null. */
  pictures.cutOut = function (light, width, height) {
    const ink = pictures.findInk(light, width, height);
    const steps = ink && LeNet.preprocess.normalise(ink, width, height);
    return steps && { steps, doubts: pictures.doubts(light, ink, width, height) };
  };

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

  /** Return a picture's light, and its size. The pixels come strip by strip. */
  async function lightOf(picture, width, height) {
    const canvas = document.createElement("canvas");
    const rows = Math.max(1, Math.min(height, Math.floor(STRIP / width)));
    [canvas.width, canvas.height] = [width, rows];
    const context = LeNet.widgets.pen(canvas, { willReadFrequently: true });
    if (!context) throw refuse("noCanvas");
    const made = pictures.smaller(width, height);
    let rested = performance.now();
    for (let top = 0; top < height; top += rows) {
      const count = Math.min(rows, height - top);
      context.clearRect(0, 0, width, rows);
      context.drawImage(picture, 0, top, width, count, 0, 0, width, count);
      made.add(context.getImageData(0, 0, width, count).data);
      if (performance.now() - rested < PAUSE) continue;
      await new Promise((resolve) => setTimeout(resolve));
      rested = performance.now();
    }
    return { light: made.light(), width: made.width, height: made.height };
  }

  /** Read a picture of at most `most` pixels from a file: steps and doubts. Rejects, with a sentence
      that helps, what can't be used. */
  pictures.readFile = async function (file, most) {
    const { name, type } = file;
    if (!KINDS.includes(type)) throw refuse(type ? "type" : "unknown", { name, type });
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
      const seen = await lightOf(same ? bitmap : image, width, height);
      const digit = pictures.cutOut(seen.light, seen.width, seen.height);
      if (!digit) throw refuse("blank", { name });
      return digit;
    } finally {
      URL.revokeObjectURL(address);
      bitmap?.close();
    }
  };
})();
