/* The clock of a computation: play, pause, a step forward or back, speed, and the keyboard.

   It knows how many steps there are and what ends with each of them, and says which one is to be
   shown; -1 stands before the first. It never starts by itself. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const compute = (LeNet.compute = LeNet.compute || {});
  const { say } = LeNet;
  const SPEEDS = ["slow", "medium", "fast", "fastest"];
  /* Milliseconds, and how far to go: to a step with which this much ends (see steps.js). */
  const PACES = {
    unit: { slow: [1000, 0], medium: [350, 0], fast: [350, 1], fastest: [600, 2] },
    map: { slow: [700, 0], medium: [160, 0], fast: [40, 0], fastest: [120, 1] },
  };
  const CALM = { unit: [1500, 2], map: [1500, 1] }; // where the reader wants less motion

  /** Return the step to which it goes from `now`: the next with which so much ends, or the last. */
  compute.next = function (steps, now, end) {
    for (let n = now + 1; n < steps.length; n++) if (steps[n].end >= end) return n;
    return steps.length - 1;
  };

  /** Return the step before `now` with which so much ends, or -1. */
  compute.previous = function (steps, now, end) {
    for (let n = now - 1; n >= 0; n--) if (steps[n].end >= end) return n;
    return -1;
  };

  /** What each key does. */
  const keys = (player, speed) => ({
    " ": player.toggle,
    k: player.toggle,
    ArrowRight: () => player.by(1),
    ArrowLeft: () => player.by(-1),
    PageDown: () => player.over(1),
    PageUp: () => player.over(-1),
    Home: () => player.byHand(-1),
    End: () => player.byHand(Infinity),
    "+": () => speed(1),
    "-": () => speed(-1),
  });

  /** Let keys of the stage do what the buttons do. */
  function listenToKeys(stage, player, faster) {
    const doing = keys(player, faster);
    stage.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || !(event.key in doing)) return;
      event.preventDefault();
      doing[event.key]();
    });
  }

  /** Let buttons, slider, keys and the tab's going out of sight rule a player. */
  function listen(parts, calm, player) {
    const { play, back, step, first, speed, progress, stage } = parts;
    play.addEventListener("click", player.toggle);
    back.addEventListener("click", () => player.by(-1));
    step.addEventListener("click", () => player.by(1));
    first.addEventListener("click", () => player.byHand(-1));
    progress.addEventListener("input", () => player.byHand(Number(progress.value) - 1));
    speed.addEventListener("change", player.again);
    listenToKeys(stage, player, (by) => {
      const at = SPEEDS.indexOf(speed.value) + by;
      speed.value = SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)];
      player.again();
    });
    document.addEventListener("visibilitychange", () => document.hidden && player.pause());
    const tellCalm = () => {
      parts.calm.textContent = calm.matches ? say("compute.calm") : "";
      speed.disabled = calm.matches;
      player.again();
    };
    calm.addEventListener("change", tellCalm);
    tellCalm();
  }

  /** Show which step it is, on the slider and by the buttons that lead nowhere. */
  function showPlace({ back, first, step, progress, count }, now, all) {
    back.disabled = first.disabled = now < 0;
    step.disabled = now === all - 1;
    progress.value = now + 1;
    const text = say("compute.step.of", { n: now + 1, all });
    progress.setAttribute("aria-valuetext", text);
    count.textContent = text;
  }

  /** Return a player. `show(n, byHand)` shows a step. */
  compute.player = function (parts, show) {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    let [steps, level, now, timer] = [[], "unit", -1, null];

    function go(n, byHand = false) {
      now = Math.min(Math.max(n, -1), steps.length - 1);
      showPlace(parts, now, steps.length);
      show(now, byHand);
    }
    function pause() {
      clearTimeout(timer);
      timer = null;
      parts.play.textContent = say("compute.play");
    }
    function wait() {
      const [time, end] = calm.matches ? CALM[level] : PACES[level][parts.speed.value];
      timer = setTimeout(() => {
        go(compute.next(steps, now, end));
        if (now < steps.length - 1) wait();
        else pause();
      }, time);
    }
    function play() {
      pause();
      if (!steps.length) return;
      if (now === steps.length - 1) go(-1);
      parts.play.textContent = say("compute.pause");
      wait();
    }
    const byHand = (n) => {
      pause();
      go(n, true);
    };
    const player = {
      go,
      pause,
      play,
      byHand,
      toggle: () => (timer ? pause() : play()),
      by: (number) => byHand(now + number),
      over: (to) => byHand(compute[to > 0 ? "next" : "previous"](steps, now, 1)),
      /** Go on at another speed. */
      again: () => timer && play(),
      playing: () => timer !== null,
      calm: () => calm.matches,
      /** Take other steps, and stand before the first of them. */
      load(others, ofLevel) {
        pause();
        [steps, level] = [others, ofLevel];
        parts.progress.max = steps.length;
        go(-1);
      },
    };
    listen(parts, calm, player);
    return player;
  };
})();
