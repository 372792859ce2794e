/* What the network answers: a sentence, and a bar for each class. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { number } = LeNet.widgets;
  const QUIET = 700; // milliseconds: while the pen moves, a screen reader keeps quiet

  const percent = (share) => `${(100 * share).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)} %`;

  /** Say what the network reads, in a sentence. */
  function inWords({ label, shares, distances }, drawn) {
    if (!drawn) return "Nothing is drawn. The network answers all the same, because it must.";
    const distance = distances ? `; distance to its code ${number(distances[label], 1)}` : "";
    return `The network reads a ${label} (${percent(shares[label])}${distance}).`;
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
        text.textContent = distances ? `${share} · ${number(distances[digit], 1)}` : share;
        row.classList.toggle("lx-best", digit === label);
      });
      parts.bars.classList.toggle("lx-distances", Boolean(distances));
      const refusal = drawn && LeNet.refusal(state.network, answer);
      const sentence = refusal || inWords(answer, drawn);
      parts.verdict.textContent = sentence;
      clearTimeout(speaking);
      speaking = setTimeout(() => (parts.spoken.textContent = sentence), QUIET);
    });
  };
})();
