"""What layers of Keras make of their input: those that take values one by one, or all together.

From a layer's numbers alone follow the shape of its output, its weights and its work.
"""

import math
from dataclasses import replace

from ..._inputs import shown
from .checked_layer import Layer, rule
from .flow import Values, is_size, part_of


@rule("Identity ActivityRegularization", "l1 l2")
@rule("Dropout SpatialDropout1D SpatialDropout2D AlphaDropout", "rate seed noise_shape")
@rule("GaussianDropout GaussianNoise", "rate seed stddev")
@rule(
    "RandomBrightness RandomContrast RandomErasing RandomFlip RandomGaussianBlur RandomPerspective "
    "RandomRotation RandomSharpness RandomShear RandomTranslation RandomZoom",
    "factor scale fill_mode fill_value interpolation seed value_range mode bounding_box_format",
    "x_factor y_factor height_factor width_factor kernel_size sigma",
)
def unchanged(layer):
    """Leave everything as it is, when digits are read.

    Parameters
    ----------
    layer : Layer
        One that does something to pictures while it is trained.

    Returns
    -------
    Values
    """
    return layer.given


@rule("ReLU LeakyReLU ELU", "max_value negative_slope threshold alpha")
@rule("Softmax UnitNormalization", "axis")
def _pointwise(layer):
    return layer.shape


@rule("Activation", "activation")
def _activation(layer):
    return layer.given if layer.activation() == "linear" else after_activation(layer, layer.shape)


def after_activation(layer, shape):
    """Return the output of a layer that ends with its activation.

    Parameters
    ----------
    layer : Layer
        One with weights, mostly.
    shape : sequence of int
        Of its output.

    Returns
    -------
    tuple of int
        The shape.
    """
    layer.count(values=math.prod(shape))
    return tuple(shape)


@rule("PReLU", "shared_axes")
def _prelu(layer):
    shared = layer.config.get("shared_axes") or []
    sides = enumerate(layer.shape, 1)
    layer.count(weights=math.prod(side for axis, side in sides if axis not in shared))
    return layer.shape


@rule(
    "BatchNormalization",
    "axis momentum epsilon center scale renorm renorm_momentum renorm_clipping synchronized",
)
@rule("LayerNormalization", "axis epsilon center scale")
@rule("GroupNormalization", "axis epsilon center scale groups")
@rule("RMSNormalization", "axis epsilon")
def _normalised(layer):
    layer.count(weights=7 * layer.along("axis"), values=layer.given.size)
    return layer.shape


@rule("Normalization", "axis mean variance invert")
def _normalization(layer):
    if layer.config.get("axis", -1) is not None:
        layer.count(weights=3 * layer.along("axis"))
    layer.count(values=layer.given.size)
    return layer.shape


@rule("Rescaling", "scale offset")
def _rescaling(layer):
    scale, offset = layer.config.get("scale"), layer.config.get("offset", 0.0)
    if isinstance(scale, list) or isinstance(offset, list):
        scale, offset = _one_number(layer, scale), _one_number(layer, offset)
    return line(layer, scale, offset)


