/* The curves of a training: how many held-out digits it reads, and its loss; and both as a table. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { say } = LeNet;
  const { make } = LeNet.widgets;
  const SPACE = { left: 40, right: 8, top: 8, bottom: 22 };
  const HEIGHT = 150;
  const WIDTH = 320; // where the page does not know
  const LOSS = 2.5; // what the scale of the losses goes up to, at least: guessing has 2.3 …
  const MOST = 6; // … and at most
  const ROWS = 8; // of the table
  const SVG = "http://www.w3.org/2000/svg";

  /** Make an element of a drawing. */
  function draw(tag, attributes, text) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  /** Write a whole number with narrow spaces: 10 000. */
  const grouped = (number) => String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, " ");
  const percent = (share) => `${(100 * share).toFixed(1)} %`;

  /** Return a round number that is not below a value. */
  function roundUp(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 4, 5, 8, 10].find((one) => one * power >= value) * power;
  }

  /* Shares of right answers: every tenth part of the mistakes is half of the height, so that 95 and
     97 % are told apart. */
  const SHARES = {
    marks: [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99],
    height: (share) => Math.min(-Math.log10(Math.max(1 - share, 1e-9)) / 2, 1),
    text: (share) => `${Math.round(100 * share)} %`,
  };
  const lossScale = (top, largest) => ({
    marks: [0, top / 2, top],
    height: (loss) => Math.min(loss / top, 1),
    text: (loss) => (loss === top && largest > top ? `≥ ${top}` : String(loss)),
  });

  /** The lines that a scale is read from, and its numbers. */
  function scales({ width, x, y }, farthest, { marks, text }) {
    const lines = marks.flatMap((mark) => [
      draw("line", {
        class: "lt-grid",
        x1: x(0),
        x2: width - SPACE.right,
        y1: y(mark),
        y2: y(mark),
      }),
      draw("text", { x: SPACE.left - 5, y: y(mark) + 4, "text-anchor": "end" }, text(mark)),
    ]);
    const ends = [0, farthest / 2, farthest].map((seen, n) =>
      draw(
        "text",
        { x: x(seen), y: HEIGHT - 6, "text-anchor": ["start", "middle", "end"][n] },
        grouped(seen),
      ),
    );
    return [...lines, ...ends];
  }

  /** Draw lines, [{points, kind}], on a scale. */
  function chart(place, lines, farthest, scale, label) {
    const width = place.clientWidth || WIDTH;
    const inside = [width - SPACE.left - SPACE.right, HEIGHT - SPACE.top - SPACE.bottom];
    const x = (seen) => SPACE.left + (inside[0] * seen) / farthest;
    const y = (value) => SPACE.top + inside[1] * (1 - scale.height(value));
    const drawing = draw("svg", {
      ...{ width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` },
      ...{ role: "img", "aria-label": label },
    });
    drawing.append(...scales({ width, x, y }, farthest, scale));
    for (const { points, kind } of lines) {
      const inView = points.filter(([seen]) => seen <= farthest);
      const places = inView.map(([seen, value]) => `${x(seen).toFixed(1)},${y(value).toFixed(1)}`);
      drawing.append(draw("polyline", { class: `lt-line ${kind}`, points: places.join(" ") }));
    }
    place.replaceChildren(drawing);
  }

  /** Return what a few rows of a table say: digits seen, loss, and share of digits read. */
  function rows({ losses, accuracies }) {
    const picked = Array.from({ length: Math.min(ROWS, accuracies.length) }, (_, n, count) => {
      const many = Math.min(ROWS, accuracies.length);
      return accuracies[many === 1 ? 0 : Math.round((n * (accuracies.length - 1)) / (many - 1))];
    });
    return picked.map(([seen, accuracy]) => {
      const loss = losses.find((point) => point[0] >= seen);
      return [grouped(seen), loss ? loss[1].toFixed(3) : "–", percent(accuracy)];
    });
  }

  /** Show the curves of a run in `parts`; return a function that draws them as they are. */
  LeNet.curves = function (parts, run) {
    const last = (points) => (points.length ? points[points.length - 1] : null);

    function titles(loss) {
      parts.accuracyTitle.textContent = say("trainer.curves.accuracy");
      const smoothed = loss ? loss[1].toFixed(3) : "–";
      parts.lossTitle.textContent = say("trainer.curves.lossNow", { value: smoothed });
    }

    return function () {
      const { losses, accuracies } = run.history;
      const before = run.previous || { losses: [], accuracies: [] };
      const [loss, accuracy] = [last(losses), last(accuracies)];
      titles(loss);
      const farthest = roundUp(Math.max(1000, loss?.[0] || 0, last(before.losses)?.[0] || 0));
      const both = (name) => [
        { points: before[name], kind: "lt-past" },
        { points: run.history[name], kind: `lt-${name}` },
      ];
      const label = { count: loss?.[0] || 0, seen: grouped(loss?.[0] || 0) };
      chart(
        parts.accuracyChart,
        both("accuracies"),
        farthest,
        SHARES,
        say("trainer.curves.accuracyAlt", {
          ...label,
          value: accuracy ? percent(accuracy[1]) : "–",
        }),
      );
      const largest = Math.max(LOSS, ...losses.map((point) => point[1]));
      const top = Math.min(Math.ceil(2 * largest) / 2, MOST);
      chart(
        parts.lossChart,
        both("losses"),
        farthest,
        lossScale(top, largest),
        say("trainer.curves.lossAlt", { ...label, value: loss ? loss[1].toFixed(2) : "–" }),
      );
      parts.key.hidden = !run.previous;
      if (parts.rows.closest("details").open)
        parts.rows.replaceChildren(
          ...rows(run.history).map((row) =>
            make(
              "tr",
              {},
              row.map((text) => make("td", {}, text)),
            ),
          ),
        );
    };
  };

  LeNet.curves.grouped = grouped;
  LeNet.curves.percent = percent;
})();
