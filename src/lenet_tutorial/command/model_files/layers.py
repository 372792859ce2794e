"""What each layer makes of its input, from its numbers alone: the shape, the weights, the work.

:mod:`lenet_tutorial.command.model_files.sizes` goes through a model with these rules. A layer
without a rule is refused, and so is one with a number that no rule knows.
"""

import math
from dataclasses import dataclass, field, replace

from ..._inputs import shown
from ...shapes import output_size
from .archive import ModelError

MAX_WEIGHTS = 16_000_000  # 64 MB, and some copies while they are made; LeNet-5 has 60 000
MAX_VALUES = 10_000_000  # of all layers for one picture, what lies in between included
MAX_WORK = 20_000_000_000  # multiply–adds for one picture; LeNet-5 needs 0.4 million
MAX_SIDE = 100_000  # of a kernel, a window, a stride or a border

FLOATS = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")
WHOLE = ("uint8", "int8", "int16", "uint16", "int32", "int64")
ACTIVATIONS = (
    "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh "
    "leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink "
    "softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh "
    "tanh_shrink threshold"
).split()
OURS = "lenet_tutorial>"
OUR_LAYERS = ("Distort ElasticDistort EuclideanRBF FoldedConv2D Subsample TableConv2D").split()
# What a layer may have beside its own numbers: Keras keeps them, and they cost nothing.
QUIET = ("name", "trainable", "dtype", "activity_regularizer", "autocast")
ENDINGS = ("_initializer", "_regularizer", "_constraint")


@dataclass(frozen=True)
class Values:
    """What flows between two layers, for one picture.

    Attributes
    ----------
    shape : tuple of int
        Without the batch.
    scale : float or None
        The values are ``scale * pixel + offset``; None once more was done to the pixels.
    offset : float or None
        See there.
    kind : str
        ``'outputs'``, ``'probabilities'`` or ``'penalties'``.
    """

    shape: tuple
    scale: float | None = None
    offset: float | None = None
    kind: str = "outputs"

    @property
    def size(self):
        """How many numbers these are."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Use:
    """Who is the first to mix pixels, and what it gets of them.

    Attributes
    ----------
    scale : float
        The layer gets ``scale * pixel + offset``.
    offset : float
        See there.
    layer : tuple of str
        The names on the way to it: those of the models around it, then its own.
    kind : str
        Its class.
    background : float or None
        What it puts around its input itself, if it does.
    """

    scale: float
    offset: float
    layer: tuple
    kind: str
    background: float | None = None


@dataclass
class Trace:
    """What a model's description says.

    Attributes
    ----------
    name : str
        The model's name.
    input_shape : tuple of int
        Without the batch.
    output_shape : tuple of int
        Without the batch.
    input_dtype : str
        Of the input.
    kind : str
        Of the outputs, as in :class:`Values`.
    layers : list of (str, str, tuple)
        Name, class and output shape of each layer, in the order of the description.
    uses : list of Use
        The first layers that mix pixels.
    ours : bool
        Whether something in it is of this package.
    weights : int
        Numbers to keep.
    values : int
        Numbers that one picture becomes, in all layers.
    work : int
        Multiply–adds for one picture.
    """

    name: str = ""
    input_shape: tuple = ()
    output_shape: tuple = ()
    input_dtype: str = "float32"
    kind: str = "outputs"
    layers: list = field(default_factory=list)
    uses: list = field(default_factory=list)
    ours: bool = False
    weights: int = 0
    values: int = 0
    work: int = 0

    def add(self, where, weights=0, values=0, work=0):
        """Count what a layer costs, and refuse what is too much."""
        self.weights += weights
        self.values += values
        self.work += work
        for found, most, what in (
            (self.weights, MAX_WEIGHTS, "weights"),
            (self.values, MAX_VALUES, "values for one picture"),
            (self.work, MAX_WORK, "multiplications for one picture"),
        ):
            if found > most:
                raise ModelError(
                    f"it is too large: with {where} it has more than {most // 1_000_000} million "
                    f"{what}"
                )


def dtype_of(given):
    """Return the name of the type that is `given`, as a name or a policy of Keras."""
    if isinstance(given, dict):
        given = part_of(given, "config").get("name")
    if not isinstance(given, str) or given not in FLOATS + WHOLE:
        raise ModelError(f"it computes in {shown(repr(given))[:60]}, which is not known here")
    return given


def is_size(value):
    """Say if a `value` of a description can be the number of rows, columns or maps."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_VALUES


