/* Why a layer is impossible, said to a reader: an error's code and values become a sentence. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { say } = LeNet;

  /** Say why; `error` has a code and values, as those of shapes.js and of the designer. */
  LeNet.explain = function ({ code, values = {} }) {
    const told = { ...values };
    if (values.name) told.name = say(`calculator.name.${values.name.replace(/ /g, "-")}`);
    return say(`calculator.wrong.${Number.isNaN(values.value) ? "empty" : code}`, told);
  };

  /** Write a count with a space between the thousands; one that is too large, roughly. */
  LeNet.grouped = (number) =>
    Number.isSafeInteger(number)
      ? String(number).replace(/\B(?=(\d{3})+$)/g, "\u00a0")
      : `≈ ${number.toExponential(2).replace("e+", "·10^")}`;
})();
