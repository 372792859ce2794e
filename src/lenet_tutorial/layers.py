"""The units of 1989 and 1998 that Keras does not have, as Keras layers.

LeCun, Bottou, Bengio and Haffner (1998, doi:10.1109/5.726791) describe them in section II-B and
appendix A, LeCun et al. (1989, doi:10.1162/neco.1989.1.4.541) the older convolution. Everything is
written with ``keras.ops``, so it runs on each backend of Keras, and a model made of these layers
can be saved to a ``.keras`` file and loaded again.
"""

import re
from pathlib import Path

import keras
import numpy as np
from keras import ops

# A model file may name any of our classes: whoever imports this module can load it.
from . import distortions, folded, losses  # noqa: F401
from ._checks import check_maps, check_whole
from .windows import Windows

A, S = 1.7159, 2 / 3  # LeCun et al. 1998, appendix A

_register = keras.saving.register_keras_serializable(package="lenet_tutorial")


@_register
def squash(a):
    """Return ``1.7159 * tanh(2/3 * a)``, the squashing function of 1989 and 1998.

    It keeps +1 and −1 nearly where they are, and its slope is steepest in between.

    Parameters
    ----------
    a : tensor
        Weighted sums, of any shape.

    Returns
    -------
    tensor
        Of the same shape, between −1.7159 and 1.7159.
    """
    return A * ops.tanh(S * a)


@_register
class FanInUniform(keras.initializers.Initializer):
    """Draw weights uniformly from ±2.4 / fan-in (LeCun et al. 1998, appendix A).

    The fan-in is the number of inputs of the unit that a weight belongs to, the bias left out.

    Parameters
    ----------
    fan_in : float or array, optional
        By default it is read off the shape of a dense or a convolution kernel, whose last axis
        counts the outputs. An array must fit the last axes of the weights.
    """

    def __init__(self, fan_in=None):
        self.fan_in = fan_in

    def __call__(self, shape, dtype=None):
        """Return weights of this shape."""
        fan_in = self.fan_in if self.fan_in is not None else np.prod(shape[:-1])
        unit = keras.initializers.RandomUniform(-1.0, 1.0)(shape, dtype=dtype)
        return unit * ops.convert_to_tensor(2.4 / np.asarray(fan_in), dtype=unit.dtype)

    def get_config(self):
        """Return what a copy is made from."""
        fan_in = self.fan_in
        return {"fan_in": fan_in if fan_in is None else np.asarray(fan_in).tolist()}


def fan_in(layer):
    """Return the number of inputs that a unit of a layer has, the bias left out.

    Parameters
    ----------
    layer : keras.layers.Layer
        Built: a dense layer, a convolution or a :class:`TableConv2D`.

    Returns
    -------
    int or list of int
        One number; for a convolution by table, one for each of its kernels.
    """
    if isinstance(layer, TableConv2D):
        return [layer.kernel_size**2 * len(row) for row in layer.table for _ in row]
    return int(np.prod(layer.kernel.shape[:-1]))


