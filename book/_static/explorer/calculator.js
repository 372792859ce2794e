/* The calculator: the size of a layer's output, drawn place by place, and a list of layers.

   An element of class lenet-calculator is filled from the template in it
   (book/_templates/calculator.html), which has both parts or one of them. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const PARTS = ["shapes", "layerFields", "drawGrids", "oneLayer", "layerList"];

  function start(root) {
    const parts = LeNet.widgets.fill(root);
    const one = parts.one ? LeNet.oneLayer(parts) : null;
    if (parts.list) LeNet.layerList(parts, one?.show);
    one?.start();
  }

  LeNet.calculator = { start };
  if (PARTS.every((part) => LeNet[part]))
    // else its sentence stays
    for (const root of document.querySelectorAll(".lenet-calculator")) start(root);
})();
