"""What a ``.keras`` file holds, found out without Keras.

Such a file is a zip archive with a description (``config.json``) and the weights (an HDF5 file). It
can come from anywhere. So it is read once, into memory, by its own limits; what is not needed is
dropped; and Keras gets a new file, of nothing but what was looked at.
"""

import io
import json
import math
import re
import zipfile
from dataclasses import dataclass

from ..._inputs import shown
from ...files import read_file
from ...training.describe import without

MAX_BYTES = 200_000_000  # of the file, and of what it unpacks to
MAX_CONFIG = 5_000_000  # of the description; the largest of the book has 60 kB
MAX_DEPTH = 64  # of lists and objects inside one another; a model inside a model has about 20
MAX_PARTS = 500_000  # of the description: each number, text, list or object is one
MAX_ENTRIES = 100  # of the archive; Keras writes three
MAX_DATASETS = 20_000  # groups and arrays of the weights
CONFIG, WEIGHTS, ABOUT = "config.json", "model.weights.h5", "metadata.json"
# Keras may act upon these while it builds. Nothing of them is needed to read digits.
DROPPED = ("build_config", "compile_config", "shared_object_id")


class ModelError(ValueError):
    """A model file can't be used; the message says why, and names the file."""


@dataclass(frozen=True)
class ModelFile:
    """The contents of a ``.keras`` file.

    Attributes
    ----------
    config : dict
        The description of the model, without what Keras need not see.
    weights : bytes
        An HDF5 file.
    """

    config: dict
    weights: bytes

    def write(self, path):
        """Write the two as a new ``.keras`` file, for Keras to load.

        Parameters
        ----------
        path : path
            Where the file is to be.
        """
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(ABOUT, json.dumps({"keras_version": "3", "date_saved": ""}))
            archive.writestr(CONFIG, json.dumps(self.config))
            archive.writestr(WEIGHTS, self.weights)


def read_model_file(path):
    """Read a ``.keras`` file, as far as it can be trusted without Keras.

    Parameters
    ----------
    path : path
        A regular file.

    Returns
    -------
    ModelFile

    Raises
    ------
    ModelError
        If it is no such file, it is damaged, or it passes a limit of this module. The message does
        not name the file, except where it can't be opened.
    """
    data = read_file(path, MAX_BYTES, ModelError)
    try:
        config, weights = _unpack(data)
        del data
        config = json.loads(config, parse_constant=no_number, parse_float=finite)
        check_weights(weights)
    except ModelError:
        raise
    except RecursionError:
        raise ModelError(f"its description is nested deeper than {MAX_DEPTH} levels") from None
    except MemoryError:
        raise ModelError("there is not enough memory for it") from None
    except Exception as error:  # whatever zipfile, json and h5py make of wrong bytes
        raise ModelError(f"it is no .keras file, or it is damaged ({said(error)})") from None
    if not isinstance(config, dict):
        raise ModelError("its description is no JSON object")
    measure(config)
    return ModelFile(without(config, DROPPED), weights)


def said(error):
    """Return what an error says, in one line of at most 200 characters.

    Parameters
    ----------
    error : Exception
        Of Keras, or of what it is made of.

    Returns
    -------
    str
        The reason, without the place where Keras was.
    """
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # Keras writes in bold
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Exception encountered when calling"):
        del lines[0]  # the reason comes after it
    return shown(lines[0])[:200] if lines else type(error).__name__


# --------------------------------------------------------------------------- the archive


