"""Digits drawn anew, shifted, turned and bent a little, as Keras layers for training.

LeCun et al. (1998, section III-A) distort training images by planar maps, Simard, Steinkraus and
Platt (2003) by elastic deformation. Like :mod:`lenet_tutorial.layers`, all is written with
``keras.ops``, so it runs on each backend of Keras, and can be saved within a model.
"""

import keras
import numpy as np
from keras import ops

from ._checks import check_number

_register = keras.saving.register_keras_serializable(package="lenet_tutorial")


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
        """Draw random maps.

        Parameters
        ----------
        count : int
            How many.

        Returns
        -------
        tuple of tensor
            Six numbers for each, ``(count,)``, as :func:`warp` takes them.
        """
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
        """Prepare the places of the pixels and the matrices that smooth along an axis.

        Raises
        ------
        ValueError
            If the images are not ``(batch, height, width, 1)``.
        """
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
        """Draw smoothed random steps.

        Parameters
        ----------
        count : int
            Of how many images.

        Returns
        -------
        tensor
            ``(2, count, height, width)``, in pixels: to the right, and down.
        """
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
