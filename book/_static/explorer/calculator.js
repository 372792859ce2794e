/* The calculator: the size of a layer's output, drawn place by place, and a list of layers.

   An element of class lenet-calculator is filled with both parts, or with the one that data-part
   names ("layer" or "list"). */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const LARGEST = 64; // padded pixels on a side that are drawn; larger ones are counted only
  const SPEEDS = { slow: 900, medium: 400, fast: 120 }; // milliseconds a place
  const MAX_LAYERS = 20;
  const MAX_NUMBER = 10000;

  /** Write ⌊(i + 2p − d(k − 1) − 1) / s⌋ + 1 with the numbers put in. */
  function formula({ size, kernel, stride, dilation }, [before, after]) {
    const zeros = before === after ? `2·${before}` : `${before} + ${after}`;
    const top = size + before + after - dilation * (kernel - 1) - 1;
    return `⌊(${size} + ${zeros} − ${dilation}·(${kernel} − 1) − 1) / ${stride}⌋ + 1 = ⌊${top} / ${stride}⌋ + 1 = ${Math.floor(top / stride) + 1}`;
  }

  /** Read a whole number from a field; "" and 2.5 become NaN and 2.5, which break the rules. */
  const read = (input) => (input.value.trim() === "" ? NaN : Number(input.value));

  /** Fields for a layer's kernel, stride, padding and dilation. `change` is called on each change. */
  function layerFields(layer, change, label) {
    const { make } = LeNet.widgets;
    const numeric = (value, name, min) =>
      make("input", {
        type: "number",
        min,
        max: MAX_NUMBER,
        step: 1,
        value,
        oninput: change,
        "aria-label": label && `${label}: ${name}`,
      });
    const kind = make(
      "select",
      { "aria-label": label && `${label}: kind`, onchange: onKind },
      ...["convolution", "pooling"].map((name) =>
        make("option", { value: name, selected: name === layer.kind }, name),
      ),
    );
    const kernel = numeric(layer.kernel, "kernel", 1);
    const stride = numeric(layer.stride, "stride", 1);
    const dilation = numeric(layer.dilation, "dilation", 1);
    const number = typeof layer.padding === "number";
    const padding = make(
      "select",
      { "aria-label": label && `${label}: padding`, onchange: onPadding },
      ...["valid", "same", "number"].map((name) =>
        make(
          "option",
          { value: name, selected: name === (number ? "number" : layer.padding) },
          name === "number" ? "a number" : name,
        ),
      ),
    );
    const amount = numeric(number ? layer.padding : 0, "zeros on each side", 0);

    function onKind() {
      if (kind.value === "pooling") {
        stride.value = kernel.value; // windows side by side, as is usual
        dilation.value = 1;
      } else stride.value = 1;
      onPadding();
    }
    function onPadding() {
      (amount.closest(".lx-field") || amount).hidden = padding.value !== "number";
      dilation.disabled = kind.value === "pooling"; // Keras has no pooling with gaps
      change();
    }
    amount.hidden = !number;
    dilation.disabled = layer.kind === "pooling";
    return {
      kind,
      kernel,
      stride,
      padding,
      amount,
      dilation,
      read: () => ({
        kind: kind.value,
        kernel: read(kernel),
        stride: read(stride),
        padding: padding.value === "number" ? read(amount) : padding.value,
        dilation: read(dilation),
      }),
      write(other) {
        kind.value = other.kind;
        kernel.value = other.kernel;
        stride.value = other.stride;
        dilation.value = other.dilation;
        padding.value = typeof other.padding === "number" ? "number" : other.padding;
        amount.value = typeof other.padding === "number" ? other.padding : 0;
        onPadding();
      },
    };
  }

  /** Turn the rule that a number breaks into a sentence for a reader. */
  const sentence = (text) =>
    text[0].toUpperCase() + text.slice(1).replace("got NaN", "and the field is empty") + ".";

  // ------------------------------------------------------------------ one layer, drawn

  function onePart() {
    const { make, field, pen } = LeNet.widgets;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    const state = { sum: null, place: 0, timer: null };
    const size = make("input", {
      type: "number",
      min: 1,
      max: MAX_NUMBER,
      step: 1,
      value: 6,
      oninput: update,
    });
    const fields = layerFields(
      { kind: "convolution", kernel: 3, stride: 1, padding: "valid", dilation: 1 },
      update,
    );
    const answer = make("p", { class: "lc-answer", role: "status" });
    const why = make("p", { class: "lc-why" });
    const turned = make("p", { class: "lc-turned" });
    const canvas = make("canvas", { role: "img", class: "lc-drawing" });
    const drawing = pen(canvas);
    const place = make("p", { class: "lc-place" });
    const button = (text, onclick) => make("button", { type: "button", onclick }, text);
    const play = button("Play", toggle),
      back = button("Step back", () => step(-1)),
      on = button("Step", () => step(1));
    const speed = make(
      "select",
      {},
      ...Object.keys(SPEEDS).map((name) =>
        make("option", { value: name, selected: name === "medium" }, name),
      ),
    );
    const note = make(
      "p",
      { class: "lc-note" },
      drawing
        ? ""
        : "This browser has no canvas, so the drawing is missing. The numbers are right all the same.",
    );
    const controls = make(
      "div",
      { class: "lx-buttons" },
      play,
      back,
      on,
      button("To the start", () => go(0)),
      field("Speed", speed),
    );

    function update() {
      pause();
      const layer = { size: read(size), ...fields.read() };
      const numbers = [layer.size, layer.kernel, layer.stride, layer.padding, layer.dilation];
      try {
        const output = LeNet.shapes.outputSize(...numbers);
        const zeros = LeNet.shapes.padAmounts(...numbers);
        answer.textContent = `Output: ${output} × ${output}. o = ${formula(layer, zeros)}`;
        answer.classList.remove("lc-wrong");
        why.textContent = explanation(layer, zeros, output);
        turned.textContent = otherWay(layer);
        state.sum = {
          ...layer,
          before: zeros[0],
          padded: layer.size + zeros[0] + zeros[1],
          output,
        };
        if (state.sum.padded > LARGEST) {
          note.textContent = `The drawing goes up to ${LARGEST} pixels, padding included; this is ${state.sum.padded}.`;
        } else if (drawing)
          note.textContent = calm.matches
            ? "Your system asks for less motion: Play goes to the last place at once."
            : "";
      } catch (error) {
        answer.textContent = sentence(error.message);
        answer.classList.add("lc-wrong");
        why.textContent = advice(layer);
        turned.textContent = "";
        state.sum = null;
      }
      go(0);
    }

    function explanation({ size, kernel, stride, padding, dilation }, [before, after], output) {
      const words = [];
      if (padding === "same")
        words.push(
          `“same” asks for ⌈${size} / ${stride}⌉ = ${output} places, which takes ${before} ${before === 1 ? "zero" : "zeros"} before and ${after} after.`,
        );
      if (dilation > 1)
        words.push(
          `With dilation ${dilation} the kernel covers ${dilation * (kernel - 1) + 1} pixels.`,
        );
      const left = (size + before + after - dilation * (kernel - 1) - 1) % stride;
      if (left)
        words.push(
          `${left} ${left === 1 ? "row and column are" : "rows and columns are"} left over at the end: too few for another step.`,
        );
      return words.join(" ");
    }

    /** Say what a transposed convolution with the same numbers makes, by both rules. */
    function otherWay({ kind, size, kernel, stride, padding, dilation }) {
      if (kind !== "convolution" || dilation > 1) return "";
      const by = (rule) => {
        try {
          return LeNet.shapes.transposedOutputSize(size, kernel, stride, padding, rule);
        } catch {
          return null; // this rule does not know this padding
        }
      };
      const smallest = by("smallest"),
        keras = by("keras");
      const most = smallest ?? keras;
      if (most === null) return "";
      const more =
        smallest !== null && keras !== null && keras !== smallest
          ? ` Keras makes ${keras} × ${keras} of it, since there each value has as many outputs of its own as the stride, also where its kernel does not reach.`
          : "";
      return `The other way round, a transposed convolution makes ${most} × ${most} of ${size} × ${size}.${more}`;
    }

    function advice({ size, kernel, padding, dilation }) {
      const extent = dilation * (kernel - 1) + 1;
      if (![size, kernel, dilation].every((n) => Number.isInteger(n) && n > 0) || !(extent > size))
        return "";
      const needed = Math.ceil((extent - size) / 2);
      return padding === "same"
        ? ""
        : `A padding of ${needed} on each side, or a kernel that covers at most ${size}, would fit.`;
    }

    const places = () => (state.sum ? state.sum.output ** 2 : 0);

    function go(number) {
      state.place = Math.min(Math.max(number, 0), Math.max(places() - 1, 0));
      draw();
    }

    function step(by) {
      pause();
      go(state.place + by);
    }

    function pause() {
      clearInterval(state.timer);
      state.timer = null;
      play.textContent = "Play";
    }

    function toggle() {
      if (state.timer) return pause();
      if (calm.matches) return go(places() - 1);
      if (state.place >= places() - 1) go(0);
      play.textContent = "Pause";
      const next = () => {
        if (state.place >= places() - 1) return pause();
        go(state.place + 1);
      };
      state.timer = setInterval(next, SPEEDS[speed.value]);
    }
    speed.addEventListener("change", () => {
      if (state.timer) {
        pause();
        toggle();
      }
    });

    function draw() {
      const { sum } = state;
      const shown = Boolean(drawing && sum && sum.padded <= LARGEST);
      canvas.hidden = !shown;
      for (const control of [play, back, on]) control.disabled = !shown;
      if (!sum) {
        place.textContent = "";
        return;
      }
      back.disabled = !shown || state.place === 0;
      on.disabled = !shown || state.place >= places() - 1;
      const row = Math.floor(state.place / sum.output),
        column = state.place % sum.output;
      const pixels = (start) => {
        const taps = Array.from(
          { length: sum.kernel },
          (_, n) => start * sum.stride - sum.before + n * sum.dilation,
        );
        return sum.dilation > 1 && sum.kernel <= 8
          ? taps.join(", ").replace(/-/g, "−")
          : `${taps[0]} to ${taps[taps.length - 1]}`.replace(/-/g, "−");
      };
      place.textContent = shown
        ? `Place ${state.place + 1} of ${places()}: rows ${pixels(row)} and columns ${pixels(column)} of the input give row ${row}, column ${column} of the output.`
        : "";
      if (!shown) return;
      canvas.setAttribute(
        "aria-label",
        `Input of ${sum.size}×${sum.size}${sum.padded > sum.size ? `, padded to ${sum.padded}×${sum.padded}` : ""}, with the kernel at place ${state.place + 1}; beside it the output of ${sum.output}×${sum.output}.`,
      );
      paintGrids(sum, row, column);
    }

    function paintGrids(sum, row, column) {
      const look = getComputedStyle(canvas);
      const colour = (name) => look.getPropertyValue(name).trim();
      const sharp = Math.max(1, Math.min(3, window.devicePixelRatio || 1));
      const wide = canvas.parentElement.clientWidth || 640;
      const stacked = wide < 480;
      const gap = 28,
        across = stacked ? Math.max(sum.padded, sum.output) : sum.padded + sum.output;
      const cell = Math.max(3, Math.min(36, Math.floor((wide - (stacked ? 4 : gap + 4)) / across)));
      const width = stacked ? cell * across + 4 : cell * across + gap + 4;
      const height =
        (stacked
          ? cell * (sum.padded + sum.output) + gap
          : cell * Math.max(sum.padded, sum.output)) + 26;
      canvas.width = width * sharp;
      canvas.height = height * sharp;
      canvas.style.width = `${width}px`;
      drawing.setTransform(sharp, 0, 0, sharp, 0, 0);
      drawing.font = "14px sans-serif";
      drawing.textBaseline = "top";
      const grid = (left, top, count, fill) => {
        for (let r = 0; r < count; r++) {
          for (let c = 0; c < count; c++) {
            drawing.fillStyle = fill(r, c);
            drawing.fillRect(left + c * cell, top + r * cell, cell, cell);
            drawing.strokeStyle = colour("--lc-line");
            drawing.lineWidth = 1;
            drawing.strokeRect(left + c * cell + 0.5, top + r * cell + 0.5, cell - 1, cell - 1);
          }
        }
      };
      const title = (text, left, top) => {
        drawing.fillStyle = colour("--lx-text");
        drawing.fillText(text, left, top);
      };
      const end = sum.before + sum.size;
      const isPixel = (n) => n >= sum.before && n < end;
      const hit = (n, start) =>
        n >= start && (n - start) % sum.dilation === 0 && (n - start) / sum.dilation < sum.kernel;
      const top = row * sum.stride,
        left = column * sum.stride;
      title(
        sum.padded > sum.size ? `input ${sum.size}, padded ${sum.padded}` : `input ${sum.size}`,
        2,
        2,
      );
      grid(2, 22, sum.padded, (r, c) => {
        if (hit(r, top) && hit(c, left)) return colour("--lc-kernel");
        return isPixel(r) && isPixel(c) ? colour("--lc-input") : colour("--lc-zero");
      });
      const extent = (sum.dilation * (sum.kernel - 1) + 1) * cell;
      drawing.strokeStyle = colour("--lx-text");
      drawing.lineWidth = 3;
      drawing.strokeRect(2 + left * cell, 22 + top * cell, extent, extent);
      const x = stacked ? 2 : 2 + sum.padded * cell + gap,
        y = stacked ? 22 + sum.padded * cell + gap : 22;
      title(`output ${sum.output}`, x, y - 20);
      grid(x, y, sum.output, (r, c) => {
        const number = r * sum.output + c;
        if (number === state.place) return colour("--lc-kernel");
        return number < state.place ? colour("--lc-done") : colour("--lc-zero");
      });
    }

    const zeros = field("Zeros on each side p", fields.amount);
    zeros.hidden = fields.amount.hidden;
    fields.amount.hidden = false;
    const element = make(
      "section",
      { class: "lc-one", "aria-label": "One layer" },
      make("p", { class: "lx-title" }, "One layer"),
      make(
        "div",
        { class: "lc-fields" },
        field("Kind", fields.kind),
        field("Input i", size),
        field("Kernel k", fields.kernel),
        field("Stride s", fields.stride),
        field("Padding", fields.padding),
        zeros,
        field("Dilation d", fields.dilation),
      ),
      answer,
      why,
      turned,
      make("div", { class: "lc-stage" }, canvas),
      place,
      controls,
      note,
      make(
        "p",
        { class: "lc-key" },
        swatch("--lc-input", "input"),
        swatch("--lc-zero", "padding, or not yet filled"),
        swatch("--lc-kernel", "kernel, and the unit it fills"),
        swatch("--lc-done", "filled"),
      ),
    );

    function swatch(name, text) {
      return make(
        "span",
        {},
        make("span", { class: "lc-swatch", style: `background:var(${name})` }),
        text,
      );
    }

    window.addEventListener("resize", () => draw());
    new MutationObserver(() => draw()).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
    return {
      element,
      start: update,
      /** Draw a layer of the list. */
      show(inputSize, layer) {
        size.value = inputSize;
        fields.write(layer);
        element.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
        play.focus({ preventScroll: true });
      },
    };
  }

  // ------------------------------------------------------------------ a list of layers

  function listPart(showLayer) {
    const { make, field } = LeNet.widgets;
    const { PRESETS, trace } = LeNet.shapes;
    let rows = [];
    const size = make("input", {
      type: "number",
      min: 1,
      max: MAX_NUMBER,
      step: 1,
      oninput: update,
    });
    const body = make("tbody");
    const verdict = make("p", { class: "lc-answer", role: "status" });
    const button = (text, onclick, more = {}) =>
      make("button", { type: "button", onclick, ...more }, text);
    const add = button("Add a layer", () => {
      rows.push(
        newRow({
          name: nextName(),
          kind: "convolution",
          kernel: 3,
          stride: 1,
          padding: "valid",
          dilation: 1,
        }),
      );
      layOut();
      rows[rows.length - 1].name.focus();
    });

    const nextName = () => `C${rows.length + 1}`;

    function newRow(layer) {
      const name = make("input", {
        type: "text",
        maxlength: 12,
        value: layer.name,
        oninput: update,
        "aria-label": "Name of the layer",
        class: "lc-name",
      });
      const row = { name, fields: layerFields(layer, () => update(), layer.name) };
      const cell = (label, ...content) => make("td", { "data-label": label }, ...content);
      row.out = { size: cell("size"), field: cell("receptive field"), jump: cell("jump") };
      const act = (text, label, onclick) => button(text, onclick, { "aria-label": label });
      row.up = act("↑", `Move ${layer.name} up`, () => move(row, -1));
      row.draw = showLayer
        ? act("draw", `Draw ${layer.name}`, () => showLayer(row.input, row.fields.read()))
        : null;
      row.remove = act("×", `Remove ${layer.name}`, () => {
        const at = rows.indexOf(row);
        rows.splice(at, 1);
        layOut();
        (rows[at] || rows[at - 1] || { remove: add }).remove.focus();
      });
      const { kind, kernel, stride, padding, amount, dilation } = row.fields;
      row.element = make(
        "tr",
        {},
        cell("layer", name),
        cell("kind", kind),
        cell("k", kernel),
        cell("s", stride),
        cell("padding", padding, amount),
        cell("d", dilation),
        row.out.size,
        row.out.field,
        row.out.jump,
        make("td", { class: "lc-acts" }, row.up, row.draw, row.remove),
      );
      return row;
    }

    function move(row, by) {
      const at = rows.indexOf(row);
      if (!rows[at + by]) return;
      rows.splice(at, 1);
      rows.splice(at + by, 0, row);
      layOut();
      row.up.focus();
    }

    function layOut() {
      body.replaceChildren(...rows.map((row) => row.element));
      add.disabled = rows.length >= MAX_LAYERS;
      update();
    }

    function load(preset) {
      size.value = preset.size;
      rows = preset.layers.map(newRow);
      layOut();
    }

    function update() {
      const given = rows.map(({ name, fields }) => ({
        name: name.value || "the layer",
        ...fields.read(),
      }));
      const reaches = trace(read(size), given);
      let below = read(size);
      reaches.forEach((reach, n) => {
        const { out, element, draw, up } = rows[n];
        rows[n].input = below;
        out.size.textContent = reach.error ? "–" : reach.size;
        out.field.textContent = reach.error ? "–" : reach.field;
        out.jump.textContent = reach.error ? "–" : reach.jump;
        element.classList.toggle("lc-bad", Boolean(reach.error));
        if (draw) draw.disabled = Boolean(reach.error) && !(below > 0);
        up.disabled = n === 0;
        below = reach.size;
      });
      const wrong = reaches.find((reach) => reach.error);
      verdict.classList.toggle("lc-wrong", Boolean(wrong));
      const last = reaches[reaches.length - 1];
      if (wrong)
        verdict.textContent = `${wrong.name}: ${wrong.error.replace("got NaN", "and the field is empty")}.`;
      else if (!last) verdict.textContent = "The list is empty.";
      else {
        const sizes = [read(size), ...reaches.map((reach) => reach.size)].join(" → ");
        verdict.textContent = `${sizes}. A unit of ${last.name} sees ${last.field} × ${last.field} pixels${last.field >= read(size) ? ": the whole input" : ""}.`;
      }
    }

    const presets = make(
      "div",
      { class: "lx-buttons" },
      ...Object.values(PRESETS).map((preset) => button(preset.title, () => load(preset))),
    );
    const heads = [
      "layer",
      "kind",
      "k",
      "s",
      "padding",
      "d",
      "size",
      "receptive field",
      "jump",
      "",
    ];
    const element = make(
      "section",
      { class: "lc-list", "aria-label": "A list of layers" },
      make("p", { class: "lx-title" }, "A list of layers"),
      presets,
      make("div", { class: "lc-fields" }, field("Input size", size)),
      make(
        "div",
        { class: "lc-scroll", tabindex: 0, role: "region", "aria-label": "The layers" },
        make(
          "table",
          { class: "lc-table" },
          make(
            "thead",
            {},
            make(
              "tr",
              {},
              ...heads.map((head) => (head ? make("th", { scope: "col" }, head) : make("td"))),
            ),
          ),
          body,
        ),
      ),
      make("div", { class: "lx-buttons" }, add),
      verdict,
    );
    load(PRESETS.lenet5);
    return element;
  }

  function start(root) {
    const which = root.dataset.part;
    const one = which === "list" ? null : onePart();
    const list = which === "layer" ? null : listPart(one && one.show);
    root.replaceChildren(...[one && one.element, list].filter(Boolean));
    root.classList.add("lx-on");
    if (one) one.start();
  }

  LeNet.calculator = { start, formula };
  if (LeNet.shapes && LeNet.widgets) {
    for (const root of document.querySelectorAll(".lenet-calculator")) start(root);
  }
})();
