/* What is drawn is kept while the tab is open, so that a reload loses nothing. A link in the address
   wins; where the browser keeps nothing for this page, it begins anew. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { links } = LeNet;
  const WAIT = 150; // milliseconds: a stroke is kept when it rests
  const key = () => `lenet-drawing:${location.pathname}`;

  /** Give a function the tab's storage; return null where there is none, or it is full. */
  function inStorage(action) {
    try {
      return action(window.sessionStorage);
    } catch {
      return null;
    }
  }

  /** Keep what is shown from now on, and take a link out of the address that shows something else
      by now. */
  LeNet.remember = function (state) {
    const text = () => links.write(state.network.name, state.network.epoch, state.source);
    let kept = state.network && text(),
      waiting;
    const keep = () => {
      clearTimeout(waiting);
      waiting = undefined;
      if (!state.network || text() === kept) return;
      kept = text();
      inStorage((storage) => storage.setItem(key(), kept));
      if (!links.isMine(location.hash) || location.hash === `#${kept}`) return;
      try {
        history.replaceState(null, "", location.href.split("#")[0]);
      } catch {
        // The address stays, and wins at a reload.
      }
    };
    const soon = () => (waiting = waiting ?? setTimeout(keep, WAIT));
    for (const what of ["source", "values"]) state.on(what, soon);
    window.addEventListener("pagehide", keep);
  };

  /** Return what was kept before a reload, as a link holds it; null where there is nothing, or it
      is of a network that the page has not. */
  LeNet.remember.read = function (has) {
    const text = inStorage((storage) => storage.getItem(key()));
    try {
      const kept = text && links.read(text);
      return kept && has(kept.name, kept.epoch) ? kept : null;
    } catch {
      return null;
    }
  };
})();