def _unpack(data):
    """Return the description and the weights in the bytes of an archive."""
    check_directory(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        for name in (CONFIG, WEIGHTS):
            if names.count(name) != 1:
                much = "no" if name not in names else "more than one"
                raise ModelError(f"it is no .keras file, or it is damaged: it has {much} {name}")
        if sum(entry.file_size for entry in entries) > MAX_BYTES:
            raise ModelError(f"it unpacks to more than {MAX_BYTES // 1_000_000} MB")
        return (
            read_entry(archive, CONFIG, MAX_CONFIG),
            read_entry(archive, WEIGHTS, MAX_BYTES),
        )


def check_directory(data):
    """Refuse an archive whose list of entries is long, before `zipfile` reads the list.

    Parameters
    ----------
    data : bytes
        Of the whole file.

    Raises
    ------
    ModelError
        If it is no archive, or it has more than MAX_ENTRIES entries.
    """
    end = data.rfind(b"PK\5\6", max(0, len(data) - 22 - 65_535))
    if end < 0 or len(data) < end + 22:
        raise ModelError("it is no .keras file, or it is damaged: it is no zip archive")
    count = int.from_bytes(data[end + 10 : end + 12], "little")
    size = int.from_bytes(data[end + 12 : end + 16], "little")
    large = data[max(0, end - 20) : end].startswith(b"PK\6\7")  # with the numbers of 64 bits
    if large or count > MAX_ENTRIES or size > MAX_ENTRIES * 1000:
        raise ModelError(f"it has more than {MAX_ENTRIES} entries: Keras writes three")


def read_entry(archive, name, most):
    """Return the bytes of one entry, where it is packed in a usual way.

    Parameters
    ----------
    archive : zipfile.ZipFile
        Whose list was checked.
    name : str
        Of the entry.
    most : int
        How many bytes it may have.

    Returns
    -------
    bytes

    Raises
    ------
    ModelError
        If it is encrypted, packed in another way, or larger.
    """
    entry = archive.getinfo(name)
    if entry.flag_bits & 1:
        raise ModelError(f"its {name} is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ModelError(f"its {name} is packed in another way than Keras does it")
    if entry.file_size > most:
        raise ModelError(f"its {name} has more than {most // 1_000_000} MB")
    return archive.read(entry)  # not more than the size says, and the checksum is held against it


# --------------------------------------------------------------------------- the description


def no_number(text):
    """Refuse what JSON knows as no number, such as NaN.

    Parameters
    ----------
    text : str
        As it stands in a description.

    Raises
    ------
    ModelError
        Always.
    """
    raise ModelError(f"its description holds {text}, which is no number")


def finite(text):
    """Return a number of a description.

    Parameters
    ----------
    text : str
        As it stands there.

    Returns
    -------
    float

    Raises
    ------
    ModelError
        If it is not finite.
    """
    number = float(text)
    if not math.isfinite(number):  # 1e999
        raise ModelError("its description holds a number that is not finite")
    return number


def measure(config):
    """Refuse a description that is nested too deep or has too many parts.

    Parameters
    ----------
    config : dict
        What JSON made of it.

    Raises
    ------
    ModelError
        If it passes MAX_DEPTH or MAX_PARTS.
    """
    level, parts = [config], 0
    for _ in range(MAX_DEPTH):
        inner = []
        for one in level:
            inner += one.values() if isinstance(one, dict) else one
        parts += len(inner)
        if parts > MAX_PARTS:
            raise ModelError(f"its description has more than {MAX_PARTS} parts")
        level = [one for one in inner if isinstance(one, (dict, list))]
        if not level:
            return
    raise ModelError(f"its description is nested deeper than {MAX_DEPTH} levels")


# --------------------------------------------------------------------------- the weights


def check_weights(data):
    """Refuse weights that point out of their file, or that are more than they seem.

    Parameters
    ----------
    data : bytes
        An HDF5 file.

    Raises
    ------
    ModelError
        If an array lies in another file, is made of others, or is packed; if a name stands for a
        place elsewhere; or if the arrays are larger than MAX_BYTES together.
    """
    import h5py

    with h5py.File(io.BytesIO(data), "r") as file:
        waiting, seen, size = [file], set(), 0
        while waiting:
            group = waiting.pop()
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise ModelError("its weights point to something outside of them")
                one = group[name]
                place = h5py.h5o.get_info(one.id).addr
                if place in seen:
                    continue
                seen.add(place)
                if len(seen) > MAX_DATASETS:
                    raise ModelError(f"its weights have more than {MAX_DATASETS} parts")
                if isinstance(one, h5py.Group):
                    waiting.append(one)
                elif isinstance(one, h5py.Dataset):
                    _check_array(one)
                    size += math.prod(one.shape) * one.dtype.itemsize
                    if size > MAX_BYTES:
                        raise ModelError(f"its weights are over {MAX_BYTES // 1_000_000} MB")


def _check_array(one):
    """Refuse an array whose numbers lie elsewhere, or which are packed."""
    made = one.id.get_create_plist()
    if one.external or made.get_external_count() or one.is_virtual:
        raise ModelError("its weights lie in another file")
    if made.get_nfilters():
        raise ModelError("its weights are packed inside: Keras writes them plain")
    if one.shape is None or one.dtype.hasobject:
        raise ModelError("its weights hold something that is no array of numbers")
