"""The units of 1989 and 1998 that Keras does not have, and some for training, as Keras layers.

LeCun, Bottou, Bengio and Haffner (1998, doi:10.1109/5.726791) describe them in section II-B and
appendix A, LeCun et al. (1989, doi:10.1162/neco.1989.1.4.541) the older convolution. Everything is
written with ``keras.ops``, so it runs on each backend of Keras, and a model made of these layers
can be saved to a ``.keras`` file and loaded again.
"""

import functools
from pathlib import Path

import keras
import numpy as np
from keras import ops

from ._checks import check_number, check_whole

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


def warp(images, a, b, c, d, e, f, background=0.0):
    """Draw images anew by planar maps about their middle.

    The pixel at (x, y) of the result is taken from (a x + b y + c, d x + e y + f), where both are
    counted from the middle of the image.

    Parameters
    ----------
    images : tensor
        ``(batch, height, width, 1)``.
    a, b, c, d, e, f : tensor
        ``(batch,)``: one map for each image.
    background : float
        Value that comes in from outside the image.

    Returns
    -------
    tensor
        As the images.
    """
    height, width = images.shape[1:3]
    x, y = (width - 1) / 2, (height - 1) / 2
    c, f = c + x - a * x - b * y, f + y - d * x - e * y
    maps = ops.stack([a, b, c, d, e, f, 0 * a, 0 * a], axis=1)
    return ops.image.affine_transform(
        images,
        ops.cast(maps, "float32"),
        fill_value=background,
        data_format="channels_last",
    )


def resample(images, x, y, background=0.0):
    """Draw images anew, each pixel from a place of its own; between four pixels, bilinearly.

    Parameters
    ----------
    images : tensor
        ``(batch, height, width, 1)``.
    x, y : tensor
        ``(batch, height, width)``: where each pixel is taken from, in pixels to the right of the
        middle of the image and below it.
    background : float
        Value that comes in from outside the image.

    Returns
    -------
    tensor
        As the images.
    """
    batch, (height, width) = ops.shape(images)[0], images.shape[1:3]
    framed = ops.pad(images[..., 0], [(0, 0), (1, 1), (1, 1)], constant_values=background)
    x = ops.clip(x + (width + 1) / 2, 0, width + 0.999)  # places in the frame
    y = ops.clip(y + (height + 1) / 2, 0, height + 0.999)
    left, top = ops.floor(x), ops.floor(y)
    x, y = x - left, y - top
    # All images in one row: one index says which image, which line and which column.
    first = ops.reshape(ops.arange(batch) * ((height + 2) * (width + 2)), (-1, 1, 1))
    at = ops.cast(top * (width + 2) + left, "int32") + ops.cast(first, "int32")
    pixels = ops.reshape(framed, (-1,))
    corners = (ops.take(pixels, at + step) for step in (0, 1, width + 2, width + 3))
    a, b, c, d = corners
    above, below = a + (b - a) * x, c + (d - c) * x
    return ops.expand_dims(above + (below - above) * y, -1)


def _check_maps(input_shape):
    """Refuse what is no batch of maps."""
    if len(input_shape) != 4:
        raise ValueError(f"the input must be (batch, height, width, maps), got {input_shape}")


