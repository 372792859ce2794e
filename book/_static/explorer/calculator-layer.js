/* One layer in the calculator: its size in words, and the kernel going from place to place. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { say, sentences, shapes } = LeNet;
  const LARGEST = 64; // padded pixels on a side that are drawn; larger ones are counted only
  const SPEEDS = { slow: 900, medium: 400, fast: 120 }; // milliseconds a place
  const EXAMPLE = { kind: "convolution", kernel: 3, stride: 1, padding: "valid", dilation: 1 };

  // ------------------------------------------------------------------ in words

  /** Write ⌊(i + 2p − d(k − 1) − 1) / s⌋ + 1 with the numbers put in. */
  function formula({ size, kernel, stride, dilation }, [before, after]) {
    const zeros = before === after ? `2·${before}` : `${before} + ${after}`;
    const top = size + before + after - dilation * (kernel - 1) - 1;
    return `⌊(${size} + ${zeros} − ${dilation}·(${kernel} − 1) − 1) / ${stride}⌋ + 1 = ⌊${top} / ${stride}⌋ + 1 = ${Math.floor(top / stride) + 1}`;
  }

  function explanation({ size, kernel, stride, padding, dilation }, [before, after], output) {
    const words = [];
    if (padding === "same")
      words.push(say("calculator.same", { size, stride, output, after, count: before }));
    if (dilation > 1)
      words.push(say("calculator.covers", { dilation, extent: dilation * (kernel - 1) + 1 }));
    const left = (size + before + after - dilation * (kernel - 1) - 1) % stride;
    if (left) words.push(say("calculator.left", { count: left }));
    return sentences(...words);
  }

  /** Say what a transposed convolution with the same numbers makes, by both rules. */
  function otherWay({ kind, size, kernel, stride, padding, dilation }) {
    if (kind !== "convolution" || dilation > 1) return "";
    const by = (rule) => {
      try {
        return shapes.transposedOutputSize(size, kernel, stride, padding, rule);
      } catch {
        return null; // this rule does not know this padding
      }
    };
    const smallest = by("smallest"),
      keras = by("keras");
    const most = smallest ?? keras;
    if (most === null) return "";
    const more = smallest !== null && keras !== null && keras !== smallest;
    return sentences(
      say("calculator.turned", { most, size }),
      more && say("calculator.turnedByKeras", { keras }),
    );
  }

  function advice({ size, kernel, padding, dilation }) {
    const extent = dilation * (kernel - 1) + 1;
    if (![size, kernel, dilation].every((n) => Number.isInteger(n) && n > 0) || !(extent > size))
      return "";
    const needed = Math.ceil((extent - size) / 2);
    return padding === "same" ? "" : say("calculator.advice", { needed, size });
  }

  /** Say which pixels the kernel covers along one axis, at a place of the output. */
  function pixels({ kernel, stride, before, dilation }, place) {
    const first = place * stride - before;
    const taps = Array.from({ length: kernel }, (_, n) => first + n * dilation);
    const minus = (number) => String(number).replace("-", "−");
    return dilation > 1 && kernel <= 8
      ? taps.map(minus).join(", ")
      : say("calculator.range", { first: minus(taps[0]), last: minus(taps[taps.length - 1]) });
  }

  // ------------------------------------------------------------------ place by place

  /** Let the reader go from place to place: step, back, play. `draw` shows the place. */
  function player({ play, back, step, first, speed }, calm, places, draw) {
    let place = 0,
      timer = null;

    function go(number) {
      place = Math.min(Math.max(number, 0), Math.max(places() - 1, 0));
      draw(place);
    }
    function pause() {
      clearInterval(timer);
      timer = null;
      play.textContent = say("calculator.play");
    }
    const by = (number) => () => {
      pause();
      go(place + number);
    };
    function toggle() {
      if (timer) return pause();
      if (calm.matches) return go(places() - 1);
      if (place >= places() - 1) go(0);
      play.textContent = say("calculator.pause");
      const next = () => (place >= places() - 1 ? pause() : go(place + 1));
      timer = setInterval(next, SPEEDS[speed.value]);
    }
    play.addEventListener("click", toggle);
    back.addEventListener("click", by(-1));
    step.addEventListener("click", by(1));
    first.addEventListener("click", () => go(0));
    speed.addEventListener("change", () => {
      if (timer) {
        pause();
        toggle();
      }
    });
    return { go, pause, again: () => draw(place) };
  }

  /** Show a layer, `sum`, with the kernel at a place; where there is nothing to draw, say nothing. */
  function showPlace(parts, pen, sum, place) {
    const shown = Boolean(pen && sum && sum.padded <= LARGEST);
    const count = sum ? sum.output ** 2 : 0;
    parts.drawing.hidden = !shown;
    parts.play.disabled = !shown;
    parts.back.disabled = !shown || place === 0;
    parts.step.disabled = !shown || place >= count - 1;
    parts.place.textContent = "";
    if (!shown) return;
    const { size, padded, output } = sum;
    const row = Math.floor(place / output),
      column = place % output;
    parts.place.textContent = say("calculator.place", {
      ...{ place: place + 1, all: count, row, column },
      rows: pixels(sum, row),
      columns: pixels(sum, column),
    });
    parts.drawing.setAttribute(
      "aria-label",
      say(`calculator.drawing.${padded > size ? "padded" : "plain"}`, {
        ...{ size, padded, output, place: place + 1 },
      }),
    );
    LeNet.drawGrids(parts.drawing, pen, sum, row, column);
  }

  /** Compute a layer and say it in words; returns its numbers, or null where nothing fits. */
  function compute(parts, layer) {
    const { size, kernel, stride, padding, dilation } = layer;
    try {
      const output = shapes.outputSize(size, kernel, stride, padding, dilation);
      const zeros = shapes.padAmounts(size, kernel, stride, padding, dilation);
      parts.answer.textContent = say("calculator.answer", {
        output,
        formula: formula(layer, zeros),
      });
      parts.why.textContent = explanation(layer, zeros, output);
      parts.turned.textContent = otherWay(layer);
      return { ...layer, before: zeros[0], padded: size + zeros[0] + zeros[1], output };
    } catch (error) {
      parts.answer.textContent = LeNet.explain(error);
      parts.why.textContent = advice(layer);
      parts.turned.textContent = "";
      return null;
    }
  }

  LeNet.oneLayer = function (parts) {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    const pen = LeNet.widgets.pen(parts.drawing);
    let sum = null; // the layer's numbers, where something fits
    const places = () => (sum ? sum.output ** 2 : 0);
    const steps = player(parts, calm, places, (place) => showPlace(parts, pen, sum, place));
    const fields = LeNet.layerFields(parts, update);
    fields.write(EXAMPLE);
    if (!pen) parts.note.textContent = say("calculator.noCanvas");

    function update() {
      steps.pause();
      sum = compute(parts, { size: LeNet.layerFields.number(parts.size), ...fields.read() });
      parts.answer.classList.toggle("lc-wrong", !sum);
      if (sum?.padded > LARGEST)
        parts.note.textContent = say("calculator.large", { most: LARGEST, padded: sum.padded });
      else if (sum && pen)
        parts.note.textContent = calm.matches ? say("calculator.lessMotion") : "";
      steps.go(0);
    }

    function load({ size, ...layer }) {
      parts.size.value = size;
      fields.write(layer);
      update();
    }

    parts.size.addEventListener("input", update);
    window.addEventListener("resize", steps.again);
    new MutationObserver(steps.again).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
    return {
      start: update,
      read: () => ({ size: LeNet.layerFields.number(parts.size), ...fields.read() }),
      /** Whether the numbers make a layer. */
      fits: () => sum !== null,
      load,
      /** Draw a layer of the design, whose window is as design.windowOf returns it. */
      show(size, layer, kind) {
        const { padding } = layer;
        load({
          ...layer,
          size,
          kind: kind === "convolution" ? kind : "pooling",
          // One zero more on one side, as in 1989: with an even input it is that of "same", turned.
          padding: Array.isArray(padding) ? "same" : padding,
        });
        const behavior = calm.matches ? "auto" : "smooth";
        parts.one.scrollIntoView({ block: "nearest", behavior });
        parts.play.focus({ preventScroll: true });
      },
    };
  };
})();