@_register
class Subsample(keras.layers.Layer):
    """Add up each 2×2 window, times a trained coefficient, plus a trained bias, and squash.

    The layers S2 and S4 of 1998 (section II-B): coefficient and bias are one per map.

    Parameters
    ----------
    repeat : int
        How many output maps each input map feeds, each with its own coefficient and bias. It is 1
        in LeNet-1 and LeNet-5, and 2 in the first one of LeNet-4.
    activation : callable or str
        Applied last.
    **kwargs
        As every Keras layer takes them.
    """

    def __init__(self, repeat=1, activation=squash, **kwargs):
        super().__init__(**kwargs)
        self.repeat = check_whole("repeat", repeat)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        """Make one coefficient and one bias per map."""
        maps = check_maps(input_shape) * self.repeat
        self.coefficient = self.add_weight(
            shape=(maps,), initializer=FanInUniform(4), name="coefficient"
        )
        self.bias = self.add_weight(shape=(maps,), initializer="zeros", name="bias")

    def call(self, maps):
        """Take ``(batch, h, w, n)``, return ``(batch, h // 2, w // 2, n * repeat)``."""
        # The format is named: `average_pool` would take the one in the user's Keras settings.
        total = 4 * ops.average_pool(maps, 2, 2, data_format="channels_last")
        if self.repeat > 1:
            total = ops.repeat(total, self.repeat, axis=-1)
        return self.activation(total * self.coefficient + self.bias)

    def compute_output_shape(self, input_shape):
        """Return the shape of the output."""
        batch, height, width, maps = input_shape
        return batch, height // 2, width // 2, maps * self.repeat

    def table_row(self):
        """Return what the layer table says of this layer."""
        _, height, width, maps = self.output.shape
        units = height * width * maps
        return {
            "kind": "trained subsampling",
            "connections": units * 5,  # four inputs and a bias
            "multiply_adds": units,  # one coefficient
        }

    def window(self):
        """Return kernel, stride and padding, for the receptive field."""
        return 2, 2, 0

    def get_config(self):
        """Return what a copy is made from."""
        activation = keras.activations.serialize(self.activation)
        return super().get_config() | {"repeat": self.repeat, "activation": activation}


@_register
class TableConv2D(Windows):
    """A convolution in which each map sees only the maps below that a table names.

    There are weights for the connected pairs of maps only: `kernel` has the shape
    ``(k, k, pairs)``. With it are built C3 of 1998 (section II-B, table I), and H1 and H2 of
    1989, which have a bias for each unit and a constant background around the image.

    Parameters
    ----------
    table : sequence of sequences of int
        For each output map, the input maps that it sees, counted from 0.
    kernel_size : int
        Side of the kernel in pixels.
    strides : int
        Step in pixels.
    padding : (int, int)
        Background pixels before and after the input, on both axes.
    background : float
        Value of these pixels.
    bias : {'map', 'unit'}
        One bias for each map, or one for each unit.
    activation : callable or str
        Applied last.
    **kwargs
        As every Keras layer takes them.

    Raises
    ------
    ValueError
        If the table is empty, names a map twice or one that is not there, or a number is out of
        range.
    """

    def __init__(
        self,
        table,
        kernel_size=5,
        strides=1,
        padding=(0, 0),
        background=0.0,
        bias="map",
        activation=squash,
        **kwargs,
    ):
        super().__init__(kernel_size, strides, padding, background, activation, **kwargs)
        table = [
            [check_whole(f"a map that output map {output} sees", seen, 0) for seen in row]
            for output, row in enumerate(table)
        ]
        if not table or not all(table):
            raise ValueError("the table must name at least one input map for each output map")
        for output, row in enumerate(table):
            if len(set(row)) != len(row):
                raise ValueError(f"output map {output} must see each map once, got {row}")
        if bias not in ("map", "unit"):
            raise ValueError(f"bias must be 'map' or 'unit', got {bias!r}")
        self.table = table
        self.bias_per = bias

    def build(self, input_shape):
        """Make a kernel for each connected pair of maps, and the biases.

        Raises
        ------
        ValueError
            If the table names a map that is not there.
        """
        maps = check_maps(input_shape)
        for output, row in enumerate(self.table):
            if max(row) >= maps:
                raise ValueError(f"output map {output} sees {row}, but there are {maps} maps")
        pairs = [(seen, out) for out, row in enumerate(self.table) for seen in row]
        self.kernel = self.add_weight(
            shape=(self.kernel_size, self.kernel_size, len(pairs)),
            initializer=FanInUniform(fan_in(self)),
            name="kernel",
        )
        out_shape = self.compute_output_shape(input_shape)
        shape = out_shape[1:] if self.bias_per == "unit" else out_shape[-1:]
        self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")
        # Where each pair stands in a kernel over all maps: a matrix of zeros and ones.
        self.place = np.zeros((len(pairs), maps * len(self.table)), "float32")
        for number, (seen, out) in enumerate(pairs):
            self.place[number, seen * len(self.table) + out] = 1

    def full_kernel(self):
        """Return the kernel over all maps, ``(k, k, inputs, outputs)``: 0 where nothing is."""
        full = ops.matmul(self.kernel, ops.convert_to_tensor(self.place, self.kernel.dtype))
        return ops.reshape(full, (self.kernel_size, self.kernel_size, -1, len(self.table)))

    def call(self, maps):
        """Take ``(batch, h, w, inputs)``, return ``(batch, h', w', outputs)``."""
        kernel = self.full_kernel()
        how = self.strides, "valid"
        total = ops.conv(self.framed(maps), kernel, *how, data_format="channels_last")
        return self.activation(total + self.bias)

    def compute_output_shape(self, input_shape):
        """Return the shape of the output."""
        return input_shape[0], *self.sides(input_shape), len(self.table)

    def table_row(self):
        """Return what the layer table says of this layer."""
        _, height, width, maps = self.output.shape
        places, pairs = height * width, sum(map(len, self.table))
        multiply_adds = places * pairs * self.kernel_size**2
        full = len(self.place) == self.place.shape[1]  # each map sees all maps below
        return {
            "kind": "convolution" if full else "convolution by table",
            "connections": multiply_adds + places * maps,
            "multiply_adds": multiply_adds,
        }

    def get_config(self):
        """Return what a copy is made from."""
        return super().get_config() | {"table": self.table, "bias": self.bias_per}


