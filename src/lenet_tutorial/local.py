"""A layer that is local but shares nothing: a convolution whose every unit has its own weights.

It stands between the dense layer and the convolution, so it shows what each of the two steps is
worth: looking at a small window, and sharing its weights. LeCun compared them in 1989
("Generalization and network design strategies", CRG-TR-89-4).
"""

import math

import keras
from keras import ops

from ._checks import check_maps, check_whole
from .layers import FanInUniform, squash
from .windows import Windows


@keras.saving.register_keras_serializable(package="lenet_tutorial")
class LocalConv2D(Windows):
    """Units that see a small window each, with weights and a bias of their own.

    Parameters
    ----------
    maps : int
        How many output maps; each sees all maps below.
    kernel_size : int
        Side of the window in pixels.
    strides : int
        Step in pixels.
    padding : (int, int)
        Background pixels before and after the input, on both axes.
    background : float
        Value of these pixels.
    activation : callable or str
        Applied last.
    **kwargs
        As every Keras layer takes them.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    def __init__(
        self,
        maps,
        kernel_size=5,
        strides=1,
        padding=(0, 0),
        background=0.0,
        activation=squash,
        **kwargs,
    ):
        super().__init__(kernel_size, strides, padding, background, activation, **kwargs)
        self.maps = check_whole("maps", maps)

    def build(self, input_shape):
        """Make the weights of each unit, ``(h', w', k * k, inputs, maps)``, and its bias."""
        inputs = check_maps(input_shape)
        sides, seen = self.sides(input_shape), self.kernel_size**2
        self.kernel = self.add_weight(
            shape=(*sides, seen, inputs, self.maps),
            initializer=FanInUniform(seen * inputs),
            name="kernel",
        )
        self.bias = self.add_weight(shape=(*sides, self.maps), initializer="zeros", name="bias")

    def call(self, maps):
        """Take ``(batch, h, w, inputs)``, return ``(batch, h', w', maps)``."""
        maps = self.framed(maps)
        height, width = self.bias.shape[:2]
        step = self.strides
        # One picture for each place in the window: what all units see there.
        seen = [
            maps[:, row : row + step * height : step, column : column + step * width : step]
            for row in range(self.kernel_size)
            for column in range(self.kernel_size)
        ]
        windows = ops.stack([one[:, :height, :width] for one in seen], axis=3)
        total = ops.einsum("bhwpi,hwpim->bhwm", windows, self.kernel)
        return self.activation(total + self.bias)

    def compute_output_shape(self, input_shape):
        """Return the shape of the output."""
        return input_shape[0], *self.sides(input_shape), self.maps

    def table_row(self):
        """Return what the layer table says of this layer."""
        multiply_adds = math.prod(self.kernel.shape)  # each weight is used once
        return {
            "kind": "local, not shared",
            "connections": multiply_adds + math.prod(self.bias.shape),
            "multiply_adds": multiply_adds,
        }

    def get_config(self):
        """Return what a copy is made from."""
        return super().get_config() | {"maps": self.maps}
