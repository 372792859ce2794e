"""The size of a layer's output, and how much of the input one unit sees.

Everything here is about one axis, in pixels. A square layer has the same numbers on both axes.
The formulas are derived in the chapter "Output size"; Dumoulin and Visin (2016,
arXiv:1603.07285) is the guide to the output size, Araujo, Norris and Sim (2019,
doi:10.23915/distill.00021) to the receptive field.
"""

from dataclasses import dataclass

import numpy as np

from ._checks import check_pixels, keep_plain


def layer_numbers(size, kernel, stride, padding, dilation=1):
    """Return the numbers of a layer as ints, or say which rule one breaks.

    All that is computed is computed with these: a NumPy integer of 8 bits would overflow.

    Parameters
    ----------
    size, kernel, stride, padding, dilation
        As :func:`output_size` takes them.

    Returns
    -------
    (int, int, int, (int, int) or str, int)
        In the same order; the padding as a pair, 'valid' or 'same'.

    Raises
    ------
    ValueError
        If a number is fractional or too small, or the padding is unknown.
    """
    size = check_pixels("input size", size, 1)
    kernel = check_pixels("kernel", kernel, 1)
    stride = check_pixels("stride", stride, 1)
    dilation = check_pixels("dilation", dilation, 1)
    if isinstance(padding, str):
        if padding not in ("valid", "same"):
            raise ValueError(
                f"padding must be 'valid', 'same' or a number of pixels, got {padding!r}"
            )
    elif isinstance(padding, (tuple, list)):
        if len(padding) != 2:
            raise ValueError(
                f"padding must be one number or a pair (before, after), got {padding!r}"
            )
        padding = tuple(check_pixels("padding", zeros, 0) for zeros in padding)
    else:
        padding = (check_pixels("padding", padding, 0),) * 2
    return size, kernel, stride, padding, dilation


