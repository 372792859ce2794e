"""The tables of the book, read off the models or off one data file with its source."""

import math
from pathlib import Path

import numpy as np

from .shapes import Sight

DATA = Path(__file__).parent / "data"

# Functions that take each value by itself, and functions that take all values of one place.
ELEMENTWISE = (
    "celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu linear "
    "log_sigmoid mish relu relu6 selu sigmoid silu soft_shrink softplus softsign sparse_plus "
    "sparse_sigmoid squareplus tanh tanh_shrink threshold"
).split()
ACROSS = ("softmax", "log_softmax", "sparsemax")


def layer_table(model):
    """Read one row per layer off a Keras model: a chain of layers, or a graph that branches.

    Parameters
    ----------
    model : keras.Model
        Made of convolutions, pooling, dense and batch-normalisation layers and additions, with
        square windows, a square input and the channels last. Layers that only hand values on
        (Flatten, Dropout, the activation functions) get no row. Nor do zero padding and cropping,
        which count as a part of the layer above them.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``layer``. ``maps`` and ``side`` are the size of the output; single units have
        the side 0. ``output`` shows it as the paper does: ``6@28×28`` are six maps of 28×28,
        ``84`` are 84 units. ``parameters`` counts weights and biases, trainable or not; a
        batch normalisation has two measured numbers per map, and up to two learned ones.
        ``connections`` counts, for each unit, the values it takes in, and one more for its bias
        (LeCun et al. 1998, section II-B, counts so); padding counts as values. ``multiply_adds``
        counts one for each weight times one value; pooling has no weights. A dense layer on maps
        does the same at each place, as a 1×1 convolution does. ``receptive_field`` is the side,
        in input pixels, of the square that a unit sees; of all units of the layer, the one that
        sees most. Where paths meet, it is the square that holds what all of them see.
        ``table.attrs["input"]`` is the side of the input. The layers of
        :mod:`lenet_tutorial.layers` count themselves; the fixed codes of RBF units are no
        parameters.

    Raises
    ------
    ValueError
        If the model has more than one input, a window that is not square, a layer of a kind
        that this function can't count (a subclass of a known one too, since it may do anything),
        an activation function that is not one of Keras's, weights of other kinds than the layer
        has by itself (LoRA, quantised), a layer or weights that are used twice, or paths that
        meet after different strides.
    """
    import pandas as pd

    side = _side(model)
    feeds = _feeds(model)
    pixels = np.arange(side)
    sights = {None: Sight(1, pixels, pixels)}  # an input pixel sees itself
    rows, owners = [], {}
    for layer in model.layers:
        node, below = feeds[layer.name]
        for weight in layer.weights:
            owner = owners.setdefault(id(weight), layer.name)
            if owner != layer.name:
                raise ValueError(f"layer {layer.name!r} has weights of layer {owner!r}")
        place = _Place(layer, node)
        row, sees = _row(place)
        sight = sees(_join(layer.name, [sights[name] for name in below]))
        shape = place.output
        if len(shape) == 3 and shape[:2] != (len(sight.first),) * 2:
            raise ValueError(
                f"layer {layer.name!r} makes maps of {shape[0]}×{shape[1]}, "
                f"and {len(sight.first)}×{len(sight.first)} were expected"
            )
        if row is not None:
            seen = np.max(sight.last - sight.first + 1)
            count = place.layer.count_params()
            own = row.pop("weights", count)
            if own != count:
                raise ValueError(
                    f"layer {layer.name!r} has {count} parameters, and one of its kind has {own}: "
                    "LoRA, quantised and added weights can't be counted"
                )
            row = {"layer": layer.name, "parameters": count} | row | _sizes(shape, **row)
            rows.append(row | {"receptive_field": max(int(seen), 0)})
        sights[layer.name] = sight
    columns = [
        "layer", "kind", "maps", "side", "output", "kernel", "stride",
        "parameters", "connections", "multiply_adds", "receptive_field",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns).set_index("layer")
    table.attrs["input"] = side
    return table


def _sizes(shape, kernel=None, stride=None, **_):
    """Return the size of an output, and how it is shown, and its window."""
    *sides, maps = shape
    side = sides[0] if sides else 0
    return {
        "maps": maps,
        "side": side,
        "output": f"{maps}@{side}×{side}" if side else str(maps),
        "kernel": f"{kernel}×{kernel}" if kernel else "–",
        "stride": str(stride or "–"),
    }


def _side(model):
    """Return the side of the model's one input image."""
    kind = type(model)
    caller = next((base for base in kind.__mro__ if "call" in vars(base)), kind)
    if not caller.__module__.endswith(("models.functional", "models.sequential")):
        raise ValueError(f"can't count a {kind.__name__}, which is no chain and no graph of layers")
    try:
        shape = model.input_shape
    except AttributeError:
        raise ValueError(f"model {model.name!r} has no input yet: begin it with Input") from None
    if not isinstance(shape, tuple) or len(shape) != 4 or shape[1] != shape[2] or not shape[1]:
        raise ValueError(f"the model must have one square image as input, got {shape}")
    return shape[1]


