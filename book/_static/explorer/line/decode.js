/* What the answers at all places say together: sliding.py again, step for step.

   A label is 0 for "no digit here" and d + 1 for digit d. The network has learnt to spell a text by
   its labels: what it repeats is read once, and 0 not at all, so a 0 stands between two equal digits
   (connectionist temporal classification, Graves et al. 2006). A penalty is minus the logarithm of a
   label's share. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const NONE = 0,
    LABELS = 11;

  const decode = (LeNet.decode = { NONE, LABELS });

  /** Turn answers into penalties, place by place. */
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

  /** Return the best path: the likeliest label at each place. */
  decode.best = (answers, places) =>
    Array.from({ length: places }, (_, place) => {
      const here = answers.subarray(place * LABELS, (place + 1) * LABELS);
      return here.indexOf(Math.max(...here));
    });

  /** Read labels as digits. Of each digit, say from which place to which it goes. */
  decode.spell = function (labels) {
    const digits = [];
    labels.forEach((label, place) => {
      if (label === NONE) return;
      if (label !== labels[place - 1]) digits.push({ digit: label - 1, from: place, to: place });
      else digits[digits.length - 1].to = place;
    });
    return digits;
  };

  /** Return the place at which a digit has its largest share, and the next best label there. */
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

  /** Return how probable a text is, all paths that spell it together: the forward algorithm. */
  decode.chance = function (penalties, places, text) {
    const states = [NONE]; // none, digit, none, digit, …, none
    for (const letter of text) states.push(Number(letter) + 1, NONE);
    let total = states.map((label, n) => (n < 2 ? penalties[label] : Infinity));
    for (let place = 1; place < places; place++) {
      const before = total;
      total = states.map((label, to) => {
        const ways = [before[to], before[to - 1] ?? Infinity];
        // Past the none between two digits, unless they are equal.
        if (label !== NONE && label !== states[to - 2]) ways.push(before[to - 2] ?? Infinity);
        return together(ways) + penalties[place * LABELS + label];
      });
    }
    return Math.exp(-together(total.slice(-2))); // after the last digit, or in it
  };

  /** The penalty of several ways together: their probabilities add up. */
  function together(ways) {
    const least = Math.min(...ways);
    if (least === Infinity) return Infinity;
    return least - Math.log(ways.reduce((sum, way) => sum + Math.exp(least - way), 0));
  }
})();
