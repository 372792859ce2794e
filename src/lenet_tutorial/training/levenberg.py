"""The learning rule of 1998: stochastic diagonal Levenberg–Marquardt.

Each weight has a step size of its own, ``rate / (mu + h)``, where ``h`` estimates how strongly the
loss is curved along that weight. Before each pass the curvatures are estimated from some hundred
digits; then the network learns digit by digit (LeCun, Bottou, Bengio and Haffner 1998, section
II-B and appendix C). The rule needs the TensorFlow backend.
"""

import numpy as np

from .._checks import check_whole
from ..images import check_images, check_labels
from ..outputs import PENALTIES, SQUASHED, meaning
from .fit import error_rate

#: The paper's rates for 20 passes, and its mu.
RATES = (5e-4,) * 2 + (2e-4,) * 3 + (1e-4,) * 3 + (5e-5,) * 4 + (1e-5,) * 8
MU = 0.02

#: The curvature of a loss along the last layer's values: of a squared distance to a code, and of
#: half the squared distance to targets of ±1.
AT_THE_TOP = {PENALTIES: 2.0, SQUASHED: 1.0}


def widen(model):
    """Draw the start weights wider: from ±2.4 / F to ±sqrt(3 / F), where F is the fan-in.

    With the first, the paper's choice, the values of the upper layers are so small at the start
    that the loss looks flat along nearly all weights, and the rule takes steps that are far too
    long. With the second, the values keep a variance of about 1 from layer to layer (LeCun,
    Bottou, Orr and Müller 1998, "Efficient BackProp", section 4.6).

    Parameters
    ----------
    model : keras.Sequential
        Fresh, of convolutions, tables and dense layers with start weights of ±2.4 / F. Its weights
        are changed in place.
    """
    from ..layers import FanInUniform, TableConv2D, fan_in

    for layer in model.layers:
        start = getattr(layer, "kernel_initializer", None)
        if isinstance(layer, TableConv2D) or isinstance(start, FanInUniform):
            factor = np.sqrt(3 * np.asarray(fan_in(layer), "float32")) / 2.4
            layer.kernel.assign(layer.kernel * factor)


def curvature(model, x):
    """Estimate the second derivative of the loss along each weight, as a mean over digits.

    It is back-propagation with squares: where the slope of the loss goes down the network times
    weights and times slopes of the squashing function, its curvature goes down times their
    squares, if one leaves out what mixes two units (the paper's equations 21 to 25). So each layer
    gets a twin, whose weights, inputs and slopes are squared, and ordinary back-propagation
    through the twins does the rest.

    At the top stands 2, the curvature of the squared distance to the right code; or, for squashed
    outputs, 1, that of half the squared distance to the targets.

    Parameters
    ----------
    model : keras.Sequential
        Of layers whose nonlinearity is :func:`lenet_tutorial.layers.squash`; the last one is of
        this kind too, or of RBF units.
    x : numpy.ndarray
        Images ``(n, side, side, 1)``.

    Returns
    -------
    list of numpy.ndarray
        One for each of ``model.trainable_weights``, of its shape, at least 0.

    Raises
    ------
    ValueError
        If a layer has another nonlinearity, or the last layer is neither.
    """
    import keras
    import tensorflow as tf

    from ..layers import squash

    kind = meaning(model)
    if kind not in AT_THE_TOP:
        raise ValueError(
            "the last layer must be RBF units, or squashed: there the curvature starts"
        )
    layers = model.layers[:-1] if kind == PENALTIES else model.layers
    values = [tf.convert_to_tensor(x, "float32")]
    for layer in layers:
        values.append(layer(values[-1]))
    h, found = tf.fill(tf.shape(values[-1]), AT_THE_TOP[kind]), []
    for layer, below, above in zip(
        reversed(layers), reversed(values[:-1]), reversed(values[1:]), strict=True
    ):
        if isinstance(layer, keras.layers.Flatten):
            h = tf.reshape(h, tf.shape(below))
            continue
        if getattr(layer, "activation", None) is not squash:
            raise ValueError(f"layer {layer.name!r} must end in the squashing function of 1998")
        config = layer.get_config() | {"activation": "linear"}
        if "background" in config:  # the frame is an input too
            config["background"] **= 2
        twin = type(layer).from_config(config)
        twin.build(below.shape)
        squares = [tf.square(tf.convert_to_tensor(weight)) for weight in layer.trainable_weights]
        squared_input = tf.square(below)
        with tf.GradientTape() as tape:
            tape.watch([*squares, squared_input])
            output, _ = twin.stateless_call(squares, [], squared_input)
        seed = h * tf.square(_slope(above))
        *own, h = tape.gradient(output, [*squares, squared_input], output_gradients=seed)
        found = [*own, *found]
    return [each.numpy() / len(x) for each in found]


