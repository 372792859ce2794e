"""What makes a training run what it is, so that none goes on from the checkpoint of another."""

import hashlib
import json
import re

import numpy as np


def describe_run(learner, arrays, **settings):
    """Say what makes a run what it is: network, optimiser, loss, data, backend and settings.

    Parameters
    ----------
    learner : keras.Model
        Compiled. What its weights are plays no part, nor do the names of its layers.
    arrays : dict of str to numpy.ndarray
        The data, by what it is called.
    **settings
        Whole numbers, and what else ``fit`` is given.

    Returns
    -------
    dict of str to str
        The same for two runs that give the same result.
    """
    import keras

    text = learner.to_json()
    names = dict.fromkeys(_names(json.loads(text)))
    for number, name in enumerate(names):  # Keras counts on: dense, dense_1, …
        text = text.replace(json.dumps(name), f'"#{number}"')
    network = without(json.loads(text), ("build_config", "compile_config"))
    optimizer = keras.optimizers.serialize(learner.optimizer)
    loss = learner.loss
    about = {
        "network": _digest(as_text(network).encode()),
        "optimiser": as_text(without(optimizer, ("name", "build_config"))),
        "loss": as_text(without(keras.losses.serialize(loss), ("name",))),
        "backend": keras.backend.backend(),
    }
    about |= {name: _digest_array(array) for name, array in arrays.items()}
    return about | {name: as_text(value) for name, value in settings.items()}


def _names(value):
    """Yield all names in a nested value."""
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        yield value["name"]
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _names(inner)


def without(value, keys):
    """Return a nested value without some keys of its dictionaries.

    Parameters
    ----------
    value : object
        As JSON can hold it: dictionaries and lists, of anything.
    keys : collection of str
        What is left out, at any depth.

    Returns
    -------
    object
    """
    if isinstance(value, dict):
        return {key: without(inner, keys) for key, inner in value.items() if key not in keys}
    if isinstance(value, (list, tuple)):
        return [without(inner, keys) for inner in value]
    return value


def as_text(value):
    """Write a value as text that is the same in every process.

    Parameters
    ----------
    value : object
        A setting: numbers, texts, lists and dictionaries of them, arrays, classes.

    Returns
    -------
    str
        JSON.
    """

    def other(value):
        if isinstance(value, np.generic):
            return value.item()
        if hasattr(value, "__array__"):
            return _digest_array(np.asarray(value))
        return getattr(value, "__name__", type(value).__name__)

    return json.dumps(value, sort_keys=True, default=other)


def _digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


def _digest_array(array):
    array = np.ascontiguousarray(array)
    return f"{array.dtype} {array.shape} {_digest(array.data.cast('B') if array.size else b'')}"


def differences(kept, here):
    """Say how two runs differ, with the values where they are short.

    Parameters
    ----------
    kept, here : dict of str to str
        The runs, from :func:`describe_run`: that of a checkpoint, and the one to go on.

    Returns
    -------
    list of str
        Empty where they are one.
    """
    found = []
    for name in {**kept, **here}:
        was, now = kept.get(name), here.get(name)
        short = (one and re.fullmatch(r"[\d.]{1,12}|[a-z]+|null", one) for one in (was, now))
        if was != now:
            values = f"was {was} and is now {now}" if all(short) else "differs"
            found.append(f"{name} {values}")
    return found
