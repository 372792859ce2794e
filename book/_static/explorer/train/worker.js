/* What goes on in the worker: a network learns, batch after batch, and tells how far it is.

   The order of the digits, the batches and the places where something is told are the same with the
   same seed, whatever pauses there are. It works for a moment at a time, so that it hears when it
   is to pause. */
(function () {
  "use strict";

  function part(LeNet) {
    const MOMENT = 30; // ms of work between two looks at the messages
    const SHOW = 200; // ms between two snapshots of the network
    const LOST = 100 * Math.log(10); // a loss that is a hundred times that of guessing, or no number
    const TELL = 320; // digits between two words on the progress
    /* After so many digits the held-out ones are read: often at first, when much happens. */
    const nextLook = (seen) => seen + (seen < 2000 ? 500 : seen < 20000 ? 2000 : 5000);

    const isSound = (layer) => Object.values(layer).every((array) => array.every(Number.isFinite));

    /** Return a training: {learner, digits, …}; all that changes while it runs. */
    function begin({ settings, digits, plain }) {
      const learner = LeNet.newLearner(settings, plain);
      return {
        ...{ learner, digits, rate: learner.settings.rate, batch: learner.settings.batch },
        ...{ order: null, at: 0, step: 0, seen: 0, seconds: 0, look: 0 },
        ...{ loss: 0, right: 0, count: 0, told: 0, running: false, shown: 0, changed: false },
        good: learner.numbers(), // those to go back to
      };
    }

    /** Return the places of the next batch; each digit comes once before one comes again. */
    function nextBatch(run) {
      const { length } = run.digits.train.labels;
      if (!run.order || run.at === length) {
        run.order = LeNet.blueprint.shuffled(length, run.learner.random);
        run.at = 0;
      }
      const first = run.at;
      run.at = Math.min(first + run.batch, length);
      return Array.from(run.order.subarray(first, run.at));
    }

    /** Return by how many rows and columns each digit is moved, so that it is seldom twice the same. */
    function moves({ learner: { settings, random } }, places) {
      const sides = 2 * settings.shift + 1;
      const one = () => Math.floor(random() * sides) - settings.shift;
      return settings.shift ? places.map(() => [one(), one()]) : null;
    }

    const state = ({ step, seen, seconds, digits }) => ({
      ...{ step, seen, seconds },
      epoch: seen / digits.train.labels.length,
    });

    /** Read the held-out digits. */
    function accuracy({ learner, digits: { held } }) {
      return learner.right(held.images, held.labels) / held.labels.length;
    }

    /** Learn from one batch; returns what is to be told of it, null where it is not time. */
    function learn(run) {
      const { images, labels } = run.digits.train;
      const places = nextBatch(run);
      const rate = LeNet.blueprint.rateAfter(run.rate, run.seen, run.learner.settings.falls);
      const { loss, right } = run.learner.learn(images, labels, places, rate, moves(run, places));
      if (!(loss < LOST)) return { diverged: true };
      run.last = { loss, trainAccuracy: right / places.length };
      run.step++;
      run.seen += places.length;
      run.loss += loss * places.length;
      run.right += right;
      run.count += places.length;
      const due = run.seen >= run.look && run.seen > 0;
      if (run.count < TELL && !due) return null;
      const told = { loss: run.loss / run.count, trainAccuracy: run.right / run.count };
      run.loss = run.right = run.count = 0;
      if (due) {
        run.look = nextLook(run.look);
        told.accuracy = accuracy(run);
      }
      const numbers = run.learner.numbers();
      if (numbers.every(isSound)) run.good = numbers;
      return told;
    }

    /** What the worker tells the page of a training: {show, first, one}. */
    function telling(run, post) {
      function show() {
        const numbers = run.learner.numbers();
        const buffers = numbers.flatMap((one) => Object.values(one).map((array) => array.buffer));
        run.shown = performance.now();
        post({ type: "network", numbers }, buffers);
      }
      const tell = (told) => post({ type: "progress", told: { ...state(run), ...told } });

      /** Do something that takes time, and count the time. */
      function timed(work) {
        const start = performance.now();
        const result = work();
        run.seconds += (performance.now() - start) / 1000;
        return result;
      }

      return {
        ...{ show, tell },
        /** Before the first batch: how well does a network read that has learned nothing? */
        first() {
          if (run.look) return;
          run.look = nextLook(0);
          tell({ accuracy: timed(() => accuracy(run)) });
        },
        /** Somebody has changed the network by hand: how well does it read now? */
        changed() {
          run.changed = false;
          tell({ accuracy: accuracy(run) });
        },
        /** Learn from one batch. Where the loss is no number any more, go back and stop. */
        one() {
          const told = timed(() => learn(run));
          if (!told?.diverged) return told;
          run.running = false;
          run.learner.set(run.good);
          show();
          post({ type: "diverged" });
          return told;
        },
      };
    }

    /** Return what answers the messages of the page; `post(message, what is handed over)`. */
    LeNet.work = function (post) {
      const line = new MessageChannel(); // timers would wait, in a tab that is hidden
      let run = null,
        teller = null,
        waiting = false;
      const goOn = () => {
        if (!waiting) line.port2.postMessage(null);
        waiting = true;
      };

      line.port1.onmessage = () => {
        waiting = false;
        if (!run.running) return run.changed && teller.changed();
        teller.first();
        const end = performance.now() + MOMENT;
        while (run.running && performance.now() < end) {
          const learned = teller.one();
          if (learned && !learned.diverged) teller.tell(learned);
        }
        if (!run.running) return;
        if (performance.now() - run.shown > SHOW) teller.show();
        goOn();
      };

      return {
        open(message) {
          run = begin(message);
          teller = telling(run, post);
          post({ type: "ready", kind: run.learner.kind });
          teller.show();
        },
        start() {
          run.running = true;
          goOn();
        },
        pause() {
          if (!run.running) return;
          run.running = false;
          teller.tell({});
          teller.show();
        },
        step() {
          if (run.running) return;
          teller.first();
          const learned = teller.one();
          if (learned?.diverged) return;
          const { accuracy } = learned || {};
          teller.tell({ ...run.last, ...(accuracy === undefined ? {} : { accuracy }) });
          teller.show();
        },
        rate({ rate }) {
          run.rate = rate;
        },
        /** Go on from other numbers. They are judged when no more of them come. */
        put({ numbers }) {
          run.learner.put(numbers);
          run.good = numbers;
          run.changed = true;
          goOn();
        },
      };
    };
  }

  const LeNet = (window.LeNet = window.LeNet || {});
  (LeNet.workerParts = LeNet.workerParts || []).push(part);
  part(LeNet);
})();
