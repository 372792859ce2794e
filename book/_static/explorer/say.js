/* What the programs on the pages say. The words stand in one table (book/words), so that another
   language can be handed in: see book/_ext/words.py. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const PLACE = /\{(\w+)\}/g;

  /** Say what stands under a name, with values in their places: say("explorer.units", { count: 3 }).
      A name that ends in ".one" is taken where `count` is 1. */
  LeNet.say = function (name, values = {}) {
    const words = LeNet.words || {};
    const one = values.count === 1 ? words[`${name}.one`] : undefined;
    const text = one ?? words[name];
    if (text === undefined) return name; // a reader sees which one is missing; a test, too
    return text.replace(PLACE, (place, value) =>
      value in values ? LeNet.named(values[value]) : place,
    );
  };

  /** Say what the files of weights name: a network, a layer, a kind of layer. Others stay. */
  LeNet.named = function (name) {
    const said = LeNet.say(`named.${name}`);
    return said === `named.${name}` ? name : said;
  };
})();
