/* Which maps of S2 each map of C3 sees: LeCun et al. 1998, table I. The designer and the engine of a
   training take it from here; the worker gets it with the engine's parts. */
(function () {
  "use strict";

  function part(LeNet) {
    LeNet.TABLE_1998 = "012 123 234 345 450 501 0123 1234 2345 3450 4501 5012 0134 1245 0235 012345"
      .split(" ")
      .map((maps) => Array.from(maps, Number));
  }

  const LeNet = (window.LeNet = window.LeNet || {});
  (LeNet.workerParts = LeNet.workerParts || []).push(part);
  part(LeNet);
})();
