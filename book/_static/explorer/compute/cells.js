/* Small parts of the drawing of a computation: grids of numbers, pictures of maps with a window on
   them, the table of the ten outputs, and the sum as it grows. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const compute = (LeNet.compute = LeNet.compute || {});
  const { say } = LeNet;
  const { make, mark, number, paint, schemes } = LeNet.widgets;

  /** The light of a part of a colour, as WCAG's contrast reckons it. */
  const linear = (part) =>
    part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4;

  /** Return the colour of a value, and that of text on it. */
  function colours(value, [low, high], scheme) {
    const share = Math.min(Math.max((value - low) / (high - low || 1), 0), 1);
    const at = 3 * Math.round(255 * share);
    const [r, g, b] = schemes[scheme].subarray(at, at + 3);
    const light = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    return [`rgb(${r},${g},${b})`, light > 0.179 ? "#000" : "#fff"]; // where both are as clear
  }

  /** Write a number into a small cell: 0.25 as .25, for the line above has it in full. */
  const short = (value) =>
    number(value)
      .replace(/^(−?)0(?=\.)/, "$1")
      .replace(/\.00$/, "") || "0";

  /** A grid of numbers on the colours of their values: `fill(values, filled, now)` writes the first
      `filled` of them and frames the one at `now`. */
  compute.grid = function (name, columns, count, limits, scheme) {
    const cells = Array.from({ length: count }, () => make("span", { class: "lm-cell" }));
    const caption = make("figcaption", { class: "lm-title" }, name);
    const grid = make("div", { class: "lm-grid", style: `--across:${columns}` }, ...cells);
    const box = make(
      "figure",
      { class: "lm-figure lm-numbers", "aria-hidden": "true" },
      caption,
      grid,
    );
    const fill = (values, filled, now) =>
      cells.forEach((cell, n) => {
        cell.hidden = n >= values.length;
        const there = n < Math.min(filled, values.length);
        const [background, color] = there ? colours(values[n], limits, scheme) : ["", ""];
        cell.style.background = background;
        cell.style.color = color;
        cell.textContent = there ? short(values[n]) : "";
        cell.classList.toggle("lm-now", n === now);
      });
    return { box, caption, fill };
  };

  /** A picture of values with a mark on it. `side` is its width on the page. */
  compute.picture = function (name, columns, rows, limits, scheme, kind = "") {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const marks = make("span", { class: "lx-marks" });
    const caption = make("figcaption", {}, name);
    const note = make("span", { class: "lm-note" });
    const box = make(
      "figure",
      { class: `lm-figure lm-picture ${kind}` },
      caption,
      make("span", { class: "lx-map", style: `aspect-ratio:${columns}/${rows}` }, canvas, marks),
      note,
    );
    return {
      box,
      canvas,
      caption,
      note,
      paint: (values, first = 0) => paint(canvas, values, columns, rows, limits, scheme, first),
      /** Mark rectangles: [column, row, width, height, class]. */
      mark: (...places) =>
        marks.replaceChildren(
          ...places.map(([x, y, width, height, style]) =>
            mark(x / columns, y / rows, width / columns, height / rows, style),
          ),
        ),
    };
  };

  /** The table of the ten outputs: their sums, powers and shares, or their distances. */
  compute.ten = function (columns) {
    const head = make(
      "tr",
      {},
      ...["digit", ...columns].map((name) =>
        make("th", { scope: "col" }, say(`compute.ten.${name}`)),
      ),
    );
    const rows = Array.from("0123456789", (digit) => {
      const cells = columns.map(() => make("td", {}));
      return { cells, row: make("tr", {}, make("th", { scope: "row" }, digit), ...cells) };
    });
    const box = make(
      "table",
      { class: "lm-ten" },
      make("thead", {}, head),
      make("tbody", {}, ...rows.map(({ row }) => row)),
    );
    return {
      box,
      /** Write texts, one list for each column; `bars` are shares of a cell, of the last column. */
      fill: (texts, bars, now, best) =>
        rows.forEach(({ cells, row }, n) => {
          cells.forEach((cell, column) => (cell.textContent = texts[column][n] ?? ""));
          const part = Math.round(100 * (bars?.[n] ?? 0));
          cells[cells.length - 1].style.setProperty("--part", `${part}%`);
          row.classList.toggle("lm-now", n === now);
          row.classList.toggle("lx-best", n === best);
        }),
    };
  };

  const SVG = "http://www.w3.org/2000/svg";
  const svg = (tag, attributes) => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  /** The sum as it grows: a line from left to right, on an axis that stays. */
  compute.curve = function (sums) {
    const low = Math.min(0, ...sums);
    const high = Math.max(0, ...sums);
    const y = (sum) => 95 - (90 * (sum - low)) / (high - low || 1);
    const x = (n) => (100 * n) / Math.max(sums.length, 1);
    const all = { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" };
    const picture = svg("svg", { ...all, class: "lm-line" });
    const line = svg("polyline", { class: "lm-sum" });
    picture.append(svg("line", { class: "lm-zero", x1: 0, x2: 100, y1: y(0), y2: y(0) }), line);
    const dot = make("span", { class: "lm-dot" });
    const value = make("strong", {});
    const about = make("span", { class: "lm-sumvalue" }, `${say("compute.curve")} `, value);
    const zero = make("span", { class: "lm-zerotext", style: `top:${y(0)}%` }, "0");
    const box = make(
      "div",
      { class: "lm-curve" },
      about,
      make("div", { class: "lm-plot", "aria-hidden": "true" }, zero, picture, dot),
    );
    return {
      box,
      /** Draw the sums up to a step. */
      show(n) {
        const now = Math.min(n, sums.length - 1);
        const points = [0, ...sums.slice(0, now + 1)];
        line.setAttribute("points", points.map((sum, at) => `${x(at)},${y(sum)}`).join(" "));
        const last = points[points.length - 1];
        dot.style.left = `${x(points.length - 1)}%`;
        dot.style.top = `${y(last)}%`;
        value.textContent = number(last, 3);
      },
    };
  };
})();
