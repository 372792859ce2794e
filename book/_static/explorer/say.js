/* What the programs on the pages say. The words stand in one table (book/words), so that another
   language can be handed in: see book/_ext/words.py. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const PLACE = /\{(\w+)\}/g;
  // A space between two Chinese words, or beside a wide mark: as GAP in book/_ext/words.py.
  const GAP =
    /([\u4e00-\u9fff]) +(?=[\u4e00-\u9fff])|([、。〈-】！-／：-？]) +| +(?=[、。〈-】！-／：-？])/g;
  const closed = (text) => text.replace(GAP, "$1$2");

  /** Say what stands under a name, with values in their places: say("explorer.units", { count: 3 }).
      A name that ends in ".one" is taken where `count` is 1. */
  LeNet.say = function (name, values = {}) {
    const words = LeNet.words || {};
    const one = values.count === 1 ? words[`${name}.one`] : undefined;
    const text = one ?? words[name];
    if (text === undefined) return name; // a reader sees which one is missing; a test, too
    return closed(
      text.replace(PLACE, (place, value) => (value in values ? LeNet.named(values[value]) : place)),
    );
  };

  /** Put sentences one after the other, with a space between them where their language has one. */
  LeNet.sentences = (...said) => closed(said.filter(Boolean).join(" "));

  /** Say what the files of weights name: a network, a layer, a kind of layer. Others stay. */
  LeNet.named = function (name) {
    const said = LeNet.say(`named.${name}`);
    return said === `named.${name}` ? name : said;
  };
})();
