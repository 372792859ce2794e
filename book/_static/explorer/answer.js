/* What the network answers: a sentence, and a bar for each class. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { say } = LeNet;
  const { number } = LeNet.widgets;
  const QUIET = 700; // milliseconds: while the pen moves, a screen reader keeps quiet

  const percent = (share) => {
    const digits = share > 0.9995 || share < 0.0005 ? 0 : 1;
    return say("explorer.percent", { share: (100 * share).toFixed(digits) });
  };

  /** Say what the network reads, in a sentence. */
  function inWords({ label, shares, distances }, drawn) {
    if (!drawn) return say("explorer.nothing");
    const share = percent(shares[label]);
    if (!distances) return say("explorer.reads", { label, share });
    const distance = number(distances[label], 1);
    return say("explorer.readsDistance", { label, share, distance });
  }

  LeNet.answer = function (parts, state) {
    const rows = Array.from(parts.bars.children, (row) => ({
      row,
      bar: row.querySelector(".lx-bar"),
      text: row.querySelector(".lx-share"),
    }));
    let speaking;
    state.on("values", ({ drawn }) => {
      const answer = LeNet.engine.answer(state.network, state.outputs);
      const { label, shares, distances } = answer;
      rows.forEach(({ row, bar, text }, digit) => {
        const share = percent(shares[digit]);
        bar.style.width = `${100 * shares[digit]}%`;
        bar.style.setProperty("--share", `${100 * shares[digit]}%`); // on a phone they are upright
        text.textContent = distances ? `${share} · ${number(distances[digit], 1)}` : share;
        row.classList.toggle("lx-best", digit === label);
      });
      parts.bars.classList.toggle("lx-distances", Boolean(distances));
      const refusal = drawn && LeNet.refusal(state.network, answer);
      const sentence = refusal || inWords(answer, drawn);
      parts.verdict.textContent = sentence;
      parts.label.textContent = !drawn ? "" : refusal ? "–" : label;
      clearTimeout(speaking);
      speaking = setTimeout(() => (parts.spoken.textContent = sentence), QUIET);
    });
  };
})();
