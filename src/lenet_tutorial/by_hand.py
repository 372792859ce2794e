"""Layers in NumPy alone, forwards and backwards.

Chapter 4 writes these functions line by line, and a test holds its cells to this file. Images and
maps are ``(batch, rows, columns, maps)`` and kernels ``(rows, columns, inputs, outputs)``, as Keras
keeps them, so that weights and gradients can be compared. A function whose name ends in
``_backward`` takes the slopes of the loss for the output of its layer, and returns the slopes for
what the layer was given; slopes have the shape of what they are slopes for.
"""

import numpy as np

# ---------------------------------------------------------------------- dense, tanh, softmax


def dense(values, weights, biases):
    """Return the weighted sums of a dense layer.

    Parameters
    ----------
    values : numpy.ndarray
        ``(batch, inputs)``.
    weights : numpy.ndarray
        ``(inputs, outputs)``.
    biases : numpy.ndarray
        ``(outputs,)``.

    Returns
    -------
    numpy.ndarray
        ``(batch, outputs)``.
    """
    return values @ weights + biases


def dense_backward(slopes, values, weights):
    """Take the slopes of the sums of a dense layer back to its values, weights and biases.

    Parameters
    ----------
    slopes : numpy.ndarray
        ``(batch, outputs)``.
    values, weights : numpy.ndarray
        As :func:`dense` took them.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray, numpy.ndarray)
        The slopes of the values, of the weights and of the biases.
    """
    return slopes @ weights.T, values.T @ slopes, slopes.sum(axis=0)


def tanh_backward(slopes, outputs):
    """Take slopes back through tanh.

    Parameters
    ----------
    slopes, outputs : numpy.ndarray
        Of one shape: the slopes of the outputs, and the outputs themselves.

    Returns
    -------
    numpy.ndarray
        Of the same shape: the slopes of the sums that tanh was given.
    """
    return slopes * (1 - outputs**2)


def softmax(scores):
    """Return probabilities: e to each score, divided by the sum of all in its row.

    Parameters
    ----------
    scores : numpy.ndarray
        ``(batch, classes)``, however large.

    Returns
    -------
    numpy.ndarray
        Of the same shape; each row adds up to 1.
    """
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def cross_entropy(scores, labels):
    """Return the mean loss of a batch: minus the logarithm of the right class's probability.

    Parameters
    ----------
    scores : numpy.ndarray
        ``(batch, classes)``, before softmax.
    labels : numpy.ndarray
        ``(batch,)``, whole numbers.

    Returns
    -------
    float
    """
    scores = scores - scores.max(axis=1, keepdims=True)
    right = scores[np.arange(len(labels)), labels]
    return np.mean(np.log(np.exp(scores).sum(axis=1)) - right)


def softmax_cross_entropy_backward(scores, labels):
    """Return the slopes of the mean loss for the scores: p − y, divided by the batch.

    Parameters
    ----------
    scores, labels : numpy.ndarray
        As :func:`cross_entropy` takes them.

    Returns
    -------
    numpy.ndarray
        ``(batch, classes)``.
    """
    slopes = softmax(scores)
    slopes[np.arange(len(labels)), labels] -= 1
    return slopes / len(labels)


# ------------------------------------------------------------------------------ pooling


