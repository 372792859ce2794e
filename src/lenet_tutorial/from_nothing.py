"""The textbook LeNet-5 in NumPy alone: forwards, backwards, training, and a check of its gradient.

Chapter 4 writes these functions line by line, and a test holds its cells to this file. The layers
are those of :mod:`lenet_tutorial.by_hand`.
"""

import numpy as np

from .by_hand import (
    average_pool,
    average_pool_backward,
    convolve_fast,
    convolve_fast_backward,
    cross_entropy,
    dense,
    dense_backward,
    softmax_cross_entropy_backward,
    tanh_backward,
)

#: Kernels and weights of the textbook LeNet-5, from the input upwards; C5 is a dense layer here.
SHAPES = [(5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10)]


def start(seed=0):
    """Draw the weights of a textbook LeNet-5 that has learned nothing.

    Parameters
    ----------
    seed : int
        Of the random numbers.

    Returns
    -------
    list of numpy.ndarray
        Kernels or weights, and biases, of C1, C3, C5, F6 and the output: ten arrays of float32 with
        61 706 numbers, in the order in which Keras keeps them. Weights are uniform in ±√(3/F), F
        being the fan-in, so that their variance is 1/F; biases are 0.
    """
    rng, parameters = np.random.default_rng(seed), []
    for shape in SHAPES:
        limit = np.sqrt(3 / np.prod(shape[:-1]))
        parameters.append(rng.uniform(-limit, limit, shape).astype("float32"))
        parameters.append(np.zeros(shape[-1], "float32"))
    return parameters


def forward(images, parameters):
    """Return what each layer of the textbook LeNet-5 makes of some images.

    Parameters
    ----------
    images : numpy.ndarray
        ``(batch, 32, 32, 1)``.
    parameters : list of numpy.ndarray
        As :func:`start` returns them.

    Returns
    -------
    dict of str to numpy.ndarray
        By the name of the layer; ``"output"`` has the scores, before softmax.
    """
    c1, b1, c3, b3, c5, b5, f6, b6, out, b_out = parameters
    v = {"input": images}
    v["C1"] = np.tanh(convolve_fast(v["input"], c1, b1))
    v["S2"] = average_pool(v["C1"])
    v["C3"] = np.tanh(convolve_fast(v["S2"], c3, b3))
    v["S4"] = average_pool(v["C3"])
    v["flat"] = v["S4"].reshape(len(images), -1)
    v["C5"] = np.tanh(dense(v["flat"], c5, b5))
    v["F6"] = np.tanh(dense(v["C5"], f6, b6))
    v["output"] = dense(v["F6"], out, b_out)
    return v


def backward(v, labels, parameters):
    """Return the gradient of the loss: the forward pass, read from its last line to its first.

    Parameters
    ----------
    v : dict of str to numpy.ndarray
        As :func:`forward` returned it.
    labels : numpy.ndarray
        ``(batch,)``, whole numbers.
    parameters : list of numpy.ndarray
        As :func:`forward` took them.

    Returns
    -------
    (list of numpy.ndarray, dict of str to numpy.ndarray)
        The slopes of all parameters, in their order; and, by the name of the layer, those of the
        weighted sums, or of the values of a pooling layer.
    """
    c1, _, c3, _, c5, _, f6, _, out, _ = parameters
    d = {"output": softmax_cross_entropy_backward(v["output"], labels)}
    d_f6, *g_out = dense_backward(d["output"], v["F6"], out)
    d["F6"] = tanh_backward(d_f6, v["F6"])
    d_c5, *g_f6 = dense_backward(d["F6"], v["C5"], f6)
    d["C5"] = tanh_backward(d_c5, v["C5"])
    d_flat, *g_c5 = dense_backward(d["C5"], v["flat"], c5)
    d["S4"] = d_flat.reshape(v["S4"].shape)
    d["C3"] = tanh_backward(average_pool_backward(d["S4"]), v["C3"])
    d["S2"], *g_c3 = convolve_fast_backward(d["C3"], v["S2"], c3)
    d["C1"] = tanh_backward(average_pool_backward(d["S2"]), v["C1"])
    _, *g_c1 = convolve_fast_backward(d["C1"], v["input"], c1, below=False)
    return [*g_c1, *g_c3, *g_c5, *g_f6, *g_out], d


def train(parameters, images, labels, epochs, rate=0.1, momentum=0.9, size=64, seed=0):
    """Move the parameters against the gradient, batch by batch: stochastic descent with momentum.

    Parameters
    ----------
    parameters : list of numpy.ndarray
        As :func:`start` returns them; they are changed in place.
    images, labels : numpy.ndarray
        ``(n, 32, 32, 1)`` and ``(n,)``.
    epochs : int
        Passes through all images.
    rate : float
        Learning rate of the first step; it falls evenly to 0.
    momentum : float
        Share of the last step that is kept in the next one.
    size : int
        Images in a batch.
    seed : int
        Of the order of the images.

    Returns
    -------
    list of float
        The loss of each batch, before the step that it leads to.
    """
    rng, losses = np.random.default_rng(seed), []
    speeds = [np.zeros_like(p) for p in parameters]
    batches = -(-len(images) // size)  # rounded up
    for epoch in range(epochs):
        order = np.array_split(rng.permutation(len(images)), batches)
        for number, some in enumerate(order):
            now = rate * (1 - (epoch + number / batches) / epochs)
            values = forward(images[some], parameters)
            losses.append(cross_entropy(values["output"], labels[some]))
            gradient, _ = backward(values, labels[some], parameters)
            for p, speed, slopes in zip(parameters, speeds, gradient, strict=True):
                speed[:] = momentum * speed - now * slopes
                p += speed
    return losses


def accuracy(images, labels, parameters, size=1000):
    """Return the share of images that the network reads right.

    Parameters
    ----------
    images, labels : numpy.ndarray
        As :func:`train` takes them.
    parameters : list of numpy.ndarray
        As :func:`start` returns them.
    size : int
        How many images are read at a time, to save memory.

    Returns
    -------
    float
    """
    right = 0
    for first in range(0, len(images), size):
        scores = forward(images[first : first + size], parameters)["output"]
        right += np.sum(scores.argmax(axis=1) == labels[first : first + size])
    return right / len(images)


# ------------------------------------------------------------------------------ checking a gradient


def measured_slopes(loss, numbers, nudge=1e-5):
    """Measure a gradient: move each number a little up and a little down, and look at the loss.

    Parameters
    ----------
    loss : callable
        Takes nothing, and returns the loss as it is now, a float.
    numbers : numpy.ndarray
        Of float64, which the loss depends on. Each is moved and put back.
    nudge : float
        By how much.

    Returns
    -------
    numpy.ndarray
        Of the shape of `numbers`.
    """
    slopes = np.empty_like(numbers)
    for place in np.ndindex(numbers.shape):
        kept = numbers[place]
        numbers[place] = kept + nudge
        above = loss()
        numbers[place] = kept - nudge
        slopes[place] = (above - loss()) / (2 * nudge)
        numbers[place] = kept
    return slopes


def apart(one, other):
    """Return how far two gradients are apart: the length of their difference, by that of the other.

    Parameters
    ----------
    one, other : numpy.ndarray
        Of one shape.

    Returns
    -------
    float
    """
    return np.linalg.norm(one - other) / np.linalg.norm(other)
