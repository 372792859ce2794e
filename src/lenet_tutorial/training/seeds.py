"""The generators of random numbers that a run draws from: seeded, kept and brought back."""

import json
import random

import numpy as np

from .checkpoint import read_array, read_text


def set_seed(seed):
    """Seed Python, NumPy and Keras, so that weights and shuffling come out the same again.

    The same seed gives the same weights on the same machine. Another number of threads or another
    processor adds in another order, and the results drift apart in the last digits.

    Parameters
    ----------
    seed : int
        From 0 to 2³² − 1.

    Raises
    ------
    ValueError
        If the seed is not a whole number from 0 to 2³² − 1.
    """
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise ValueError(f"seed must be a whole number from 0 to 2**32 - 1, got {seed!r}")
    import keras

    keras.utils.set_random_seed(int(seed))


def random_states():
    """Return the state of all random numbers of this process but those in a model's own variables.

    Returns
    -------
    dict of str to numpy.ndarray
        Of Python, of NumPy, which Keras shuffles with, and of PyTorch, where it is the backend.
    """
    import keras

    _, key, *rest = np.random.get_state()  # noqa: NPY002
    states = {
        "python": np.array(json.dumps(random.getstate())),
        "numpy": np.array(json.dumps(rest)),
        "numpy_key": key,
    }
    if keras.backend.backend() == "torch":
        import torch

        states["torch"] = torch.get_rng_state().numpy()
    return states


def read_random_states(archive):
    """Read these states from a checkpoint, and see that the generators take them.

    Parameters
    ----------
    archive : zipfile.ZipFile
        From :func:`lenet_tutorial.training.checkpoint.open_checkpoint`.

    Returns
    -------
    dict
        For :func:`set_random_states`.

    Raises
    ------
    ValueError
        If one is damaged.
    """
    states = {"python": _python_state(read_text(archive, "python"))}
    key = read_array(archive, "numpy_key", np.dtype(np.uint32), (624,))
    states["numpy"] = _numpy_state(read_text(archive, "numpy"), key)
    if "torch.npy" in archive.namelist():
        states["torch"] = read_array(archive, "torch", np.dtype(np.uint8))
    return states


def set_random_states(states):
    """Go on with random numbers where they were.

    Parameters
    ----------
    states : dict
        From :func:`read_random_states`.
    """
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])  # noqa: NPY002 - what Keras shuffles with
    if "torch" in states:
        import torch

        torch.set_rng_state(torch.from_numpy(states["torch"].copy()))


def _python_state(text):
    """Return a state of Python's random numbers that a generator takes."""
    version, numbers, gauss = json.loads(text)
    state = version, tuple(numbers), gauss
    if gauss is not None and not isinstance(gauss, float):
        raise ValueError("the state of random numbers is damaged")
    random.Random().setstate(state)
    return state


def _numpy_state(text, key):
    """Return a state of NumPy's random numbers that a generator takes, as `set_state` wants it."""
    place, has_gauss, gauss = json.loads(text)
    # NumPy takes any place, and reads there.
    if type(place) is not int or not 0 <= place <= len(key) or has_gauss not in (0, 1):
        raise ValueError("the state of random numbers is damaged")
    return "MT19937", key, place, int(has_gauss), float(gauss)
