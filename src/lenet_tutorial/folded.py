"""Two layers computed as one: a convolution and the mean of what it makes."""

import keras
from keras import ops

from ._checks import check_maps, check_whole
from .shapes import output_size

_register = keras.saving.register_keras_serializable(package="lenet_tutorial")


@_register
class FoldedConv2D(keras.layers.Layer):
    """A convolution and the mean of each 2×2 window of its maps, computed as one convolution.

    Both are linear, so the two together are linear as well: the mean of four neighbouring outputs
    is one output of a kernel that is one pixel larger, taken at every other place. That is about
    a third of the multiply–adds. The activation comes last, after the mean.

    Parameters
    ----------
    filters : int
        How many maps.
    kernel_size : int
        Side of the trained kernel, in pixels.
    activation : callable or str, optional
        Applied after the mean.
    **kwargs
        As every Keras layer takes them.

    Raises
    ------
    ValueError
        If a number is below 1, or the input has not four axes.
    """

    def __init__(self, filters, kernel_size, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.filters = check_whole("filters", filters)
        self.kernel_size = check_whole("kernel_size", kernel_size)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        """Make the kernel and the biases, as ``Conv2D`` does."""
        maps = check_maps(input_shape)
        self.kernel = self.add_weight(
            shape=(self.kernel_size, self.kernel_size, maps, self.filters),
            initializer="glorot_uniform",
            name="kernel",
        )
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def folded_kernel(self):
        """Return the kernel of both, ``(k + 1, k + 1, inputs, filters)``."""
        framed = ops.pad(self.kernel, [(1, 1), (1, 1), (0, 0), (0, 0)])
        # Its four places in a 2×2 window, one above the other.
        return (framed[1:, 1:] + framed[1:, :-1] + framed[:-1, 1:] + framed[:-1, :-1]) / 4

    def call(self, maps):
        """Take ``(batch, h, w, inputs)``, return ``(batch, h', w', filters)``."""
        total = ops.conv(maps, self.folded_kernel(), 2, "valid", data_format="channels_last")
        return self.activation(total + self.bias)

    def compute_output_shape(self, input_shape):
        """Return the shape of the output."""
        batch, *sides, _ = input_shape
        return batch, *(output_size(side, *self.window()) for side in sides), self.filters

    def table_row(self):
        """Return what the layer table says of this layer."""
        _, height, width, maps = self.output.shape
        units = height * width * maps
        window = (self.kernel_size + 1) ** 2 * self.kernel.shape[2]
        return {
            "kind": "convolution and mean",
            "connections": units * (window + 1),
            "multiply_adds": units * window,
        }

    def window(self):
        """Return kernel, stride and padding, for the receptive field."""
        return self.kernel_size + 1, 2, 0

    def get_config(self):
        """Return what a copy is made from."""
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "activation": keras.activations.serialize(self.activation),
        }