def corners(maps):
    """Return the four values of each 2 × 2 window, as four smaller maps.

    Parameters
    ----------
    maps : numpy.ndarray
        ``(batch, rows, columns, n)``, with an even number of rows and of columns.

    Returns
    -------
    list of numpy.ndarray
        Upper left, upper right, lower left, lower right, each ``(batch, rows/2, columns/2, n)``;
        they are views, so what is written into one is written into `maps`.
    """
    return [maps[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]


def average_pool(maps):
    """Return the mean of each 2 × 2 window.

    Parameters
    ----------
    maps : numpy.ndarray
        As :func:`corners` takes them.

    Returns
    -------
    numpy.ndarray
        ``(batch, rows/2, columns/2, n)``.
    """
    return sum(corners(maps)) / 4


def average_pool_backward(slopes):
    """Give each of the four values of a window a quarter of the window's slope.

    Parameters
    ----------
    slopes : numpy.ndarray
        ``(batch, rows, columns, n)``.

    Returns
    -------
    numpy.ndarray
        ``(batch, 2 * rows, 2 * columns, n)``.
    """
    return slopes.repeat(2, axis=1).repeat(2, axis=2) / 4


def max_pool(maps):
    """Return the largest value of each 2 × 2 window.

    Parameters
    ----------
    maps : numpy.ndarray
        As :func:`corners` takes them.

    Returns
    -------
    numpy.ndarray
        ``(batch, rows/2, columns/2, n)``.
    """
    return np.max(corners(maps), axis=0)


def max_pool_backward(slopes, maps):
    """Give the largest value of a window the whole slope, and the others none.

    Parameters
    ----------
    slopes : numpy.ndarray
        ``(batch, rows/2, columns/2, n)``.
    maps : numpy.ndarray
        As :func:`max_pool` took them. Of several largest values the first one gets the slope.

    Returns
    -------
    numpy.ndarray
        Of the shape of `maps`.
    """
    largest, remaining, result = max_pool(maps), slopes, np.zeros_like(maps)
    for value, place in zip(corners(maps), corners(result), strict=True):
        wins = value == largest
        place[:] = np.where(wins, remaining, 0)  # a view: lands in result
        remaining = np.where(wins, 0, remaining)  # the first of equals takes it all
    return result


# ------------------------------------------------------------------------------ convolution


def convolve(maps, kernels, biases):
    """Return the weighted sums of a convolution: one weight after the other, at all places at once.

    Parameters
    ----------
    maps : numpy.ndarray
        ``(batch, rows, columns, inputs)``.
    kernels : numpy.ndarray
        ``(k, k, inputs, outputs)``.
    biases : numpy.ndarray or float
        ``(outputs,)``.

    Returns
    -------
    numpy.ndarray
        ``(batch, rows − k + 1, columns − k + 1, outputs)``.
    """
    k, sums = len(kernels), biases
    rows, columns = maps.shape[1] - k + 1, maps.shape[2] - k + 1
    for i, j in np.ndindex(k, k):
        seen = maps[:, i : i + rows, j : j + columns]  # what weight i, j sees
        sums = sums + seen @ kernels[i, j]
    return sums


def convolve_backward(slopes, maps, kernels):
    """Take the slopes of the sums of a convolution back to its maps, kernels and biases.

    Parameters
    ----------
    slopes : numpy.ndarray
        ``(batch, rows − k + 1, columns − k + 1, outputs)``.
    maps, kernels : numpy.ndarray
        As :func:`convolve` took them.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray, numpy.ndarray)
        The slopes of the maps, of the kernels and of the biases.
    """
    rows, columns = slopes.shape[1:3]
    d_maps, d_kernels = np.zeros_like(maps), np.zeros_like(kernels)
    for i, j in np.ndindex(kernels.shape[:2]):
        here = slice(None), slice(i, i + rows), slice(j, j + columns)
        d_kernels[i, j] = np.tensordot(maps[here], slopes, axes=([0, 1, 2], [0, 1, 2]))
        d_maps[here] += slopes @ kernels[i, j].T
    return d_maps, d_kernels, slopes.sum(axis=(0, 1, 2))


def patches(maps, k):
    """Lay each k × k patch of the maps out as a row of one matrix (*im2col*).

    Parameters
    ----------
    maps : numpy.ndarray
        ``(batch, rows, columns, n)``.
    k : int
        Side of a patch.

    Returns
    -------
    numpy.ndarray
        ``(batch * (rows − k + 1) * (columns − k + 1), k * k * n)``.
    """
    windows = np.lib.stride_tricks.sliding_window_view(maps, (k, k), axis=(1, 2))
    windows = windows.transpose(0, 1, 2, 4, 5, 3)  # the n maps last, as in a kernel
    return windows.reshape(-1, k * k * maps.shape[3])


def convolve_fast(maps, kernels, biases):
    """Do what :func:`convolve` does by one product of matrices.

    Parameters
    ----------
    maps, kernels, biases
        As :func:`convolve` takes them.

    Returns
    -------
    numpy.ndarray
        As :func:`convolve`.
    """
    k, outputs = len(kernels), kernels.shape[3]
    rows, columns = maps.shape[1] - k + 1, maps.shape[2] - k + 1
    sums = patches(maps, k) @ kernels.reshape(-1, outputs) + biases
    return sums.reshape(len(maps), rows, columns, outputs)


def convolve_fast_backward(slopes, maps, kernels, below=True):
    """Do what :func:`convolve_backward` does by one product of matrices for each of its results.

    Parameters
    ----------
    slopes, maps, kernels
        As :func:`convolve_backward` takes them.
    below : bool
        Compute the slopes of the maps too. The first layer of a network can do without: nobody
        moves the pixels.

    Returns
    -------
    (numpy.ndarray or None, numpy.ndarray, numpy.ndarray)
        As :func:`convolve_backward`; None where `below` is not wanted.
    """
    k, d_maps = len(kernels), None
    flat = slopes.reshape(-1, slopes.shape[3])
    d_kernels = (patches(maps, k).T @ flat).reshape(kernels.shape)
    if below:
        around = [(0, 0), (k - 1, k - 1), (k - 1, k - 1), (0, 0)]
        flipped = kernels[::-1, ::-1].swapaxes(2, 3)
        d_maps = convolve_fast(np.pad(slopes, around), flipped, 0)
    return d_maps, d_kernels, flat.sum(axis=0)