def _one_number(layer, value):
    """Return a number, or the only one of a list for each map."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, list):
        layer.refuse("has one number for each map, and a picture in grey has a single map")
    return value


def line(layer, scale, offset):
    """Take values along a straight line.

    Parameters
    ----------
    layer : Layer
        With one input.
    scale, offset : float
        What the values are multiplied by, and what is added then.

    Returns
    -------
    Values
        ``scale * values + offset``.
    """
    for number in (scale, offset):
        real = isinstance(number, (int, float)) and not isinstance(number, bool)
        if not real or not math.isfinite(number):
            layer.refuse(f"scales by {shown(repr(number))[:60]}, which is no number")
    given = layer.given
    if given.scale is None:
        return Values(given.shape)
    return replace(given, scale=given.scale * scale, offset=given.offset * scale + offset)


@rule("Dense", "units activation use_bias")
def _dense(layer):
    units = layer.whole("units")
    layer.count(weights=(layer.shape[-1] + 1) * units, work=layer.given.size * units)
    return after_activation(layer, (*layer.shape[:-1], units))


@rule("Flatten")
def _flatten(layer):
    return layer.keep([layer.given.size])


@rule("Reshape", "target_shape")
def _reshape(layer):
    return reshaped(layer, layer.config.get("target_shape"))


def reshaped(layer, target):
    """Put the same values into another shape.

    Parameters
    ----------
    layer : Layer
        With one input.
    target : object
        The shape, as the description has it; one side may be -1.

    Returns
    -------
    Values
    """
    if not isinstance(target, list) or not all(is_size(one) or one == -1 for one in target):
        layer.refuse(f"has the shape {shown(repr(target))[:60]}")
    known, size = math.prod(one for one in target if one != -1), layer.given.size
    if target.count(-1) > 1 or (size % known if -1 in target else size != known):
        layer.refuse(f"can't make {target} of {layer.shape}")
    return layer.keep(size // known if one == -1 else one for one in target)


@rule("Permute", "dims")
def _permute(layer):
    dims = layer.config.get("dims")
    if sorted(dims) != list(range(1, len(layer.shape) + 1)):
        layer.refuse(f"has the axes {shown(repr(dims))[:60]}")
    return layer.keep(layer.shape[one - 1] for one in dims)


@rule("RepeatVector", "n")
def _repeat(layer):
    if len(layer.shape) != 1:
        layer.refuse(f"takes one axis, and gets {layer.shape}")
    return layer.keep((layer.whole("n"), *layer.shape))


@rule("Add Subtract Multiply Average Maximum Minimum")
def _merge(layer):
    shape = broadcast(layer)
    same = {(one.scale, one.offset) for one in layer.inputs}
    if layer.kind in ("Average", "Maximum", "Minimum") and len(same) == 1:
        return layer.keep(shape)
    return shape


def broadcast(layer):
    """Return the shape of several values together.

    Parameters
    ----------
    layer : Layer
        With two inputs or more.

    Returns
    -------
    tuple of int
    """
    if len(layer.inputs) < 2:
        layer.refuse("takes two inputs or more")
    axes = max(len(one.shape) for one in layer.inputs)
    if any(len(one.shape) != axes for one in layer.inputs):
        layer.refuse(f"can't join {[one.shape for one in layer.inputs]}")
    out = []
    for sides in zip(*(one.shape for one in layer.inputs), strict=True):
        if len(set(sides) - {1}) > 1:
            layer.refuse(f"can't join {[one.shape for one in layer.inputs]}")
        out.append(max(sides))
    return tuple(out)


@rule("Concatenate", "axis")
def _concatenate(layer):
    axis = layer.config.get("axis", -1)
    axis = axis - 1 if axis > 0 else axis + len(layer.shape)
    shapes = [list(one.shape) for one in layer.inputs]
    if not 0 <= axis < len(layer.shape) or len({len(one) for one in shapes}) != 1:
        layer.refuse(f"can't join {[one.shape for one in layer.inputs]}")
    along = sum(one.pop(axis) for one in shapes)
    if any(one != shapes[0] for one in shapes):
        layer.refuse(f"can't join {[one.shape for one in layer.inputs]}")
    shape = (*shapes[0][:axis], along, *shapes[0][axis:])
    if len({(one.scale, one.offset) for one in layer.inputs}) == 1:
        return layer.keep(shape)
    return shape


@rule(
    "SimpleRNN LSTM GRU",
    "units activation recurrent_activation use_bias unit_forget_bias dropout recurrent_dropout",
    "seed return_sequences return_state go_backwards stateful unroll reset_after implementation",
    "zero_output_for_mask",
)
def _recurrent(layer):
    if len(layer.shape) != 2 or layer.flag("return_state", False) or layer.flag("stateful", False):
        layer.refuse(f"takes (steps, values) and gives one output, and gets {layer.shape}")
    steps, size = layer.shape
    units = layer.whole("units")
    gates = {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}[layer.kind]
    if steps > 4096 or (layer.flag("unroll", False) and steps > 100):
        layer.refuse(f"has {steps} steps")
    each = gates * units * (size + units)
    layer.count(weights=each + 2 * gates * units, work=each * steps)
    layer.count(values=steps * (gates + 2) * units)
    return (steps, units) if layer.flag("return_sequences", False) else (units,)


@rule("Bidirectional", "merge_mode layer backward_layer")
def _both_ways(layer):
    inner = part_of(layer.config, "layer")
    mode = layer.config.get("merge_mode", "concat")
    if inner.get("class_name") not in ("SimpleRNN", "LSTM", "GRU") or mode not in (
        *("concat", "sum", "mul", "ave"),
    ):
        layer.refuse("goes both ways through something that is not known here")
    if layer.config.get("backward_layer") and (
        part_of(layer.config["backward_layer"], "config").get("units") != inner["config"]["units"]
        or layer.config["backward_layer"]["class_name"] != inner["class_name"]
    ):
        layer.refuse("has two layers that differ")
    both = Layer(
        inner["class_name"], layer.name, layer.path, inner["config"], layer.inputs, layer.found
    )
    both.check_quiet()
    _recurrent(both)  # there
    *steps, units = _recurrent(both)  # and back
    return (*steps, units * (2 if mode == "concat" else 1))
