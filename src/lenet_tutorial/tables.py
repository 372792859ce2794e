"""The tables of the book, read off the models or off one data file with its source."""

import math
from pathlib import Path

from .shapes import Reach, Window, advance

DATA = Path(__file__).parent / "data"


def layer_table(model):
    """Read one row per layer off a Keras model: a chain of layers, or a graph that branches.

    Parameters
    ----------
    model : keras.Model
        Made of convolutions, pooling, dense and batch-normalisation layers and additions, with
        square windows and a square input. Layers that only hand values on (Flatten, Dropout, the
        activation functions) get no row. Nor does zero padding, which counts as a part of the
        layer above it.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``layer``. ``output`` is written as in the paper: ``6@28×28`` are six maps of
        28×28, ``84`` are 84 units. ``parameters`` counts weights and biases; a batch
        normalisation has four numbers per map, of which two are learned and two are measured.
        ``connections`` counts, for each unit, the values it takes in, and one more for its bias
        (LeCun et al. 1998, section II-B, counts so). ``multiply_adds`` counts one for each weight
        times one value; pooling has no weights. ``receptive_field`` is the side, in input pixels,
        of the square that one unit sees, at most the whole input; where paths meet, the square
        that holds what all of them see. ``table.attrs["input"]`` is the side of the input. The
        layers of :mod:`lenet_tutorial.layers` count themselves; the fixed codes of RBF units are
        no parameters.

    Raises
    ------
    ValueError
        If the model has more than one input, a window that is not square, a layer of a kind
        that this function can't count, a layer that is used twice, or paths that meet after
        different strides.
    """
    import pandas as pd

    shape = model.input_shape
    if not isinstance(shape, tuple) or len(shape) != 4 or shape[1] != shape[2] or not shape[1]:
        raise ValueError(f"the model must have one square image as input, got {shape}")
    feeds = _feeds(model)
    reaches = {None: Reach("input", shape[1], 1, 1, 0)}  # an input pixel sees itself
    rows = []
    for layer in model.layers:
        windows = []
        row = _row(layer, windows)
        reach = _join(layer.name, [reaches[name] for name in feeds[layer.name]])
        for window in windows:
            reach = advance(reach, window)
        if row is not None:
            if row["kernel"] == "–" and "@" not in row["output"]:
                # A unit that sees every value sees every pixel.
                reach = Reach(layer.name, 1, shape[1], 1, 0)
            row["receptive_field"] = min(reach.receptive_field, shape[1])
            rows.append(row)
        reaches[layer.name] = reach
    columns = [
        "layer", "kind", "output", "kernel", "stride",
        "parameters", "connections", "multiply_adds", "receptive_field",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns).set_index("layer")
    table.attrs["input"] = shape[1]
    return table


def _feeds(model):
    """Return, for each layer's name, the names of the layers that feed it; None is the input."""
    graph = getattr(model, "_functional", model)  # a chain keeps its graph inside
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
        below = [parent.operation.name for parent in node.parent_nodes]
        feeds[name] = [name if name in layers else None for name in below] or [None]
    return feeds


def _join(name, below):
    """Return where a layer starts from: over all that the layers below it see together."""
    if len({(reach.size, reach.jump) for reach in below}) > 1:
        steps = " and ".join(str(reach.jump) for reach in below)
        raise ValueError(f"paths that meet in layer {name!r} have steps of {steps} input pixels")
    first = min(reach.start for reach in below)
    last = max(reach.start + reach.receptive_field for reach in below)
    return Reach(name, below[0].size, last - first, below[0].jump, first)


