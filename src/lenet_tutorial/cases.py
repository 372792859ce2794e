"""What the checks of "Build it yourself" try, and what must come out.

Each function here belongs to the reader's of the same name, and yields its cases: what is special
about it, the arguments, and the result. The first ones are small, so that what is wrong can be
seen. The last one has all at once, and no two axes of the same length: none is taken for another.
"""

import numpy as np

from .comparing import compare, compare_all

#: The parameters of the network, in their order: what `gradients` returns after the loss.
PARAMETERS = tuple(
    f"the slopes for the {kind} of {layer}"
    for layer, kinds in (
        ("C1", ("kernels", "bias")),
        ("C3", ("kernels", "bias")),
        ("C5", ("weights", "bias")),
        ("F6", ("weights", "bias")),
        ("the output", ("weights", "bias")),
    )
    for kind in kinds
)


def _draw(*shape, seed=0):
    """Return random numbers around 0, the same ones each time."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def _windows(images, rows, columns):
    """Yield ``(row, column, window)`` for each place of a window on the images."""
    for row in range(images.shape[1] - rows + 1):
        for column in range(images.shape[2] - columns + 1):
            yield row, column, images[:, row : row + rows, column : column + columns]


# --------------------------------------------------------------------------- what is right


def _convolve(images, kernels, bias):
    rows, columns, _, maps = kernels.shape
    count, height, width, _ = images.shape
    out = np.zeros((count, height - rows + 1, width - columns + 1, maps))
    for row, column, window in _windows(images, rows, columns):
        out[:, row, column] = np.tensordot(window, kernels, 3) + bias
    return out


def _convolve_backward(upstream, images, kernels):
    slopes, of_kernels = np.zeros(images.shape), np.zeros(kernels.shape)
    rows, columns = kernels.shape[:2]
    for row, column, window in _windows(images, rows, columns):
        here = upstream[:, row, column]
        of_kernels += np.tensordot(window, here, (0, 0))
        slopes[:, row : row + rows, column : column + columns] += np.tensordot(
            here, kernels, (1, 3)
        )
    return slopes, of_kernels, upstream.sum((0, 1, 2))


def _blocks(images):
    """Return the four values of each window of 2×2 as one axis, the last."""
    count, rows, columns, maps = images.shape
    split = images.reshape(count, rows // 2, 2, columns // 2, 2, maps)
    return split.transpose(0, 1, 3, 5, 2, 4).reshape(count, rows // 2, columns // 2, maps, 4)


def _unblock(blocks):
    """Put the four values of each window back into their places."""
    count, rows, columns, maps, _ = blocks.shape
    split = blocks.reshape(count, rows, columns, maps, 2, 2)
    return split.transpose(0, 1, 4, 2, 5, 3).reshape(count, 2 * rows, 2 * columns, maps)


def _softmax(scores):
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def _error(probabilities, labels):
    return (probabilities - np.eye(probabilities.shape[1])[labels]) / len(labels)


def _forward(parameters, images):
    """Return the outputs of all layers that have weights, and what each of them took in."""
    k1, b1, k3, b3, w5, b5, w6, b6, w7, b7 = parameters
    c1 = np.tanh(_convolve(images, k1, b1))
    s2 = _blocks(c1).mean(-1)
    c3 = np.tanh(_convolve(s2, k3, b3))
    flat = _blocks(c3).mean(-1).reshape(len(images), -1)
    c5 = np.tanh(flat @ w5 + b5)
    f6 = np.tanh(c5 @ w6 + b6)
    return c1, s2, c3, flat, c5, f6, _softmax(f6 @ w7 + b7)


def _gradients(parameters, images, labels):
    k1, _, k3, _, w5, _, w6, _, w7, _ = parameters
    c1, s2, c3, flat, c5, f6, probabilities = _forward(parameters, images)
    slopes, back = [], _error(probabilities, labels)
    for taken, weights in ((f6, w7), (c5, w6), (flat, w5)):
        slopes = [taken.T @ back, back.sum(0), *slopes]
        back = back @ weights.T
        if taken is not flat:
            back = back * (1 - taken**2)
    for taken, out, kernels in ((s2, c3, k3), (images, c1, k1)):
        blocks = back.reshape(len(images), out.shape[1] // 2, out.shape[2] // 2, -1)
        back = _unblock(np.repeat(blocks[..., None] / 4, 4, -1)) * (1 - out**2)
        back, of_kernels, of_bias = _convolve_backward(back, taken, kernels)
        slopes = [of_kernels, of_bias, *slopes]
    loss = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    return float(loss), *slopes


# --------------------------------------------------------------------------- the cases, forward


def convolve():
    """Yield the cases of `convolve`."""
    one = np.zeros((3, 3, 1, 1))
    one[0, 0] = 1
    for about, images, kernels, bias in (
        ("where the kernel has a single 1, at its top left", _draw(1, 4, 5, 1), one, np.zeros(1)),
        ("where all weights are 0 and the bias is not", _draw(1, 3, 4, 1), 0 * one, np.ones(1)),
        ("with two maps below", _draw(1, 3, 4, 2), _draw(2, 2, 2, 1), np.zeros(1)),
        ("with all at once", _draw(2, 6, 8, 3), _draw(3, 2, 3, 4), _draw(4)),
    ):
        yield about, (images, kernels, bias), _convolve(images, kernels, bias)


def pool():
    """Yield the cases of `pool`."""
    for about, images in (
        ("with a single window", _draw(1, 2, 2, 1)),
        ("with four windows", _draw(1, 4, 4, 1)),
        ("with all at once", _draw(2, 4, 6, 3)),
    ):
        yield about, (images,), _blocks(images).mean(-1)


def max_pool():
    """Yield the cases of `max_pool`; all values are below 0 in one of them."""
    for about, images in (
        ("with a single window", _draw(1, 2, 2, 1)),
        ("where all values are below 0", -1 - np.abs(_draw(1, 4, 4, 1))),
        ("with all at once", _draw(2, 4, 6, 3)),
    ):
        yield about, (images,), _blocks(images).max(-1)


def dense():
    """Yield the cases of `dense`."""
    for about, inputs, weights, bias in (
        ("for one unit", _draw(1, 3), _draw(3, 1), np.zeros(1)),
        ("where all weights are 0 and the bias is not", _draw(1, 3), np.zeros((3, 2)), _draw(2)),
        ("with all at once", _draw(4, 3), _draw(3, 5), _draw(5)),
    ):
        yield about, (inputs, weights, bias), inputs @ weights + bias


def softmax():
    """Yield the cases of `softmax`."""
    for about, scores in (
        ("for one image", _draw(1, 3)),
        ("for several images", _draw(4, 10)),
        ("where the scores are as large as 1000", np.array([[1000.0, 1001.0], [0.0, 1.0]])),
        ("where the scores are as low as -1000", np.array([[-1000.0, -1001.0], [2.0, 1.0]])),
    ):
        yield about, (scores,), _softmax(scores)


def _answers():
    """Yield probabilities with their labels."""
    yield "for one image", np.array([[0.2, 0.5, 0.3]]), np.array([1])
    yield "for two images", np.array([[0.1, 0.9], [0.75, 0.25]]), np.array([1, 1])
    yield "with all at once", _softmax(_draw(5, 10)), np.array([3, 0, 9, 3, 7])


def cross_entropy():
    """Yield the cases of `cross_entropy`."""
    for about, probabilities, labels in _answers():
        loss = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
        yield about, (probabilities, labels), loss


# --------------------------------------------------------------------------- and backward


def cross_entropy_backward():
    """Yield the cases of `cross_entropy_backward`."""
    for about, probabilities, labels in _answers():
        yield about, (probabilities, labels), _error(probabilities, labels)


def dense_backward():
    """Yield the cases of `dense_backward`."""
    for about, upstream, inputs, weights in (
        ("for one image and one unit", np.ones((1, 1)), _draw(1, 3), _draw(3, 1)),
        ("with all at once", _draw(4, 5), _draw(4, 3), _draw(3, 5)),
    ):
        expected = upstream @ weights.T, inputs.T @ upstream, upstream.sum(0)
        yield about, (upstream, inputs, weights), expected


def tanh_backward():
    """Yield the cases of `tanh_backward`."""
    for about, upstream, sums in (
        ("where the output is 0 and the slope 1", np.ones((1, 1)), np.zeros((1, 1))),
        ("for one image", _draw(1, 4), _draw(1, 4, seed=1)),
        ("for maps", _draw(2, 3, 4, 5), _draw(2, 3, 4, 5, seed=1)),
    ):
        outputs = np.tanh(sums)
        yield about, (upstream, outputs), upstream * (1 - outputs**2)


def pool_backward():
    """Yield the cases of `pool_backward`."""
    for about, upstream in (
        ("with a single window", np.ones((1, 1, 1, 1))),
        ("with two windows", _draw(1, 1, 2, 1)),
        ("with all at once", _draw(2, 2, 3, 4)),
    ):
        yield about, (upstream,), _unblock(np.repeat(upstream[..., None] / 4, 4, -1))


def max_pool_backward():
    """Yield the cases of `max_pool_backward`; in one of them two values are the largest."""
    tie = np.array([[[[3.0], [1.0]], [[2.0], [3.0]]]])
    for about, upstream, images in (
        ("with a single window", np.ones((1, 1, 1, 1)), _draw(1, 2, 2, 1)),
        ("where two values are the largest: the first one counts", np.ones((1, 1, 1, 1)), tie),
        ("with all at once", _draw(2, 2, 3, 4), _draw(2, 4, 6, 4)),
    ):
        first = _blocks(images).argmax(-1)
        chosen = np.arange(4) == first[..., None]
        yield about, (upstream, images), _unblock(chosen * upstream[..., None])


def convolve_backward():
    """Yield the cases of `convolve_backward`."""
    one = np.zeros((1, 2, 3, 1))
    one[0, 1, 0] = 1
    for about, upstream, images, kernels in (
        ("at a single place", np.ones((1, 1, 1, 1)), _draw(1, 2, 2, 1), _draw(2, 2, 1, 1)),
        ("where the slope is 0 in all places but one", one, _draw(1, 3, 4, 1), _draw(2, 2, 1, 1)),
        ("with all at once", _draw(2, 4, 7, 4), _draw(2, 6, 8, 3), _draw(3, 2, 3, 4)),
    ):
        arguments = upstream, images, kernels
        yield about, arguments, _convolve_backward(*arguments)


def gradients():
    """Yield the case of `gradients`: a network of LeNet's kind, with fewer and smaller maps."""
    shapes = (5, 5, 1, 2), (2,), (3, 3, 2, 3), (3,), (12, 5), (5,), (5, 4), (4,), (4, 3), (3,)
    parameters = [0.4 * _draw(*shape, seed=place) for place, shape in enumerate(shapes)]
    images, labels = _draw(3, 16, 16, 1), np.array([2, 0, 1])
    expected = _gradients(parameters, images, labels)

    def judge(got, given):
        if not isinstance(got, tuple | list) or len(got) != 2:
            return "must return two things, the loss and the list of slopes"
        loss, slopes = got
        slopes = slopes if isinstance(slopes, tuple | list) else [slopes]
        return compare_all((loss, *slopes), expected, ("the loss", *PARAMETERS))

    yield "for a small network", (parameters, images, labels), judge


