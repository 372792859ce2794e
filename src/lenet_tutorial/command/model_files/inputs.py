"""What a model asks of its input, found out from the model itself.

A file does not say which values its network was trained with. The layers in front of the first
weights do, where there are some; and the book's own networks are known.
"""

import math
from dataclasses import replace

import numpy as np

from ..._inputs import shown
from ...networks import NETWORKS, Input
from .archive import ModelError
from .sizes import trace_model

SIDES = {256: 16, 784: 28, 1024: 32}


def input_of(model):
    """Say what the input of a model looks like, by what stands in the model itself.

    Parameters
    ----------
    model : keras.Model
        One of the package's, which is known by its name, its layers and their sizes; or any other
        one. Of that, the layers in front of the first weights say which values it takes:
        ``Rescaling``, ``x / 255``, or the mean and the variance that ``Normalization`` or
        ``BatchNormalization`` has learned; or its input is of whole numbers. Where nothing says
        it, the values go from 0 to 1.

    Returns
    -------
    lenet_tutorial.networks.Input

    Raises
    ------
    ModelError
        If it does not take one grey image of 16, 28 or 32 pixels a side, has not ten outputs, or
        what stands in front fits no usual values.
    """
    found = trace_model(model)
    takes = found.input_shape
    side = SIDES.get(math.prod(takes))
    # A list of pixels, rows of pixels, or maps: one map, before or after the rows.
    flat = [one for one in takes if one != 1]
    if side is None or flat not in ([side**2], [side, side]) or found.output_shape != (10,):
        raise ModelError(
            "a network from grey images (16×16, 28×28 or 32×32) to ten classes is needed; this one "
            f"leads from {takes} to {found.output_shape}"
        )
    for known in NETWORKS.values():
        if known.builder == model.name and found.ours and _is_like(found, known):
            return known.input
    low, high, why = _asks_for(model, found, side)
    return Input(side, low, high, takes, found.input_dtype, why)


def _is_like(found, known):
    """Say if a model has the layers of one of the package's: names and sizes, from end to end."""
    own = trace_model(known.build())
    names = [(name, shape) for name, _, shape in own.layers]
    return found.input_shape == own.input_shape and names == [
        (name, shape) for name, _, shape in found.layers
    ]


# Digits as MNIST has them, 0 to 1: mean and standard deviation over all pixels.
MEAN, DEVIATION = 0.13, 0.31


def _asks_for(model, found, side):
    """Return the values of paper and ink, and how that is known."""
    whole = not found.input_dtype.startswith(("float", "bfloat"))
    asked = {one for one in (_asked(model, use) for use in found.uses) if one}
    if whole:
        asked.add((0.0, 255.0, f"its input is {found.input_dtype}"))
    ends = {one[:2] for one in asked}
    if len(ends) > 1:
        raise ModelError(
            "its layers ask for different values of its pixels: "
            + "; ".join(sorted(f"{why}: {low:g} to {high:g}" for low, high, why in asked))
        )
    if asked:
        return sorted(asked)[0]
    if side == 16 and found.ours:
        return -1.0, 1.0, "as the network of 1989"
    return 0.0, 1.0, "nothing in it asks for others"


def _asked(model, use):
    """Return what one layer asks for: the values of paper and ink, and why; None for whatever."""
    name = shown(use.layer[-1])
    if use.background and use.scale:  # it puts paper around its input itself
        low = (use.background - use.offset) / use.scale
        if low == -1:
            return -1.0, 1.0, f"{name} puts −1 around its input"
    if use.kind in ("Normalization", "BatchNormalization"):
        return _asked_by_mean(model, use, name)
    if (use.scale, use.offset) == (1, 0):
        return None
    for high in (1.0, 255.0):
        low_end, high_end = sorted((use.offset, use.scale * high + use.offset))
        usual = 0.5 <= high_end - low_end <= 5 and -2.6 <= low_end <= 0.1
        bytes_made = high == 1 and (low_end, round(high_end)) == (0, 255)
        if usual or bytes_made:
            return 0.0, high, f"it makes {low_end:.3g} to {high_end:.3g} of them"
    raise ModelError(
        f"it makes {use.scale:g}·x {'+' if use.offset >= 0 else '−'} {abs(use.offset):g} of a "
        f"pixel x before {name}: that fits neither values from 0 to 1 nor from 0 to 255. Save a "
        "model that begins with Rescaling(1/255), or without any"
    )


def _asked_by_mean(model, use, name):
    """Compare what a layer has learned of its input with what digits would give."""
    layer = model
    for step in use.layer:
        layer = layer.get_layer(step)
    if use.kind == "Normalization":
        mean, variance = layer.mean, layer.variance
    else:
        mean, variance = layer.moving_mean, layer.moving_variance
    mean, variance = (np.asarray(one, np.float64) for one in (mean, variance))
    if not np.isfinite(mean).all() or not np.isfinite(variance).all():
        raise ModelError(f"the numbers of {name} are not finite")
    # With a number for each pixel, the whole spread is that of the pixels and that between them.
    mean, deviation = mean.mean(), math.sqrt(max(0, variance.mean() + mean.var()))
    for high in (1.0, 255.0):
        middle = use.scale * MEAN * high + use.offset
        spread = abs(use.scale) * DEVIATION * high
        if abs(mean - middle) <= spread and spread / 3 <= deviation <= 3 * spread:
            return 0.0, high, f"{name} has learned a mean of {mean:.3g}"
    if use.kind == "BatchNormalization" or (mean, deviation) == (0, 1):
        # It may stand as it was made, or have seen standardised values: it tells nothing.
        return None if (use.scale, use.offset) == (1, 0) else _asked(model, replace(use, kind=""))
    raise ModelError(
        f"{name} has learned a mean of {mean:.3g} and a deviation of {deviation:.3g}: that fits "
        "digits neither from 0 to 1 nor from 0 to 255. Save a model that was adapted to such values"
    )
