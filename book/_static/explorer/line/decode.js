/* What the answers at all places say together: sliding.py again, step for step.

   A label is 0 for "no digit here" and d + 1 for digit d. `follow` holds, for each label and each
   one after it, minus the logarithm of how often the second follows the first from place to place.
   Penalties are minus logarithms, too: the path with the smallest sum is the likeliest. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const NONE = 0,
    LABELS = 11;

  const decode = (LeNet.decode = { NONE, LABELS });

  /** Turn answers into penalties: minus the logarithm of each label's share at its place. */
  decode.penalties = function (answers, places) {
    const result = new Float64Array(places * LABELS);
    for (let place = 0; place < places; place++) {
      const here = answers.subarray(place * LABELS, (place + 1) * LABELS);
      const largest = Math.max(...here);
      const total = here.reduce((sum, one) => sum + Math.exp(one - largest), 0);
      for (let label = 0; label < LABELS; label++)
        result[place * LABELS + label] = largest + Math.log(total) - here[label];
    }
    return result;
  };

  /** Return the best label for each place, all places together: Viterbi's algorithm. */
  decode.best = function (penalties, places, follow) {
    let total = Array.from({ length: LABELS }, (_, n) => penalties[n] + follow[NONE][n]);
    const back = [];
    for (let place = 1; place < places; place++) {
      const came = Array.from({ length: LABELS }, (_, label) => {
        let from = 0;
        for (let n = 1; n < LABELS; n++)
          if (total[n] + follow[n][label] < total[from] + follow[from][label]) from = n;
        return from;
      });
      back.push(came);
      total = came.map(
        (from, label) => total[from] + follow[from][label] + penalties[place * LABELS + label],
      );
    }
    const labels = [total.indexOf(Math.min(...total))];
    for (const came of back.reverse()) labels.push(came[labels[labels.length - 1]]);
    return labels.reverse();
  };

  /** Read labels as digits: what is repeated counts once, and none not at all. Of each digit, say
      from which place to which it goes. */
  decode.spell = function (labels) {
    const digits = [];
    labels.forEach((label, place) => {
      if (label !== NONE && label !== labels[place - 1])
        digits.push({ digit: label - 1, from: place, to: place });
      else if (label !== NONE) digits[digits.length - 1].to = place;
    });
    return digits;
  };

  /** Return the share that one digit has: at the place where it is surest, with the next best label
      there. */
  decode.doubt = function (penalties, { digit, from, to }) {
    let at = from;
    for (let place = from; place <= to; place++)
      if (penalties[place * LABELS + digit + 1] < penalties[at * LABELS + digit + 1]) at = place;
    const shares = Array.from(penalties.subarray(at * LABELS, (at + 1) * LABELS), (penalty) =>
      Math.exp(-penalty),
    );
    const others = shares.map((share, label) => (label === digit + 1 ? -1 : share));
    const second = others.indexOf(Math.max(...others));
    return { at, share: shares[digit + 1], second, secondShare: shares[second] };
  };

  /** Return how much of all paths together reads one text: the forward algorithm, once through all
      labels and once through those alone that spell the text. */
  decode.share = function (penalties, places, follow, text) {
    const spelt = [NONE];
    for (const letter of text) spelt.push(Number(letter) + 1, NONE);
    const every = Array.from({ length: LABELS }, (_, n) => n);
    const right = forward(
      penalties,
      places,
      follow,
      spelt,
      (from, to) => {
        const next = to - from;
        return (
          next === 0 ||
          next === 1 ||
          (next === 2 && spelt[to] !== NONE && spelt[from] !== spelt[to])
        );
      },
      2,
    );
    const ends = right.slice(-2); // after the last digit, or in it
    const all = forward(penalties, places, follow, every, () => true, LABELS);
    return Math.exp(together(all) - together(ends));
  };

  /** Follow all paths through some states at once; return the penalty of each state at the end. The
      first `open` states can be the first of a path. */
  function forward(penalties, places, follow, states, leads, open) {
    let total = states.map((label, n) =>
      n < open ? penalties[label] + follow[NONE][label] : Infinity,
    );
    for (let place = 1; place < places; place++) {
      const before = total;
      total = states.map((label, to) => {
        const ways = before.map((sum, from) =>
          leads(from, to) ? sum + follow[states[from]][label] : Infinity,
        );
        return together(ways) + penalties[place * LABELS + label];
      });
    }
    return total;
  }

  /** The penalty of several ways together: their probabilities add up. */
  function together(ways) {
    const least = Math.min(...ways);
    if (least === Infinity) return Infinity;
    return least - Math.log(ways.reduce((sum, way) => sum + Math.exp(least - way), 0));
  }
})();
