/* The fields for a layer's kind, kernel, stride, padding and dilation, in both parts of the
   calculator. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});

  /** Read a whole number from a field; "" and 2.5 become NaN and 2.5, which break the rules. */
  const read = (input) => (input.value.trim() === "" ? NaN : Number(input.value));

  /** Give life to the fields of a layer. `change` is called on each change. */
  LeNet.layerFields = function ({ kind, kernel, stride, padding, amount, dilation }, change) {
    function show() {
      (amount.closest(".lx-field") || amount).hidden = padding.value !== "number";
      dilation.disabled = kind.value === "pooling"; // Keras has no pooling with gaps
    }
    function changed() {
      show();
      change();
    }
    kind.addEventListener("change", () => {
      if (kind.value === "pooling") {
        stride.value = kernel.value; // windows side by side, as is usual
        dilation.value = 1;
      } else stride.value = 1;
      changed();
    });
    padding.addEventListener("change", changed);
    for (const input of [kernel, stride, amount, dilation]) input.addEventListener("input", change);

    return {
      read: () => ({
        kind: kind.value,
        kernel: read(kernel),
        stride: read(stride),
        padding: padding.value === "number" ? read(amount) : padding.value,
        dilation: read(dilation),
      }),
      /** Put a layer into the fields; nobody is told. */
      write(layer) {
        const given = typeof layer.padding === "number";
        kind.value = layer.kind;
        kernel.value = layer.kernel;
        stride.value = layer.stride;
        dilation.value = layer.dilation;
        padding.value = given ? "number" : layer.padding;
        amount.value = given ? layer.padding : 0;
        show();
      },
    };
  };
  LeNet.layerFields.number = read;
})();