def _feeds(model):
    """Return, for each layer's name, its node and the names of the layers that feed it.

    None is the input.
    """
    graph = getattr(model, "_functional", model)  # a chain keeps its graph inside
    if graph is None:
        raise ValueError(f"model {model.name!r} is a chain whose layers can't be followed")
    layers = {layer.name: layer for layer in model.layers}
    feeds = {}
    for node in (node for nodes in graph._nodes_by_depth.values() for node in nodes):
        name = node.operation.name
        if name in feeds:
            raise ValueError(f"can't count layer {name!r}, which is used more than once")
        if name not in layers and not node.is_input:
            raise ValueError(f"can't count {name!r}, which is an operation and no layer")
        if name in layers and node.outputs[0].shape != layers[name].output.shape:
            raise ValueError(f"layer {name!r} was first used on an input of another shape")
        kept = {key: value for key, value in node.arguments.kwargs.items() if value is not None}
        if len(node.arguments.args) > 1 or kept.pop("training", False) or kept:
            raise ValueError(f"layer {name!r} is called with more than its input")
        below = [parent.operation.name for parent in node.parent_nodes]
        feeds[name] = node, [name if name in layers else None for name in below] or [None]
    return feeds


class _Place:
    """A layer where it stands in the model: its own shapes there, without the batch."""

    def __init__(self, layer, node):
        self.layer = layer
        self.name = layer.name
        self.inputs = [tensor.shape[1:] for tensor in node.input_tensors]
        self.input = self.inputs[0] if self.inputs else node.outputs[0].shape[1:]
        self.output = node.outputs[0].shape[1:]

    @property
    def flat(self):
        """Whether it gets units, and no maps."""
        return len(self.input) == 1


def _join(name, below):
    """Return where a layer starts from: over all that the layers below it see together."""
    if len({(len(sight.first), sight.step) for sight in below}) > 1:
        steps = " and ".join(str(sight.step) for sight in below)
        raise ValueError(f"paths that meet in layer {name!r} have steps of {steps} input pixels")
    first = np.min([sight.first for sight in below], axis=0)
    last = np.max([sight.last for sight in below], axis=0)
    return Sight(below[0].step, first, last)


def _same(sight):
    """Each unit sees what the unit below it sees."""
    return sight


def _row(place):
    """Return the row of one layer, or None; and what turns the sight below it into its own.

    Only layers of exactly these kinds are counted: a subclass may do anything.
    """
    from keras import layers

    layer, kind = place.layer, type(place.layer)
    counters = {
        layers.Conv2D: _convolution,
        layers.AveragePooling2D: _pooling,
        layers.MaxPooling2D: _pooling,
        layers.GlobalAveragePooling2D: _global_pooling,
        layers.GlobalMaxPooling2D: _global_pooling,
        layers.Dense: _dense,
        layers.BatchNormalization: _normalisation,
        layers.Add: _addition,
        layers.ZeroPadding2D: _frame,
        layers.Cropping2D: _frame,
        layers.Softmax: _softmax,
    }
    hand_on = (layers.InputLayer, layers.Flatten, layers.Dropout, layers.SpatialDropout2D)
    hand_on += (layers.Activation, layers.ReLU, layers.LeakyReLU, layers.ELU)
    itself = "table_row" in vars(kind)  # the layers of 1989 and 1998 count themselves
    if not (itself or kind in hand_on or kind in counters):
        raise ValueError(
            f"can't count layer {layer.name!r} of kind {kind.__name__}; known are "
            f"{', '.join(one.__name__ for one in counters)}, Flatten, Dropout and activations"
        )
    if getattr(layer, "data_format", None) == "channels_first":
        raise ValueError(f"layer {layer.name!r} must have the channels last")
    if not itself and len(place.input) not in (1, 3):
        raise ValueError(f"layer {layer.name!r} must get maps or units, got {place.input}")
    mixes = _mixes(layer)
    if itself:
        return _own_row(layer)
    if kind in counters:
        return counters[kind](place)
    return None, (Sight.whole if mixes and place.flat else _same)


def _mixes(layer):
    """Say whether the activation function takes all values of a place; refuse unknown ones."""
    from keras import activations

    from .layers import squash

    function = getattr(layer, "activation", None)
    if function is None or function is squash:
        return False
    if any(function is getattr(activations, name, None) for name in ACROSS):
        return True
    if not any(function is getattr(activations, name, None) for name in ELEMENTWISE):
        name = getattr(function, "__name__", type(function).__name__)
        raise ValueError(
            f"can't count layer {layer.name!r}: its activation {name!r} may look at any values; "
            "known are the functions of keras.activations that keep the shape"
        )
    return False


def _own_row(layer):
    row, window = layer.table_row(), layer.window()
    if window is None:
        return row, Sight.whole
    return row | {"kernel": window[0], "stride": window[1]}, lambda sight: sight.through(*window)