# --------------------------------------------------------------------------- the loop


class _Slopes:
    """In place of `gradients`: slopes that depend on all that is given, and notes of each call."""

    def __init__(self):
        self.calls = []

    def __call__(self, parameters, images, labels):
        values = [np.array(one, float) for one in parameters]
        numbers = np.asarray(images)[:, 0, 0, 0]
        slopes = [one + np.mean(np.sin(numbers)) for one in values]
        note = np.round(numbers).astype(int), np.array(labels), values, [s.copy() for s in slopes]
        self.calls.append(note)
        return float(np.mean(numbers)), slopes


def train():
    """Yield the cases of `train`: what it did is held against what it should have done."""
    count = 10
    images = np.broadcast_to(np.arange(count).reshape(-1, 1, 1, 1), (count, 2, 2, 1)).astype(float)
    for about, epochs, batch, momentum in (
        ("with all images in one batch", 1, count, 0.0),
        ("without momentum", 2, 4, 0.0),
        ("with momentum", 2, 4, 0.9),
    ):
        start, slopes = [_draw(2, 3), _draw(3)], _Slopes()
        kept = [one.copy() for one in start]
        arguments = slopes, start, images, 100 + np.arange(count), epochs, batch, 0.1, momentum

        def judge(got, given, slopes=slopes, kept=kept, plan=(epochs, batch, 0.1, momentum)):
            return _batches(slopes.calls, count, *plan[:2]) or _moves(
                got, given, slopes, kept, plan
            )

        yield about, arguments, judge


