"""What flows through a model of others, and what that costs: from its description alone.

The limits are far above what any network of digits needs, and far below what hurts.
"""

import math
from dataclasses import dataclass, field

from ..._inputs import shown
from .archive import ModelError

MAX_WEIGHTS = 16_000_000  # 64 MB, and some copies while they are made; LeNet-5 has 60 000
MAX_VALUES = 10_000_000  # of all layers for one picture, what lies in between included
MAX_WORK = 20_000_000_000  # multiply–adds for one picture; LeNet-5 needs 0.4 million

FLOATS = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")
WHOLE = ("uint8", "int8", "int16", "uint16", "int32", "int64")


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
    """

    shape: tuple
    scale: float | None = None
    offset: float | None = None

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
    layers: list = field(default_factory=list)
    uses: list = field(default_factory=list)
    ours: bool = False
    weights: int = 0
    values: int = 0
    work: int = 0

    def add(self, where, weights=0, values=0, work=0):
        """Count what a layer costs, and refuse what is too much.

        Parameters
        ----------
        where : str
            What it is called in the refusal.
        weights, values, work : int
            What comes on top.

        Raises
        ------
        ModelError
            If the model is too large with it.
        """
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
    """Return the name of a type.

    Parameters
    ----------
    given : str or dict
        The type, as a name or as a policy of Keras.

    Returns
    -------
    str

    Raises
    ------
    ModelError
        If it is none that is known here.
    """
    if isinstance(given, dict):
        given = part_of(given, "config").get("name")
    if not isinstance(given, str) or given not in FLOATS + WHOLE:
        raise ModelError(f"it computes in {shown(repr(given))[:60]}, which is not known here")
    return given


def is_size(value):
    """Say if a value of a description can be the number of rows, columns or maps.

    Parameters
    ----------
    value : object
        Whatever JSON can hold.

    Returns
    -------
    bool
    """
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_VALUES


def part_of(config, key):
    """Return an object within a description.

    Parameters
    ----------
    config : dict
        The description.
    key : str
        Where in it the object stands.

    Returns
    -------
    dict

    Raises
    ------
    ModelError
        If there is no object.
    """
    if not isinstance(config.get(key), dict):
        raise ModelError(f"its description is damaged: no {key} where one must be")
    return config[key]
