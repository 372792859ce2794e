/* The digits from which a network learns in the page, and those held out: `LeNet.train.loadDigits`.

   They come in a script, as base64 of what scripts.py has packed: two pixels a byte, squeezed by
   zlib. The classes take turns, so that digit n is a n mod 10. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const train = (LeNet.train = LeNet.train || {});
  const { engine, say } = LeNet;
  const AREA = 28 * 28;

  engine.digits = (base64) => (engine.received.digits = base64); // the script calls it

  const part = (pixels, first, count) => ({
    images: pixels.slice(first * AREA, (first + count) * AREA),
    labels: Uint8Array.from({ length: count }, (_, n) => (first + n) % 10),
  });

  /** Unfold two pixels a byte into bytes of 0 to 255; return the digits to learn from, and those
      held out. */
  train.unfold = function (pairs, { learned, held_out, levels }) {
    const step = 255 / (levels - 1);
    const pixels = engine.unpair(pairs, levels).map((level) => level * step);
    return { train: part(pixels, 0, learned), held: part(pixels, learned, held_out) };
  };

  async function load() {
    await LeNet.files.load("index.js");
    const about = engine.received.catalogue?.digits;
    if (!about) throw new Error(say("train.digits.none"));
    await LeNet.files.load(about.file);
    const { learned, held_out } = about;
    try {
      const data = engine.decode(engine.received.digits, about);
      const pairs = await LeNet.inflate(data, ((learned + held_out) * AREA) / 2);
      return train.unfold(pairs, about);
    } catch {
      throw new Error(say("train.digits.damaged", { file: about.file }));
    } finally {
      delete engine.received.digits; // a megabyte and a half
    }
  }

  let loading = null;
  /** Promise {train: {images, labels}, held: {images, labels}}: images of 28×28 bytes, one after
      the other. Rejects with a sentence for the reader; it can then be tried again. */
  train.loadDigits = function () {
    loading =
      loading ||
      load().catch((error) => {
        loading = null;
        throw error;
      });
    return loading;
  };
})();
