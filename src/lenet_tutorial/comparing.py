"""What a function returned, held against what it must return: one line says what differs."""

import numpy as np

TOLERANCE = 1e-5  # of the largest value: room for arrays of float32


def compare_all(got, expected, names=()):
    """Compare one result, or several; return what is wrong with the first that is.

    Parameters
    ----------
    got, expected : array_like, or tuple of array_like
        A tuple where there are several results; `got` may be a list then.
    names : tuple of str
        What each of the results is.

    Returns
    -------
    str
        Empty if all is well.
    """
    if not isinstance(expected, tuple):
        return compare(got, expected)
    if not isinstance(got, tuple | list) or len(got) != len(expected):
        found = len(got) if isinstance(got, tuple | list) else 1
        return f"returns {found} result{'s' * (found != 1)}, expected {len(expected)}"
    for number, (one, wanted) in enumerate(zip(got, expected, strict=True), 1):
        if said := compare(one, wanted):
            return f"{said}, in result {number} of {len(expected)}, {names[number - 1]}"
    return ""


def compare(got, expected):
    """Compare an array with what it must be: its kind, its shape, its values.

    Parameters
    ----------
    got : object
        What the reader's function returned.
    expected : numpy.ndarray or float
        What it must be.

    Returns
    -------
    str
        Empty if all is well; else what is wrong, with the first place.
    """
    expected = np.asarray(expected)
    try:
        array = np.asarray(got)
    except Exception:  # a list whose rows differ in length
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        return f"returns a {type(got).__name__}, expected {_kind(expected.shape)}"
    if array.shape != expected.shape:
        return f"wrong shape {array.shape}, expected {expected.shape}"
    if array.size == 0:
        return ""
    slack = TOLERANCE * max(1e-3, np.abs(expected).max())
    wrong = np.argwhere(~(np.abs(array - expected) <= slack))  # so nan is wrong, too
    if not len(wrong):
        return ""
    place = tuple(int(one) for one in wrong[0])
    at = f" at [{', '.join(map(str, place))}]" if place else ""
    return f"wrong value{at}: {array[place]:.6g}, expected {expected[place]:.6g}"


def _kind(shape):
    return f"an array of shape {shape}" if shape else "a number"
