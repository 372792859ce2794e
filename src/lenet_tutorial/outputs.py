"""What the outputs of a classifier mean, read off the network itself.

Ten outputs say ten different things in this book's networks: how probable each class is, how far
away its code is, or how much the unit of 1989 is for it. Which output wins, and which loss and
which metric fit, follows from that. It is decided here and nowhere else.
"""

#: Between 0 and 1, with a sum of 1, out of a softmax. The largest wins.
PROBABILITIES = "probabilities"
#: Distances to the codes of the classes, out of RBF units. The smallest wins.
PENALTIES = "penalties"
#: Between −1.7159 and 1.7159, out of :func:`lenet_tutorial.layers.squash`. The largest wins.
SQUASHED = "squashed"
#: Whatever else a network may have. The largest wins.
OTHERS = "outputs"

# Layers, by their class, that hand on what they get when digits are read, in another shape at most;
# and the mean of several, which is what they are.
HAND_ON = (
    "ActivityRegularization AlphaDropout Average Dropout Flatten GaussianDropout GaussianNoise "
    "Identity Permute Reshape SpatialDropout1D SpatialDropout2D"
).split()


def meaning(model):
    """Say what the outputs of a classifier are.

    Parameters
    ----------
    model : keras.Model
        A chain or a graph of layers. Where its last layer hands on what it gets, or is a model
        itself, what counts is the layer before, or inside.

    Returns
    -------
    {'probabilities', 'penalties', 'squashed', 'outputs'}
        The constants `PROBABILITIES`, `PENALTIES`, `SQUASHED` and `OTHERS` of this module.
    """
    found = {_kind(layer, axes) for layer, axes in _ends(model)}
    return found.pop() if len(found) == 1 else OTHERS


def _ends(model):
    """Yield the layers that make the outputs, each with the number of axes of what it makes."""
    import keras

    if not getattr(model, "outputs", None):  # no graph
        yield model.layers[-1], None
        return
    todo, seen = [(tensor, None) for tensor in model.outputs], set()
    while todo:
        tensor, outside = todo.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        layer, node, _ = tensor._keras_history
        below = layer._inbound_nodes[node].input_tensors
        if isinstance(layer, keras.Model) and getattr(layer, "outputs", None):
            todo += [(one, (below, outside)) for one in layer.outputs]
        elif isinstance(layer, keras.layers.InputLayer) and outside:  # out of a model again
            todo += [(one, outside[1]) for one in outside[0]]
        elif _hands_on(layer):
            todo += [(one, outside) for one in below]
        else:
            yield layer, len(tensor.shape)


def _hands_on(layer):
    kind = type(layer).__name__
    return kind in HAND_ON or (kind == "Activation" and _activation(layer) == "linear")


def _activation(layer):
    """Return the name of a layer's activation, which may be a function or a layer."""
    curve = getattr(layer, "activation", None)
    return getattr(curve, "__name__", type(curve).__name__).lower()


def _kind(layer, axes):
    """Judge by a layer."""
    from .layers import EuclideanRBF, squash

    if isinstance(layer, EuclideanRBF):
        return PENALTIES
    if type(layer).__name__ == "Softmax":  # over the classes, and over nothing else
        along = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
        return PROBABILITIES if [*along] in ([-1], [axes and axes - 1]) else OTHERS
    if getattr(layer, "activation", None) is squash:
        return SQUASHED
    return PROBABILITIES if _activation(layer) == "softmax" else OTHERS


def winners(kind, outputs):
    """Return the class that each row of outputs stands for.

    Parameters
    ----------
    kind : str
        What the outputs are, from :func:`meaning`.
    outputs : numpy.ndarray
        ``(n, classes)``.

    Returns
    -------
    numpy.ndarray
        ``(n,)``, whole numbers.
    """
    return outputs.argmin(axis=1) if kind == PENALTIES else outputs.argmax(axis=1)


def judge(model):
    """Return the loss and the metric that fit what the outputs of a classifier mean.

    Parameters
    ----------
    model : keras.Model
        It ends in a softmax, in RBF units (the smallest penalty wins), or in squashed units whose
        target is +1 or −1.

    Returns
    -------
    (keras.losses.Loss, keras.metrics.Metric)
        Cross-entropy, equation 9 of 1998, or the squared error of 1989; and the accuracy.
    """
    import keras

    from .layers import MapLoss, SquaredError, smallest_wins

    kind = meaning(model)
    if kind == PENALTIES:
        return MapLoss(), keras.metrics.MeanMetricWrapper(smallest_wins, name="accuracy")
    usual = SquaredError() if kind == SQUASHED else keras.losses.SparseCategoricalCrossentropy()
    return usual, keras.metrics.SparseCategoricalAccuracy(name="accuracy")
