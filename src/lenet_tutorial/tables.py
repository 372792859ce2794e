"""The tables of the book, read off the models or off one data file with its source."""

from pathlib import Path

from .shapes import Window, trace

DATA = Path(__file__).parent / "data"


def layer_table(model):
    """Read one row per layer off a Keras model whose layers form a chain.

    Parameters
    ----------
    model : keras.Model
        Made of convolutions, pooling and dense layers, each with a square window and a square
        input. Layers that only hand values on (Flatten, Dropout, Activation) get no row.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``layer``. ``output`` is written as in the paper: ``6@28×28`` are six maps of
        28×28, ``84`` are 84 units. ``parameters`` counts weights and biases. ``connections``
        counts, for each unit, the values it takes in, and one more for its bias (LeCun et al.
        1998, section II-B, counts so). ``multiply_adds`` counts one for each weight times one
        value; pooling has no weights. ``receptive_field`` is the side, in input pixels, of the
        square that one unit sees. ``table.attrs["input"]`` is the side of the input. The layers of
        :mod:`lenet_tutorial.layers` count themselves; the fixed codes of RBF units are no
        parameters.

    Raises
    ------
    ValueError
        If the model has more than one input, a window that is not square, or a layer of a kind
        that this function can't count.
    """
    import pandas as pd

    shape = model.input_shape
    if not isinstance(shape, tuple) or len(shape) != 4 or shape[1] != shape[2] or not shape[1]:
        raise ValueError(f"the model must have one square image as input, got {shape}")
    windows, rows = [], []
    for layer in model.layers:
        row = _row(layer, windows)
        if row is not None:
            row["receptive_field"] = min(_receptive_field(shape[1], windows), shape[1])
            if row["kernel"] == "–":  # a unit that sees every value sees every pixel
                row["receptive_field"] = shape[1]
            rows.append(row)
    columns = [
        "layer", "kind", "output", "kernel", "stride",
        "parameters", "connections", "multiply_adds", "receptive_field",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns).set_index("layer")
    table.attrs["input"] = shape[1]
    return table


def _receptive_field(size, windows):
    return trace(size, windows)[-1].receptive_field if windows else 1


def _row(layer, windows):
    """Return the row of one layer, and note its window for the receptive field."""
    from keras import layers

    if isinstance(layer, (layers.InputLayer, layers.Flatten, layers.Dropout, layers.Activation)):
        return None
    row = {"layer": layer.name, "parameters": layer.count_params()}
    if hasattr(layer, "table_row"):  # the layers of 1989 and 1998 count themselves
        if layer.window() is not None:
            windows.append(Window(layer.name, *layer.window()))
        return row | layer.table_row()
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
            f"known are {known}, Dense, Flatten, Dropout and Activation"
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
