"""What training makes small: the losses of 1989 and 1998, and smoothed labels.

Each takes the right classes as whole numbers and what a network answers, and gives one number for
each digit.
"""

import keras
from keras import ops

from ._checks import check_number

_register = keras.saving.register_keras_serializable(package="lenet_tutorial")


@_register
class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy whose target for the right class is a little less than 1.

    The other classes share what is left (label smoothing, Szegedy et al. 2016).

    Parameters
    ----------
    smoothing : float
        Share of the target that is spread evenly over all classes, from 0 to below 1.
    name : str
        Of the loss.
    **kwargs
        As every Keras loss takes them.

    Raises
    ------
    ValueError
        If the share is out of range.
    """

    def __init__(self, smoothing=0.1, name="smoothed_crossentropy", **kwargs):
        super().__init__(name=name, **kwargs)
        self.smoothing = check_number("smoothing", smoothing, below=1)

    def call(self, labels, probabilities):
        """Take labels ``(batch,)`` and probabilities ``(batch, classes)``; return ``(batch,)``."""
        labels = ops.reshape(labels, (-1,))
        probabilities = ops.convert_to_tensor(probabilities)
        target = ops.one_hot(labels, probabilities.shape[-1], dtype=probabilities.dtype)
        target = (1 - self.smoothing) * target + self.smoothing / probabilities.shape[-1]
        return ops.categorical_crossentropy(target, probabilities)

    def get_config(self):
        """Return what a copy is made from."""
        return super().get_config() | {"smoothing": self.smoothing}


@_register
class MapLoss(keras.losses.Loss):
    """The loss of 1998, equation 9: pull the right penalty down, push the wrong ones up.

    For one digit it is ``y[right] + log(exp(-j) + sum(exp(-y)))``, where ``y`` are the penalties.
    The first term alone could be made small by making all penalties small. The second one grows
    when a wrong penalty is small. The constant j keeps penalties that are large already from
    being pushed further. The paper gives no value for j.

    Parameters
    ----------
    j : float
        Penalties well above it are left alone.
    name : str
        Of the loss.
    **kwargs
        As every Keras loss takes them.
    """

    def __init__(self, j=1.0, name="map_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.j = j

    def call(self, labels, penalties):
        """Take labels ``(batch,)`` and penalties ``(batch, classes)``; return ``(batch,)``."""
        labels, penalties = ops.reshape(labels, (-1,)), ops.convert_to_tensor(penalties)
        right = ops.sum(penalties * ops.one_hot(labels, penalties.shape[-1]), axis=-1)
        rubbish = ops.full_like(penalties[:, :1], -self.j)
        return right + ops.logsumexp(ops.concatenate([-penalties, rubbish], axis=-1), axis=-1)

    def get_config(self):
        """Return what a copy is made from."""
        return super().get_config() | {"j": self.j}


@_register
class SquaredError(keras.losses.Loss):
    """Half the squared distance to a target of +1 for the right class and −1 for the others.

    The loss of the networks before 1998 (LeCun et al. 1989), whose ten outputs are squashed.
    """

    def call(self, labels, outputs):
        """Take labels ``(batch,)`` and outputs ``(batch, classes)``; return ``(batch,)``."""
        labels, outputs = ops.reshape(labels, (-1,)), ops.convert_to_tensor(outputs)
        target = 2 * ops.one_hot(labels, outputs.shape[-1], dtype=outputs.dtype) - 1
        return 0.5 * ops.sum(ops.square(outputs - target), axis=-1)


@_register
def smallest_wins(labels, penalties):
    """Return 1 for each digit whose smallest penalty is that of its class, else 0.

    Parameters
    ----------
    labels : tensor
        ``(batch,)`` or ``(batch, 1)``.
    penalties : tensor
        ``(batch, classes)``.

    Returns
    -------
    tensor
        ``(batch,)``, float32.
    """
    labels = ops.cast(ops.reshape(labels, (-1,)), "int64")
    answers = ops.cast(ops.argmin(penalties, axis=-1), "int64")
    return ops.cast(ops.equal(answers, labels), "float32")