def is_activation(name):
    """Say if this is the `name` of an activation of Keras or of this package."""
    return isinstance(name, str) and name.removeprefix(OURS) in (*ACTIVATIONS, "squash")


def part_of(config, key):
    """Return the object that stands under a `key` of a description, the `config`."""
    if not isinstance(config.get(key), dict):
        raise ModelError(f"its description is damaged: no {key} where one must be")
    return config[key]


# --------------------------------------------------------------------------- one layer


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

    def wholes(self, key, count, default=None, least=1):
        """Return so many whole numbers of the configuration; one stands for all."""
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

    def axes(self, count):
        """Check the number of axes, and take them apart: sides, maps, and how to join them."""
        if len(self.shape) != count + 1:
            self.refuse(f"takes {count + 1} axes, and gets {self.shape}")
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


LAYERS, KNOWN, OPERATIONS = {}, {}, {}


def _rule(names, *keys):
    """Enter a rule for layers, and the keys of the configuration that they may have."""

    def enter(function):
        for name in names.split():
            LAYERS[name] = function
            KNOWN[name] = {*" ".join(keys).split(), "data_format"}
        return function

    return enter


@_rule("Identity ActivityRegularization", "l1 l2")
@_rule("Dropout SpatialDropout1D SpatialDropout2D AlphaDropout", "rate seed noise_shape")
@_rule("GaussianDropout GaussianNoise", "rate seed stddev")
@_rule(
    "RandomBrightness RandomContrast RandomErasing RandomFlip RandomGaussianBlur RandomPerspective "
    "RandomRotation RandomSharpness RandomShear RandomTranslation RandomZoom",
    "factor scale fill_mode fill_value interpolation seed value_range mode bounding_box_format",
    "x_factor y_factor height_factor width_factor kernel_size sigma",
)
@_rule("Distort ElasticDistort", "shift scale squeeze shear rotation alpha sigma background seed")
def _same(layer):
    """Leave everything as it is, when digits are read."""
    return layer.given


@_rule("ReLU LeakyReLU ELU", "max_value negative_slope threshold alpha")
@_rule("UnitNormalization", "axis")
def _pointwise(layer):
    return layer.shape


@_rule("Activation", "activation")
def _activation(layer):
    if layer.activation() == "linear":
        return layer.given
    return _after_activation(layer, layer.shape)


def _after_activation(layer, shape):
    """Return the output of a layer that ends with its activation."""
    layer.use()
    layer.count(values=math.prod(shape))
    kind = "probabilities" if layer.activation() == "softmax" else "outputs"
    return Values(tuple(shape), kind=kind)


@_rule("Softmax", "axis")
def _softmax(layer):
    axis = layer.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    layer.use()
    last = axis in (-1, len(layer.shape))
    return Values(layer.shape, kind="probabilities" if last else "outputs")


@_rule("PReLU", "shared_axes")
def _prelu(layer):
    shared = layer.config.get("shared_axes") or []
    sides = enumerate(layer.shape, 1)
    layer.count(weights=math.prod(side for axis, side in sides if axis not in shared))
    return layer.shape


@_rule(
    "BatchNormalization",
    "axis momentum epsilon center scale renorm renorm_momentum renorm_clipping synchronized",
)
@_rule("LayerNormalization", "axis epsilon center scale")
@_rule("GroupNormalization", "axis epsilon center scale groups")
@_rule("RMSNormalization", "axis epsilon")
def _normalised(layer):
    layer.count(weights=7 * layer.along("axis"), values=layer.given.size)
    return layer.shape


