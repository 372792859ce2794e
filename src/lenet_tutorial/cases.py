"""What the checks of "Build it yourself" try, and what must come out.

Each function here belongs to the reader's of the same name, and yields its cases: what is special
about it, the arguments, and the result, which :mod:`lenet_tutorial.by_hand` computes. The first
ones are small, so that what is wrong can be seen. The last one has all at once, and hardly two axes
of the same length: none is taken for another.
"""

import numpy as np

from . import by_hand, from_nothing
from .comparing import compare, compare_all

#: The parameters of the network, in their order, for which `backward` returns the slopes.
PARAMETERS = tuple(
    f"the slopes of the {kind} of {layer}"
    for layer, weights in (
        ("C1", "kernels"),
        ("C3", "kernels"),
        ("C5", "weights"),
        ("F6", "weights"),
        ("the output", "weights"),
    )
    for kind in (weights, "biases")
)


def _draw(*shape, seed=0):
    """Return random numbers around 0, the same ones each time."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


# --------------------------------------------------------------------------- forward


def convolve():
    """Yield the cases of `convolve`."""
    one = np.zeros((3, 3, 1, 1))
    one[0, 0] = 1
    for about, maps, kernels, biases in (
        ("where the kernel has a single 1, at its top left", _draw(1, 4, 5, 1), one, np.zeros(1)),
        ("where all weights are 0 and the bias is not", _draw(1, 3, 4, 1), 0 * one, np.ones(1)),
        ("with two maps below", _draw(1, 3, 4, 2), _draw(2, 2, 2, 1), np.zeros(1)),
        ("with all at once", _draw(2, 6, 8, 5), _draw(3, 3, 5, 4), _draw(4)),
    ):
        yield about, (maps, kernels, biases), by_hand.convolve(maps, kernels, biases)


def average_pool():
    """Yield the cases of `average_pool`."""
    for about, maps in (
        ("with a single window", _draw(1, 2, 2, 1)),
        ("with four windows", _draw(1, 4, 4, 1)),
        ("with all at once", _draw(2, 4, 6, 3)),
    ):
        yield about, (maps,), by_hand.average_pool(maps)


def max_pool():
    """Yield the cases of `max_pool`; all values are below 0 in one of them."""
    for about, maps in (
        ("with a single window", _draw(1, 2, 2, 1)),
        ("where all values are below 0", -1 - np.abs(_draw(1, 4, 4, 1))),
        ("with all at once", _draw(2, 4, 6, 3)),
    ):
        yield about, (maps,), by_hand.max_pool(maps)


def dense():
    """Yield the cases of `dense`."""
    for about, values, weights, biases in (
        ("for one unit", _draw(1, 3), _draw(3, 1), np.zeros(1)),
        ("where all weights are 0 and the biases are not", _draw(1, 3), np.zeros((3, 2)), _draw(2)),
        ("with all at once", _draw(4, 3), _draw(3, 5), _draw(5)),
    ):
        yield about, (values, weights, biases), by_hand.dense(values, weights, biases)


def softmax():
    """Yield the cases of `softmax`."""
    for about, scores in (
        ("for one image", _draw(1, 3)),
        ("for several images", _draw(4, 10)),
        ("where the scores are as large as 1000", np.array([[1000.0, 1001.0], [0.0, 1.0]])),
        ("where the scores are as low as -1000", np.array([[-1000.0, -1001.0], [2.0, 1.0]])),
    ):
        yield about, (scores,), by_hand.softmax(scores)


def _scores():
    """Yield scores with labels."""
    yield "for one image", np.array([[0.2, 1.5, -0.3]]), np.array([1])
    yield "for two images", np.array([[0.1, 0.9], [0.75, 0.25]]), np.array([1, 1])
    yield "for several images", _draw(5, 10), np.array([3, 0, 9, 3, 7])
    large = np.array([[1000.0, 1001.0, 0.0], [0.0, 1.0, 2.0]])
    yield "where the scores are as large as 1000", large, np.array([2, 0])


def cross_entropy():
    """Yield the cases of `cross_entropy`."""
    for about, scores, labels in _scores():
        yield about, (scores, labels), by_hand.cross_entropy(scores, labels)


# --------------------------------------------------------------------------- backward


def softmax_cross_entropy_backward():
    """Yield the cases of `softmax_cross_entropy_backward`."""
    for about, scores, labels in _scores():
        expected = by_hand.softmax_cross_entropy_backward(scores, labels)
        yield about, (scores, labels), expected


def dense_backward():
    """Yield the cases of `dense_backward`."""
    for about, slopes, values, weights in (
        ("for one image and one unit", np.ones((1, 1)), _draw(1, 3), _draw(3, 1)),
        ("with all at once", _draw(4, 5), _draw(4, 3), _draw(3, 5)),
    ):
        yield about, (slopes, values, weights), by_hand.dense_backward(slopes, values, weights)


def tanh_backward():
    """Yield the cases of `tanh_backward`."""
    for about, slopes, sums in (
        ("where the output is 0 and the slope 1", np.ones((1, 1)), np.zeros((1, 1))),
        ("for one image", _draw(1, 4), _draw(1, 4, seed=1)),
        ("for maps", _draw(2, 3, 4, 5), _draw(2, 3, 4, 5, seed=1)),
    ):
        outputs = np.tanh(sums)
        yield about, (slopes, outputs), by_hand.tanh_backward(slopes, outputs)


def average_pool_backward():
    """Yield the cases of `average_pool_backward`."""
    for about, slopes in (
        ("with a single window", np.ones((1, 1, 1, 1))),
        ("with two windows", _draw(1, 1, 2, 1)),
        ("with all at once", _draw(2, 2, 3, 4)),
    ):
        yield about, (slopes,), by_hand.average_pool_backward(slopes)


def max_pool_backward():
    """Yield the cases of `max_pool_backward`; in one of them two values are the largest."""
    tie = np.array([[[[3.0], [1.0]], [[2.0], [3.0]]]])
    for about, slopes, maps in (
        ("with a single window", np.ones((1, 1, 1, 1)), _draw(1, 2, 2, 1)),
        ("where two values are the largest: the first one counts", np.ones((1, 1, 1, 1)), tie),
        ("with all at once", _draw(2, 2, 3, 4), _draw(2, 4, 6, 4)),
    ):
        yield about, (slopes, maps), by_hand.max_pool_backward(slopes, maps)


def convolve_backward():
    """Yield the cases of `convolve_backward`."""
    one = np.zeros((1, 2, 3, 1))
    one[0, 1, 0] = 1
    for about, slopes, maps, kernels in (
        ("at a single place", np.ones((1, 1, 1, 1)), _draw(1, 2, 2, 1), _draw(2, 2, 1, 1)),
        ("where the slope is 0 in all places but one", one, _draw(1, 3, 4, 1), _draw(2, 2, 1, 1)),
        ("with all at once", _draw(2, 4, 6, 4), _draw(2, 6, 8, 5), _draw(3, 3, 5, 4)),
    ):
        yield about, (slopes, maps, kernels), by_hand.convolve_backward(slopes, maps, kernels)


def backward():
    """Yield the case of `backward`: a network of LeNet's kind, with fewer and smaller maps."""
    shapes = (5, 5, 1, 2), (2,), (3, 3, 2, 3), (3,), (12, 5), (5,), (5, 4), (4,), (4, 3), (3,)
    parameters = [0.4 * _draw(*shape, seed=place) for place, shape in enumerate(shapes)]
    labels = np.array([2, 0, 1])
    v = from_nothing.forward(_draw(3, 16, 16, 1), parameters)
    expected = tuple(from_nothing.backward(v, labels, parameters)[0])

    def judge(got, given):
        return compare_all(got, expected, PARAMETERS)

    yield "for a small network", (v, labels, parameters), judge


