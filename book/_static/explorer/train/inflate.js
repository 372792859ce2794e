/* What zlib has squeezed, made whole again: by the browser's own means (DecompressionStream), or, in
   a browser without, by hand as RFC 1950 and 1951 say. Checksums are the caller's concern. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83];
  LENGTHS.push(99, 115, 131, 163, 195, 227, 258);
  const DISTANCES = [1, 2, 3, 4];
  for (let n = 4; n < 30; n++) DISTANCES.push(DISTANCES[n - 2] * 2 - 1);
  const extraOfLength = (code) => (code < 8 || code === 28 ? 0 : (code >> 2) - 1);
  const extraOfDistance = (code) => (code < 4 ? 0 : (code >> 1) - 1);
  const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

  /** Return a function that gives the next bits of some bytes as a number, the first bit lowest. */
  function bitsOf(data, at) {
    let held = 0,
      count = 0;
    const bits = (wanted) => {
      while (count < wanted) {
        if (at >= data.length) throw new RangeError("damaged");
        held |= data[at++] << count;
        count += 8;
      }
      const value = held & ((1 << wanted) - 1);
      held >>>= wanted;
      count -= wanted;
      return value;
    };
    bits.skip = () => (held = count = 0); // to the next byte
    return bits;
  }

  /** Prepare a code of Huffman from the lengths of its words. */
  function code(lengths) {
    const counts = new Uint16Array(16),
      first = new Uint16Array(16),
      symbols = new Uint16Array(lengths.length);
    for (const length of lengths) counts[length]++;
    counts[0] = 0;
    for (let n = 1; n < 16; n++) first[n] = first[n - 1] + counts[n - 1];
    lengths.forEach((length, symbol) => {
      if (length) symbols[first[length]++] = symbol;
    });
    return { counts, symbols };
  }

  /** Read one symbol, bit by bit. */
  function symbol(bits, { counts, symbols }) {
    let word = 0,
      start = 0,
      index = 0;
    for (let length = 1; length < 16; length++) {
      word |= bits(1);
      const count = counts[length];
      if (word - count < start) return symbols[index + (word - start)];
      index += count;
      start = (start + count) << 1;
      word <<= 1;
    }
    throw new RangeError("damaged");
  }

  /** Read the two codes that a block brings along. */
  function ownCodes(bits) {
    const literals = bits(5) + 257,
      distances = bits(5) + 1,
      given = bits(4) + 4;
    const short = new Array(19).fill(0);
    for (let n = 0; n < given; n++) short[ORDER[n]] = bits(3);
    const small = code(short),
      lengths = [];
    while (lengths.length < literals + distances) {
      const one = symbol(bits, small);
      if (one < 16) lengths.push(one);
      else {
        const again = one === 16 ? lengths[lengths.length - 1] : 0;
        const times = one === 16 ? 3 + bits(2) : one === 17 ? 3 + bits(3) : 11 + bits(7);
        for (let n = 0; n < times; n++) lengths.push(again);
      }
    }
    return [code(lengths.slice(0, literals)), code(lengths.slice(literals))];
  }

  const FIXED = [
    code(Array.from({ length: 288 }, (_, n) => (n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8))),
    code(new Array(30).fill(5)),
  ];

  /** Return `size` bytes from what zlib made of them; throws a RangeError where that can't be. */
  function byHand(data, size) {
    const bits = bitsOf(data, 2), // after the two bytes of zlib
      result = new Uint8Array(size);
    let used = 0,
      last = 0;
    while (!last) {
      last = bits(1);
      const kind = bits(2);
      if (kind === 0) {
        bits.skip();
        const length = bits(16);
        bits(16);
        for (let n = 0; n < length; n++) result[used++] = bits(8);
        continue;
      }
      if (kind === 3) throw new RangeError("damaged");
      const [literals, distances] = kind === 1 ? FIXED : ownCodes(bits);
      for (let one; (one = symbol(bits, literals)) !== 256;) {
        if (one < 256) {
          result[used++] = one;
          continue;
        }
        const length = LENGTHS[one - 257] + bits(extraOfLength(one - 257));
        const far = symbol(bits, distances);
        const from = DISTANCES[far] + bits(extraOfDistance(far));
        for (let n = 0; n < length; n++, used++) result[used] = result[used - from];
      }
    }
    if (used !== size) throw new RangeError("damaged");
    return result;
  }

  /** Promise the same; the browser does it where it can. */
  async function inflate(data, size) {
    if (typeof DecompressionStream !== "function") return byHand(data, size);
    const whole = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
    const result = new Uint8Array(await new Response(whole).arrayBuffer());
    if (result.length !== size) throw new RangeError("damaged");
    return result;
  }

  LeNet.inflate = Object.assign(inflate, { byHand });
})();
