/* The calculator's list of layers, which carries size and receptive field along. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { make, copy } = LeNet.widgets;
  const { PRESETS, trace } = LeNet.shapes;
  const MAX_LAYERS = 20;
  const NEW = { kind: "convolution", kernel: 3, stride: 1, padding: "valid", dilation: 1 };
  const LABELS = {
    kind: "kind",
    kernel: "kernel",
    stride: "stride",
    padding: "padding",
    amount: "zeros on each side",
    dilation: "dilation",
  };

  /** Make the row of a layer. `acts` has what its buttons do. */
  function newRow(template, layer, change, acts) {
    const { parts } = copy(template);
    const row = { ...parts, element: parts.row, fields: LeNet.layerFields(parts, change) };
    row.name.value = layer.name;
    row.name.addEventListener("input", change);
    row.fields.write(layer);
    for (const [part, words] of Object.entries(LABELS))
      parts[part].setAttribute("aria-label", `${layer.name}: ${words}`);
    const act = (button, label, onclick) => {
      button.setAttribute("aria-label", label);
      button.addEventListener("click", () => onclick(row));
    };
    act(row.up, `Move ${layer.name} up`, acts.up);
    if (row.draw) act(row.draw, `Draw ${layer.name}`, acts.draw);
    act(row.remove, `Remove ${layer.name}`, acts.remove);
    return row;
  }

  /** Show size and receptive field of a layer, whose input has the size of the one `below`. */
  function showReach(row, { error, size, field, jump }, below) {
    row.input = below;
    row.size.textContent = error ? "–" : size;
    row.field.textContent = error ? "–" : field;
    row.jump.textContent = error ? "–" : jump;
    row.element.classList.toggle("lc-bad", Boolean(error));
    if (row.draw) row.draw.disabled = Boolean(error) && !(below > 0);
  }

  /** Say what comes out of the list, or which layer does not fit. */
  function inWords(size, reaches) {
    const wrong = reaches.find((reach) => reach.error);
    if (wrong) return `${wrong.name}: ${wrong.error.replace("got NaN", "and the field is empty")}.`;
    const last = reaches[reaches.length - 1];
    if (!last) return "The list is empty.";
    const sizes = [size, ...reaches.map((reach) => reach.size)].join(" → ");
    const whole = last.field >= size ? ": the whole input" : "";
    return `${sizes}. A unit of ${last.name} sees ${last.field} × ${last.field} pixels${whole}.`;
  }

  /** Show the list. `showLayer` draws one of its layers, if there is a place for that. */
  LeNet.layerList = function (parts, showLayer) {
    let rows = [];
    const inputSize = () => LeNet.layerFields.number(parts.inputSize);
    const acts = {
      up(row) {
        const at = rows.indexOf(row);
        if (!at) return;
        rows.splice(at, 1);
        rows.splice(at - 1, 0, row);
        layOut();
        row.up.focus();
      },
      draw: (row) => showLayer(row.input, row.fields.read()),
      remove(row) {
        const at = rows.indexOf(row);
        rows.splice(at, 1);
        layOut();
        (rows[at] || rows[at - 1] || { remove: parts.add }).remove.focus();
      },
    };
    const rowOf = (layer) => newRow(parts.row, layer, update, acts);

    function layOut() {
      parts.rows.replaceChildren(...rows.map((row) => row.element));
      parts.add.disabled = rows.length >= MAX_LAYERS;
      update();
    }

    function load(preset) {
      parts.inputSize.value = preset.size;
      rows = preset.layers.map(rowOf);
      layOut();
    }

    function update() {
      const given = rows.map(({ name, fields }) => ({
        name: name.value || "the layer",
        ...fields.read(),
      }));
      const reaches = trace(inputSize(), given);
      let below = inputSize();
      reaches.forEach((reach, n) => {
        showReach(rows[n], reach, below);
        rows[n].up.disabled = n === 0;
        below = reach.size;
      });
      const wrong = reaches.some((reach) => reach.error);
      parts.verdict.classList.toggle("lc-wrong", wrong);
      parts.verdict.textContent = inWords(inputSize(), reaches);
    }

    parts.inputSize.addEventListener("input", update);
    parts.add.addEventListener("click", () => {
      rows.push(rowOf({ name: `C${rows.length + 1}`, ...NEW }));
      layOut();
      rows[rows.length - 1].name.focus();
    });
    parts.presets.replaceChildren(
      ...Object.values(PRESETS).map((preset) =>
        make("button", { type: "button", onclick: () => load(preset) }, preset.title),
      ),
    );
    load(PRESETS.lenet5);
  };
})();