@_rule("Normalization", "axis mean variance invert")
def _normalization(layer):
    if layer.config.get("axis", -1) is not None:
        layer.count(weights=3 * layer.along("axis"))
    layer.count(values=layer.given.size)
    return layer.shape


@_rule("Rescaling", "scale offset")
def _rescaling(layer):
    scale, offset = layer.config.get("scale"), layer.config.get("offset", 0.0)
    if isinstance(scale, list) or isinstance(offset, list):
        scale, offset = _one_number(layer, scale), _one_number(layer, offset)
    return _line(layer, scale, offset)


def _one_number(layer, value):
    """Return a number, or the only one of a list for each map."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, list):
        layer.refuse("has one number for each map, and a picture in grey has a single map")
    return value


def _line(layer, scale, offset):
    """Return ``scale * values + offset``."""
    for number in (scale, offset):
        real = isinstance(number, (int, float)) and not isinstance(number, bool)
        if not real or not math.isfinite(number):
            layer.refuse(f"scales by {shown(repr(number))[:60]}, which is no number")
    given = layer.given
    if given.scale is None:
        return Values(given.shape)
    return replace(
        given, scale=given.scale * scale, offset=given.offset * scale + offset, kind="outputs"
    )


@_rule("Dense", "units activation use_bias")
def _dense(layer):
    units = layer.whole("units")
    layer.count(weights=(layer.shape[-1] + 1) * units, work=layer.given.size * units)
    return _after_activation(layer, (*layer.shape[:-1], units))


@_rule(
    "Conv1D Conv2D Convolution1D Convolution2D",
    "filters kernel_size strides padding dilation_rate groups activation use_bias",
)
def _conv(layer):
    axes = 1 if "1D" in layer.kind else 2
    sides, maps, join = layer.axes(axes)
    filters, groups = layer.whole("filters"), layer.whole("groups", 1)
    kernel = layer.wholes("kernel_size", axes)
    out = layer.slide(
        sides,
        kernel,
        layer.wholes("strides", axes, 1),
        layer.wholes("dilation_rate", axes, 1),
    )
    if maps % groups or filters % groups:
        layer.refuse(f"has {groups} groups for {maps} maps and {filters} filters")
    window = math.prod(kernel) * (maps // groups)
    layer.count(weights=(window + 1) * filters, work=window * filters * math.prod(out))
    return _after_activation(layer, join(out, filters))


@_rule(
    "DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D",
    "filters kernel_size strides padding dilation_rate depth_multiplier activation use_bias",
)
def _depthwise(layer):
    axes = 1 if "1D" in layer.kind else 2
    sides, maps, join = layer.axes(axes)
    kernel = layer.wholes("kernel_size", axes)
    out = layer.slide(
        sides,
        kernel,
        layer.wholes("strides", axes, 1),
        layer.wholes("dilation_rate", axes, 1),
    )
    many = maps * layer.whole("depth_multiplier", 1)
    window = math.prod(kernel) * many
    layer.count(weights=window + many, work=window * math.prod(out), values=many * math.prod(out))
    if layer.kind.startswith("Separable"):
        filters = layer.whole("filters")
        layer.count(weights=(many + 1) * filters, work=many * filters * math.prod(out))
        many = filters
    return _after_activation(layer, join(out, many))


@_rule(
    "Conv1DTranspose Conv2DTranspose Convolution2DTranspose",
    "filters kernel_size strides padding output_padding dilation_rate activation use_bias",
)
def _transposed(layer):
    axes = 1 if "1D" in layer.kind else 2
    sides, maps, join = layer.axes(axes)
    filters, kernel = layer.whole("filters"), layer.wholes("kernel_size", axes)
    strides = layer.wholes("strides", axes, 1)
    dilation = layer.wholes("dilation_rate", axes, 1)
    if layer.config.get("output_padding") is not None:
        layer.refuse("has output_padding, which is not known here")
    padding = layer.config.get("padding", "valid")
    if padding not in ("valid", "same"):
        layer.refuse(f"has padding = {shown(repr(padding))[:60]}")
    out, wide = [], 1
    for side, k, s, d in zip(sides, kernel, strides, dilation, strict=True):
        extent = d * (k - 1) + 1
        # As keras.src.backend.common.backend_utils.compute_conv_transpose_output_shape.
        out.append(side * s if padding == "same" else side * s + max(extent - s, 0))
        wide *= side * s + extent
    window = math.prod(kernel) * maps
    layer.count(
        weights=(window + 1) * filters,
        work=window * filters * math.prod(out),
        values=wide * (maps + filters),
    )
    return _after_activation(layer, join(out, filters))


@_rule(
    "MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D MaxPool1D MaxPool2D AvgPool1D "
    "AvgPool2D",
    "pool_size strides padding",
)
def _pooling(layer):
    axes = 1 if "1D" in layer.kind else 2
    sides, maps, join = layer.axes(axes)
    size = layer.wholes("pool_size", axes, 2)
    strides = size if layer.config.get("strides") is None else layer.wholes("strides", axes)
    out = layer.slide(sides, size, strides)
    layer.count(work=math.prod(out) * math.prod(size) * maps)
    return replace(layer.keep(join(out, maps)), kind="outputs")


@_rule(
    "GlobalMaxPooling1D GlobalMaxPooling2D GlobalAveragePooling1D GlobalAveragePooling2D "
    "GlobalMaxPool1D GlobalMaxPool2D GlobalAvgPool1D GlobalAvgPool2D",
    "keepdims",
)
def _global_pooling(layer):
    axes = 1 if "1D" in layer.kind else 2
    _, maps, join = layer.axes(axes)
    return join([1] * axes, maps) if layer.flag("keepdims", False) else (maps,)


@_rule("Flatten")
def _flatten(layer):
    return layer.keep([layer.given.size])


@_rule("Reshape", "target_shape")
def _reshape(layer):
    return _reshaped(layer, layer.config.get("target_shape"))


def _reshaped(layer, target):
    if not isinstance(target, list) or not all(is_size(one) or one == -1 for one in target):
        layer.refuse(f"has the shape {shown(repr(target))[:60]}")
    known, size = math.prod(one for one in target if one != -1), layer.given.size
    if target.count(-1) > 1 or (size % known if -1 in target else size != known):
        layer.refuse(f"can't make {target} of {layer.shape}")
    return layer.keep(size // known if one == -1 else one for one in target)


@_rule("Permute", "dims")
def _permute(layer):
    dims = layer.config.get("dims")
    if sorted(dims) != list(range(1, len(layer.shape) + 1)):
        layer.refuse(f"has the axes {shown(repr(dims))[:60]}")
    return layer.keep(layer.shape[one - 1] for one in dims)


@_rule("RepeatVector", "n")
def _repeat(layer):
    if len(layer.shape) != 1:
        layer.refuse(f"takes one axis, and gets {layer.shape}")
    return layer.keep((layer.whole("n"), *layer.shape))


@_rule("ZeroPadding1D ZeroPadding2D", "padding")
@_rule("Cropping1D Cropping2D", "cropping")
def _border(layer):
    axes = 1 if "1D" in layer.kind else 2
    sides, maps, join = layer.axes(axes)
    key, sign = ("padding", 1) if "Padding" in layer.kind else ("cropping", -1)
    value = layer.config.get(key, 1)
    if isinstance(value, int):
        value = [value] * 2 if axes == 1 else [[value] * 2] * 2
    if axes == 1:
        value = [value]
    value = [[one, one] if isinstance(one, int) else one for one in value]
    for one in value:
        sizes = [isinstance(n, int) and not isinstance(n, bool) and 0 <= n for n in one]
        if len(one) != 2 or not all(sizes):
            layer.refuse(f"has {key} = {shown(repr(value))[:60]}")
    out = [side + sign * sum(one) for side, one in zip(sides, value, strict=True)]
    return layer.keep(join(out, maps))


@_rule("UpSampling1D UpSampling2D", "size interpolation")
def _upsampling(layer):
    axes = 1 if "1D" in layer.kind else 2
    sides, maps, join = layer.axes(axes)
    size = layer.wholes("size", axes, 2)
    out = join([side * one for side, one in zip(sides, size, strict=True)], maps)
    layer.count(values=2 * math.prod(out))  # one axis after the other
    return layer.keep(out)


@_rule(
    "Resizing CenterCrop RandomCrop",
    "height width interpolation crop_to_aspect_ratio pad_to_aspect_ratio fill_mode fill_value",
    "antialias seed",
)
def _resizing(layer):
    sides, maps, join = layer.axes(2)
    out = [layer.whole("height"), layer.whole("width")]
    # On the way it may be as high as the one and as wide as the other, or larger than both.
    wide = max(*sides, *out) ** 2
    layer.count(values=2 * wide * maps)
    return layer.keep(join(out, maps))


@_rule("Add Subtract Multiply Average Maximum Minimum")
def _merge(layer):
    shape = _broadcast(layer)
    same = {(one.scale, one.offset) for one in layer.inputs}
    if layer.kind in ("Average", "Maximum", "Minimum") and len(same) == 1:
        kinds = {one.kind for one in layer.inputs} if layer.kind == "Average" else {"outputs"}
        return replace(layer.keep(shape), kind=kinds.pop() if len(kinds) == 1 else "outputs")
    return shape


def _broadcast(layer):
    """Return the shape of several values together."""
    if len(layer.inputs) < 2:
        layer.refuse("takes two inputs or more")
    axes = max(len(one.shape) for one in layer.inputs)
    if any(len(one.shape) != axes for one in layer.inputs):
        layer.refuse(f"can't join {[one.shape for one in layer.inputs]}")
    out = []
    for sides in zip(*(one.shape for one in layer.inputs), strict=True):
        if len(set(sides) - {1}) > 1:
            layer.refuse(f"can't join {[one.shape for one in layer.inputs]}")
        out.append(max(sides))
    return tuple(out)


@_rule("Concatenate", "axis")
def _concatenate(layer):
    axis = layer.config.get("axis", -1)
    axis = axis - 1 if axis > 0 else axis + len(layer.shape)
    shapes = [list(one.shape) for one in layer.inputs]
    if not 0 <= axis < len(layer.shape) or len({len(one) for one in shapes}) != 1:
        layer.refuse(f"can't join {[one.shape for one in layer.inputs]}")
    along = sum(one.pop(axis) for one in shapes)
    if any(one != shapes[0] for one in shapes):
        layer.refuse(f"can't join {[one.shape for one in layer.inputs]}")
    shape = (*shapes[0][:axis], along, *shapes[0][axis:])
    if len({(one.scale, one.offset) for one in layer.inputs}) == 1:
        return replace(layer.keep(shape), kind="outputs")
    return shape


@_rule(
    "SimpleRNN LSTM GRU",
    "units activation recurrent_activation use_bias unit_forget_bias dropout recurrent_dropout",
    "seed return_sequences return_state go_backwards stateful unroll reset_after implementation",
    "zero_output_for_mask",
)
def _recurrent(layer):
    if len(layer.shape) != 2 or layer.flag("return_state", False) or layer.flag("stateful", False):
        layer.refuse(f"takes (steps, values) and gives one output, and gets {layer.shape}")
    steps, size = layer.shape
    units = layer.whole("units")
    gates = {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}[layer.kind]
    if steps > 4096 or (layer.flag("unroll", False) and steps > 100):
        layer.refuse(f"has {steps} steps")
    each = gates * units * (size + units)
    layer.count(weights=each + 2 * gates * units, work=each * steps)
    layer.count(values=steps * (gates + 2) * units)
    layer.use()
    return Values((steps, units) if layer.flag("return_sequences", False) else (units,))


@_rule("Bidirectional", "merge_mode layer backward_layer")
def _both_ways(layer):
    inner = part_of(layer.config, "layer")
    mode = layer.config.get("merge_mode", "concat")
    if inner.get("class_name") not in ("SimpleRNN", "LSTM", "GRU") or mode not in (
        *("concat", "sum", "mul", "ave"),
    ):
        layer.refuse("goes both ways through something that is not known here")
    if layer.config.get("backward_layer") and (
        part_of(layer.config["backward_layer"], "config").get("units") != inner["config"]["units"]
        or layer.config["backward_layer"]["class_name"] != inner["class_name"]
    ):
        layer.refuse("has two layers that differ")
    both = Layer(
        inner["class_name"], layer.name, layer.path, inner["config"], layer.inputs, layer.found
    )
    both.check_quiet()
    _recurrent(both)  # there
    made = _recurrent(both)  # and back
    return (*made.shape[:-1], made.shape[-1] * (2 if mode == "concat" else 1))


# --------------------------------------------------------------------------- those of the book


@_rule("Subsample", "repeat activation")
def _subsample(layer):
    (height, width), maps, _ = layer.axes(2)
    many = maps * layer.whole("repeat", 1)
    layer.count(weights=2 * many, values=height * width * many)
    return (height // 2, width // 2, many)


@_rule("TableConv2D", "table kernel_size strides padding background bias activation")
def _table_conv(layer):
    sides, maps, _ = layer.axes(2)
    table, kernel = layer.config["table"], layer.whole("kernel_size", 5, most=MAX_SIDE)
    pairs = sum(len(row) for row in table)
    padding = layer.wholes("padding", 2, 0, least=0)
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


@_rule("FoldedConv2D", "filters kernel_size activation")
def _folded(layer):
    sides, maps, _ = layer.axes(2)
    filters, kernel = layer.whole("filters"), layer.whole("kernel_size", most=MAX_SIDE) + 1
    out = [layer.output(side, kernel, 2) for side in sides]
    window = kernel**2 * maps
    layer.count(
        weights=(window + 1) * filters,
        values=4 * window * filters,
        work=window * filters * math.prod(out),
    )
    return _after_activation(layer, (*out, filters))


@_rule("EuclideanRBF", "codes")
def _rbf(layer):
    codes = layer.config["codes"]
    units = {len(row) for row in codes}
    if len(layer.shape) != 1 or units != {layer.shape[0]}:
        layer.refuse(f"has codes of {sorted(units)[:5]} values, and gets {layer.shape}")
    size = len(codes) * layer.shape[0]
    layer.count(weights=size, values=2 * size)
    layer.use()
    return Values((len(codes),), kind="penalties")


# --------------------------------------------------------------------------- x / 255


def _operation(names, keys=""):
    def enter(function):
        for name in names.split():
            OPERATIONS[name] = function
            KNOWN.setdefault(name, set()).update(keys.split())
        return function

    return enter


@_operation("TrueDivide Divide Multiply Add Subtract")
def _arithmetic(layer):
    """Return a line of values and a number; of two values, what the layers that join return."""
    numbers = [one for one in layer.inputs if not isinstance(one, Values)]
    if len(layer.inputs) != 2 or len(numbers) == 2:
        layer.refuse("takes two inputs")
    if not numbers:
        return _broadcast(layer)
    (number,), first = numbers, isinstance(layer.inputs[0], Values)
    layer.inputs = [one for one in layer.inputs if isinstance(one, Values)]
    if layer.kind in ("TrueDivide", "Divide"):
        if not first or not number:
            layer.refuse("divides a number, or by zero")
        return _line(layer, 1 / number, 0.0)
    if layer.kind == "Multiply":
        return _line(layer, number, 0.0)
    if layer.kind == "Add":
        return _line(layer, 1.0, number)
    return _line(layer, 1.0, -number) if first else _line(layer, -1.0, number)


@_operation("Relu Relu6 Sigmoid Tanh Gelu Elu Selu Silu Softplus")
def _curve(layer):
    return layer.shape


@_operation("Softmax", "axis")
def _softmax_operation(layer):
    return _softmax(layer)


@_operation("Reshape", "newshape")
def _reshape_operation(layer):
    target = layer.config.get("newshape")
    if not isinstance(target, list) or not target or target[0] not in (-1, None):
        layer.refuse(f"has the shape {shown(repr(target))[:60]}")
    return _reshaped(layer, target[1:])
