"""Whether Keras can start as its settings say, before it takes its time to try."""

import json
import os
from importlib.machinery import PathFinder  # the package wraps the others, see _quiet
from pathlib import Path

from . import net
from .net import CommandError

#: Backends of Keras. That of NumPy answers and does not learn.
BACKENDS = {"train": ("tensorflow", "jax", "torch")}
BACKENDS["predict"] = (*BACKENDS["train"], "numpy")


def check_keras(use):
    """See to it that Keras can start as its settings say.

    Parameters
    ----------
    use : {'predict', 'train'}
        What for.

    Raises
    ------
    CommandError
        If a setting names a backend that is none or is not installed, or the machine's limits are
        too narrow.
    """
    limit = net.memory_limit()
    if limit is not None:
        raise CommandError(
            f"the limit of memory is {limit >> 20} MB, and Keras needs {net.MEMORY >> 20} MB to "
            "start: lift it (`ulimit -v unlimited`)",
            net.FAILED,
        )
    settings, place = _keras_settings()
    backend, where = os.environ.get("KERAS_BACKEND"), "KERAS_BACKEND"
    if not backend:
        backend, where = settings.get("backend", "tensorflow"), f'"backend" in {place}'
    if backend not in BACKENDS[use]:
        known = ", ".join(BACKENDS[use])
        raise CommandError(f"{where} is {backend!r}, and must be one of {known}, or not set")
    if PathFinder.find_spec(backend) is None:
        raise CommandError(
            f"{where} asks for {backend}, which is not installed: unset it, or install {backend}",
            net.FAILED,
        )
    axes = settings.get("image_data_format", "channels_last")
    if axes != "channels_last":
        raise CommandError(
            f"\"image_data_format\" in {place} is {axes!r}, and must be 'channels_last'"
        )


def _keras_settings():
    """Return Keras's own settings of the reader, and where they stand."""
    home = os.path.expanduser("~")
    base = home if os.access(home, os.W_OK) else "/tmp"  # as Keras does it
    place = Path(os.path.expanduser(os.environ.get("KERAS_HOME", f"{base}/.keras"))) / "keras.json"
    try:
        settings = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # it does without them
        settings = {}
    return settings if isinstance(settings, dict) else {}, place
