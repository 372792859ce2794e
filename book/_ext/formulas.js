// Sets formulas with KaTeX: JSON in, [[TeX, display], …]; JSON out, the HTML of each, with MathML for
// screen readers, or "!" and what is wrong with it. Called by formulas.py with the folder of KaTeX.
"use strict";
const fs = require("fs");

const katex = require(process.argv[2]);
const settings = {
  output: "htmlAndMathml",
  throwOnError: true,
  // Words in another alphabet may stand in a formula; whatever else is no TeX is an error.
  strict: (code) => (code === "unicodeTextInMathMode" ? "ignore" : "error"),
};
const formulas = JSON.parse(fs.readFileSync(0, "utf8"));
const drawn = formulas.map(([tex, displayMode]) => {
  try {
    return katex.renderToString(tex, { ...settings, displayMode });
  } catch (error) {
    return `!${tex}: ${error.message}`;
  }
});
process.stdout.write(JSON.stringify(drawn));
