"""One layer of a model of others, while it is gone through: its numbers, checked, and its rule.

A layer without a rule is refused, and so is one with a number that no rule knows.
"""

import math
from dataclasses import dataclass, replace

from ..._inputs import shown
from ...shapes import output_size
from .archive import ModelError
from .flow import MAX_VALUES, Trace, Use, Values, dtype_of

MAX_SIDE = 100_000  # of a kernel, a window, a stride or a border

ACTIVATIONS = (
    "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh "
    "leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink "
    "softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh "
    "tanh_shrink threshold"
).split()
OURS = "lenet_tutorial>"
# What a layer may have beside its own numbers: Keras keeps them, and they cost nothing.
QUIET = ("name", "trainable", "dtype", "activity_regularizer", "autocast")
ENDINGS = ("_initializer", "_regularizer", "_constraint")

#: By the name of a layer its rule, which takes a :class:`Layer` and returns :class:`Values`, or a
#: shape where the pixels were mixed; the keys that its configuration may have; and the rules of
#: operations, such as ``x / 255``.
LAYERS, KNOWN, OPERATIONS = {}, {}, {}


def is_activation(name):
    """Say if an activation is one of Keras or of this package.

    Parameters
    ----------
    name : object
        What stands in the description.

    Returns
    -------
    bool
    """
    return isinstance(name, str) and name.removeprefix(OURS) in (*ACTIVATIONS, "squash")


def rule(names, *keys):
    """Enter a rule for layers.

    Parameters
    ----------
    names : str
        Their classes, with spaces between them.
    *keys : str
        What their configurations may have, with spaces as well.

    Returns
    -------
    callable
        A decorator for the rule.
    """

    def enter(function):
        for name in names.split():
            LAYERS[name] = function
            KNOWN[name] = {*" ".join(keys).split(), "data_format"}
        return function

    return enter


def operation(names, keys=""):
    """Enter a rule for operations.

    Parameters
    ----------
    names : str
        Their classes, with spaces between them.
    keys : str
        What their configurations may have, with spaces as well.

    Returns
    -------
    callable
        A decorator for the rule.
    """

    def enter(function):
        for name in names.split():
            OPERATIONS[name] = function
            KNOWN.setdefault(name, set()).update(keys.split())
        return function

    return enter


@dataclass
class Layer:
    """One layer, while it is gone through: its numbers, its inputs, and who counts."""

    kind: str
    name: str
    path: tuple
    config: dict
    inputs: list
    found: Trace

    @property
    def given(self):
        """The first input."""
        return self.inputs[0]

    @property
    def shape(self):
        """The shape of the first input."""
        return self.inputs[0].shape

    @property
    def dimensions(self):
        """How many sides its maps have."""
        return 1 if "1D" in self.kind else 2

    def refuse(self, why):
        """Say why this layer is refused."""
        raise ModelError(f"the layer {self.name} ({self.kind}) {why}")

    def check_quiet(self):
        """Look at what layers have in common."""
        dtype_of(self.config.get("dtype") or "float32")
        for key, value in self.config.items():
            if value in (None, False) or key in QUIET or key.endswith(ENDINGS):
                continue
            if key not in KNOWN[self.kind]:
                self.refuse(f"has {shown(key)[:60]}, which is not known here")
        for key in ("activation", "recurrent_activation"):
            if not is_activation(self.activation(key)):
                self.refuse(f"has the activation {shown(repr(self.config[key]))[:60]}")

    def activation(self, key="activation"):
        """Return the name of an activation."""
        curve = self.config.get(key)
        if isinstance(curve, dict):
            kinds = {"ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu", "Softmax": "softmax"}
            named = curve["config"] if curve.get("class_name") == "function" else None
            curve = named or kinds.get(curve.get("class_name"), "?")
        return curve or "linear"

    def whole(self, key, default=None, least=1, most=MAX_VALUES):
        """Return a whole number of the configuration."""
        value = self.config.get(key, default)
        value = default if value is None else value
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.refuse(f"has {key} = {shown(repr(value))[:60]}")
        return value

    def wholes(self, key, default=None, least=1):
        """Return a whole number of the configuration for each side; one stands for all."""
        count = self.dimensions
        value = self.config.get(key, default)
        value = default if value is None else value
        value = list(value) if isinstance(value, (list, tuple)) else [value] * count
        if len(value) == 1:
            value *= count
        good = all(
            isinstance(one, int) and not isinstance(one, bool) and least <= one <= MAX_SIDE
            for one in value
        )
        if not good or len(value) != count:
            self.refuse(f"has {key} = {shown(repr(self.config.get(key)))[:60]}")
        return value

    def flag(self, key, default):
        """Return a yes or no of the configuration."""
        value = self.config.get(key, default)
        return default if value is None else bool(value)

    def along(self, key):
        """Return how many numbers lie along the axes that the configuration names."""
        axes = self.config.get(key, -1)
        axes = axes if isinstance(axes, list) else [axes]
        if not all(isinstance(one, int) and one for one in axes):
            self.refuse(f"has {key} = {shown(repr(axes))[:60]}")
        return math.prod(([1, *self.shape])[one] for one in axes)

    def axes(self):
        """Check the number of axes, and take them apart: sides, maps, and how to join them."""
        if len(self.shape) != self.dimensions + 1:
            self.refuse(f"takes {self.dimensions + 1} axes, and gets {self.shape}")
        first = self.config.get("data_format") == "channels_first"
        if first:
            sides, maps = self.shape[1:], self.shape[0]
        else:
            sides, maps = self.shape[:-1], self.shape[-1]

        def join(sides, maps):
            return (maps, *sides) if first else (*sides, maps)

        return sides, maps, join

    def slide(self, sides, kernel, strides, dilation=None):
        """Return the sides after a window has slid over them; what `same` adds is counted."""
        padding = self.config.get("padding", "valid")
        if padding not in ("valid", "same", "causal"):
            self.refuse(f"has padding = {shown(repr(padding))[:60]}")
        dilation = dilation or [1] * len(sides)
        out = []
        for side, k, s, d in zip(sides, kernel, strides, dilation, strict=True):
            before = (d * (k - 1), 0) if padding == "causal" else padding
            out.append(self.output(side, k, s, before, d))
        if padding != "valid":
            wide = math.prod(
                side + d * (k - 1) for side, k, d in zip(sides, kernel, dilation, strict=True)
            )
            self.count(values=wide * self.given.size // math.prod(sides))
        return out

    def output(self, *numbers):
        """Return what a window makes of one side."""
        try:
            return output_size(*numbers)
        except ValueError as error:
            self.refuse(f"can't be: {error}")

    def count(self, weights=0, values=0, work=0):
        """Count what this layer costs; numbers of eight bytes count twice."""
        wide = 2 if dtype_of(self.config.get("dtype") or "float32") == "float64" else 1
        self.found.add(f"the layer {self.name}", wide * weights, wide * values, work)

    def use(self, background=None):
        """Note that this layer mixes what it gets, where that is still pixels."""
        for one in self.inputs:
            if isinstance(one, Values) and one.scale is not None:
                use = Use(one.scale, one.offset, self.path, self.kind, background)
                self.found.uses.append(use)

    def keep(self, shape):
        """Return the same values in another order or number."""
        return replace(self.given, shape=tuple(shape))
