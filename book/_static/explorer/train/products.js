/* The products of matrices that training is made of, and the curve of an activation: in WebAssembly
   with four numbers at a time where the browser has that, else in plain JavaScript.

   All matrices lie row after row. Rows are as long as the numbers say; what is read four or sixteen
   at a time is padded to that (see `wide` and `even`). */
(function () {
  "use strict";

  function part(LeNet) {
    /** Round up to what the products take: rows of sixteens, and an even number of rows. */
    const wide = (count) => (count + 15) & ~15;
    const even = (count) => (count + 1) & ~1;

    // ---------------------------------------------------------------- plain JavaScript

    /* c = a · b: a is rows × inner, b is inner × columns. Four rows of b at a time. */
    function multiply(a, b, c, rows, inner, columns) {
      for (let row = 0; row < rows; row++) {
        const to = row * columns,
          from = row * inner;
        for (let column = 0; column < columns; column++) c[to + column] = 0;
        for (let n = 0; n < inner; n += 4) {
          const left = inner - n, // the last rows may be fewer
            w = a[from + n],
            x = left > 1 ? a[from + n + 1] : 0,
            y = left > 2 ? a[from + n + 2] : 0,
            z = left > 3 ? a[from + n + 3] : 0;
          const one = n * columns,
            two = left > 1 ? one + columns : one,
            three = left > 2 ? two + columns : one,
            four = left > 3 ? three + columns : one;
          for (let k = 0; k < columns; k++)
            c[to + k] += w * b[one + k] + x * b[two + k] + y * b[three + k] + z * b[four + k];
        }
      }
    }

    /* c += a · bᵀ: a is rows × inner, b is columns × inner, c is rows × columns. Two columns at a
       time: their number is even. */
    function addTurned(a, b, c, rows, inner, columns) {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column += 2) {
          const from = row * inner,
            one = column * inner,
            two = one + inner;
          let first = 0,
            second = 0;
          for (let n = 0; n < inner; n++) {
            const factor = a[from + n];
            first += factor * b[one + n];
            second += factor * b[two + n];
          }
          c[row * columns + column] += first;
          c[row * columns + column + 1] += second;
        }
      }
    }

    /* x = shift + height · tanh(slope · x), for each of `count` values. */
    function curve(x, count, shift, height, slope) {
      for (let n = 0; n < count; n++) x[n] = shift + height * Math.tanh(slope * x[n]);
    }

    // ---------------------------------------------------------------- WebAssembly

    const repeat = (count, line) => Array.from({ length: count }, (_, n) => line(n)).join("\n");
    const FOUR = [0, 1, 2, 3];
    /* A loop: `name` grows by `step` (a line of code) until it reaches `end`. */
    const loop = (name, end, step, inside) => `
      i32.const 0; local.set ${name}; loop
      ${inside}
      local.get ${name}; ${step}; i32.add; local.tee ${name}; local.get ${end}; i32.lt_u; br_if 0; end`;
    const move = (name, by) => `local.get ${name}; ${by}; i32.add; local.set ${name}`;

    /* Two rows of a and sixteen columns of b at a time, so that each number that is loaded is used
       more than once. All counts are in bytes, but for those of rows. */
    const MULTIPLY = {
      parameters: "i32 a b c rows inner columns",
      locals: "i32 column row n one two from to, v128 w x s0 s1 s2 s3 t0 t1 t2 t3",
      code: `
        local.get inner; i32.const 2; i32.shl; local.set inner
        local.get columns; i32.const 2; i32.shl; local.set columns
        ${loop(
          "column",
          "columns",
          "i32.const 64",
          `local.get a; local.set one
          local.get c; local.get column; i32.add; local.set to
          ${loop(
            "row",
            "rows",
            "i32.const 2",
            `local.get one; local.get inner; i32.add; local.set two
            local.get b; local.get column; i32.add; local.set from
            f32.const 0; f32x4.splat; local.tee s0; local.tee s1; local.tee s2; local.tee s3
            local.tee t0; local.tee t1; local.tee t2; local.set t3
            ${loop(
              "n",
              "inner",
              "i32.const 4",
              `local.get one; local.get n; i32.add; v128.load32_splat; local.set w
              local.get two; local.get n; i32.add; v128.load32_splat; local.set x
              ${FOUR.map(
                (k) => `
                local.get from; v128.load ${16 * k}; local.get w; f32x4.mul
                local.get s${k}; f32x4.add; local.set s${k}
                local.get from; v128.load ${16 * k}; local.get x; f32x4.mul
                local.get t${k}; f32x4.add; local.set t${k}`,
              ).join("\n")}
              ${move("from", "local.get columns")}`,
            )}
            ${FOUR.map((k) => `local.get to; local.get s${k}; v128.store ${16 * k}`).join("\n")}
            ${move("to", "local.get columns")}
            ${FOUR.map((k) => `local.get to; local.get t${k}; v128.store ${16 * k}`).join("\n")}
            ${move("to", "local.get columns")}
            local.get two; local.get inner; i32.add; local.set one`,
          )}`,
        )}`,
    };

    const lanes = (name) =>
      repeat(4, (k) => `local.get ${name}; f32x4.extract_lane ${k}`) +
      "; f32.add; f32.add; f32.add";
    const addTo = (pointer, offset, sum) =>
      `local.get ${pointer}; local.get ${pointer}; f32.load ${offset}; ${lanes(sum)}; f32.add; f32.store ${offset}`;

    /* Two rows of a and two of b at a time. */
    const ADD_TURNED = {
      parameters: "i32 a b c rows inner columns",
      locals: "i32 column row n one two from next to down, v128 w x y z s0 s1 t0 t1",
      code: `
        local.get inner; i32.const 2; i32.shl; local.set inner
        local.get columns; i32.const 2; i32.shl; local.set down
        local.get a; local.set one
        ${loop(
          "row",
          "rows",
          "i32.const 2",
          `local.get one; local.get inner; i32.add; local.set two
          local.get b; local.set from
          local.get c; local.get row; local.get down; i32.mul; i32.add; local.set to
          ${loop(
            "column",
            "columns",
            "i32.const 2",
            `local.get from; local.get inner; i32.add; local.set next
            f32.const 0; f32x4.splat; local.tee s0; local.tee s1; local.tee t0; local.set t1
            ${loop(
              "n",
              "inner",
              "i32.const 16",
              `local.get one; local.get n; i32.add; v128.load; local.set w
              local.get two; local.get n; i32.add; v128.load; local.set x
              local.get from; local.get n; i32.add; v128.load; local.set y
              local.get next; local.get n; i32.add; v128.load; local.set z
              local.get w; local.get y; f32x4.mul; local.get s0; f32x4.add; local.set s0
              local.get w; local.get z; f32x4.mul; local.get s1; f32x4.add; local.set s1
              local.get x; local.get y; f32x4.mul; local.get t0; f32x4.add; local.set t0
              local.get x; local.get z; f32x4.mul; local.get t1; f32x4.add; local.set t1`,
            )}
            ${addTo("to", 0, "s0")}; ${addTo("to", 4, "s1")}
            local.get to; local.get down; i32.add; local.set n
            ${addTo("n", 0, "t0")}; ${addTo("n", 4, "t1")}
            ${move("to", "i32.const 8")}
            local.get next; local.get inner; i32.add; local.set from`,
          )}
          local.get two; local.get inner; i32.add; local.set one`,
        )}`,
    };

    /* tanh as a quotient of two polynomials, whose numbers are those of the library Eigen: right
       to about 1e-7. */
    const ABOVE = [
      -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8,
      1.48572235717979e-5, 6.37261928875436e-4, 4.89352455891786e-3,
    ];
    const BELOW = [
      1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3,
    ];
    const LAST = 7.90531110763549805; // beyond it tanh is 1
    const all = (value) => `f32.const ${value}; f32x4.splat`;
    const polynomial = ([first, ...rest]) =>
      [all(first), ...rest.map((one) => `local.get y; f32x4.mul; ${all(one)}; f32x4.add`)].join(
        ";",
      );
    const CURVE = {
      parameters: "i32 at count, f32 shift height slope",
      locals: "i32 n here, v128 x y",
      code: `
        local.get count; i32.const 2; i32.shl; local.set count
        ${loop(
          "n",
          "count",
          "i32.const 16",
          `local.get at; local.get n; i32.add; local.tee here
          v128.load; local.get slope; f32x4.splat; f32x4.mul
          ${all(LAST)}; f32x4.min; ${all(-LAST)}; f32x4.max; local.tee x
          local.get x; f32x4.mul; local.set y
          local.get here
          ${polynomial(ABOVE)}; local.get x; f32x4.mul; ${polynomial(BELOW)}; f32x4.div
          local.get height; f32x4.splat; f32x4.mul; local.get shift; f32x4.splat; f32x4.add
          v128.store`,
        )}`,
    };

    /** Compile the products for a memory, or return null where the browser can't. */
    function compiled(memory) {
      try {
        const code = { multiply: MULTIPLY, addTurned: ADD_TURNED, curve: CURVE };
        const module = new WebAssembly.Module(LeNet.assemble(code));
        return new WebAssembly.Instance(module, { js: { memory } }).exports;
      } catch {
        return null; // no WebAssembly, none with vectors, or not allowed
      }
    }

    /** Return products and a place for their numbers. What is asked of `floats` is there, filled
        with zeros, after `begin`: [array, array, …] in the order in which it was asked for. */
    LeNet.products = function (plain = false) {
      const sizes = [];
      return {
        floats: (count) => sizes.push(wide(count)) - 1,
        begin() {
          const total = 4 * sizes.reduce((sum, size) => sum + size, 0);
          let memory = null,
            wasm = null;
          if (!plain && typeof WebAssembly === "object") {
            memory = new WebAssembly.Memory({ initial: Math.ceil(total / 65536) + 1 });
            wasm = compiled(memory);
          }
          const buffer = wasm ? memory.buffer : new ArrayBuffer(total);
          let at = 0;
          const arrays = sizes.map(
            (size) => new Float32Array(buffer, (at += 4 * size) - 4 * size, size),
          );
          const by = (name) => (a, b, c, rows, inner, columns) =>
            wasm[name](a.byteOffset, b.byteOffset, c.byteOffset, rows, inner, columns);
          const own = {
            multiply: by("multiply"),
            addTurned: by("addTurned"),
            curve: (x, count, ...numbers) => wasm.curve(x.byteOffset, wide(count), ...numbers),
          };
          return {
            arrays,
            kind: wasm ? "vectors" : "plain",
            ...(wasm ? own : { multiply, addTurned, curve }),
          };
        },
      };
    };
    Object.assign(LeNet.products, { wide, even });
  }

  const LeNet = (window.LeNet = window.LeNet || {});
  (LeNet.workerParts = LeNet.workerParts || []).push(part);
  part(LeNet);
})();
