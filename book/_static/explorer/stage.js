/* The stage: paper, answer and all layers on one screen. On a phone the paper, the answer and a row
   of layers stay at the top, and the layer that one taps opens below them. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { id, make, paint, schemeOf } = LeNet.widgets;
  const { layerText } = LeNet.unit;
  const PHONE = 544; // pixels: as in stage.css
  const FIRST = 2; // the layer that is open at first: C3 shows that there is more than one digit

  /** Return all maps of a layer as one picture. */
  function mosaic(values, { single, columns, rows, maps }) {
    if (single) return { values, width: columns, height: rows };
    const across = Math.ceil(Math.sqrt(maps.length)),
      down = Math.ceil(maps.length / across);
    const width = across * columns,
      all = new Float32Array(width * down * rows).fill(NaN);
    for (let n = 0; n < maps.length * columns * rows; n++) {
      const map = Math.floor(n / columns / rows),
        row = Math.floor(n / columns) % rows;
      const top = Math.floor(map / across) * rows + row,
        left = (map % across) * columns + (n % columns);
      all[top * width + left] = values[n];
    }
    return { values: all, width, height: down * rows };
  }

  /** Make the buttons of the layers, which open them on a phone. */
  function newTabs(parts, state, all, open) {
    const tabs = all.views
      .filter(({ output }) => !output)
      .map((view) => {
        const layer = state.network.layers[view.index];
        const canvas = make("canvas", { "aria-hidden": "true", width: 1, height: 1 });
        const button = make(
          "button",
          {
            type: "button",
            "aria-label": layerText(layer),
            onclick: () => open(view.index),
          },
          canvas,
          make("span", {}, layer.name),
        );
        return { view, canvas, button };
      });
    parts.tabs.replaceChildren(...tabs.map(({ button }) => button));
    return tabs;
  }

  /** Keep a row of layers, of which a phone shows one. */
  function layersOnPhone(parts, state, all) {
    let tabs = [],
      shown = FIRST,
      phone = false;

    function paintTabs() {
      if (!phone || !state.outputs) return;
      for (const { view, canvas } of tabs) {
        const { values, limits } = all.shown(view.index);
        const picture = mosaic(values, view);
        paint(canvas, picture.values, picture.width, picture.height, limits, schemeOf(limits));
      }
    }

    function open(index) {
      shown = Math.min(index, tabs.length - 1);
      tabs.forEach(({ button }, n) => button.setAttribute("aria-pressed", String(n === shown)));
      for (const layer of parts.network.children)
        layer.classList.toggle("lx-shown", Number(layer.dataset.index) === shown);
    }

    state.on("network", () => {
      tabs = newTabs(parts, state, all, open);
      open(shown);
    });
    state.on("values", paintTabs);
    state.on("unit", ({ aloud }) => {
      if (aloud && state.unit.index < tabs.length) open(state.unit.index);
    });
    const look = () => {
      phone = parts.stage.clientWidth < PHONE;
      paintTabs();
    };
    if (window.ResizeObserver)
      new ResizeObserver(look).observe(parts.stage); // looks at once
    else look();
  }

  /** A way past the explorer, with the keyboard. */
  function wayPast({ skip, end }) {
    end.id = id("end");
    skip.href = `#${end.id}`;
    skip.addEventListener("click", (event) => {
      event.preventDefault(); // the address may hold a drawing
      end.scrollIntoView({ block: "start" });
      end.focus();
    });
  }

  /** The link from the hero to the explorer takes the drawing along. */
  function takeAlong(link, state) {
    link.addEventListener("click", () => {
      if (!state.network) return;
      const { name, epoch } = state.network;
      link.href = `${LeNet.files.page}#${LeNet.links.write(name, epoch, state.source)}`;
    });
  }

  LeNet.stage = function (parts, state, all) {
    wayPast(parts);
    layersOnPhone(parts, state, all);
    if (parts.open) takeAlong(parts.open, state);
  };
})();