def _slope(squashed):
    """Return the slope of the squashing function from its value."""
    from ..layers import A, S

    return S / A * (A - squashed) * (A + squashed)


def train_lm(
    model,
    x,
    y,
    validation,
    rates=RATES,
    mu=MU,
    stretch=60_000,
    sample=500,
    seed=0,
    loss=None,
    progress=None,
):
    """Train with the paper's rule, digit by digit, and return the history.

    Parameters
    ----------
    model : keras.Sequential
        As :func:`curvature` takes it.
    x, y : numpy.ndarray
        Training images and labels.
    validation : (numpy.ndarray, numpy.ndarray)
        Validation images and labels.
    rates : sequence of float
        The global rate of each pass.
    stretch : int
        The curvatures are estimated anew after so many digits. The paper does it once per pass.
    mu : float
        Keeps a step from growing without bounds where the loss is flat.
    sample : int
        Digits for the estimate of the curvatures before each pass.
    seed : int
        Of the order of the digits and of the sample.
    loss : keras.losses.Loss, optional
        By default :class:`lenet_tutorial.losses.MapLoss`.
    progress : callable, optional
        Called with each row of the history as it is made.

    Returns
    -------
    pandas.DataFrame
        One row per pass: ``accuracy`` and ``loss`` while learning, ``val_accuracy``, and the
        smallest and the largest step size, ``step_min`` and ``step_max``.

    Raises
    ------
    ValueError
        If images or labels are not what the network takes, a rate is not above 0, or Keras runs
        on another backend than TensorFlow.
    """
    import keras
    import pandas as pd
    import tensorflow as tf

    if keras.backend.backend() != "tensorflow":
        raise ValueError(f"the rule needs TensorFlow, and Keras runs on {keras.backend.backend()}")
    if not all(rate > 0 for rate in (*rates, mu)):
        raise ValueError(f"rates and mu must be above 0, got {rates} and {mu}")
    x = check_images(x, size=model.input_shape[1])
    y = check_labels(y, count=len(x))
    stretch, sample = check_whole("stretch", stretch), check_whole("sample", sample)
    rates, mu = [float(rate) for rate in rates], float(mu)
    rng = np.random.default_rng(check_whole("seed", seed, 0))
    learn = _digit_by_digit(model, x, y, loss)
    rows = []
    for rate in rates:
        order, sums, sizes = rng.permutation(len(x)), np.zeros(2), []
        for start in range(0, len(x), stretch):
            some = rng.choice(len(x), min(sample, len(x)), replace=False)
            steps = [tf.constant(rate / (mu + h), "float32") for h in curvature(model, x[some])]
            part = learn(tf.constant(order[start : start + stretch]), steps)
            sums += [float(number) for number in part]
            sizes += [float(end(step)) for step in steps for end in (np.min, np.max)]
        row = {
            "accuracy": sums[1] / len(x),
            "loss": sums[0] / len(x),
            "val_accuracy": 1 - error_rate(model, *validation),
            "step_min": min(sizes),
            "step_max": max(sizes),
        }
        rows.append(row)
        if progress:
            progress(row)
    return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="epoch"))


def _digit_by_digit(model, x, y, loss):
    """Return the function that learns from digits in an order, with a step size for each weight.

    It returns the sum of their losses and how many were right.
    """
    import tensorflow as tf

    from ..losses import MapLoss, smallest_wins

    loss = loss or MapLoss()
    weights = [weight.value for weight in model.trainable_weights]
    images, labels = tf.constant(x), tf.constant(y)

    @tf.function(jit_compile=True)
    def one_digit(image, label, steps):
        with tf.GradientTape() as tape:
            penalties = model(image, training=True)
            wrong = loss.call(label, penalties)[0]
        slopes = tape.gradient(wrong, weights)
        for weight, slope, step in zip(weights, slopes, steps, strict=True):
            weight.assign_sub(step * slope)
        return wrong, smallest_wins(label, penalties)[0]

    @tf.function(reduce_retracing=True)
    def one_pass(order, steps):
        total, right = tf.constant(0.0), tf.constant(0.0)
        for place in order:
            wrong, hit = one_digit(images[place : place + 1], labels[place : place + 1], steps)
            total += wrong
            right += hit
        return total, right

    return one_pass
