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

# Layers, by their class, that hand on what they get when digits are read, in another shape at most.
HAND_ON = (
    "ActivityRegularization AlphaDropout Dropout Flatten GaussianDropout GaussianNoise Identity "
    "Permute Reshape SpatialDropout1D SpatialDropout2D"
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
    import keras

    from .layers import EuclideanRBF, squash

    def of(layer, below):
        """Judge by a layer, and by the tensors that it gets."""
        kind, curve = type(layer).__name__, getattr(layer, "activation", None)
        linear = kind == "Activation" and _name(curve) == "linear"
        if (kind in HAND_ON or linear or kind == "Average") and below:
            found = {at(tensor) for tensor in below}
            return found.pop() if len(found) == 1 else OTHERS
        if isinstance(layer, keras.Model):
            return meaning(layer)
        if isinstance(layer, EuclideanRBF):
            return PENALTIES
        if curve is squash:
            return SQUASHED
        softmax = _name(curve) == "softmax"
        if kind == "Softmax":  # over the classes, and over nothing else
            axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
            softmax = [*axes] in ([-1], [len(below[0].shape) - 1] if below else [])
        return PROBABILITIES if softmax else OTHERS

    def at(tensor):
        made = tensor._keras_history
        return of(made.operation, made.operation._inbound_nodes[made.node_index].input_tensors)

    try:
        (tensor,) = model.outputs
    except (AttributeError, TypeError, ValueError):  # no graph, or a graph with several ends
        return of(model.layers[-1], [])
    return at(tensor)


def _name(curve):
    """Return the name of an activation, which may be a function or a layer."""
    return getattr(curve, "__name__", type(curve).__name__).lower()


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
