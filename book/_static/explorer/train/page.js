/* "Watch it learn": a LeNet-5 that is trained in the page, before the reader's eyes.

   Nothing is loaded before it is asked for. The engine (train/…) learns in a worker; what it tells
   is kept in a run (train/run.js), and shown by curves, pictures and choices. While the page is in
   a hidden tab, the worker goes on and nothing is painted; when the page is left, it ends. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { say } = LeNet;
  const { make, messages } = LeNet.widgets;
  const NEEDED = [
    "engine",
    "train",
    "trainLink",
    "newRun",
    "curves",
    "learnedPictures",
    "choices",
    "keep",
  ];
  const SPEAK = 6000; // ms between two sentences for a screen reader
  const PACE = { curves: 150, pictures: 250 }; // ms between two pictures
  const CALM = { curves: 1000, pictures: 2000 }; // where the reader wants little motion

  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  /** Return a function that asks for a picture with the next frame; two are `pace()` ms apart. */
  function painter(show, pace) {
    let waiting = false,
      latest = 0;
    return function soon(now = false) {
      if (waiting && !now) return;
      waiting = true;
      const rest = now ? 0 : Math.max(0, latest + pace() - performance.now());
      setTimeout(
        () =>
          requestAnimationFrame(() => {
            waiting = false;
            latest = performance.now();
            show();
          }),
        rest,
      );
    };
  }

  // ------------------------------------------------------------------ buttons and numbers

  /** Show in the buttons what can be done. */
  function showState(parts, run) {
    const { state } = run;
    const loaded = state !== "idle" && state !== "loading";
    parts.go.textContent = {
      idle: say("trainer.load"),
      loading: say("trainer.loading"),
      ready: run.last ? say("trainer.on") : say("trainer.start"),
      running: say("trainer.pause"),
      stopped: say("trainer.start"),
    }[state];
    parts.go.disabled = state === "loading" || state === "stopped";
    for (const name of ["one", "again"]) parts[name].hidden = !loaded;
    parts.one.disabled = state === "stopped";
    parts.slower.hidden = state !== "stopped" || run.trouble !== "diverged";
    parts.before.hidden = loaded;
    for (const name of ["numbers", "curves", "pictures", "after"]) parts[name].hidden = !loaded;
    parts.stage.dataset.state = state;
  }

  function showNumbers(parts, { last, accuracy }) {
    const { grouped, percent } = LeNet.curves;
    parts.right.textContent = accuracy === null ? "–" : percent(accuracy);
    parts.seen.textContent = grouped(last?.seen || 0);
    parts.seconds.textContent = (last?.seconds || 0).toFixed(1);
    parts.speed.textContent = last?.speed ? grouped(last.speed) : "–";
  }

  /** Put the stage where all of it is in view, if it fits. */
  function bringIntoView(stage) {
    const box = stage.getBoundingClientRect();
    if (box.top >= 0 && box.bottom <= window.innerHeight) return;
    stage.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
  }

  function buttons(parts, run, notice) {
    parts.go.addEventListener("click", async () => {
      if (run.state === "running") run.pause();
      else if (run.state === "ready") run.start();
      else if (run.state === "idle") {
        notice("trouble", "");
        await run.load();
        if (run.state !== "ready") return;
        bringIntoView(parts.stage);
        run.start();
      }
    });
    parts.one.addEventListener("click", () => run.step());
    parts.again.addEventListener("click", () => {
      const ran = run.state === "running";
      notice("trouble", "");
      run.renew();
      if (ran) run.start();
    });
  }

  /** Say what is wrong; a loss that is no number can be mended by a lower rate. */
  function troubles(parts, run, notice, showChoices) {
    run.on("trouble", ({ kind, message }) => {
      const known = { diverged: say("trainer.diverged", { rate: run.settings.rate }) }[kind];
      notice("trouble", known || say("trainer.trouble", { why: message }));
    });
    parts.slower.addEventListener("click", () => {
      notice("trouble", "");
      run.go("ready");
      run.set({ rate: Number((run.settings.rate / 10).toPrecision(2)) });
      showChoices();
      run.start();
    });
  }

  /** Tell a screen reader now and then how far the training is. */
  function speaking(parts, run) {
    const { grouped, percent } = LeNet.curves;
    let latest = -SPEAK;
    run.on("progress", ({ seen }) => {
      const now = performance.now();
      if (run.accuracy === null || now - latest < SPEAK) return;
      latest = now;
      const value = percent(run.accuracy);
      parts.spoken.textContent = say("trainer.spoken", { seen: grouped(seen), value });
    });
  }

  // ------------------------------------------------------------------ drawing

  /** Let the reader draw on a network, `use(network, name)`; the one that learns goes on learning. */
  function drawing(parts, run, notice) {
    let begun = null,
      live = true,
      shown = null;
    const own = Object.assign(() => shown, {
      busy: () => live && run.state === "running",
      /** A step on one digit was taken or taken back: the training goes on from there. */
      took(network) {
        shown = network;
        if (live) run.put(network);
      },
    });
    /** Load the explorer's own styles and scripts, and start it with the network. */
    async function mount() {
      await LeNet.files.program(parts.explorer.dataset.files);
      const root = make("div", { class: "lenet-explorer" });
      root.append(parts.explorer.cloneNode(true));
      parts.paperHere.replaceChildren(root);
      return LeNet.explorer.start(root, own);
    }
    async function use(network) {
      live = !network;
      parts.drawing.hidden = false;
      shown = network || run.network;
      begun = begun || mount();
      try {
        (await begun).use(shown);
      } catch (error) {
        begun = null; // it can be tried again
        notice("draw", say("trainer.trouble", { why: error.message }));
        return;
      }
      notice("draw", "");
      parts.drawnOn.textContent = network
        ? say("trainer.draw.kept", { name: network.title })
        : say("trainer.draw.live");
    }
    parts.draw.addEventListener("click", async () => {
      await use();
      parts.drawing.scrollIntoView({ block: "start" });
    });
    const follow = async () => {
      if (!begun || !live || !run.network) return;
      shown = run.network;
      (await begun.catch(() => null))?.use(shown);
    };
    run.on("state", async () => (await begun?.catch(() => null))?.update());
    run.on("network", () => run.state !== "running" && follow()); // what a step starts from
    return { use, follow };
  }

  // ------------------------------------------------------------------ the page

  /** Return the settings of the page's address; a broken one is told. */
  function firstSettings(notice) {
    const { isMine, read, defaults } = LeNet.trainLink;
    if (!isMine(location.hash)) return defaults();
    try {
      return read(location.hash);
    } catch {
      notice("link", say("trainer.link.broken"));
      return defaults();
    }
  }

  /** Show what a run tells, as often as the eye can follow. */
  function showing(parts, run, follow) {
    const curves = LeNet.curves(parts, run);
    const pictures = LeNet.learnedPictures(parts, run);
    const pace = (what) => () => (calm() ? CALM : PACE)[what];
    const visible = (show) => () => document.hidden || !run.history || show();
    const drawCurves = visible(() => {
      curves();
      showNumbers(parts, run);
      if (run.previous) parts.beforeWhat.textContent = LeNet.choices.inWords(run.previous.settings);
    });
    const drawPictures = visible(() => {
      pictures();
      follow();
    });
    const soonCurves = painter(drawCurves, pace("curves"));
    const soonPictures = painter(drawPictures, pace("pictures"));
    run.on("progress", () => soonCurves());
    run.on("network", () => soonPictures());
    run.on("start", () => [soonCurves(true), soonPictures(true)]);
    run.on("state", () => {
      showState(parts, run);
      if (run.history) showNumbers(parts, run);
    });
    const all = () => [drawCurves(), drawPictures()];
    document.addEventListener("visibilitychange", all);
    window.addEventListener("resize", () => soonCurves());
    parts.rows.closest("details").addEventListener("toggle", drawCurves);
  }

  function start(root) {
    const parts = LeNet.widgets.fill(root);
    const notice = messages(parts.messages);
    const run = LeNet.newRun(firstSettings(notice));
    const showChoices = LeNet.choices(parts, run);
    const { use, follow } = drawing(parts, run, notice);
    showing(parts, run, follow);
    buttons(parts, run, notice);
    troubles(parts, run, notice, showChoices);
    speaking(parts, run);
    LeNet.keep(parts, run, use);
    showState(parts, run);
    window.addEventListener("pagehide", () => run.close());
    window.addEventListener("hashchange", () => {
      if (!LeNet.trainLink.isMine(location.hash)) return;
      notice("link", "");
      run.set(firstSettings(notice));
      showChoices();
    });
    root.dataset.ready = "yes";
    LeNet.trainer.run = run; // for whoever wants to look
  }

  LeNet.trainer = { start };
  if (NEEDED.every((part) => LeNet[part]))
    for (const root of document.querySelectorAll(".lenet-trainer")) start(root);
})();