@_register
class EuclideanRBF(keras.layers.Layer):
    """Return the squared distance of the input to a fixed code per class; the smallest wins.

    The output units of 1998 (section II-B, equation 7). The codes are not trained.

    Parameters
    ----------
    codes : array
        ``(classes, units)``, of +1 and −1; :func:`digit_codes` returns those of the book.
    **kwargs
        As every Keras layer takes them.

    Raises
    ------
    ValueError
        If the codes do not have two axes, or the input has another number of units.
    """

    def __init__(self, codes, **kwargs):
        super().__init__(**kwargs)
        self.codes_given = np.asarray(codes, "float32")
        if self.codes_given.ndim != 2:
            raise ValueError(f"codes must be (classes, units), got {self.codes_given.shape}")

    def build(self, input_shape):
        """Keep the codes as weights that are not trained.

        Raises
        ------
        ValueError
            If the input has another number of units than the codes.
        """
        classes, units = self.codes_given.shape
        if input_shape[-1] != units:
            raise ValueError(f"the codes have {units} values, and the input has {input_shape[-1]}")
        self.codes = self.add_weight(
            shape=(classes, units),
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(self.codes_given, dtype),
            trainable=False,
            name="codes",
        )

    def call(self, values):
        """Take ``(batch, units)``, return the penalties ``(batch, classes)``."""
        return ops.sum(ops.square(ops.expand_dims(values, 1) - self.codes), axis=-1)

    def compute_output_shape(self, input_shape):
        """Return the shape of the output."""
        return input_shape[0], len(self.codes_given)

    def table_row(self):
        """Return what the layer table says of this layer."""
        return {
            "kind": "RBF units",
            "parameters": 0,  # the codes are fixed
            "connections": self.codes_given.size,
            "multiply_adds": self.codes_given.size,
        }

    def window(self):
        """Return None: each unit sees everything."""
        return None

    def get_config(self):
        """Return what a copy is made from."""
        return super().get_config() | {"codes": self.codes_given.tolist()}


def digit_codes():
    """Return the codes of the ten digits, read from the bitmaps in data/digit_codes.txt.

    Returns
    -------
    numpy.ndarray
        ``(10, 84)``, +1 for ink and −1 for background; each row is a picture of 12 rows of 7
        pixels.
    """
    path = Path(__file__).parent / "data" / "digit_codes.txt"
    rows = re.findall(r"^[#.]{7}$", path.read_text(encoding="utf-8"), re.MULTILINE)
    ink = [[1.0 if pixel == "#" else -1.0 for pixel in row] for row in rows]
    return np.array(ink, "float32").reshape(10, 84)