def _row(layer, windows):
    """Return the row of one layer, and note its window for the receptive field."""
    from keras import layers

    hand_on = (layers.InputLayer, layers.Flatten, layers.Dropout, layers.SpatialDropout2D)
    hand_on += (layers.Activation, layers.ReLU, layers.LeakyReLU, layers.ELU, layers.Softmax)
    if isinstance(layer, hand_on):
        return None
    if isinstance(layer, layers.ZeroPadding2D):
        rows, columns = layer.padding
        if rows != columns:
            raise ValueError(f"layer {layer.name!r} has a padding that is not square")
        windows.append(Window(layer.name, 1, padding=rows))
        return None
    row = {"layer": layer.name, "parameters": layer.count_params()}
    if hasattr(layer, "table_row"):  # the layers of 1989 and 1998 count themselves
        if layer.window() is not None:
            windows.append(Window(layer.name, *layer.window()))
        return row | layer.table_row()
    if isinstance(layer, (layers.Add, layers.BatchNormalization, layers.GlobalAveragePooling2D)):
        return row | _row_without_kernel(layer, windows)
    if isinstance(layer, layers.Dense):
        inputs, units = layer.kernel.shape
        weights = inputs * units
        return row | {
            "kind": "dense",
            "output": str(units),
            "kernel": "–",
            "stride": "–",
            "connections": weights + (units if layer.use_bias else 0),
            "multiply_adds": weights,
        }
    kinds = {
        layers.Conv2D: "convolution",
        layers.AveragePooling2D: "average pooling",
        layers.MaxPooling2D: "max pooling",
    }
    if type(layer) not in kinds:
        known = ", ".join(kind.__name__ for kind in kinds)
        raise ValueError(
            f"can't count layer {layer.name!r} of kind {type(layer).__name__}; "
            f"known are {known}, GlobalAveragePooling2D, Dense, BatchNormalization, Add, "
            "ZeroPadding2D, Flatten, Dropout and the activation functions"
        )
    convolution = isinstance(layer, layers.Conv2D)
    kernel = layer.kernel_size if convolution else layer.pool_size
    if len({*kernel}) != 1 or len({*layer.strides}) != 1:
        raise ValueError(f"layer {layer.name!r} has a window or a stride that is not square")
    if layer.data_format != "channels_last":
        raise ValueError(f"layer {layer.name!r} must have the channels last")
    dilation = layer.dilation_rate[0] if convolution else 1
    windows.append(Window(layer.name, kernel[0], layer.strides[0], layer.padding, dilation))
    _, height, width, maps = layer.output.shape
    taps = kernel[0] * kernel[1]
    units = height * width * maps
    if convolution:
        inputs_per_map = layer.kernel.shape[2]  # fewer than the maps below in a grouped one
        multiply_adds = units * taps * inputs_per_map
        connections = multiply_adds + (units if layer.use_bias else 0)
    else:
        multiply_adds, connections = 0, units * taps
    return row | {
        "kind": kinds[type(layer)],
        "output": f"{maps}@{height}×{width}",
        "kernel": f"{kernel[0]}×{kernel[1]}",
        "stride": str(layer.strides[0]),
        "connections": connections,
        "multiply_adds": multiply_adds,
    }


def _row_without_kernel(layer, windows):
    """Return what stands in the row of a layer that slides no kernel over its input."""
    from keras import layers

    *sides, maps = layer.output.shape[1:]
    units = math.prod(layer.output.shape[1:])
    row = {
        "output": f"{maps}@{sides[0]}×{sides[1]}" if len(sides) == 2 else str(maps),
        "kernel": "–",
        "stride": "–",
        "multiply_adds": 0,
    }
    if isinstance(layer, layers.Add):
        return row | {"kind": "addition", "connections": units * len(layer.input)}
    if isinstance(layer, layers.BatchNormalization):
        # For one image: each value times a factor, plus a bias. Both are fixed after training.
        connections = units * (2 if layer.center else 1)
        return row | {
            "kind": "batch normalisation",
            "connections": connections,
            "multiply_adds": units,
        }
    _, height, width, _ = layer.input.shape
    windows.append(Window(layer.name, height))  # one window, as large as the map
    return row | {
        "kind": "global average pooling",
        "output": f"{maps}@1×1" if sides else str(maps),
        "kernel": f"{height}×{width}",
        "connections": units * height * width,
    }


def networks():
    """Return the published networks from 1988 to ResNet, with their sources.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``network``: ``year``, ``input``, ``layers``, ``parameters``, ``connections``,
        ``error`` (as published, with the data it was measured on) and ``source`` (a key of
        book/references.bib). Empty where the source gives no number.
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
        ``method``, ``family`` and ``test_error`` in per cent (LeCun et al. 1998, section III).
    """
    return _read("rivals_1998")


def _read(name):
    import pandas as pd

    return pd.read_csv(DATA / f"{name}.csv", comment="#", keep_default_na=False)