def _frame(place):
    what = "cropping" if hasattr(place.layer, "cropping") else "padding"
    rows, columns = getattr(place.layer, what)
    if rows != columns:
        raise ValueError(f"layer {place.name!r} has a {what} that is not square")
    if what == "padding":
        return None, lambda sight: sight.through(1, padding=rows)
    kept = slice(rows[0], place.input[0] - rows[1])
    return None, lambda sight: Sight(sight.step, sight.first[kept], sight.last[kept])


def _softmax(place):
    axes = place.layer.axis
    axes = axes if isinstance(axes, (list, tuple)) else [axes]
    last = len(place.output)  # the batch is axis 0
    if {axis % (last + 1) for axis in axes} != {last}:
        raise ValueError(f"layer {place.name!r} is a softmax along the axes {axes}, not the maps")
    return None, (Sight.whole if place.flat else _same)


def _window_row(place, kernel):
    """Return what all layers with a window have in their rows."""
    layer = place.layer
    dilation = getattr(layer, "dilation_rate", (1, 1))
    for what, pair in (("window", kernel), ("stride", layer.strides), ("dilation", dilation)):
        if len({*pair}) != 1:
            raise ValueError(
                f"layer {place.name!r} has a window or a stride that is not square: "
                f"its {what} is {pair[0]}×{pair[1]}"
            )
    window = (kernel[0], layer.strides[0], layer.padding, dilation[0])
    row = {"kernel": kernel[0], "stride": layer.strides[0]}
    return row, lambda sight: sight.through(*window)


def _convolution(place):
    layer, maps, units = place.layer, place.output[-1], math.prod(place.output)
    row, sees = _window_row(place, layer.kernel_size)
    taps = math.prod(layer.kernel_size) * (place.input[-1] // layer.groups)
    return row | {
        "kind": "convolution",
        "weights": maps * (taps + layer.use_bias),
        "connections": units * (taps + layer.use_bias),
        "multiply_adds": units * taps,
    }, sees


def _pooling(place):
    row, sees = _window_row(place, place.layer.pool_size)
    kind = "max pooling" if "Max" in type(place.layer).__name__ else "average pooling"
    connections = math.prod(place.output) * math.prod(place.layer.pool_size)
    return row | {"kind": kind, "connections": connections, "multiply_adds": 0}, sees


def _global_pooling(place):
    """One window, as large as the map."""
    height, width, maps = place.input
    kind = "max" if "Max" in type(place.layer).__name__ else "average"
    return {
        "kind": f"global {kind} pooling",
        "kernel": height,
        "connections": maps * height * width,
        "multiply_adds": 0,
    }, Sight.whole


def _dense(place):
    layer, units = place.layer, math.prod(place.output)
    inputs, outputs = place.input[-1], place.output[-1]
    return {
        "kind": "dense",
        "kernel": None if place.flat else 1,
        "stride": None if place.flat else 1,
        "weights": outputs * (inputs + layer.use_bias),
        "connections": units * (inputs + layer.use_bias),
        "multiply_adds": units * inputs,
    }, (Sight.whole if place.flat else _same)


def _normalisation(place):
    """For one image: each value times a factor, plus a bias. Both are fixed after training."""
    layer, units = place.layer, math.prod(place.output)
    if layer.axis % (len(place.output) + 1) != len(place.output):
        raise ValueError(f"layer {place.name!r} must normalise each map, not axis {layer.axis}")
    return {
        "kind": "batch normalisation",
        "weights": place.output[-1] * (2 + layer.center + layer.scale),
        "connections": 2 * units,  # without a learned bias there is still the mean
        "multiply_adds": units,
    }, _same


def _addition(place):
    if len({*place.inputs}) > 1:
        sizes = " and ".join(map(str, place.inputs))
        raise ValueError(f"layer {place.name!r} must add maps of one size, got {sizes}")
    return {
        "kind": "addition",
        "connections": math.prod(place.output) * len(place.inputs),
        "multiply_adds": 0,
    }, _same


def networks():
    """Return the published networks from 1988 to ResNet, with their sources.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``network``: ``year``, ``input``, ``layers``, ``parameters``, ``connections``,
        ``error`` (as published, with the data it was measured on; of one network), ``contest``
        (the year of ILSVRC, and the place) and ``source`` (keys of book/references.bib). Empty
        where the source gives no number.
    """
    return _read("networks").set_index("network")


def events():
    """Return the events of the timeline in order of time.

    Returns
    -------
    pandas.DataFrame
        ``year``, ``when`` (the year as it is written, where it is not exact), ``event``, ``kind``
        and ``source`` (a key of book/references.bib).
    """
    return _read("events")


def rivals():
    """Return the methods that the 1998 paper compares on the same data.

    Returns
    -------
    pandas.DataFrame
        ``method``, ``family``, ``digits`` (what was learned from: the digits as they are,
        distorted ones too, or deslanted or smaller ones) and ``test_error`` in per cent: all rows
        of figure 9 of LeCun et al. (1998), in its order.
    """
    return _read("rivals_1998")


def _read(name):
    import pandas as pd

    return pd.read_csv(DATA / f"{name}.csv", comment="#", keep_default_na=False)
