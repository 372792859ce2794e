"""What the package asks of numbers and names, in one wording.

Each check returns the value that is to be used from then on: an int, a float or one of the values
allowed, and no NumPy number, which would overflow with its 8 or 16 bits.
"""

import math
import numbers
import operator


def check_maps(input_shape):
    """Refuse a shape that is no batch of maps."""
    if len(input_shape) != 4:
        raise ValueError(f"the input must be (batch, height, width, maps), got {input_shape}")


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


def check_whole(name, value, least=1):
    """Return a whole number of at least so much, as an int; NumPy's count too, True does not."""
    try:
        found = operator.index(value)
    except TypeError:
        found = None
    if found is None or isinstance(value, bool) or found < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")
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
