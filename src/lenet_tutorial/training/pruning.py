"""Optimal Brain Damage: delete the parameters that a network can do without.

LeCun, Denker and Solla (1990, "Optimal Brain Damage", Advances in Neural Information Processing
Systems 2) deleted first the parameters that would be missed least, and let the rest learn again.
How much a parameter u would be missed, its saliency, follows from the curvature h of the loss
along it: where the loss has no slope, setting u to 0 adds h u² / 2.
It needs the TensorFlow backend, as the curvatures do.
"""

import numpy as np

from .._checks import check_one_of, check_whole
from .levenberg import curvature

#: By what a parameter is judged.
BY = ("saliency", "magnitude", "random")


def saliencies(model, x):
    """Estimate by how much the loss would rise if a parameter were deleted, for each one.

    What is neglected: the slope of the loss, which is 0 where training has come to an end, the
    curvature that two parameters share, and all above the second order.

    Parameters
    ----------
    model : keras.Sequential
        As :func:`lenet_tutorial.training.levenberg.curvature` takes it.
    x : numpy.ndarray
        Images ``(n, side, side, 1)`` over which the loss is a mean.

    Returns
    -------
    list of numpy.ndarray
        One for each of ``model.trainable_weights``, of its shape, at least 0. The saliency of a
        parameter that many connections share is a sum over all of them.
    """
    pairs = zip(curvature(model, x), model.trainable_weights, strict=True)
    return [h * np.asarray(weight) ** 2 / 2 for h, weight in pairs]


def scores(model, by, x=None, seed=0):
    """Judge each parameter; those with the smallest scores are to go first.

    Parameters
    ----------
    model : keras.Sequential
        As :func:`saliencies` takes it.
    by : {'saliency', 'magnitude', 'random'}
        The saliency; the absolute value; or the draw of a lot.
    x : numpy.ndarray, optional
        Images, for the saliency.
    seed : int
        Of the lots.

    Returns
    -------
    list of numpy.ndarray
        As :func:`saliencies`.

    Raises
    ------
    ValueError
        If `by` is none of the three.
    """
    by = check_one_of("by", by, BY)
    if by == "saliency":
        return saliencies(model, x)
    if by == "magnitude":
        return [np.abs(np.asarray(weight)) for weight in model.trainable_weights]
    rng = np.random.default_rng(check_whole("seed", seed, 0))
    return [rng.random(weight.shape) for weight in model.trainable_weights]


class Mask:
    """Which parameters of a network are left. What is deleted is 0, and stays 0 in training.

    Parameters
    ----------
    model : keras.Model
        Nothing of it is deleted yet. Its weights get a constraint, which Keras applies after each
        step of training.
    """

    def __init__(self, model):
        import keras

        self.weights = model.trainable_weights
        self.kept = [
            keras.Variable(np.ones(weight.shape, "float32"), trainable=False)
            for weight in self.weights
        ]
        for weight, kept in zip(self.weights, self.kept, strict=True):
            weight.constraint = lambda values, kept=kept: values * kept

    @property
    def left(self):
        """How many parameters are left."""
        return int(sum(np.sum(np.asarray(kept)) for kept in self.kept))

    def reset(self):
        """Forget what was deleted; the weights are still to be put back."""
        for kept in self.kept:
            kept.assign(np.ones(kept.shape, "float32"))

    def keep(self, scores, count):
        """Delete all but the parameters with the highest scores. What is deleted stays so.

        Parameters
        ----------
        scores : list of numpy.ndarray
            From :func:`scores`.
        count : int
            How many parameters are to be left.

        Raises
        ------
        ValueError
            If there are fewer, or `count` is no whole number of at least 1.
        """
        count = check_whole("count", count)
        if count > self.left:
            raise ValueError(f"count must be at most {self.left}, which are left; got {count}")
        flat = np.concatenate(
            [
                np.where(np.asarray(kept) > 0, score, -1.0).ravel()
                for kept, score in zip(self.kept, scores, strict=True)
            ]
        )
        best = np.zeros(len(flat), "float32")
        best[np.argsort(-flat, kind="stable")[:count]] = 1
        ends = np.cumsum([score.size for score in scores])[:-1]
        for kept, weight, part in zip(self.kept, self.weights, np.split(best, ends), strict=True):
            kept.assign(part.reshape(kept.shape))
            weight.assign(weight * kept)