# --------------------------------------------------------------------------- the loop


class _Gradient:
    """In place of `gradient`: slopes that depend on all that is given, and notes of each call."""

    def __init__(self):
        self.calls = []

    def __call__(self, images, labels, parameters):
        values = [np.array(one, float) for one in parameters]
        numbers = np.asarray(images)[:, 0, 0, 0]
        slopes = [one + np.mean(np.sin(numbers)) for one in values]
        note = np.round(numbers).astype(int), np.array(labels), values, [s.copy() for s in slopes]
        self.calls.append(note)
        return float(np.mean(numbers)), slopes


def train():
    """Yield the cases of `train`: what it did is held against what it should have done."""
    count = 10
    images = np.zeros((count, 2, 2, 1)) + np.arange(count).reshape(-1, 1, 1, 1)
    for about, epochs, size, momentum in (
        ("with all images in one batch", 1, count, 0.0),
        ("without momentum", 2, 4, 0.0),
        ("with momentum", 2, 4, 0.9),
    ):
        start, gradient = [_draw(2, 3), _draw(3)], _Gradient()
        kept = [one.copy() for one in start]
        plan = epochs, 0.1, momentum, size
        arguments = gradient, start, images, 100 + np.arange(count), *plan

        def judge(got, given, gradient=gradient, kept=kept, plan=plan):
            return _batches(gradient.calls, count, plan[0], plan[3]) or _moves(
                got, given[1], gradient, kept, plan
            )

        yield about, arguments, judge


def _batches(calls, count, epochs, size):
    """Say what is wrong with the batches: each image once in an epoch, with its label, shuffled."""
    steps = -(-count // size)
    if len(calls) != epochs * steps:
        return f"takes {len(calls)} steps, expected {epochs * steps}"
    orders = []
    for epoch in range(epochs):
        part = calls[epoch * steps : (epoch + 1) * steps]
        for numbers, labels, _, _ in part:
            if len(numbers) != len(labels) or np.any(labels != 100 + numbers):
                return "the labels do not belong to the images of the batch"
            if len(numbers) > size:
                return f"a batch has {len(numbers)} images, expected {size} at most"
        order = [int(number) for numbers, *_ in part for number in numbers]
        if sorted(order) != list(range(count)):
            return f"in epoch {epoch + 1} not every image is used once"
        orders.append(order)
    if size < count and (orders[0] == sorted(orders[0]) or orders[0] == orders[-1]):
        return "the images are not put into a new order in each epoch"
    return ""


def _moves(got, given, gradient, kept, plan):
    """Say at which step the parameters went elsewhere than the rule says."""
    _, rate, momentum, _ = plan
    calls = gradient.calls
    speeds, values = [np.zeros_like(one) for one in kept], kept
    if all(np.array_equal(one, before) for one, before in zip(given, kept, strict=True)):
        return "the parameters that it was given have not moved: change them in place"
    after = [*(seen for _, _, seen, _ in calls[1:]), given]
    for step, (found, (*_, slopes)) in enumerate(zip(after, calls, strict=True)):
        now = rate * (1 - step / len(calls))
        speeds = [momentum * v - now * s for v, s in zip(speeds, slopes, strict=True)]
        values = [p + v for p, v in zip(values, speeds, strict=True)]
        for one, wanted in zip(found, values, strict=True):
            if said := compare(one, wanted):
                return f"{said}, in a parameter after step {step + 1} of {len(calls)}"
    said = compare(got, [numbers.mean() for numbers, *_ in calls])
    return f"{said}, in what it returns, the loss of each batch" if said else ""
