// Typesets formulas with MathJax: JSON in, JSON out. Each formula becomes a drawing, and MathML for
// screen readers. Called by book/_ext/slides.py with the folder of MathJax.
"use strict";
const fs = require("fs");

require(process.argv[2])
  .init({ loader: { load: ["input/tex", "output/svg"] }, svg: { fontCache: "local" } })
  .then((MathJax) => {
    const formulas = JSON.parse(fs.readFileSync(0, "utf8"));
    const drawn = formulas.map(({ tex, display }) => {
      const box = MathJax.tex2svg(tex, { display });
      const svg = MathJax.startup.adaptor.innerHTML(box);
      if (svg.includes("data-mjx-error")) throw new Error(`no formula: ${tex}`);
      const kind = display ? "formula display" : "formula";
      const spoken = MathJax.tex2mml(tex, { display }).replace(/\s*\n\s*/g, "");
      const hidden = svg.replace("<svg ", '<svg aria-hidden="true" ');
      return `<span class="${kind}">${hidden}<span class="spoken">${spoken}</span></span>`;
    });
    process.stdout.write(JSON.stringify(drawn));
  })
  .catch((error) => {
    process.stderr.write(String(error.message || error));
    process.exitCode = 1;
  });
