"""What the package asks of numbers and names, in one wording.

Each check returns the value that is to be used from then on: an int, a float or one of the values
allowed, and no NumPy number, which would overflow with its 8 or 16 bits.
"""

import math
import numbers
import operator


def check_maps(input_shape):
    """Return how many maps the shape of a batch of maps has; refuse any other shape."""
    if len(input_shape) != 4:
        raise ValueError(f"the input must be (batch, height, width, maps), got {input_shape}")
    return input_shape[-1]


def check_one_of(name, value, allowed):
    """Return the one of the allowed values that this is; NumPy's whole numbers count too.

    For a number 1.0 is not 1, and True is not either.
    """
    for one in allowed:
        if isinstance(one, str) or isinstance(one, bool):
            alike = type(value) is type(one) or isinstance(value, type(one))
        else:
            alike = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        if alike and value == one:
            return one
    raise ValueError(f"{name} must be one of {allowed}, got {value!r}")


def _whole(value):
    """Return a whole number as an int, or None: NumPy's count too; True, 2.0 and "2" do not."""
    try:
        return None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        return None


def check_whole(name, value, least=1):
    """Return a whole number of at least so much, as an int."""
    found = _whole(value)
    if found is None or found < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")
    return found


def check_widths(name, value, counts):
    """Return a tuple of whole numbers of at least 1; `counts` says how many there may be."""
    if not isinstance(value, (tuple, list)) or len(value) not in counts:
        raise ValueError(f"{name} must hold {' or '.join(map(str, counts))} numbers, got {value!r}")
    return tuple(check_whole(name, one) for one in value)


def check_crop(crop, input_size):
    """Return how many pixels are cut off each side of a picture; S4 must keep a map of 1×1."""
    crop, most = check_whole("crop", crop, 0), (input_size - 16) // 2
    if crop and input_size != 28:
        raise ValueError(f"crop goes with an input of 28 × 28 pixels, got {crop} with {input_size}")
    if crop > most:
        raise ValueError(f"crop must be at most {most}, or S4 has no maps, got {crop}")
    return crop


def check_pixels(name, value, least):
    """Return what `check_whole` returns; its words are those of the calculator in the book."""
    found = _whole(value)
    if found is None:
        raise ValueError(f"{name} must be a whole number, got {value!r}")
    if found < least:
        raise ValueError(f"{name} must be at least {least}, got {found}")
    return found


def check_seed(value):
    """Return a seed that Python, NumPy and Keras all take, as an int."""
    found = _whole(value)
    if found is None or not 0 <= found < 2**32:
        raise ValueError(f"seed must be a whole number from 0 to 2**32 - 1, got {value!r}")
    return found


def check_number(name, value, above=None, below=None):
    """Return a finite number of at least 0, as a float; or one above, or below a bound."""
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    high = real and (value >= 0 if above is None else value > above)
    if not high or not value < (math.inf if below is None else below):
        rule = "at least 0" if above is None else f"above {above}"
        rule += "" if below is None else f" and below {below}"
        raise ValueError(f"{name} must be {rule}, got {value!r}")
    return float(value)


def keep_plain(record):
    """Put ints in the place of NumPy's whole numbers in a frozen record, in its tuples too."""

    def plain(value):
        if isinstance(value, (tuple, list)):
            return tuple(map(plain, value))
        return value if _whole(value) is None else _whole(value)

    for name, value in vars(record).items():
        object.__setattr__(record, name, plain(value))