def pad_amounts(size, kernel, stride=1, padding=0, dilation=1):
    """Return how many zeros are put before and after the input along one axis.

    Parameters
    ----------
    size, kernel, stride, dilation : int
        Input size, kernel size, stride and dilation in pixels, each at least 1.
    padding : int, (int, int), 'valid' or 'same'
        The number of zeros on each side; a pair gives the two sides apart. ``'valid'`` is 0.
        ``'same'`` follows Keras: so many zeros that the output has ``ceil(size / stride)``
        pixels, and when their number is odd, the extra one comes after the input.

    Returns
    -------
    (int, int)
        Zeros before and after the input.

    Raises
    ------
    ValueError
        If a number is fractional or too small, or the padding is unknown.
    """
    size, kernel, stride, padding, dilation = layer_numbers(size, kernel, stride, padding, dilation)
    if padding == "valid":
        return 0, 0
    if padding == "same":
        out = -(-size // stride)  # ceil(size / stride)
        total = max((out - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
        return total // 2, total - total // 2
    return padding


def taps(size, kernel, stride=1, padding=0, dilation=1):
    """Return where each kernel position reads the input along one axis.

    Parameters
    ----------
    size, kernel, stride, padding, dilation
        As :func:`output_size` takes them.

    Returns
    -------
    numpy.ndarray
        ``(output size, kernel)``: pixels of the input; below 0 and from `size` on is padding.
    """
    size, kernel, stride, padding, dilation = layer_numbers(size, kernel, stride, padding, dilation)
    out = output_size(size, kernel, stride, padding, dilation)
    before, _ = pad_amounts(size, kernel, stride, padding, dilation)
    return stride * np.arange(out)[:, None] + dilation * np.arange(kernel) - before


def output_size(size, kernel, stride=1, padding=0, dilation=1):
    """Return the output size of a convolution or a pooling layer along one axis.

    It is ``floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1``, where
    ``padding`` counts both sides (Dumoulin and Visin 2016, relationship 6, with dilation).

    Parameters
    ----------
    size : int
        Input size in pixels.
    kernel : int
        Kernel (or pooling window) size in pixels.
    stride : int
        Step from one kernel position to the next, in pixels.
    padding : int, (int, int), 'valid' or 'same'
        See :func:`pad_amounts`.
    dilation : int
        Distance between neighbouring kernel weights, in pixels.

    Returns
    -------
    int
        Output size in pixels.

    Raises
    ------
    ValueError
        If a number is fractional or too small, the padding is unknown, or the kernel is larger
        than the padded input.

    Examples
    --------
    >>> output_size(32, kernel=5)
    28
    >>> output_size(28, kernel=2, stride=2)
    14
    """
    size, kernel, stride, padding, dilation = layer_numbers(size, kernel, stride, padding, dilation)
    before, after = pad_amounts(size, kernel, stride, padding, dilation)
    padded = size + before + after
    extent = dilation * (kernel - 1) + 1
    if extent > padded:
        raise ValueError(
            f"the kernel covers {extent} pixels and the padded input has only {padded}: "
            f"no position fits (input {size}, kernel {kernel}, dilation {dilation}, "
            f"padding {before} + {after})"
        )
    return (padded - extent) // stride + 1


def transposed_output_size(size, kernel, stride=1, padding=0, rule="smallest"):
    """Return the output size of a transposed convolution along one axis.

    The transposed convolution goes the other way: it returns an input size for which the
    convolution with the same kernel, stride and padding gives `size`. There can be several. The
    smallest is ``stride * (size - 1) + kernel - 2 * padding`` (Dumoulin and Visin 2016, section
    4). Keras gives more where the kernel is smaller than the stride: each value then has `stride`
    outputs of its own, those included that its kernel does not reach.

    Parameters
    ----------
    size, kernel, stride : int
        Input size, kernel and stride in pixels, each at least 1.
    padding : int, 'valid' or 'same'
        Zeros on each side of the convolution that is turned round. ``'same'`` goes with the rule
        of Keras only, and a number above 0 with the other one only.
    rule : {'smallest', 'keras'}
        Which of the sizes: the smallest, or the one that ``keras.layers.Conv2DTranspose`` gives,
        ``stride * (size - 1) + max(kernel, stride)``; with 'same', ``stride * size``.

    Returns
    -------
    int
        Output size in pixels.

    Raises
    ------
    ValueError
        If a number is fractional or too small, the rule is unknown, or if nothing would be left.

    Examples
    --------
    >>> transposed_output_size(5, kernel=1, stride=2)
    9
    >>> transposed_output_size(5, kernel=1, stride=2, rule="keras")
    10
    """
    size = check_pixels("input size", size, 1)
    kernel = check_pixels("kernel", kernel, 1)
    stride = check_pixels("stride", stride, 1)
    if rule not in ("smallest", "keras"):
        raise ValueError(f"rule must be 'smallest' or 'keras', got {rule!r}")
    if isinstance(padding, str) and padding == "same" and rule == "keras":
        return stride * size
    valid = isinstance(padding, str) and padding == "valid"
    padding = check_pixels("padding", 0 if valid else padding, 0)
    if rule == "keras":
        if padding:
            raise ValueError(f"padding must be 'valid' or 'same' with Keras, got {padding}")
        return stride * (size - 1) + max(kernel, stride)
    out = stride * (size - 1) + kernel
    if out <= 2 * padding:
        raise ValueError(f"padding {padding} takes away all of the {out} output pixels")
    return out - 2 * padding


@dataclass(frozen=True)
class Window:
    """One layer with a sliding window: a convolution or a pooling layer, along one axis.

    Attributes
    ----------
    name : str
        The layer's name, as in "C1".
    kernel : int
        Kernel (or pooling window) size, in pixels of the layer's input.
    stride : int
        Step from one kernel position to the next, in pixels of the layer's input.
    padding : int, (int, int), 'valid' or 'same'
        See :func:`pad_amounts`.
    dilation : int
        Distance between neighbouring kernel weights, in pixels of the layer's input.
    """

    name: str
    kernel: int
    stride: int = 1
    padding: object = 0
    dilation: int = 1

    def __post_init__(self):
        """Keep NumPy's whole numbers as ints; the rules are checked where they are used."""
        keep_plain(self)

    @property
    def numbers(self):
        """Kernel, stride, padding and dilation, as :func:`output_size` takes them."""
        return self.kernel, self.stride, self.padding, self.dilation


@dataclass(frozen=True)
class Reach:
    """Where one layer stands over the network's input, along one axis.

    Attributes
    ----------
    name : str
        The layer's name.
    size : int
        Number of units (output size), in units.
    receptive_field : int
        Input pixels that one unit sees.
    jump : int
        Input pixels between two neighbouring units.
    start : int
        First input pixel that unit 0 sees; negative where padding comes first.
    """

    name: str
    size: int
    receptive_field: int
    jump: int
    start: int

    def __post_init__(self):
        """Keep NumPy's whole numbers as ints."""
        keep_plain(self)

    def pixels(self, unit):
        """Return the first and the last input pixel that a unit sees; outside the input is padding.

        Parameters
        ----------
        unit : int
            Counted from 0.

        Raises
        ------
        ValueError
            If the layer has no such unit.
        """
        unit = check_pixels("unit", unit, 0)
        if unit >= self.size:
            raise ValueError(f"{self.name} has units 0 to {self.size - 1}, got unit {unit}")
        first = self.start + unit * self.jump
        return first, first + self.receptive_field - 1


def advance(below, layer):
    """Go one layer up: return where `layer` stands, given where the layer below it stands.

    The receptive field grows by ``(extent - 1) * jump``, and the jump is multiplied by the stride
    (Araujo, Norris and Sim 2019, equations 1 and 2).

    Parameters
    ----------
    below : Reach
        The layer below.
    layer : Window
        The layer whose place is asked for.

    Returns
    -------
    Reach

    Raises
    ------
    ValueError
        As :func:`output_size` raises it; the message names the layer.
    """
    try:
        size, *window = layer_numbers(below.size, *layer.numbers)
        out = output_size(size, *window)
        before, _ = pad_amounts(size, *window)
    except ValueError as error:
        raise ValueError(f"{layer.name}: {error}") from None
    kernel, stride, _, dilation = window
    field = below.receptive_field + dilation * (kernel - 1) * below.jump
    return Reach(layer.name, out, field, below.jump * stride, below.start - before * below.jump)


def trace(size, layers):
    """Follow the size and the receptive field through layers, one :func:`advance` for each.

    Parameters
    ----------
    size : int
        Input size in pixels.
    layers : sequence of Window
        From the input upwards.

    Returns
    -------
    list of Reach
        One for each layer.

    Raises
    ------
    ValueError
        If the list is empty, or as :func:`advance` raises it.
    """
    layers = list(layers)
    if not layers:
        raise ValueError("the list of layers is empty")
    reaches = [Reach("input", size, 1, 1, 0)]  # an input pixel sees itself
    for layer in layers:
        reaches.append(advance(reaches[-1], layer))
    return reaches[1:]


@dataclass(frozen=True)
class Sight:
    """What each unit of a layer sees along one axis; of the padding, nothing.

    Parameters
    ----------
    step : int
        Input pixels between two neighbouring units.
    first, last : numpy.ndarray
        For each unit the first and the last input pixel that it sees.
    """

    step: int
    first: np.ndarray
    last: np.ndarray

    def through(self, kernel, stride=1, padding=0, dilation=1):
        """Return what the units of a layer with this window see, on top of this one.

        Parameters
        ----------
        kernel, stride, padding, dilation
            As :func:`output_size` takes them.
        """
        window = len(self.first), kernel, stride, padding, dilation
        around = pad_amounts(*window)
        places = taps(*window) + around[0]
        # A place of padding sees nothing: it begins after all pixels and ends before them.
        first = np.pad(self.first, around, constant_values=np.iinfo(int).max // 2)
        last = np.pad(self.last, around, constant_values=-1)
        return Sight(self.step * stride, first[places].min(axis=1), last[places].max(axis=1))

    def whole(self):
        """Return what a unit sees that takes in all units."""
        return self.through(len(self.first))


#: The layers with a window in the LeNet-5 of 1998 (input 32) and in the Keras LeNet (28).
LENET5 = (
    Window("C1", kernel=5), Window("S2", kernel=2, stride=2),
    Window("C3", kernel=5), Window("S4", kernel=2, stride=2),
    Window("C5", kernel=5),
)  # fmt: skip
ARTICLE = LENET5[:4]
