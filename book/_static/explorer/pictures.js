/* From a picture file to its colours, and so to the digits on it (cutout.js).

   The steps are those of the command `lenet-tutorial predict` (command/photos.py), number for
   number. A picture is made small in strips, so that one of many megapixels stops neither the page
   nor a phone. Light runs from 0, black, to 1. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const SIDE = 400; // larger pictures are made smaller first
  const STRIP = 2 ** 20; // pixels that are looked at in one go
  const PAUSE = 30; // milliseconds of work, after which the page gets its turn
  const HIDDEN = 0.05; // light that differs by less is not seen

  const pictures = (LeNet.pictures = LeNet.pictures || {});

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

  /** Read a picture of some kinds, of at most `most` pixels, from a file: its digits. Rejects,
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
      const digits = await pictures.findDigits(look);
      if (!digits.length) throw refuse("blank", { name });
      return digits;
    } finally {
      URL.revokeObjectURL(address);
      bitmap?.close();
    }
  };
})();
