/* Networks that a reader keeps in this browser: `LeNet.kept`. Nothing of them leaves it.

   Each one takes two places of the browser's storage: what it is ("lenet-kept.ID") and the network
   itself ("lenet-kept.ID.network"), where arrays are base64 of little-endian float32. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { engine, say } = LeNet;
  const HOME = "lenet-kept.";
  const WHOLE = ".network";
  const ARRAYS = ["weights", "biases", "coefficients", "codes"];

  /** Return the browser's storage; where it is forbidden, say so. */
  function storage() {
    try {
      const place = window.localStorage;
      if (place) return place;
    } catch {
      // the reader forbids it
    }
    throw new Error(say("kept.forbidden"));
  }

  const toText = (array) => {
    const bytes = new Uint8Array(Float32Array.from(array).buffer);
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192)
      text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
  };

  const fromText = (text) =>
    new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

  /** Write a network as text. */
  function write({ inputSize, entry, layers }) {
    const packed = layers.map((layer) => {
      const arrays = ARRAYS.filter((name) => layer[name]);
      const texts = arrays.map((name) => [name, { float32: toText(layer[name]) }]);
      return { ...layer, ...Object.fromEntries(texts) };
    });
    return JSON.stringify({ inputSize, entry, layers: packed });
  }

  /** Read a network from such a text. */
  function read(text, name) {
    const { inputSize, entry, layers } = JSON.parse(text);
    for (const layer of layers)
      for (const array of ARRAYS) if (layer[array]) layer[array] = fromText(layer[array].float32);
    return { name, inputSize, entry, layers };
  }

  /** Return the checksum of a text. */
  const check = (text) => engine.crc32(new TextEncoder().encode(text));

  /** Return what is kept under an id, {id, name, when, about}; null where that is damaged. */
  function head(place, id) {
    try {
      const { name, when, about, crc32 } = JSON.parse(place.getItem(HOME + id));
      const whole = typeof name === "string" && Number.isInteger(crc32);
      return whole && place.getItem(HOME + id + WHOLE) ? { id, name, when, about, crc32 } : null;
    } catch {
      return null;
    }
  }

  /** Return the ids of all that is kept, the damaged ones too; none where storage is forbidden. */
  function ids() {
    let place;
    try {
      place = storage();
    } catch {
      return [];
    }
    const names = Array.from({ length: place.length }, (_, n) => place.key(n));
    const mine = names.filter((name) => name.startsWith(HOME));
    const bare = mine.map((name) => name.slice(HOME.length).replace(WHOLE, ""));
    return Array.from(new Set(bare));
  }

  const heads = () => ids().map((id) => [id, head(storage(), id)]);

  LeNet.kept = {
    /** Return what is kept, [{id, name, when, about}], the oldest first. What is damaged is left
        out: see `damaged`. */
    list: () =>
      heads()
        .map(([, one]) => one)
        .filter(Boolean)
        .sort((a, b) => a.when - b.when),

    /** Return the ids of what can't be read any more. */
    damaged: () =>
      heads()
        .filter(([, one]) => !one)
        .map(([id]) => id),

    /** Keep a network under a name; return its id. Throws, in words for the reader, where the
        storage is forbidden or full. `about` is what else is to be known of it. */
    save(name, network, about = {}) {
      const place = storage();
      const when = Date.now();
      const id = `${when.toString(36)}-${Math.random().toString(36).slice(2, 6)}`;
      const text = write(network);
      try {
        place.setItem(HOME + id + WHOLE, text);
        place.setItem(HOME + id, JSON.stringify({ name, when, about, crc32: check(text) }));
      } catch {
        LeNet.kept.remove(id); // no half of it stays
        throw new Error(say("kept.full"));
      }
      return id;
    },

    /** Return a kept network in the form of `engine.build`; throws where it is not whole. */
    load(id) {
      const place = storage();
      const known = head(place, id);
      const text = known && place.getItem(HOME + id + WHOLE);
      if (!known || check(text) !== known.crc32) throw new Error(say("kept.damaged"));
      return Object.assign(read(text, `kept-${id}`), { title: known.name, kept: id });
    },

    remove(id) {
      const place = storage();
      for (const name of [HOME + id, HOME + id + WHOLE]) place.removeItem(name);
    },
  };
})();
