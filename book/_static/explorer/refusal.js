/* "None of these": what a network of distances may say, and a softmax can't.

   How far a drawing may be from the nearest of the ten codes, and how near the second one may be, is
   chosen in Python (src/lenet_tutorial/explorer/no_digits.py) and stands in the list of networks. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { say } = LeNet;
  const { number } = LeNet.widgets;

  /** Return the limits of a network, or undefined where it has none: a softmax, or no training. */
  function limitsOf({ entry, epoch }) {
    const snapshot = entry?.snapshots?.find((taken) => taken.epoch === epoch);
    return snapshot?.none?.farthest === undefined ? undefined : snapshot.none;
  }

  /** Return the sentence with which a network refuses an answer, or "" where it does not. */
  LeNet.refusal = function (network, { label, distances }) {
    const limits = distances && limitsOf(network);
    if (!limits) return "";
    const [least, second] = Array.from(distances).sort((a, b) => a - b);
    const values = { label, least: number(least, 1), lead: number(second - least, 1) };
    if (least > limits.farthest) return say("refusal.far", values);
    return second - least < limits.nearest ? say("refusal.near", values) : "";
  };

  /** Say how often a network refuses, or how often it is sure where there is no digit. */
  LeNet.refusal.about = function (none) {
    if (!none) return [];
    const percent = (share, digits = 0) => (100 * share).toFixed(digits);
    const values = { sure: percent(none.sure) };
    for (const [kind, share] of Object.entries(none.caught || none.claimed))
      values[kind] = percent(share);
    if (!none.caught) return [say("refusal.softmax", values)];
    return [
      say("refusal.distances", {
        ...values,
        farthest: number(none.farthest, 1),
        nearest: number(none.nearest, 1),
        refused: percent(none.refused, 1),
        misread: percent(none.misread_refused),
      }),
    ];
  };
})();
