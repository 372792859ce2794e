/* What is drawn is kept while the tab is open, so that a reload loses nothing. A link in the address
   wins; where the browser keeps nothing for this page, it begins anew. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { hand, links } = LeNet;
  const { inTab } = hand;
  const key = () => `lenet-drawing:${location.pathname}`;

  /** Keep what is shown from now on, and take a link out of the address that shows something else
      by now. */
  LeNet.remember = function (state) {
    const text = () => links.write(state.network.name, state.network.epoch, state.source);
    let kept = state.network && text();
    hand.atRest(state, () => {
      if (!state.network || text() === kept) return;
      kept = text();
      inTab((storage) => storage.setItem(key(), kept));
      if (!links.isMine(location.hash) || location.hash === `#${kept}`) return;
      try {
        history.replaceState(null, "", location.href.split("#")[0]);
      } catch {
        // The address stays, and wins at a reload.
      }
    });
  };

  /** Return what was kept before a reload, as a link holds it; null where there is nothing, or it
      is of a network that the page has not. */
  LeNet.remember.read = function (has) {
    const text = inTab((storage) => storage.getItem(key()));
    try {
      const kept = text && links.read(text);
      return kept && has(kept.name, kept.epoch) ? kept : null;
    } catch {
      return null;
    }
  };
})();
