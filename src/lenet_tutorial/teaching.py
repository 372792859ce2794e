"""A network that learns from the answers of others, and not from the labels alone.

A label says that a digit is a 7. A trained network says more: it is a 7, might be a 1, and is
surely no 8. Hinton, Vinyals and Dean (2015, "Distilling the knowledge in a neural network",
arXiv:1503.02531) let one network learn the answers of several; what only the several knew then
stands in one network of the same size.
"""

import keras
from keras import ops

from ._checks import check_number


def soften(probabilities, temperature):
    """Bring probabilities nearer to one another, as if they came from smaller sums.

    Where softmax made them of sums z, the result is the softmax of z / temperature.

    Parameters
    ----------
    probabilities : tensor
        ``(batch, classes)``.
    temperature : float
        1 leaves them as they are; the higher, the more alike they become.

    Returns
    -------
    tensor
        ``(batch, classes)``.
    """
    logarithms = ops.log(ops.maximum(probabilities, 1e-8))
    return ops.softmax(logarithms / temperature)


class Taught(keras.layers.Layer):
    """Hand on a network's answers, and add to the loss how far they are from its teachers'.

    The teachers' answer is the mean of their probabilities for the very same images. What is added
    is the cross-entropy of both, softened, times the temperature's square: softened answers have
    slopes that are smaller by that much (Hinton et al. 2015, section 2.1).

    Parameters
    ----------
    teachers : list of keras.Model
        Trained networks, which stay as they are; each gives ``(batch, classes)`` probabilities.
    temperature : float
        As :func:`soften` takes it.
    **kwargs
        As every Keras layer takes them.

    Raises
    ------
    ValueError
        If there is no teacher, or the temperature is not above 0.
    """

    def __init__(self, teachers, temperature=2.0, **kwargs):
        super().__init__(**kwargs)
        if not teachers:
            raise ValueError("a network is taught by one teacher or more, got none")
        self.teachers = list(teachers)
        self.temperature = check_number("temperature", temperature, above=0)
        for teacher in self.teachers:
            teacher.trainable = False

    def call(self, inputs, training=False):
        """Take ``[images, answers]``, return the answers."""
        images, answers = inputs
        if training:
            theirs = sum(teacher(images) for teacher in self.teachers) / len(self.teachers)
            wanted = ops.stop_gradient(soften(theirs, self.temperature))
            given = soften(answers, self.temperature)
            apart = ops.mean(keras.losses.categorical_crossentropy(wanted, given))
            self.add_loss(self.temperature**2 * apart)
        return answers

    def compute_output_shape(self, input_shape):
        """Return the shape of the answers."""
        return input_shape[1]


def taught(model, teachers, temperature=2.0):
    """Return a network around this one, which learns from teachers as well as from labels.

    It is trained in the place of `model`, whose weights it trains. Afterwards `model` stands by
    itself: as many parameters as before, and no teacher in it.

    Parameters
    ----------
    model : keras.Model
        ``(batch, side, side, 1)`` to probabilities ``(batch, classes)``.
    teachers : list of keras.Model
        As :class:`Taught` takes them; they see the same images.
    temperature : float
        As :func:`soften` takes it.

    Returns
    -------
    keras.Model
        Takes and returns what `model` does.

    Raises
    ------
    ValueError
        If there is no teacher, or the temperature is not above 0.
    """
    images = keras.Input(model.input_shape[1:])
    return keras.Model(images, Taught(teachers, temperature)([images, model(images)]))
