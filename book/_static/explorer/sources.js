/* Drawings that come from elsewhere: a sample digit, an image file, a link. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, files, links, say } = LeNet;
  const { copyText, make, paint, pause, pen } = LeNet.widgets;
  const AT_ONCE = 15; // samples that are painted without a pause

  function readSamples() {
    const about = engine.received.catalogue.samples;
    const bytes = engine.decode(engine.received.samples, about);
    return about.labels.map((label, n) => ({
      label,
      ink: Float32Array.from(bytes.subarray(784 * n, 784 * n + 784), (value) => value / 255),
    }));
  }

  /** Make a button for a sample: its picture, or its digit where there is no canvas. */
  function sampleButton({ label, ink }, n, onclick, misreadAs = "") {
    const canvas = make("canvas", { "aria-hidden": "true" });
    paint(canvas, ink, 28, 28, [0, 1], "ink");
    const sample = say("sources.sample", { number: n + 1, label });
    const name = misreadAs ? say("sources.misreadSample", { sample, misread: misreadAs }) : sample;
    return make(
      "button",
      { type: "button", "aria-label": name, onclick },
      pen(canvas) ? canvas : String(label),
      misreadAs && make("span", {}, say("sources.a", { label }), make("br"), misreadAs),
    );
  }

  /** Say as what the networks read one of the digits that they all misread. */
  function misreadAs(answers, n) {
    const said = [...new Set(Object.values(answers).map((digits) => digits[n]))];
    return say("sources.readAs", { digits: said.join(say("sources.or")) });
  }

  /** Put the address of what is shown into the row, the clipboard and, on the explorer's own page,
      the address bar. */
  async function share(parts, { network, source }) {
    if (!network) return;
    const address = `${files.page}#${links.write(network.name, network.epoch, source)}`;
    parts.link.value = address;
    parts.linkRow.hidden = false;
    if (files.page === location.href.split(/[?#]/)[0]) history.replaceState(null, "", address);
    const copied = await copyText(address, () => parts.link.select());
    parts.linkNote.textContent = copied ? say("sources.copied") : say("sources.copy");
  }

  let chosen = 0; // the reader may choose another file while one is being read

  async function choosePicture(input, state, notice) {
    const [file] = input.files;
    input.value = ""; // the same file can be chosen again
    if (!file) return;
    const turn = ++chosen;
    notice("picture", say("sources.reading", { name: file.name }));
    try {
      await files.script("joined-photos");
      const limits = { kinds: input.accept.split(","), most: Number(input.dataset.most) };
      const digits = await LeNet.pictures.readFile(file, limits);
      if (turn !== chosen) return;
      notice("picture", "");
      state.change(LeNet.fromPicture(digits));
    } catch (error) {
      if (turn === chosen) notice("picture", error.message);
    }
  }

  /** Say in a sentence why a picture's digit is doubtful; "" where it is not. */
  function doubtful({ doubts = [] }) {
    const why = doubts.map((name) => say(`sources.doubt.${name}`)).join(say("sources.and"));
    return why && say("sources.doubtful", { why });
  }

  /** Load the sample digits and offer them. */
  async function offerSamples(place, state, notice) {
    try {
      await files.load("samples.js");
      state.samples = readSamples();
      const { source, misread } = engine.received.catalogue.samples;
      const show = (n) => () => state.change({ kind: "tried", sample: n });
      const buttons = [];
      for (const [n, sample] of state.samples.entries()) {
        const word = n < misread.from ? "" : misreadAs(misread.answers, n - misread.from);
        buttons.push(sampleButton(sample, n, show(n), word));
        if (n % AT_ONCE === AT_ONCE - 1) await pause();
      }
      place.replaceChildren(
        make("p", {}, say("sources.samples", { source })),
        make("div", { class: "lx-samples" }, ...buttons.slice(0, misread.from)),
        make("p", {}, say("sources.misread", { count: buttons.length - misread.from })),
        make("div", { class: "lx-samples lx-misread" }, ...buttons.slice(misread.from)),
      );
      notice("samples", "");
    } catch (error) {
      const why = error.message.replace(/[.。]?$/, (end) => end || ".");
      notice("samples", say("sources.noSamples", { why }));
    }
  }

  LeNet.sources = function (parts, state, notice) {
    parts.file.addEventListener("change", () => choosePicture(parts.file, state, notice));
    parts.share.addEventListener("click", () => share(parts, state));
    state.on("source", () => notice("doubt", doubtful(state.source)));

    return {
      offer: () => offerSamples(parts.samples, state, notice),
      /** Return what the page's address names: a network, an epoch and a drawing; or null. */
      readLink() {
        if (!links.isMine(location.hash)) return null;
        try {
          const link = links.read(location.hash);
          const { labels } = engine.received.catalogue.samples;
          if (link.source.kind === "tried" && !(link.source.sample < labels.length))
            throw new RangeError("sample");
          notice("link", "");
          return link;
        } catch {
          notice("link", say("sources.badLink"));
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
