/* A layer of the design as a card: its fields, what they cost, and the table of a convolution, whose
   squares can be clicked. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { explain, grouped, layerFields, say } = LeNet;
  const { copy, make } = LeNet.widgets;
  const design = (LeNet.design = LeNet.design || {});

  const LARGEST = 32; // maps on a side of a table that is shown
  const NUMBERS = ["maps", "kernel", "stride", "amount", "dilation"];
  const CHOICES = ["activation", "bias"];

  /** Return the fields that a layer has. */
  function fieldsOf({ kind, padding }) {
    const has = { ...design.DEFAULTS[kind] };
    return {
      ...Object.fromEntries([...NUMBERS, ...CHOICES, "table"].map((name) => [name, name in has])),
      padding: "padding" in has,
      amount: typeof padding === "number",
    };
  }

  const usual = (name) => design.DEFAULTS.convolution[name];

  /** Put a layer into the fields of a card. */
  function write(parts, layer) {
    const shown = fieldsOf(layer);
    parts.name.value = layer.name;
    parts.kind.value = layer.kind;
    for (const name of ["maps", "kernel", "stride", "dilation", ...CHOICES])
      if (shown[name]) parts[name].value = Number.isNaN(layer[name]) ? "" : layer[name];
    for (const option of parts.activation.options)
      option.hidden = option.disabled = option.value === "softmax" && layer.kind !== "dense";
    if (shown.padding) writePadding(parts, layer);
    if (shown.table) parts.table.value = Array.isArray(layer.table) ? "own" : layer.table;
    for (const [name, wanted] of Object.entries(shown))
      parts[name].closest(".lx-field").hidden = !wanted;
    parts.more.hidden = !shown.table;
    if (["dilation", "table", "bias"].some((name) => shown[name] && layer[name] !== usual(name)))
      parts.more.open = true;
    parts.mapsLabel.textContent =
      layer.kind === "dense" ? say("calculator.units") : say("calculator.maps");
  }

  function writePadding(parts, { kind, padding }) {
    const [before] = [...parts.padding.options].filter(({ value }) => value === "1989");
    before.hidden = before.disabled = kind !== "convolution";
    const given = typeof padding === "number";
    parts.padding.value = given ? "number" : Array.isArray(padding) ? "1989" : padding;
    if (given) parts.amount.value = Number.isNaN(padding) ? "" : padding;
  }

  function readPadding(parts) {
    const { value } = parts.padding;
    if (value === "number") return layerFields.number(parts.amount);
    return value === "1989" ? [2, 1] : value;
  }

  /** Return a table with so many rows, of maps that are there; a new map sees all. */
  design.fitted = (table, maps, below) =>
    Array.from({ length: maps }, (_, n) => {
      const row = (table[n] ?? []).filter((map) => map < below);
      return row.length || table[n]?.length === 0
        ? row
        : Array.from({ length: below }, (_, m) => m);
    });

  /** Return the layer when a field has changed. */
  function changed(layer, name, parts, below) {
    const value = parts[name].value;
    if (name === "name") return { ...layer, name: value };
    if (name === "kind") return { ...design.layer(layer.name, value), ...kept(layer, value) };
    if (name === "padding" && value === "number") return { ...layer, padding: 0 };
    if (["padding", "amount"].includes(name)) return { ...layer, padding: readPadding(parts) };
    if (name === "table") return { ...layer, table: value === "own" ? own(layer, below) : value };
    if (CHOICES.includes(name)) return { ...layer, [name]: value };
    const next = { ...layer, [name]: layerFields.number(parts[name]) };
    if (name === "kernel" && ["average", "max"].includes(layer.kind)) next.stride = next.kernel;
    return next;
  }

  /** Keep of a layer what one of another kind has too. */
  function kept({ activation, maps }, kind) {
    const usual = design.DEFAULTS[kind];
    return {
      ...(usual.activation && activation && activation !== "softmax" ? { activation } : {}),
      ...(usual.maps && maps ? { maps } : {}),
    };
  }

  function own(layer, below) {
    const from = layer.table === "1998" ? LeNet.TABLE_1998 : [];
    return design.fitted(from, Math.min(layer.maps || 1, LARGEST), below);
  }

  /** Draw the table of a convolution: a row for each of its maps, a box for each map below. */
  function drawTable(place, layer, below, change) {
    if (!Array.isArray(layer.table)) return place.replaceChildren();
    if (Math.max(layer.maps, below) > LARGEST)
      return place.replaceChildren(make("p", {}, say("calculator.grid.large", { most: LARGEST })));
    const head = Array.from({ length: below }, (_, map) => make("th", { scope: "col" }, map + 1));
    const rows = layer.table.map((seen, n) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, n + 1),
        Array.from({ length: below }, (_, map) => {
          const box = make("input", {
            type: "checkbox",
            "aria-label": say("calculator.grid.box", { map: n + 1, below: map + 1 }),
            onchange: () => change(n, map, box.checked),
          });
          box.checked = seen.includes(map);
          return make("td", {}, box);
        }),
      ),
    );
    const label = say("calculator.grid.label", { layer: layer.name });
    place.replaceChildren(
      make("p", {}, say("calculator.grid.how")),
      make(
        "div",
        { class: "lc-grid", tabindex: 0, role: "region", "aria-label": label },
        make(
          "table",
          {},
          make("thead", {}, make("tr", {}, make("td"), head)),
          make("tbody", {}, rows),
        ),
      ),
    );
  }

  /** Show what a layer costs, or why there is none. */
  function showCounts(parts, count) {
    const { error } = count;
    parts.card.classList.toggle("lc-bad", Boolean(error));
    parts.why.textContent = error ? explain(error) : "";
    const tell = (name, text) => (parts[name].textContent = error ? "–" : text);
    tell("output", count.output);
    for (const name of ["parameters", "connections", "multiplyAdds"])
      tell(name, error ? "" : grouped(count[name]));
    tell("field", `${count.field} × ${count.field}`);
    tell("jump", count.jump ?? "–");
  }

  /** Make a card. `acts` has what happens: change(layer, what), up(), draw(), remove(). */
  design.card = function (template, layer, acts) {
    const { parts } = copy(template);
    let now = layer,
      below = 1;
    const names = ["name", "kind", "padding", "table", ...NUMBERS, ...CHOICES];
    const label = () => {
      const words = (name) => say(`calculator.field.${name}`, { layer: now.name });
      for (const name of names) parts[name].setAttribute("aria-label", words(name));
      for (const name of ["up", "draw", "remove"])
        parts[name].setAttribute("aria-label", say(`calculator.act.${name}`, { layer: now.name }));
    };
    function put(next, what) {
      now = next;
      acts.change(now, what);
      write(parts, now);
    }
    for (const name of names)
      parts[name].addEventListener(parts[name].tagName === "SELECT" ? "change" : "input", () => {
        let next = changed(now, name, parts, below);
        const fits = Array.isArray(next.table) && next.maps > 0 && next.maps <= LARGEST;
        if (name === "maps" && fits)
          next = { ...next, table: design.fitted(next.table, next.maps, below) };
        now = next;
        acts.change(now, name);
        if (parts[name].tagName === "SELECT") write(parts, now);
        else if (name === "kernel" && "stride" in now) parts.stride.value = now.stride;
        if (name === "name") label();
      });
    const toggle = (row, map, on) => {
      const table = now.table.map((seen, n) => {
        if (n !== row) return seen;
        return on
          ? [...seen, map].sort((one, other) => one - other)
          : seen.filter((m) => m !== map);
      });
      put({ ...now, table }, "grid");
    };
    for (const name of ["up", "draw", "remove"]) parts[name].addEventListener("click", acts[name]);
    write(parts, now);
    label();
    let drawn = "";
    return {
      parts,
      element: parts.card,
      show(count, before, first) {
        below = before.maps ?? 1;
        showCounts(parts, count);
        parts.up.disabled = first;
        parts.draw.disabled = !design.hasWindow(now) || !(before.side > 0);
        const looks = JSON.stringify([now.table, now.maps, below]);
        if (looks !== drawn && !parts.grid.contains(document.activeElement))
          drawTable(parts.grid, now, below, toggle);
        drawn = looks;
      },
    };
  };
})();
