/* The calculator: the size of a layer's output, drawn place by place, and the designer of networks.

   An element of class lenet-calculator is filled from the template in it
   (book/_templates/calculator.html), which has both parts or one of them. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const PARTS = ["shapes", "layerFields", "drawGrids", "oneLayer", "designer", "shareDesigns"];

  function start(root) {
    const parts = LeNet.widgets.fill(root);
    const one = parts.one ? LeNet.oneLayer(parts) : null;
    const list = parts.list ? LeNet.designer(parts, one?.show) : null;
    one?.start();
    LeNet.shareDesigns(parts, one, list);
  }

  LeNet.calculator = { start };
  if (PARTS.every((part) => LeNet[part]))
    // else its sentence stays
    for (const root of document.querySelectorAll(".lenet-calculator")) start(root);
})();
