"""What layers of Keras make of their input that slide a window over it, or change its sides.

From a layer's numbers alone follow the shape of its output, its weights and its work.
"""

import math

from ..._inputs import shown
from .checked_layer import rule
from .layers import after_activation

WINDOW = "filters kernel_size strides padding dilation_rate activation use_bias"


def _slid(layer):
    """Return what a convolution's window has gone over: maps, its size, the sides, how to join."""
    sides, maps, join = layer.axes()
    kernel = layer.wholes("kernel_size")
    out = layer.slide(sides, kernel, layer.wholes("strides", 1), layer.wholes("dilation_rate", 1))
    return maps, math.prod(kernel), out, join


@rule("Conv1D Conv2D Convolution1D Convolution2D", WINDOW, "groups")
def _conv(layer):
    filters, groups = layer.whole("filters"), layer.whole("groups", 1)
    maps, size, out, join = _slid(layer)
    if maps % groups or filters % groups:
        layer.refuse(f"has {groups} groups for {maps} maps and {filters} filters")
    window = size * (maps // groups)
    layer.count(weights=(window + 1) * filters, work=window * filters * math.prod(out))
    return after_activation(layer, join(out, filters))


@rule("DepthwiseConv1D DepthwiseConv2D", WINDOW, "depth_multiplier")
@rule("SeparableConv1D SeparableConv2D", WINDOW, "depth_multiplier")
def _depthwise(layer):
    maps, size, out, join = _slid(layer)
    many = maps * layer.whole("depth_multiplier", 1)
    window = size * many
    layer.count(weights=window + many, work=window * math.prod(out), values=many * math.prod(out))
    if layer.kind.startswith("Separable"):
        filters = layer.whole("filters")
        layer.count(weights=(many + 1) * filters, work=many * filters * math.prod(out))
        many = filters
    return after_activation(layer, join(out, many))


@rule(
    "Conv1DTranspose Conv2DTranspose Convolution2DTranspose",
    WINDOW,
    "output_padding",
)
def _transposed(layer):
    sides, maps, join = layer.axes()
    filters, kernel = layer.whole("filters"), layer.wholes("kernel_size")
    strides = layer.wholes("strides", 1)
    dilation = layer.wholes("dilation_rate", 1)
    if layer.config.get("output_padding") is not None:
        layer.refuse("has output_padding, which is not known here")
    padding = layer.config.get("padding", "valid")
    if padding not in ("valid", "same"):
        layer.refuse(f"has padding = {shown(repr(padding))[:60]}")
    out, wide = [], 1
    for side, k, s, d in zip(sides, kernel, strides, dilation, strict=True):
        extent = d * (k - 1) + 1
        # As keras.src.backend.common.backend_utils.compute_conv_transpose_output_shape.
        out.append(side * s if padding == "same" else side * s + max(extent - s, 0))
        wide *= side * s + extent
    window = math.prod(kernel) * maps
    layer.count(
        weights=(window + 1) * filters,
        work=window * filters * math.prod(out),
        values=wide * (maps + filters),
    )
    return after_activation(layer, join(out, filters))


@rule(
    "MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D MaxPool1D MaxPool2D AvgPool1D "
    "AvgPool2D",
    "pool_size strides padding",
)
def _pooling(layer):
    sides, maps, join = layer.axes()
    size = layer.wholes("pool_size", 2)
    strides = size if layer.config.get("strides") is None else layer.wholes("strides")
    out = layer.slide(sides, size, strides)
    layer.count(work=math.prod(out) * math.prod(size) * maps)
    return layer.keep(join(out, maps))


@rule(
    "GlobalMaxPooling1D GlobalMaxPooling2D GlobalAveragePooling1D GlobalAveragePooling2D "
    "GlobalMaxPool1D GlobalMaxPool2D GlobalAvgPool1D GlobalAvgPool2D",
    "keepdims",
)
def _global_pooling(layer):
    sides, maps, join = layer.axes()
    return join([1] * len(sides), maps) if layer.flag("keepdims", False) else (maps,)


@rule("ZeroPadding1D ZeroPadding2D", "padding")
@rule("Cropping1D Cropping2D", "cropping")
def _border(layer):
    sides, maps, join = layer.axes()
    key, sign = ("padding", 1) if "Padding" in layer.kind else ("cropping", -1)
    value = layer.config.get(key, 1)
    if isinstance(value, int):
        value = [[value] * 2] * len(sides)
    elif len(sides) == 1:
        value = [value]
    value = [[one, one] if isinstance(one, int) else one for one in value]
    for one in value:
        sizes = [isinstance(n, int) and not isinstance(n, bool) and 0 <= n for n in one]
        if len(one) != 2 or not all(sizes):
            layer.refuse(f"has {key} = {shown(repr(value))[:60]}")
    out = [side + sign * sum(one) for side, one in zip(sides, value, strict=True)]
    return layer.keep(join(out, maps))


@rule("UpSampling1D UpSampling2D", "size interpolation")
def _upsampling(layer):
    sides, maps, join = layer.axes()
    size = layer.wholes("size", 2)
    out = join([side * one for side, one in zip(sides, size, strict=True)], maps)
    layer.count(values=2 * math.prod(out))  # one axis after the other
    return layer.keep(out)


@rule(
    "Resizing CenterCrop RandomCrop",
    "height width interpolation crop_to_aspect_ratio pad_to_aspect_ratio fill_mode fill_value",
    "antialias seed",
)
def _resizing(layer):
    sides, maps, join = layer.axes()
    out = [layer.whole("height"), layer.whole("width")]
    # On the way it may be as high as the one and as wide as the other, or larger than both.
    wide = max(*sides, *out) ** 2
    layer.count(values=2 * wide * maps)
    return layer.keep(join(out, maps))
