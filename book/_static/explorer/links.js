/* A drawing in a link: network, epoch, kind, data, with dots between. Strokes are bytes (number of
   points, then x and y of each), a sample is its number, a picture 28×28 values of four bits. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const MARK = "lenet="; // the fragment of an address that holds a drawing begins so

  const links = (LeNet.links = {
    /** Tell whether an address's fragment is meant for the explorer. */
    isMine: (fragment) => fragment.startsWith(`#${MARK}`),

    /** Return the fragment for a network, an epoch and what is drawn. */
    write(name, epoch, source) {
      return MARK + [name, epoch, source.kind[0], links[source.kind].write(source)].join(".");
    },
    /** Return {name, epoch, source}; throws where the fragment is broken. */
    read(fragment) {
      const parts = fragment.replace(/^#/, "").slice(MARK.length).split(".");
      const kind = ["strokes", "tried", "picture"].find((name) => name[0] === parts[2]);
      if (parts.length !== 4 || !kind || !/^\d{1,3}$/.test(parts[1])) throw new RangeError("link");
      return { name: parts[0], epoch: Number(parts[1]), source: links[kind].read(parts[3]) };
    },
    strokes: {
      write({ strokes }) {
        const bytes = [];
        for (const stroke of strokes) {
          // A count is one byte: a long stroke becomes several, each from where the last one ended.
          for (let first = 0; first === 0 || first < stroke.length - 1; first += 254) {
            const piece = stroke.slice(first, first + 255);
            bytes.push(piece.length, ...piece.flat());
          }
        }
        return toText(bytes);
      },
      read(text) {
        const bytes = fromText(text),
          strokes = [];
        for (let at = 0; at < bytes.length;) {
          const count = bytes[at++];
          if (!count || at + 2 * count > bytes.length) throw new RangeError("bytes");
          strokes.push(
            Array.from({ length: count }, (_, n) => [bytes[at + 2 * n], bytes[at + 2 * n + 1]]),
          );
          at += 2 * count;
        }
        return { kind: "strokes", strokes };
      },
    },
    tried: {
      write: ({ sample }) => String(sample),
      read(text) {
        if (!/^\d{1,2}$/.test(text)) throw new RangeError("sample");
        return { kind: "tried", sample: Number(text) };
      },
    },
    picture: {
      write({ centred }) {
        const levels = Array.from(centred, (value) => Math.round(value * 15));
        return toText(
          levels.filter((_, n) => n % 2 === 0).map((level, n) => level * 16 + levels[2 * n + 1]),
        );
      },
      read(text) {
        const bytes = fromText(text);
        if (bytes.length !== 392) throw new RangeError("bytes");
        const centred = new Float32Array(784);
        bytes.forEach((byte, n) => {
          centred[2 * n] = (byte >> 4) / 15;
          centred[2 * n + 1] = (byte & 15) / 15;
        });
        return { kind: "picture", centred };
      },
    },
  });
  const toText = (bytes) =>
    btoa(bytes.map((byte) => String.fromCharCode(byte)).join(""))
      .replace(/\+/g, "-")
      .replace(/\//g, "_")
      .replace(/=+$/, "");
  const fromText = (text) =>
    Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
})();
