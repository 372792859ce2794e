/* What on a photograph is ink: the light of the paper around it, and what else lies on it.

   The steps are those of src/lenet_tutorial/ink.py, number for number; what each is for is told
   there. A plane is {values, width, height}, line after line. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const SMOOTHED = 100;
  const WINDOW = 0.34;
  const BRIGHTEST = 40;
  const LEAST = 0.08;
  const DARKEST = 0.08;
  const ONLY_GREY = 0.6;
  const INKED = 0.42;
  const FULL = 0.62,
    UNLIKELY = 0.7;
  const AROUND = 0.88;
  const EITHER = 0.6;
  const BLURRED = 0.78;
  const SMALLEST = 0.04;
  const FOOT = 0.33,
    SLOPE = 3;

  const ink = (LeNet.ink = {});
  const round = (value) => Math.floor(value + 0.5);

  /** Call a function for each pixel; return a plane of what it says. */
  function plane(like, value) {
    const values = new Float64Array(like.values.length);
    for (let n = 0; n < values.length; n++) values[n] = value(n);
    return { values, width: like.width, height: like.height };
  }

  /** Turn lines into columns. */
  ink.turned = function ({ values, width, height }) {
    const turned = new Float64Array(values.length);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) turned[x * height + y] = values[y * width + x];
    return { values: turned, width: height, height: width };
  };

  /* The largest value within `half` pixels along each line. What can't be the largest any more is
     forgotten at once, so that a wide window takes no longer than a narrow one. */
  function alongLines({ values, width, height }, half) {
    const found = new Float64Array(values.length),
      queue = new Int32Array(width);
    for (let start = 0; start < values.length; start += width) {
      let head = 0,
        tail = 0;
      for (let x = 0; x < width + half; x++) {
        if (x < width) {
          while (tail > head && values[start + queue[tail - 1]] <= values[start + x]) tail--;
          queue[tail++] = x;
        }
        const middle = x - half;
        if (middle < 0) continue;
        while (queue[head] < middle - half) head++;
        found[start + middle] = values[start + queue[head]];
      }
    }
    return { values: found, width, height };
  }

  /** Return the largest value within so many lines and columns of each pixel. */
  ink.largest = function (one, down, across) {
    const wide = across ? alongLines(one, across) : one;
    return down ? ink.turned(alongLines(ink.turned(wide), down)) : wide;
  };

  ink.smallest = function (one, down, across) {
    const minus = plane(one, (n) => -one.values[n]);
    const found = ink.largest(minus, down, across);
    return plane(found, (n) => -found.values[n]);
  };

  /* Weights 1, 2, 1 along the lines; beyond the edge lies what lies at the edge. */
  function smoothLines({ values, width, height }) {
    return plane({ values, width, height }, (n) => {
      const x = n % width;
      const before = x ? values[n - 1] : values[n],
        after = x < width - 1 ? values[n + 1] : values[n];
      return (before + 2 * values[n] + after) / 4;
    });
  }

  const smooth = (one) => smoothLines(ink.turned(smoothLines(ink.turned(one))));

  /** Return how far each pixel is from the paper around it, which is wider than the window. */
  function local(light, dark, window) {
    const { values } = light;
    if (dark) {
      const paper = ink.smallest(ink.largest(light, window, window), window, window).values;
      return plane(light, (n) => (paper[n] - values[n]) / Math.max(paper[n], DARKEST));
    }
    const paper = ink.largest(ink.smallest(light, window, window), window, window).values;
    return plane(light, (n) => (values[n] - paper[n]) / Math.max(1 - paper[n], 0.25));
  }

  const sorted = (values) => Float64Array.from(values).sort();

  /** Return how strong ink is: a value that few pixels reach. */
  function strengthOf({ values }) {
    const count = values.length > 4000 ? BRIGHTEST : Math.max(1, Math.floor(values.length / 100));
    return sorted(values)[values.length - count];
  }

  function median(values) {
    const all = sorted(values),
      middle = all.length >> 1;
    return all.length % 2 ? all[middle] : (all[middle - 1] + all[middle]) / 2;
  }

  function grainOf({ values }) {
    const middle = median(values);
    return median(values.map((value) => Math.abs(value - middle)));
  }

  /** Return how large the step of the light is along an outline, as a share of the ink's. */
  function sharpness(light, dark, mask, strong) {
    const high = ink.largest(light, 2, 2).values,
      low = ink.smallest(light, 2, 2).values;
    const { width, height } = light;
    let sum = 0,
      count = 0;
    for (let n = 0; n < mask.length; n++) {
      if (!mask[n]) continue;
      const x = n % width,
        y = Math.floor(n / width);
      let inside = x > 0 && y > 0 && x < width - 1 && y < height - 1;
      for (let k = 0; inside && k < 9; k++)
        inside = mask[n + (Math.floor(k / 3) - 1) * width + (k % 3) - 1] > 0;
      if (inside) continue;
      const step =
        (high[n] - low[n]) / (dark ? Math.max(high[n], DARKEST) : Math.max(1 - low[n], 0.25));
      sum += Math.min(step / strong, 1);
      count++;
    }
    return sum / count;
  }

  /** Return what is darker than its surroundings, or lighter, and how sharp its outline is. */
  function strokes(channels, dark) {
    const { width, height } = channels[0],
      side = Math.max(width, height);
    const window = Math.max(2, Math.floor(Math.floor(WINDOW * Math.min(width, height)) / 2));
    const found = channels.map((channel) => local(channel, dark, window));
    const strengths = found.map(strengthOf);
    const clear = found.map((one, n) => strengths[n] / (grainOf(one) + 0.02));
    let best = clear.indexOf(Math.max(...clear));
    if (clear[0] >= ONLY_GREY * clear[best]) best = 0;
    let seen = found[best],
      strong = strengths[best];
    if (strong < LEAST) return null;
    if (side >= SMOOTHED) {
      seen = LeNet.pieces.withoutLines(seen, strong);
      seen = ink.turned(LeNet.pieces.withoutLines(ink.turned(seen), strong));
      strong = Math.max(strengthOf(seen), 0.3 * strong);
    }
    const digit = LeNet.pieces.digit(seen, INKED * strong);
    if (!digit) return null;
    const { mask, box, others } = digit;
    const inside = sorted(seen.values.filter((_, n) => mask[n]));
    strong = inside[Math.floor(0.9 * inside.length)];
    const [high, wide] = [box.bottom - box.top, box.right - box.left];
    const full =
      inside.length > FULL * high * wide && 2 * Math.min(high, wide) > Math.max(high, wide);
    let sharp = sharpness(channels[best], dark, mask, strong) * Math.min(1, clear[best] / 6);
    sharp *= (full ? UNLIKELY : 1) * Math.min(1, Math.max(high, wide) / (SMALLEST * side));
    return { ink: seen, strong, mask, box, sharp, others, full };
  }

  /** Choose between what is darker and what is lighter than its surroundings. */
  function outer(dark, light) {
    if (!dark || !light) return dark || light;
    const [one, inner] = dark.sharp >= light.sharp ? [dark, light] : [light, dark];
    const [a, b] = [inner.box, one.box];
    const around = a.top <= b.top && b.bottom <= a.bottom && a.left <= b.left && b.right <= a.right;
    if (around && !inner.full && inner.sharp >= AROUND * one.sharp) return inner;
    const either = around && inner.full && inner.sharp >= EITHER * one.sharp;
    return { ...one, others: one.others || either };
  }

  /** Tell ink from all else on a photograph.

      `colours` are {red, green, blue, width, height}, 0 to 1. Returns {ink, box, contrast, others,
      whole}, or null where nothing stands out. */
  ink.find = function (colours) {
    const { width, height } = colours;
    const of = (values) => ({ values: Float64Array.from(values), width, height });
    let channels = [colours.red, colours.green, colours.blue].map(of);
    channels.unshift(of(ink.grey(...channels.map((one) => one.values))));
    if (Math.max(width, height) >= SMOOTHED) channels = channels.map(smooth);
    const best = outer(strokes(channels, true), strokes(channels, false));
    if (!best) return null;
    const around = Math.max(1, round(0.01 * Math.max(width, height)));
    const near = ink.largest(
      { values: Float64Array.from(best.mask), width, height },
      around,
      around,
    );
    const whole = Float32Array.from(best.ink.values, (value) =>
      Math.min(Math.max((value / best.strong - FOOT) * SLOPE, 0), 1),
    );
    const values = whole.map((value, n) => value * near.values[n]);
    const others = best.others || best.sharp < BLURRED;
    return { ink: values, box: best.box, contrast: best.strong, others, whole };
  };

  /** Return the light of colours: of red, green and blue as much as the eye sees. */
  ink.grey = (red, green, blue) =>
    red.map((value, n) => 0.299 * value + 0.587 * green[n] + 0.114 * blue[n]);
})();
