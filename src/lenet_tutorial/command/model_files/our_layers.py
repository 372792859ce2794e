"""What the layers of the book make of their input."""

import math

from ..._inputs import shown
from .checked_layer import MAX_SIDE, rule
from .flow import Values
from .layers import after_activation, unchanged

OUR_LAYERS = "Distort ElasticDistort EuclideanRBF FoldedConv2D Subsample TableConv2D".split()

rule("Distort ElasticDistort", "shift scale squeeze shear rotation alpha sigma background seed")(
    unchanged
)


@rule("Subsample", "repeat activation")
def _subsample(layer):
    (height, width), maps, _ = layer.axes()
    many = maps * layer.whole("repeat", 1)
    layer.count(weights=2 * many, values=height * width * many)
    return (height // 2, width // 2, many)


@rule("TableConv2D", "table kernel_size strides padding background bias activation")
def _table_conv(layer):
    sides, maps, _ = layer.axes()
    table, kernel = layer.config["table"], layer.whole("kernel_size", 5, most=MAX_SIDE)
    pairs = sum(len(row) for row in table)
    padding = layer.wholes("padding", 0, least=0)
    out = [
        layer.output(side, kernel, layer.whole("strides", 1, most=MAX_SIDE), tuple(padding))
        for side in sides
    ]
    shape = (*out, len(table))
    # Its kernel is spread over all maps, by a matrix of zeros and ones.
    layer.count(
        weights=kernel**2 * pairs + math.prod(shape) + pairs * maps * len(table),
        values=kernel**2 * maps * len(table) + math.prod(s + sum(padding) for s in sides) * maps,
        work=kernel**2 * maps * len(table) * (pairs + math.prod(out)),
    )
    background = layer.config.get("background", 0.0)
    real = isinstance(background, (int, float)) and not isinstance(background, bool)
    if not real:
        layer.refuse(f"has background = {shown(repr(background))[:60]}")
    layer.use(background if any(padding) else None)
    return Values(shape)


@rule("FoldedConv2D", "filters kernel_size activation")
def _folded(layer):
    sides, maps, _ = layer.axes()
    filters, kernel = layer.whole("filters"), layer.whole("kernel_size", most=MAX_SIDE) + 1
    out = [layer.output(side, kernel, 2) for side in sides]
    window = kernel**2 * maps
    layer.count(
        weights=(window + 1) * filters,
        values=4 * window * filters,
        work=window * filters * math.prod(out),
    )
    return after_activation(layer, (*out, filters))


@rule("EuclideanRBF", "codes")
def _rbf(layer):
    codes = layer.config["codes"]
    units = {len(row) for row in codes}
    if len(layer.shape) != 1 or units != {layer.shape[0]}:
        layer.refuse(f"has codes of {sorted(units)[:5]} values, and gets {layer.shape}")
    size = len(codes) * layer.shape[0]
    layer.count(weights=size, values=2 * size)
    return (len(codes),)
