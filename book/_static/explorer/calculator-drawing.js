/* The calculator's drawing: the padded input with the kernel at a place, and the output. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { say } = LeNet;
  const GAP = 28; // pixels between input and output
  const TITLE = 22; // height of the line above a grid
  const NARROW = 480; // below this width they stand one below the other
  const CELL = [3, 36]; // pixels that a value may take on a side

  /** Work out where things stand in so much space; all is in pixels. */
  function layOut({ padded, output }, wide) {
    const stacked = wide < NARROW;
    const across = stacked ? Math.max(padded, output) : padded + output;
    const room = Math.floor((wide - (stacked ? 4 : GAP + 4)) / across);
    const cell = Math.max(CELL[0], Math.min(CELL[1], room));
    const width = stacked ? cell * across + 4 : cell * across + GAP + 4;
    const high = stacked ? cell * (padded + output) + GAP : cell * Math.max(padded, output);
    const left = stacked ? 2 : 2 + padded * cell + GAP;
    const top = stacked ? TITLE + padded * cell + GAP : TITLE;
    return { cell, width, height: high + TITLE + 4, left, top };
  }

  /** Draw a layer, `sum`, with the kernel at the place that fills a row and column of the output. */
  LeNet.drawGrids = function (canvas, pen, sum, row, column) {
    const look = getComputedStyle(canvas);
    const colour = (name) => look.getPropertyValue(name).trim();
    const sharp = Math.max(1, Math.min(3, window.devicePixelRatio || 1));
    const { cell, width, height, left, top } = layOut(sum, canvas.parentElement.clientWidth || 640);
    canvas.width = width * sharp;
    canvas.height = height * sharp;
    canvas.style.width = `${width}px`;
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.font = "14px sans-serif";
    pen.textBaseline = "top";

    function grid(x, y, title, count, fill) {
      pen.fillStyle = colour("--lx-text");
      pen.fillText(title, x, y - 20);
      for (let r = 0; r < count; r++) {
        for (let c = 0; c < count; c++) {
          pen.fillStyle = fill(r, c);
          pen.fillRect(x + c * cell, y + r * cell, cell, cell);
          pen.strokeStyle = colour("--lc-line");
          pen.lineWidth = 1;
          pen.strokeRect(x + c * cell + 0.5, y + r * cell + 0.5, cell - 1, cell - 1);
        }
      }
    }

    const { size, padded, before, kernel, stride, dilation, output } = sum;
    const first = { row: row * stride, column: column * stride };
    const isPixel = (n) => n >= before && n < before + size;
    const isHit = (n, start) =>
      n >= start && (n - start) % dilation === 0 && (n - start) / dilation < kernel;
    const below = say(`calculator.input.${padded > size ? "padded" : "plain"}`, { size, padded });
    grid(2, TITLE, below, padded, (r, c) => {
      if (isHit(r, first.row) && isHit(c, first.column)) return colour("--lc-kernel");
      return isPixel(r) && isPixel(c) ? colour("--lc-input") : colour("--lc-zero");
    });
    const extent = (dilation * (kernel - 1) + 1) * cell;
    pen.strokeStyle = colour("--lx-text");
    pen.lineWidth = 3;
    pen.strokeRect(2 + first.column * cell, TITLE + first.row * cell, extent, extent);

    const here = row * output + column;
    grid(left, top, say("calculator.output", { output }), output, (r, c) => {
      const place = r * output + c;
      if (place === here) return colour("--lc-kernel");
      return place < here ? colour("--lc-done") : colour("--lc-zero");
    });
  };
})();
