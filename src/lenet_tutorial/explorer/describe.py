"""What the browser must know to run a network, and which networks it can run.

The engine of the explorer, ``book/_static/explorer/engine.js``, computes a chain of the book's own
kinds of layers, exactly as Keras does. Whatever it would compute otherwise is refused here.
"""

#: Of the layers that have one; each is a function of Keras, and `squash` of :mod:`~.layers`.
ACTIVATIONS = ("tanh", "squash", "relu", "sigmoid", "softmax", "linear")

# What must be so, by kind of layer. What Keras keeps as a pair stands here as one.
_PLAIN = {"use_bias": True, "lora_enabled": False, "quantization_mode": None}
_MAPS = {"padding": "valid", "data_format": "channels_last"}
_POOLING = {**_MAPS, "pool_size": (2, 2), "strides": (2, 2)}
SETTINGS = {
    "Conv2D": {**_PLAIN, **_MAPS, "strides": (1, 1), "dilation_rate": (1, 1), "groups": 1},
    "AveragePooling2D": _POOLING,
    "MaxPooling2D": _POOLING,
    "Flatten": {"data_format": "channels_last"},
    "Dense": _PLAIN,
    "Subsample": {"repeat": 1},
    "TableConv2D": {"padding": (0, 0), "strides": 1, "bias_per": "map"},
    "EuclideanRBF": {},
}


def describe(model):
    """Say what a browser must know to run a model, layer by layer.

    Parameters
    ----------
    model : keras.Sequential
        From one square grey image: square convolutions (valid padding, stride 1), 2×2 pooling or
        subsampling, dense layers and RBF units, such as those of :mod:`lenet_tutorial.models`. All
        of 32 bits, and with biases.

    Returns
    -------
    list of dict
        One for each layer that computes something: ``name``, ``kind``, the numbers of its kind
        (``kernel``, ``stride``, ``maps``, and ``table`` where a map sees only some of those
        below), ``activation``, and ``shapes``, the shapes of its arrays in the order of
        `Layer.get_weights`.

    Raises
    ------
    ValueError
        If a layer is of a kind, or has a setting, that the browser can't compute, or the layers are
        no chain from one square grey image to ten classes.
    """
    import keras

    if type(model) is not keras.Sequential:
        raise ValueError(
            f"the browser computes one layer after the other, as a Sequential does; "
            f"{model.name!r} is of kind {type(model).__name__}"
        )
    shape = tuple(model.input_shape[1:])
    if len(shape) != 3 or shape[0] != shape[1] or shape[2] != 1:
        raise ValueError(f"the browser computes from one square grey image, not from {shape}")
    described = []
    side = shape[0]  # of the maps that come last, also where a Flatten stands between
    for layer in model.layers:
        _check(layer, side)
        if len(layer.output.shape) == 4:
            side = layer.output.shape[1]
        if type(layer) is not keras.layers.Flatten:
            entry = {"name": layer.name, "shapes": [list(w.shape) for w in layer.get_weights()]}
            described.append(entry | _numbers(layer))
            side = 1 if len(layer.output.shape) == 2 else side
    last = described[-1] if described else {"maps": 0}
    if last["maps"] != 10 or not (last["kind"] == "rbf" or last.get("activation") == "softmax"):
        raise ValueError(
            f"the browser shows ten probabilities, or distances to ten codes: {model.name!r} ends "
            "in neither"
        )
    return described


def _check(layer, side):
    """Refuse a layer, on maps of a side, that the browser would compute otherwise than Keras."""
    from keras import layers

    from .. import layers as own

    kind = type(layer).__name__
    known = kind in SETTINGS and type(layer) in (getattr(layers, kind, 0), getattr(own, kind, 0))
    _refuse(layer, f"of kind {kind}", not known)
    for setting, wanted in {**SETTINGS[kind], "compute_dtype": "float32"}.items():
        value = getattr(layer, setting, wanted)
        _refuse(layer, f"with {setting}={value}", value != wanted)
    if kind == "Conv2D":
        value = layer.kernel_size
        _refuse(layer, f"with kernel_size={value}", len(set(value)) != 1)
    if kind in ("Dense", "EuclideanRBF"):
        _refuse(layer, "on maps without a Flatten", len(layer.input.shape) != 2)
    if kind == "EuclideanRBF":  # Keras flattens place by place, and the engine map by map
        _refuse(layer, f"on maps of {side}×{side}", side != 1)
    if hasattr(layer, "activation"):
        name = getattr(layer.activation, "__name__", layer.activation)
        known = name in ACTIVATIONS and layer.activation is _activation(name)
        _refuse(layer, f"with activation={name}", not known)
        alone = kind == "Dense" or (kind != "Subsample" and layer.output.shape[1] == 1)
        _refuse(layer, "with activation=softmax on maps", name == "softmax" and not alone)


def _refuse(layer, why, wrong):
    if wrong:
        raise ValueError(f"the browser can't compute layer {layer.name!r} {why}")


def _activation(name):
    """Return the function that the engine computes under a name."""
    from keras import activations

    from ..layers import squash

    return squash if name == "squash" else getattr(activations, name)


def _numbers(layer):
    """Return the kind of a layer and its numbers, as the engine reads them."""
    kind = type(layer).__name__
    if kind == "EuclideanRBF":
        return {"kind": "rbf", "maps": len(layer.codes_given)}
    maps = layer.output.shape[-1]
    if kind.endswith("Pooling2D"):
        return {
            "kind": f"{kind.removesuffix('Pooling2D').lower()} pooling",
            "kernel": 2,
            "stride": 2,
            "maps": maps,
        }
    numbers = {"maps": maps, "activation": layer.activation.__name__}
    if kind == "Dense":
        return {"kind": "dense", **numbers}
    if kind == "Subsample":
        return {"kind": "subsampling", "kernel": 2, "stride": 2, **numbers}
    if kind == "Conv2D":
        return {"kind": "convolution", "kernel": layer.kernel_size[0], "stride": 1, **numbers}
    numbers["table"] = layer.table
    return {"kind": "convolution", "kernel": layer.kernel_size, "stride": 1, **numbers}
