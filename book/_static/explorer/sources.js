/* Drawings that come from elsewhere: a sample digit, an image file, a link. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, files, links, preprocess } = LeNet;
  const { make, paint, pen } = LeNet.widgets;

  const SAMPLES = 50;

  function readSamples() {
    const about = engine.received.catalogue.samples;
    const bytes = engine.decode(engine.received.samples, about);
    return about.labels.map((label, n) => ({
      label,
      ink: Float32Array.from(bytes.subarray(784 * n, 784 * n + 784), (value) => value / 255),
    }));
  }

  /** Make a button for a sample: its picture, or its digit where there is no canvas. */
  function sampleButton({ label, ink }, n, onclick) {
    const canvas = make("canvas", { "aria-hidden": "true" });
    paint(canvas, ink, 28, 28, [0, 1], "ink");
    return make(
      "button",
      { type: "button", "aria-label": `Sample ${n + 1}: a ${label}`, onclick },
      pen(canvas) ? canvas : String(label),
    );
  }

  /** Put the address of what is shown into the row, the clipboard and, on the explorer's own page,
      the address bar. */
  async function share(parts, { network, source }) {
    if (!network) return;
    const address = `${files.page}#${links.write(network.name, network.epoch, source)}`;
    parts.link.value = address;
    parts.linkRow.hidden = false;
    if (files.page === location.href.split(/[?#]/)[0]) history.replaceState(null, "", address);
    try {
      await navigator.clipboard.writeText(address);
      parts.linkNote.textContent = "Copied.";
    } catch {
      parts.link.select();
      parts.linkNote.textContent = "Copy it from here.";
    }
  }

  async function choosePicture(input, state, notice) {
    const [file] = input.files;
    input.value = ""; // the same file can be chosen again
    if (!file) return;
    try {
      const { steps } = await preprocess.readFile(file);
      notice("picture", "");
      state.change({ kind: "picture", centred: steps.centred });
    } catch (error) {
      notice("picture", error.message);
    }
  }

  /** Load the sample digits and offer them. */
  async function offerSamples(place, state, notice) {
    try {
      await files.load("samples.js");
      state.samples = readSamples();
      const { source } = engine.received.catalogue.samples;
      const buttons = state.samples.map((sample, n) =>
        sampleButton(sample, n, () => state.change({ kind: "tried", sample: n })),
      );
      place.replaceChildren(
        make("p", {}, `From ${source}: digits that the network has not learned from.`),
        make("div", { class: "lx-samples" }, ...buttons),
      );
      notice("samples", "");
    } catch (error) {
      const why = error.message.replace(/\.?$/, ".");
      notice(
        "samples",
        `The sample digits can’t be shown. ${why} Draw one, or choose an image file.`,
      );
    }
  }

  LeNet.sources = function (parts, state, notice) {
    parts.file.accept = preprocess.KINDS.join(",");
    parts.file.addEventListener("change", () => choosePicture(parts.file, state, notice));
    parts.share.addEventListener("click", () => share(parts, state));

    return {
      offer: () => offerSamples(parts.samples, state, notice),
      /** Return what the page's address names: a network, an epoch and a drawing; or null. */
      readLink() {
        if (!links.isMine(location.hash)) return null;
        try {
          const link = links.read(location.hash);
          if (link.source.kind === "tried" && !(link.source.sample < SAMPLES))
            throw new Error("no such sample");
          notice("link", "");
          return link;
        } catch {
          notice(
            "link",
            "The drawing in this link can’t be read: the link may have been cut short. Here is a sample in its place.",
          );
          return null;
        }
      },
      /** Forget the link, and what was said of links and pictures. */
      forget() {
        parts.linkRow.hidden = true;
        if (links.isMine(location.hash))
          history.replaceState(null, "", location.href.split("#")[0]);
        for (const topic of ["picture", "link"]) notice(topic, "");
      },
    };
  };
  LeNet.sources.readSamples = readSamples;
})();
