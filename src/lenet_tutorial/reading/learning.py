"""How LeNet-5 learns to read lines: from single digits, from places, from texts alone, from pieces.

The network that is slid over a line first learns single digits. It then learns lines, in one of two
ways: told at which place each digit stands (a space displacement network), or told nothing but what
the line says (CTC: connectionist temporal classification, Graves et al. 2006).
"""

from dataclasses import replace

import numpy as np

from .lines import HEIGHT, Lines, lean, write_lines
from .sliding import WINDOW, targets

OTHERS = ("texts", "spans", "touching")
LONGEST = 6  # digits of a line, at most


def single_digits(images, count, writing, seed=0):
    """Draw single digits as they stand in lines, each in the middle of a window.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 28, 28)``, uint8.
    count : int
        How many.
    writing : lenet_tutorial.reading.lines.Writing
        Its sizes, slants and lifts are used.
    seed : int
        Of all draws.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        ``(count, 32, 32, 1)`` float32, and the rows of `images` that they are.
    """
    random = np.random.default_rng(seed)
    rows = random.integers(len(images), size=count)
    drawn = np.zeros((count, HEIGHT, WINDOW, 1), np.float32)
    for number, row in enumerate(rows):
        scale = random.uniform(*writing.size) / 20
        lift = random.uniform(-writing.lift, writing.lift)
        digit = lean(images[row], scale, random.uniform(*writing.slant), lift)[:, :WINDOW]
        start = (WINDOW - digit.shape[1]) // 2 + random.integers(-2, 3)
        start = min(max(start, 0), WINDOW - digit.shape[1])
        drawn[number, :, start : start + digit.shape[1], 0] = digit
    return drawn, rows


def answers(texts):
    """Write texts as CTC wants them: digit d as d + 1, filled up with 0.

    Parameters
    ----------
    texts : sequence of str
        Of at most 6 digits.

    Returns
    -------
    numpy.ndarray
        ``(n, 6)``, int32.
    """
    found = np.zeros((len(texts), LONGEST), np.int32)
    for row, text in zip(found, texts, strict=True):
        row[: len(text)] = [int(digit) + 1 for digit in text]
    return found


def distorted(images, random):
    """Lean, widen and move lines by a little, all in the same way.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 32, width)``, 0 to 1.
    random : numpy.random.Generator
        Which draws how: up to 0.15 pixels to the right on each of height, up to a tenth wider or
        narrower and higher or lower, up to 1.5 pixels up or down.

    Returns
    -------
    (numpy.ndarray, float)
        ``(n, 32, width)``, the width a multiple of 4; and by how much wider the lines are.
    """
    height, width = images.shape[1:]
    lean, wider, higher = random.uniform(-0.15, 0.15), *random.uniform(0.9, 1.1, 2)
    new = -(-int(width * wider) // 4) * 4
    middle = (height - 1) / 2
    rows = (np.arange(height) - middle) / higher + middle + random.uniform(-1.5, 1.5)
    columns = (np.arange(new) + 0.5) / wider - 0.5
    shifts = np.round(lean * (np.arange(height) - middle)).astype(int)
    leaning = np.clip(np.arange(width) + shifts[:, None], 0, width - 1)
    images = images[:, np.arange(height)[:, None], leaning]
    return (_between(rows, height) @ images) @ _between(columns, width).T, wider


def _between(where, size):
    """Return the matrix that takes values between neighbours: ``(places, size)``, 0 outside."""
    return np.maximum(1 - np.abs(where[:, None] - np.arange(size)), 0).astype(np.float32)


def batches(lines, wanted, size=64, distort=False, seed=0):
    """Hand lines out in batches of about the same width, so that little paper is computed.

    Parameters
    ----------
    lines : lenet_tutorial.reading.lines.Lines
        Their images may be uint8, 0 to 255, which takes less memory.
    wanted : {'texts', 'places'}
        What the loss compares with: :func:`answers`, or :func:`~.sliding.targets` and weights.
    size : int
        Lines in a batch.
    distort : bool
        Draw each batch anew each time: :func:`distorted`.
    seed : int
        Of the order and the distortions.

    Returns
    -------
    keras.utils.PyDataset
    """
    import keras

    width = np.array([spans[-1, 1] + WINDOW // 2 for spans in lines.spans])
    random = np.random.default_rng(seed)

    class Batches(keras.utils.PyDataset):
        def __init__(self):
            super().__init__()
            self.on_epoch_end()

        def on_epoch_end(self):
            order = np.argsort(width + random.uniform(0, 12, len(width)))
            whole = len(order) // size * size
            self.rows = random.permutation(order[:whole].reshape(-1, size))

        def __len__(self):
            return len(self.rows)

        def __getitem__(self, number):
            rows = self.rows[number]
            wide = min(-(-width[rows].max() // 4) * 4, lines.images.shape[2])
            x, wider = lines.images[rows, :, :wide], 1.0
            if x.dtype == np.uint8:
                x = x / np.float32(255)
            if distort:
                x, wider = distorted(x, random)
            texts = [lines.texts[row] for row in rows]
            if wanted == "texts":
                return x[..., None], answers(texts)
            return x[..., None], *targets(x.shape[2], texts, [lines.spans[r] * wider for r in rows])

    return Batches()


def teach(model, data, loss, epochs, rate=2e-3, size=128):
    """Train a network with Adam, whose rate rises for 200 steps and then falls along a cosine.

    Parameters
    ----------
    model : keras.Model
        Changed in place.
    data : keras.utils.PyDataset or (numpy.ndarray, numpy.ndarray)
        What :func:`batches` returns; or what goes in, and what the loss compares with.
    loss : keras.losses.Loss
        What becomes small.
    epochs : int
        Passes over the data.
    rate : float
        The highest learning rate.
    size : int
        Of a batch, where there are arrays.

    Returns
    -------
    keras.callbacks.History
    """
    import keras

    arrays = isinstance(data, tuple)
    steps = epochs * (-(-len(data[0]) // size) if arrays else len(data))
    warm = min(200, steps // 10)
    falling = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm, warmup_target=rate, warmup_steps=warm
    )
    model.compile(keras.optimizers.Adam(falling), loss)
    if arrays:
        return model.fit(*data, batch_size=size, epochs=epochs, verbose=0)
    return model.fit(data, epochs=epochs, verbose=0)


def write_training_lines(images, labels, count, writing, seed=0, part=1000):
    """Write many lines to learn from, in a quarter of the memory: their images are uint8.

    Parameters
    ----------
    images, labels : numpy.ndarray
        As :func:`~.lines.write_lines` takes them.
    count : int
        How many lines.
    writing : lenet_tutorial.reading.lines.Writing
        How.
    seed : int
        Of all draws.
    part : int
        So many are written at once.

    Returns
    -------
    lenet_tutorial.reading.lines.Lines
    """
    parts = []
    for number, start in enumerate(range(0, count, part)):
        few = min(part, count - start)
        made = write_lines(images, labels, few, writing, seed=1000 * seed + number)
        parts.append(replace(made, images=np.round(255 * made.images).astype(np.uint8)))
    width = max(part.images.shape[2] for part in parts)
    drawn, owners = (
        np.concatenate(
            [np.pad(one, ((0, 0), (0, 0), (0, width - one.shape[2]))) for one in pictures]
        )
        for pictures in ([one.images for one in parts], [one.owners for one in parts])
    )
    others = ([row for one in parts for row in getattr(one, name)] for name in OTHERS)
    return Lines(drawn, owners, *others)
