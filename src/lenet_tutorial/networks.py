"""The networks of the book by their names: how each is built, what it takes and what it answers.

The command line, the explorer and the long runs read this list. What a network answers can be read
off its last layer, but nothing in it says which values its input has.
"""

from dataclasses import dataclass

from .outputs import PENALTIES, PROBABILITIES, SQUASHED


@dataclass(frozen=True)
class Input:
    """How the pixels of a digit are prepared for a network.

    Attributes
    ----------
    side : int
        Of the input, in pixels: 16, 28 or 32.
    background : float
        The value of paper.
    ink : float
        The value of ink.
    shape : tuple of int
        Of one input; by default ``(side, side, 1)``. Other shapes have the same pixels in the same
        order, as ``(784,)`` has.
    dtype : str
        Of the input.
    why : str
        How these are known, in a few words.
    """

    side: int
    background: float = 0.0
    ink: float = 1.0
    shape: tuple = ()
    dtype: str = "float32"
    why: str = "as it was trained"

    def prepare(self, images):
        """Turn digits into what the network takes.

        Parameters
        ----------
        images : numpy.ndarray
            ``(n, 28, 28)``, uint8.

        Returns
        -------
        numpy.ndarray
            ``(n, *shape)``; float32, where the network takes no other numbers.

        Raises
        ------
        ValueError
            If the images are not uint8 of 28×28.
        """
        import numpy as np  # not at the import: `lenet-tutorial doctor` does without packages

        from .images import prepare, prepare_1989

        low, high = np.float32(self.background), np.float32(self.ink)
        if self.side == 16:
            inputs = prepare_1989(images)
            if (low, high) != (-1, 1):
                inputs = (inputs + 1) / 2 * (high - low) + low
        else:
            inputs = prepare(images, self.side) * (high - low) + low
        if self.dtype not in ("float32", "float16", "float64", "bfloat16"):
            inputs = np.rint(inputs).astype(self.dtype)
        return inputs.reshape(len(inputs), *(self.shape or inputs.shape[1:]))

    def about(self):
        """Return what the network is given: the shape, paper and ink, and how that is known.

        Returns
        -------
        dict
            ``shape``, ``paper``, ``ink`` and ``why``, all fit for JSON.
        """
        shape = list(self.shape or (self.side, self.side, 1))
        return {"shape": shape, "paper": self.background, "ink": self.ink, "why": self.why}

    def fed(self):
        """Say the same in a sentence.

        Returns
        -------
        str
        """
        about = self.about()
        shape = "×".join(map(str, about["shape"]))
        ends = f"{about['paper']:g} for paper and {about['ink']:g} for ink"
        return f"It was given {shape} values, {ends} ({self.why})."


@dataclass(frozen=True)
class Network:
    """One of the networks of the book.

    Attributes
    ----------
    name : str
        What the command line calls it.
    title : str
        What it is called in a sentence.
    builder : str
        Name of a function in :mod:`lenet_tutorial.models`.
    input : Input
        What it takes.
    outputs : str
        What its ten outputs are, as :func:`lenet_tutorial.outputs.meaning` says of the model.
    """

    name: str
    title: str
    builder: str
    input: Input
    outputs: str = PROBABILITIES

    def build(self):
        """Return a new Keras model.

        Returns
        -------
        keras.Model
        """
        from . import models

        return getattr(models, self.builder)()


# LeCun et al. (1998, section II-B) chose these values for a mean of about 0.
_LIKE_1998 = {"background": -0.1, "ink": 1.175}

#: The networks, by the names that the command line gives them.
NETWORKS = {
    network.name: network
    for network in (
        Network("lenet5", "the textbook LeNet-5", "lenet5_textbook", Input(32)),
        Network("article", "the Keras LeNet", "lenet5_article", Input(28)),
        Network(
            "1998",
            "LeNet-5 as published in 1998",
            "lenet5_1998",
            Input(32, **_LIKE_1998),
            PENALTIES,
        ),
        Network("lenet4", "LeNet-4", "lenet4", Input(32, **_LIKE_1998), SQUASHED),
        Network("lenet1", "LeNet-1", "lenet1", Input(28, **_LIKE_1998), SQUASHED),
        Network("1989", "the network of 1989", "lenet_1989", Input(16, -1.0, 1.0), SQUASHED),
    )
}
