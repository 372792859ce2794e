/* The engine that trains a network in the page (book/_static/explorer/train), in Node.

   It reads {settings, seen, looks} as JSON: the settings of a training, how many digits it shall
   learn from, and after how many of them the held-out ones are read. It writes what another program
   needs to do the same: the digits, the network before learning and the slopes of its first batch
   (as the page's file of a network, in base64), which digits came and how each was moved; and what
   came out. */
"use strict";
const fs = require("fs"),
  path = require("path"),
  vm = require("vm"),
  zlib = require("zlib");
const FOLDER = path.join(__dirname, "..", "book", "_static", "explorer");
const SCRIPTS = ["say", "shapes", "engine", "table"].concat(
  ["assembler", "products", "blueprint", "layers", "learner", "train", "digits", "file"].map(
    (name) => `train/${name}`,
  ),
);

/** Load the scripts as the page does; return what they define. */
function load() {
  global.window = global;
  for (const name of SCRIPTS)
    vm.runInThisContext(fs.readFileSync(path.join(FOLDER, `${name}.js`), "utf8"), name);
  return global.LeNet;
}

/** Return the digits to learn from and those held out: {images, labels} each. */
function readDigits(LeNet) {
  const weights = path.join(FOLDER, "weights");
  const { digits } = JSON.parse(fs.readFileSync(path.join(weights, "manifest.json"), "utf8"));
  const pairs = zlib.inflateSync(fs.readFileSync(path.join(weights, "digits.bin")));
  return LeNet.train.unfold(pairs, digits);
}

/** Return numbers in the order of the page's networks as the page's file, in base64. */
const asFile = (LeNet, settings, numbers) =>
  Buffer.from(LeNet.train.file(LeNet.train.network(settings, numbers)).bytes).toString("base64");

/** Return the slopes of a learner's weights, as `numbers` returns the weights. */
const slopesOf = ({ layers }) =>
  layers.map(({ maps, across, stretch, weights, weightSlopes, biasSlopes }) => {
    if (!weights) return {};
    const rows = Array.from({ length: maps }, (_, map) =>
      Array.from(weightSlopes.subarray(map * stretch, map * stretch + across)),
    );
    return { weights: Float32Array.from(rows.flat()), biases: biasSlopes.slice(0, maps) };
  });

function run({ settings, seen, looks }) {
  const LeNet = load();
  const learner = LeNet.newLearner(settings);
  const { batch, shift, rate, falls } = learner.settings;
  const { train: learned, held } = readDigits(LeNet);
  const start = asFile(LeNet, settings, learner.numbers());
  const all = { places: [], moves: [], losses: [], accuracies: [] };
  const move = () => Math.floor(learner.random() * (2 * shift + 1)) - shift;
  let order = [],
    slopes = null,
    spent = 0;
  for (let count = 0; count < seen; count += batch) {
    if (!order.length)
      order = Array.from(LeNet.blueprint.shuffled(learned.labels.length, learner.random));
    const places = order.splice(0, batch);
    const moves = shift ? places.map(() => [move(), move()]) : places.map(() => [0, 0]);
    if (!slopes) {
      learner.look(learned.images, learned.labels, places, moves);
      slopes = asFile(LeNet, settings, slopesOf(learner));
    }
    const begun = process.cpuUsage().user;
    const now = LeNet.blueprint.rateAfter(rate, count, falls);
    const { loss } = learner.learn(learned.images, learned.labels, places, now, moves);
    spent += process.cpuUsage().user - begun;
    all.places.push(places);
    all.moves.push(moves);
    all.losses.push(loss);
    if (looks.includes(count + places.length))
      all.accuracies.push(learner.right(held.images, held.labels) / held.labels.length);
  }
  const images = Buffer.concat([learned.images, held.images]).toString("base64");
  return { ...all, start, slopes, images, milliseconds: spent / 1000 / seen };
}

console.log(JSON.stringify(run(JSON.parse(fs.readFileSync(0, "utf8")))));
