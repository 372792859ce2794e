/* One training after another, as the page shows it: `LeNet.newRun()`.

   A run is "idle" (nothing is loaded), "loading", "ready" (a network that has learned nothing, or
   stands still), "running", or "stopped" (its loss is no number any more). A part of the page asks
   with `on` to be told of the "state", of each "progress", of the "network", of the "start" of a
   new one, and of what is wrong ("trouble"). */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const SMOOTH = 0.9; // how much of the smoothed loss stays when a new one comes
  const POINTS = 600; // of a curve; more are thinned out
  const WINDOW = 2; // seconds over which the speed is measured

  /** Begin an empty history: what the curves are drawn from. */
  const newHistory = (settings) => ({ settings, losses: [], accuracies: [], weight: 0, sum: 0 });

  /** Add what was told of the progress; losses are smoothed, without a bias at the start. */
  function add(history, { seen, loss, accuracy }) {
    if (Number.isFinite(loss)) {
      history.weight = SMOOTH * history.weight + (1 - SMOOTH);
      history.sum = SMOOTH * history.sum + (1 - SMOOTH) * loss;
      history.losses.push([seen, history.sum / history.weight]);
    }
    if (Number.isFinite(accuracy)) history.accuracies.push([seen, accuracy]);
    for (const name of ["losses", "accuracies"])
      if (history[name].length > POINTS) {
        const end = history[name].length - 1;
        history[name] = history[name].filter((_, n) => n % 2 === 0 || n === end);
      }
  }

  /** Return digits a second, over the last few seconds. */
  function speed(recent, { seen, seconds }) {
    recent.push([seen, seconds]);
    while (recent.length > 2 && seconds - recent[0][1] > WINDOW) recent.shift();
    const [first, then] = recent[0];
    return seconds > then ? (seen - first) / (seconds - then) : null;
  }

  /** Open a training for the run's settings, and listen to it. */
  function open(run, tell) {
    const handle = LeNet.train.open({ ...run.settings, digits: run.digits });
    const mine = (what) => (told) => run.handle === handle && what(told);
    const name = `trained-${++run.count}`;
    run.handle = handle;
    handle.on(
      "progress",
      mine((told) => {
        add(run.history, told);
        run.last = { ...run.last, ...told, speed: speed(run.recent, told) };
        if (Number.isFinite(told.accuracy)) run.accuracy = told.accuracy;
        tell("progress", run.last);
      }),
    );
    handle.on(
      "network",
      mine((told) => {
        if (run.changed) return; // it was on its way when the reader changed the network
        const network = { ...told, name }; // each run has a name of its own
        const first = !run.first;
        if (first) run.first = network;
        run.network = network;
        if (first) tell("start");
        tell("network", network);
      }),
    );
    handle.on(
      "error",
      mine((error) => {
        run.trouble = error.kind;
        run.go("stopped");
        tell("trouble", error);
      }),
    );
  }

  /** What a reader can do with a run. */
  const acting = (run, tell) => ({
    /** Load the digits, once. */
    async load() {
      run.go("loading");
      try {
        run.digits = await LeNet.train.loadDigits();
        run.renew();
      } catch (error) {
        run.go("idle");
        tell("trouble", { ...error, kind: "digits", message: error.message });
      }
    },
    /** Begin anew with a network that has learned nothing. The curves of the last one stay beside. */
    renew() {
      run.handle?.close();
      if (run.history?.losses.length > 1) run.previous = run.history;
      Object.assign(run, { first: null, network: null, last: null, accuracy: null, recent: [] });
      run.changed = false;
      run.history = newHistory({ ...run.settings });
      run.go("ready");
      open(run, tell);
    },
    start() {
      if (run.state !== "ready") return;
      run.changed = false;
      run.go("running");
      run.handle.start();
    },
    pause() {
      if (run.state !== "running") return;
      run.handle.pause();
      run.recent = [];
      run.go("ready");
    },
    step() {
      run.pause();
      run.changed = false;
      if (run.state === "ready") run.handle.step();
    },
    /** Take a network that the reader has changed; the training goes on from it. */
    put(network) {
      run.changed = true;
      run.network = network;
      run.handle.put(network);
      tell("network", network);
    },
    /** Take other settings. The rate changes as it runs; all others begin a new network. */
    set(settings) {
      Object.assign(run.settings, settings);
      if (!run.handle) return;
      const names = Object.keys(settings);
      if (names.every((name) => name === "rate")) {
        run.handle.set(settings);
        return;
      }
      const ran = run.state === "running";
      run.renew();
      if (ran) run.start();
    },
    close() {
      run.handle?.close();
      run.handle = null;
      run.go("idle");
    },
  });

  /** Return a run with these settings, in which nothing is loaded yet. */
  LeNet.newRun = function (settings) {
    const listeners = { state: [], progress: [], network: [], start: [], trouble: [] };
    const tell = (what, told) => listeners[what].forEach((listener) => listener(told));
    const run = {
      settings,
      state: "idle",
      digits: null,
      handle: null,
      first: null, // the network before learning
      network: null, // as it is now
      history: null,
      previous: null, // the history of the run before
      last: null, // what was told last of the progress
      accuracy: null,
      changed: false, // has the reader changed the network since it last learned?
      recent: [],
      trouble: null, // the kind of what went wrong last
      count: 0, // of the networks so far
      on: (what, listener) => listeners[what].push(listener),
      go(state) {
        run.state = state;
        tell("state", state);
      },
    };
    return Object.assign(run, acting(run, tell));
  };
})();
