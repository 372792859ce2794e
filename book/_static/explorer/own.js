/* In the place of the choice of networks: one that is on the page already, such as the one that is
   being trained there. `own()` returns it, as it is by now. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});

  LeNet.ownNetwork = function (parts, state, own) {
    parts.choices.closest("section").hidden = true; // there is nothing to choose …
    parts.share.hidden = true; // … and no link can hold this network
    const use = async () => state.use(own());
    return {
      use,
      useFirst: use,
      has: () => false,
      offer: () => LeNet.files.load("index.js"), // it says what the samples are
    };
  };
})();
