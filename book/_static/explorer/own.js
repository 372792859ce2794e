/* In the place of the choice of networks: one that is on the page already, such as the one that is
   being trained there. `own()` returns it, as it is by now; `own.busy()` tells whether it is
   learning, and `own.took(network)` gets it back where a step of the reader has changed it. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});

  LeNet.ownNetwork = function (parts, state, own) {
    parts.choices.closest("section").hidden = true; // there is nothing to choose …
    parts.share.hidden = true; // … and no link can hold this network
    const use = async () => state.use(own());
    state.owner = own;
    return {
      use,
      useFirst: use,
      has: () => false,
      offer: () => LeNet.files.load("index.js"), // it says what the samples are
    };
  };
})();
