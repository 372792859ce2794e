"""What the layers of 1989 and 1998 share whose units see a window of the maps below.

LeCun et al. (1989, doi:10.1162/neco.1989.1.4.541) put a frame of background around the image, so
that a window fits at its edge too.
"""

import keras
from keras import ops

from ._checks import check_whole
from .shapes import output_size


class Windows(keras.layers.Layer):
    """What layers share whose units see a window each: its size, its step, and the frame around.

    Parameters
    ----------
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
        kernel_size,
        strides,
        padding,
        background,
        activation,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.kernel_size = check_whole("kernel_size", kernel_size)
        self.strides = check_whole("strides", strides)
        before, after = padding
        self.padding = check_whole("padding", before, 0), check_whole("padding", after, 0)
        self.background = background
        self.activation = keras.activations.get(activation)

    def framed(self, maps):
        """Return maps with the background around them.

        Parameters
        ----------
        maps : tensor
            ``(batch, h, w, n)``.

        Returns
        -------
        tensor
            Larger by the padding along both axes.
        """
        if self.padding == (0, 0):
            return maps
        sides = [(0, 0), self.padding, self.padding, (0, 0)]
        return ops.pad(maps, sides, constant_values=self.background)

    def window(self):
        """Return kernel, stride and padding, for the receptive field."""
        return self.kernel_size, self.strides, self.padding

    def sides(self, input_shape):
        """Return height and width of the output.

        Parameters
        ----------
        input_shape : tuple
            ``(batch, h, w, n)``.

        Returns
        -------
        list of int
        """
        return [output_size(side, *self.window()) for side in input_shape[1:3]]

    def get_config(self):
        """Return what a copy is made from."""
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": list(self.padding),
            "background": self.background,
            "activation": keras.activations.serialize(self.activation),
        }
