/* A small assembler for WebAssembly: instructions as text in, the bytes of a module out. It knows
   what products.js needs and nothing else. The module takes its memory from outside. */
(function () {
  "use strict";

  /** What a worker needs of this script; it is sent there as text (see worker.js). */
  function part(LeNet) {
    const TYPES = { i32: 0x7f, f32: 0x7d, v128: 0x7b };
    const NO_ARGUMENT = {
      end: [0x0b],
      "i32.lt_u": [0x49],
      "i32.add": [0x6a],
      "i32.mul": [0x6c],
      "i32.shl": [0x74],
      "f32.add": [0x92],
      "f32x4.splat": [0xfd, 0x13],
      "f32x4.add": [0xfd, 0xe4, 0x01],
      "f32x4.mul": [0xfd, 0xe6, 0x01],
      "f32x4.div": [0xfd, 0xe7, 0x01],
      "f32x4.min": [0xfd, 0xe8, 0x01],
      "f32x4.max": [0xfd, 0xe9, 0x01],
    };
    const WITH_LOCAL = { "local.get": 0x20, "local.set": 0x21, "local.tee": 0x22 };
    const IN_MEMORY = {
      "f32.load": [0x2a, 2],
      "f32.store": [0x38, 2],
      "v128.load": [0xfd, 0x00, 4],
      "v128.load32_splat": [0xfd, 0x09, 2],
      "v128.store": [0xfd, 0x0b, 4],
    };

    /** Write a whole number as LEB128, as WebAssembly wants it. */
    function leb(value, signed = false) {
      const bytes = [];
      for (;;) {
        const low = value & 127;
        value >>= 7;
        const done = signed
          ? (value === 0 && !(low & 64)) || (value === -1 && low & 64)
          : value === 0;
        bytes.push(done ? low : low | 128);
        if (done) return bytes;
      }
    }
    const float = (value) => [...new Uint8Array(new Float32Array([value]).buffer)];
    const listed = (items) => [...leb(items.length), ...items.flat()];
    const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];

    /** Turn one line into bytes. `place` says which number a local has. */
    function instruction(line, place) {
      const [name, ...rest] = line.split(/\s+/);
      if (name in NO_ARGUMENT) return NO_ARGUMENT[name];
      if (name in WITH_LOCAL) return [WITH_LOCAL[name], ...leb(place(rest[0]))];
      if (name in IN_MEMORY) {
        const code = IN_MEMORY[name]; // the last one is the alignment, as a power of 2
        return [...code, ...leb(Number(rest[0] || 0))];
      }
      if (name === "i32.const") return [0x41, ...leb(Number(rest[0]), true)];
      if (name === "f32.const") return [0x43, ...float(Number(rest[0]))];
      if (name === "loop") return [0x03, 0x40];
      if (name === "br_if") return [0x0d, ...leb(Number(rest[0]))];
      if (name === "f32x4.extract_lane") return [0xfd, 0x1f, Number(rest[0])];
      throw new Error(`unknown instruction: ${line}`);
    }

    /** Turn a function into bytes: {parameters, locals, code}, the first two as "i32 a b, f32 c". */
    function body({ parameters, locals, code }) {
      const names = [],
        kinds = [];
      for (const [text, own] of [
        [parameters, false],
        [locals, true],
      ])
        for (const group of text.split(",")) {
          const [type, ...these] = group.trim().split(/\s+/);
          names.push(...these);
          if (own) kinds.push([...leb(these.length), TYPES[type]]);
        }
      const place = (name) => {
        const at = names.indexOf(name);
        if (at < 0) throw new Error(`unknown local: ${name}`);
        return at;
      };
      const lines = code.split(/[;\n]/).map((line) => line.trim());
      const bytes = lines.filter(Boolean).flatMap((line) => instruction(line, place));
      const whole = [...listed(kinds), ...bytes, 0x0b];
      return [...leb(whole.length), ...whole];
    }

    const signature = ({ parameters }) => {
      const types = parameters.split(",").flatMap((group) => {
        const [type, ...names] = group.trim().split(/\s+/);
        return names.map(() => [TYPES[type]]);
      });
      return [0x60, ...listed(types), 0]; // nothing is returned
    };
    const text = (words) => [...leb(words.length), ...Array.from(words, (c) => c.charCodeAt(0))];

    /** Return the bytes of a module with these functions, by their names. */
    LeNet.assemble = function (functions) {
      const all = Object.entries(functions);
      return Uint8Array.from([
        ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
        ...section(1, listed(all.map(([, one]) => signature(one)))),
        ...section(2, listed([[...text("js"), ...text("memory"), 0x02, 0x00, 0x01]])),
        ...section(3, listed(all.map((_, n) => leb(n)))),
        ...section(7, listed(all.map(([name], n) => [...text(name), 0x00, ...leb(n)]))),
        ...section(10, listed(all.map(([, one]) => body(one)))),
      ]);
    };
  }

  const LeNet = (window.LeNet = window.LeNet || {});
  (LeNet.workerParts = LeNet.workerParts || []).push(part);
  part(LeNet);
})();
