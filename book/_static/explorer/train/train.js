/* Training in the page, in a worker of its own: `LeNet.train.open(settings)`.

   A page that was opened from a folder can start a worker from a blob only. So the blob is made of
   the text of the functions in `LeNet.workerParts`. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const train = (LeNet.train = LeNet.train || {});
  const { say, blueprint, shapes } = LeNet;

  /** The text of the worker. */
  const source = () => `"use strict";
    const LeNet = {};
    for (const part of [${LeNet.workerParts.join(",\n")}]) part(LeNet);
    const hears = LeNet.work((message, handed) => postMessage(message, handed || []));
    onmessage = ({ data }) => hears[data.type](data);`;

  /** Do something with settings; where they are wrong, throw what a reader understands. */
  function inWords(work) {
    try {
      return work();
    } catch (error) {
      if (!error.said) throw error;
      throw new RangeError(say(`train.wrong.${error.said}`, error.values));
    }
  }

  /** Return all settings, or throw, in words for the reader, where one can't be used. */
  train.settings = (given) => inWords(() => blueprint.check(given));

  /** Return a network in the form of `engine.build`, from settings and the learned numbers. */
  train.network = function (settings, numbers) {
    const described = [];
    let below = { reach: shapes.atInput(settings.inputSize) };
    const layers = blueprint.layersOf(settings).map((layer, n) => {
      layer.reach = shapes.above(below.reach, layer);
      described.push({ ...layer });
      Object.assign(layer, numbers[n]);
      below = layer;
      return layer;
    });
    const entry = {
      ...{ name: "trained", title: say("train.title"), input_size: settings.inputSize },
      ...{ background: 0, ink: 1, parameters: blueprint.parameters(settings) },
      ...{ layers: described, settings },
    };
    return { name: "trained", inputSize: settings.inputSize, entry, layers };
  };

  /** Return what a network has learned, as the worker hands it over. */
  const numbersOf = ({ layers }) =>
    layers.map(({ weights, coefficients, biases }) => {
      const all = Object.entries({ weights, coefficients, biases });
      return Object.fromEntries(all.filter(([, array]) => array));
    });

  /** Start a worker; `hear` gets its messages, `fail` what is wrong with it. */
  function startWorker(hear, fail) {
    const address = URL.createObjectURL(new Blob([source()], { type: "text/javascript" }));
    let worker = null,
      ready = false;
    const broken = (why) =>
      fail({
        kind: "worker",
        message: ready ? say("train.worker.broken", { why }) : say("train.worker.refused"),
      });
    try {
      worker = new Worker(address);
    } catch {
      URL.revokeObjectURL(address);
      broken("");
      return null;
    }
    worker.onmessage = ({ data }) => {
      if (data.type === "ready") {
        ready = true;
        URL.revokeObjectURL(address);
      }
      hear(data);
    };
    worker.onerror = (event) => {
      event.preventDefault?.();
      broken(event.message || "");
    };
    return worker;
  }

  /** Return a place for listeners: {on, tell}. */
  function listening() {
    const listeners = { progress: [], network: [], error: [] };
    return {
      on: (what, listener) => listeners[what].push(listener),
      tell: (what, told) => listeners[what].forEach((listener) => listener(told)),
    };
  }

  /** Open a training. Nothing is learned before `start` or `step`.

      `digits` are those that `loadDigits` promised, which is asked where there are none; `plain`
      does without WebAssembly. Throws where a setting can't be used. */
  train.open = function ({ digits, plain, ...given } = {}) {
    const settings = train.settings(given);
    if (digits) inWords(() => blueprint.checkBatch(settings, digits.train.labels.length));
    const { on, tell } = listening();
    let worker = null,
      closed = false,
      waiting = []; // what is asked before the worker is there
    const close = () => {
      closed = true;
      worker?.terminate();
      worker = null;
      waiting = [];
    };
    const fail = (error) => {
      if (closed) return;
      close();
      tell("error", error);
    };
    const hear = (data) => {
      if (closed) return;
      if (data.type === "progress") tell("progress", data.told);
      if (data.type === "network") tell("network", train.network(settings, data.numbers));
      if (data.type === "ready") handle.kind = data.kind;
      if (data.type === "diverged")
        tell("error", { kind: "diverged", message: say("train.diverged") });
    };
    const ask = (message) => {
      if (closed) return;
      if (worker) worker.postMessage(message);
      else waiting.push(message);
    };
    const handle = {
      ...{ settings, on, close, kind: null },
      /** The worker, once it is there: for whoever wants to look. */
      get worker() {
        return worker;
      },
      start: () => ask({ type: "start" }),
      pause: () => ask({ type: "pause" }),
      step: () => ask({ type: "step" }),
      /** Go on from a network of this form, whose numbers somebody has changed. */
      put: (network) => ask({ type: "put", numbers: numbersOf(network) }),
      /** Change the rate; throws where it can't be used. */
      set({ rate }) {
        inWords(() => blueprint.checkRate(rate));
        ask({ type: "rate", rate });
      },
    };
    // Later, so that whoever asked can listen first.
    Promise.resolve(digits || train.loadDigits()).then(
      (loaded) => {
        if (closed) return;
        worker = startWorker(hear, fail);
        ask({ type: "open", settings, digits: loaded, plain });
        waiting.splice(0).forEach((message) => worker?.postMessage(message));
      },
      (error) => fail({ kind: "digits", message: error.message }),
    );
    return handle;
  };
})();