def _batches(calls, count, epochs, batch):
    """Say what is wrong with the batches: each image once in an epoch, with its label, shuffled."""
    steps = -(-count // batch)
    if len(calls) != epochs * steps:
        return f"takes {len(calls)} steps, expected {epochs * steps}"
    orders = []
    for epoch in range(epochs):
        part = calls[epoch * steps : (epoch + 1) * steps]
        for numbers, labels, _, _ in part:
            if len(numbers) != len(labels) or np.any(labels != 100 + numbers):
                return "the labels do not belong to the images of the batch"
        if any(len(numbers) != batch for numbers, *_ in part[:-1]):
            return f"a batch has {len(part[0][0])} images, expected {batch}"
        order = np.concatenate([numbers for numbers, *_ in part])
        if sorted(order) != list(range(count)):
            return f"in epoch {epoch + 1} not every image is used once"
        orders.append(list(order))
    if batch < count and (orders[0] == sorted(orders[0]) or orders[0] == orders[-1]):
        return "the images are not put into a new order in each epoch"
    return ""


def _moves(got, given, slopes, kept, plan):
    """Say at which step the parameters went elsewhere than the rule says."""
    _, _, rate, momentum = plan
    total = len(slopes.calls)
    speeds = [np.zeros_like(one) for one in kept]
    values = [one.copy() for one in kept]
    after = [seen for _, _, seen, _ in slopes.calls[1:]] + [got]
    if not isinstance(got, tuple | list) or len(got) != len(kept):
        return f"must return the list of the {len(kept)} parameters"
    for step, (found, (*_, slope)) in enumerate(zip(after, slopes.calls, strict=True)):
        now = rate * (1 - step / total)
        speeds = [momentum * v - now * s for v, s in zip(speeds, slope, strict=True)]
        values = [w + v for w, v in zip(values, speeds, strict=True)]
        for one, wanted in zip(found, values, strict=True):
            if said := compare(one, wanted):
                return f"{said}, in a parameter after step {step + 1} of {total}"
    if any(not np.array_equal(one, before) for one, before in zip(given[1], kept, strict=True)):
        return "changes the parameters that it is given; copy them first"
    return ""