def _slide(input_shape, window, maps):
    """Return the shape that a window (kernel, stride, padding) makes of a batch of maps."""
    from .shapes import output_size

    batch, *sides, _ = input_shape
    return batch, *(output_size(side, *window) for side in sides), maps


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
        _check_maps(input_shape)
        maps = input_shape[-1] * self.repeat
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
        units = int(np.prod(self.output.shape[1:]))
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
class TableConv2D(keras.layers.Layer):
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
        super().__init__(**kwargs)
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
        self.kernel_size = check_whole("kernel_size", kernel_size)
        self.strides = check_whole("strides", strides)
        before, after = padding
        self.padding = check_whole("padding", before, 0), check_whole("padding", after, 0)
        self.background = background
        self.bias_per = bias
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        """Make a kernel for each connected pair of maps, and the biases."""
        _check_maps(input_shape)
        maps = input_shape[-1]
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
        if self.padding != (0, 0):
            sides = [(0, 0), self.padding, self.padding, (0, 0)]
            maps = ops.pad(maps, sides, constant_values=self.background)
        total = ops.conv(
            maps, self.full_kernel(), self.strides, "valid", data_format="channels_last"
        )
        return self.activation(total + self.bias)

    def compute_output_shape(self, input_shape):
        """Return the shape of the output."""
        return _slide(input_shape, self.window(), len(self.table))

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

    def window(self):
        """Return kernel, stride and padding, for the receptive field."""
        return self.kernel_size, self.strides, self.padding

    def get_config(self):
        """Return what a copy is made from."""
        return super().get_config() | {
            "table": self.table,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": list(self.padding),
            "background": self.background,
            "bias": self.bias_per,
            "activation": keras.activations.serialize(self.activation),
        }


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
        _check_maps(input_shape)
        self.kernel = self.add_weight(
            shape=(self.kernel_size, self.kernel_size, input_shape[-1], self.filters),
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
        return _slide(input_shape, self.window(), self.filters)

    def table_row(self):
        """Return what the layer table says of this layer."""
        units = int(np.prod(self.output.shape[1:]))
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
        """Keep the codes as weights that are not trained."""
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


@_register
class Distort(keras.layers.Layer):
    """Shift, scale, squeeze and shear each training image at random; leave others as they are.

    The planar distortions of 1998 (section III-A): translation, scaling, squeezing (narrower and
    higher, or the reverse) and horizontal shearing, each drawn evenly up to its limit.

    Parameters
    ----------
    shift : float
        Largest translation along each axis, in pixels.
    scale, squeeze, shear : float
        Largest change in proportion: 0.1 is a tenth.
    background : float
        Value that comes in from outside the image.
    seed : int, optional
        Of the draws.
    **kwargs
        As every Keras layer takes them.
    """

    def __init__(
        self, shift=2.0, scale=0.1, squeeze=0.1, shear=0.2, background=0.0, seed=None, **kwargs
    ):
        super().__init__(**kwargs)
        self.limits = {"shift": check_number("shift", shift)}
        for name, value in (("scale", scale), ("squeeze", squeeze), ("shear", shear)):
            self.limits[name] = check_number(name, value, below=1)
        self.background = background
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def draw(self, count):
        """Return so many random maps, as :func:`warp` takes them: six numbers for each."""
        draws = keras.random.uniform((count, 5), -1, 1, seed=self.seed_generator)
        right, down, scale, squeeze, shear = (draws[:, n] for n in range(5))
        scale = 1 + self.limits["scale"] * scale
        squeeze = 1 + self.limits["squeeze"] * squeeze
        shear = self.limits["shear"] * shear
        right, down = self.limits["shift"] * right, self.limits["shift"] * down
        return scale * squeeze, shear, right, ops.zeros_like(shear), scale / squeeze, down

    def call(self, images, training=False):
        """Take and return ``(batch, h, w, 1)``."""
        if not training:
            return images
        return warp(images, *self.draw(ops.shape(images)[0]), background=self.background)

    def compute_output_shape(self, input_shape):
        """Return the shape of the output, which is that of the input."""
        return input_shape

    def get_config(self):
        """Return what a copy is made from."""
        own = {"background": self.background, "seed": self.seed}
        return super().get_config() | self.limits | own


@_register
class ElasticDistort(Distort):
    """Distort each training image at random, with rotation and elastic deformation too.

    Elastic deformation is that of Simard, Steinkraus and Platt (2003): every pixel gets a random
    step to the right and one down, evenly drawn from −1 to 1; the steps are smoothed by a Gaussian
    and multiplied by a factor. The image is sampled once, so nothing is blurred twice.

    Parameters
    ----------
    shift, scale, squeeze, shear : float
        As :class:`Distort` takes them.
    rotation : float
        Largest angle, in degrees.
    alpha : float
        The factor of the smoothed steps; 0 switches them off. With 34, and a sigma of 4, the steps
        have a standard deviation of 1.4 pixels in the middle of the image.
    sigma : float
        Standard deviation of the Gaussian, in pixels.
    background : float
        Value that comes in from outside the image.
    seed : int, optional
        Of the draws.
    **kwargs
        As every Keras layer takes them.

    Raises
    ------
    ValueError
        If a limit is below 0, a proportion is 1 or more, or sigma is not above 0.
    """

    def __init__(
        self,
        shift=1.0,
        scale=0.1,
        squeeze=0.05,
        shear=0.1,
        rotation=10.0,
        alpha=15.0,
        sigma=5.0,
        background=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(shift, scale, squeeze, shear, background, seed, **kwargs)
        self.limits["rotation"] = check_number("rotation", rotation)
        self.limits["alpha"] = check_number("alpha", alpha)
        self.limits["sigma"] = check_number("sigma", sigma, above=0)

    def build(self, input_shape):
        """Prepare the places of the pixels and the matrices that smooth along an axis."""
        if len(input_shape) != 4 or input_shape[-1] != 1:
            raise ValueError(f"the input must be (batch, height, width, 1), got {input_shape}")
        self.places, self.smooth = [], []
        for side in input_shape[1:3]:
            place = np.arange(side, dtype="float32")
            apart = (place[:, None] - place) / self.limits["sigma"]
            bell = np.exp(-(apart**2) / 2)
            self.smooth.append((bell / bell.sum(axis=1).max()).astype("float32"))
            self.places.append(place - (side - 1) / 2)

    def steps(self, count):
        """Return the smoothed random steps of so many images: to the right, and down."""
        sides = [len(place) for place in self.places]
        noise = keras.random.uniform((2, count, *sides), -1, 1, seed=self.seed_generator)
        rows, columns = self.smooth
        return self.limits["alpha"] * ops.matmul(ops.matmul(rows, noise), columns)

    def call(self, images, training=False):
        """Take and return ``(batch, h, w, 1)``."""
        if not training:
            return images
        count = ops.shape(images)[0]
        a, b, c, _, e, f = (ops.reshape(number, (-1, 1, 1)) for number in self.draw(count))
        down, right = self.places
        x = a * right + b * down[:, None] + c
        y = e * down[:, None] + 0 * right + f
        angle = np.pi / 180 * self.limits["rotation"]
        angle = keras.random.uniform((count, 1, 1), -angle, angle, seed=self.seed_generator)
        x, y = ops.cos(angle) * x - ops.sin(angle) * y, ops.sin(angle) * x + ops.cos(angle) * y
        if self.limits["alpha"]:
            steps = self.steps(count)
            x, y = x + steps[0], y + steps[1]
        return resample(images, x, y, background=self.background)


@_register
class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy whose target for the right class is a little less than 1.

    The other classes share what is left (label smoothing, Szegedy et al. 2016).

    Parameters
    ----------
    smoothing : float
        Share of the target that is spread evenly over all classes, from 0 to below 1.
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
    """
    labels = ops.cast(ops.reshape(labels, (-1,)), "int64")
    answers = ops.cast(ops.argmin(penalties, axis=-1), "int64")
    return ops.cast(ops.equal(answers, labels), "float32")


@functools.cache
def _codes():
    path = Path(__file__).parent / "data" / "digit_codes.txt"
    lines = [
        line for line in path.read_text(encoding="utf-8").splitlines() if line and line[:2] != "# "
    ]
    bitmaps = {}
    for line in lines:
        if line.isdigit():
            rows = bitmaps[int(line)] = []
        else:
            rows.append([1.0 if pixel == "#" else -1.0 for pixel in line])
    return np.array([bitmaps[digit] for digit in range(10)], "float32")


def digit_codes():
    """Return the codes of the ten digits, read from the bitmaps in data/digit_codes.txt.

    Returns
    -------
    numpy.ndarray
        ``(10, 84)``, +1 for ink and −1 for background; each row is a picture of 12 rows of 7
        pixels.
    """
    return _codes().reshape(10, 84).copy()
