"""The weights that the explorer's page loads: scripts, and what the site's build makes of the rest.

A page that was opened from a folder may load scripts and nothing else. So each script holds the
weights of one network after one epoch, as base64 of what :mod:`~lenet_tutorial.weights` packs, and
``samples.js`` digits to try; ``manifest.json`` says what is in them, how the networks were trained,
how well they read, and gives the checksums. What is there in another form is kept only so, and the
build of the site makes a script of it: the manifest itself (``index.js``), the last weights of the
textbook network, which come with the package (``data/textbook.npz``), and ``digits.js``, the digits
from which a network learns in the page (``digits.bin``, see :func:`pack_digits`).
"""

import base64
import hashlib
import json
import tempfile
import zlib
from pathlib import Path

import numpy as np

from .. import weights

DIGITS = "digits.bin"  # the digits to learn from, as the repository keeps them
OWN = "textbook"  # the last weights of this network come with the package
LEVELS = 16  # of ink that are kept of a pixel's 256


def read_manifest(folder):
    """Read what a folder of weights holds.

    Parameters
    ----------
    folder : path
        Where :func:`~lenet_tutorial.explorer.export.export` writes.

    Returns
    -------
    dict
        The manifest; without networks where there is none.
    """
    path = Path(folder) / "manifest.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {"networks": []}


def about_file(name, data):
    """Say what a script is called, and how to tell that its data came whole.

    Parameters
    ----------
    name : str
        Of the script.
    data : bytes
        Before they become text.

    Returns
    -------
    dict
        ``file``, ``bytes``, ``crc32`` and ``sha256``.
    """
    checks = {"crc32": zlib.crc32(data), "sha256": hashlib.sha256(data).hexdigest()}
    return {"file": name, "bytes": len(data), **checks}


def call(function, *arguments):
    """Return a script that hands something to the engine.

    Parameters
    ----------
    function : str
        Of ``LeNet.engine``.
    *arguments
        What it takes: bytes, or something fit for JSON.

    Returns
    -------
    str
    """
    texts = [base64.b64encode(one).decode() if isinstance(one, bytes) else one for one in arguments]
    given = ", ".join(json.dumps(text, ensure_ascii=False) for text in texts)
    return f"/* Made by `make export`. */\nLeNet.engine.{function}({given});\n"


def write(folder, texts):
    """Write all files beside their places, then move them there: a whole file or none.

    Parameters
    ----------
    folder : path
        It is made where it is missing.
    texts : dict
        What each file is to hold, text or bytes, by its name. The last one comes last.

    Raises
    ------
    OSError
        If a file can't be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, suffix=".part") as made:
        for name, text in texts.items():
            data = text if isinstance(text, bytes) else text.encode("utf-8")
            (Path(made) / name).write_bytes(data)
        for name in texts:
            (Path(made) / name).replace(folder / name)


def read_weights(folder, name, epoch):
    """Read the weights of one snapshot back: from its script, or else from the package's own.

    Parameters
    ----------
    folder : path
        Where :func:`~lenet_tutorial.explorer.export.export` has put the scripts.
    name : str
        Name of the network.
    epoch : int
        One of the epochs that were kept.

    Returns
    -------
    bytes
        As :func:`lenet_tutorial.weights.pack` returned them.

    Raises
    ------
    ValueError
        If there is no such snapshot, or what is there is not what the manifest says.
    """
    snapshots = {
        (entry["name"], snapshot["epoch"]): snapshot
        for entry in read_manifest(folder)["networks"]
        for snapshot in entry["snapshots"]
    }
    if (name, epoch) not in snapshots:
        raise ValueError(f"no weights of network {name!r} after epoch {epoch!r} in {folder}")
    snapshot = snapshots[name, epoch]
    path = Path(folder) / snapshot["file"]
    if path.is_file():
        data = base64.b64decode(path.read_text("utf-8").rsplit('"', 2)[1])
    else:
        path = weights.DEFAULT
        data, _ = weights.read(path)
    if hashlib.sha256(data).hexdigest() != snapshot["sha256"]:
        raise ValueError(f"{path.name} does not hold what the manifest says: export again")
    return data


def pack_digits(images):
    """Pack digits for the page: two pixels a byte, and what comes of it squeezed by zlib.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 28, 28)``, uint8.

    Returns
    -------
    bytes
        Of each pixel one of `LEVELS` levels of ink: about 95 bytes for a digit of MNIST.
    """
    return zlib.compress(pairs(images, 255), 9)


def pairs(ink, most):
    """Keep so many levels of ink, and put two pixels into a byte.

    Parameters
    ----------
    ink : numpy.ndarray
        Of any shape, an even number of pixels, from 0 to `most`.
    most : float
        The most ink.

    Returns
    -------
    bytes
        The first pixel of each pair counts `LEVELS` times as much as the second.
    """
    levels = np.rint(ink.reshape(-1, 2) * ((LEVELS - 1) / most))
    levels = np.clip(levels, 0, LEVELS - 1).astype("uint8")
    return (LEVELS * levels[:, 0] + levels[:, 1]).tobytes()


def unpack_digits(data):
    """Return the digits that :func:`pack_digits` has packed.

    Parameters
    ----------
    data : bytes
        As it returned them.

    Returns
    -------
    numpy.ndarray
        ``(n, 28, 28)``, uint8, each pixel as near to what it was as `LEVELS` levels allow.
    """
    packed = np.frombuffer(zlib.decompress(data), np.uint8)
    levels = np.stack([packed // LEVELS, packed % LEVELS], axis=1)
    return (levels * (255 // (LEVELS - 1))).astype("uint8").reshape(-1, 28, 28)


def read_digits(folder):
    """Read the digits to learn from, as they are packed.

    Parameters
    ----------
    folder : path
        Where :func:`~lenet_tutorial.explorer.export.export` has put them.

    Returns
    -------
    bytes

    Raises
    ------
    OSError
        If they can't be read.
    ValueError
        If the file is not what the manifest says.
    """
    data = (Path(folder) / DIGITS).read_bytes()
    if hashlib.sha256(data).hexdigest() != read_manifest(folder)["digits"]["sha256"]:
        raise ValueError(f"{DIGITS} does not hold what the manifest says: export again")
    return data


def made_by_the_build(folder):
    """Return the scripts that the page loads and the folder does not hold.

    Parameters
    ----------
    folder : path
        Of weights.

    Returns
    -------
    dict
        The text of each, by its name: ``index.js``, weights that come with the package, and
        the digits to learn from.

    Raises
    ------
    ValueError
        If the package's weights or the digits are not those that the manifest says.
    """
    manifest = read_manifest(folder)
    texts = {"index.js": call("catalogue", manifest)}
    if "digits" in manifest:
        texts[manifest["digits"]["file"]] = call("digits", read_digits(folder))
    for entry in manifest["networks"]:
        for snapshot in entry["snapshots"]:
            if not (Path(folder) / snapshot["file"]).is_file():
                which = entry["name"], snapshot["epoch"]
                texts[snapshot["file"]] = call("weights", *which, read_weights(folder, *which))
    return texts


def write_default(folder, path=None):
    """Keep the explorer's textbook network as the package's own, in one small file.

    Where that is the file that comes with the package, the folder keeps no script of it: the
    site's build makes that one.

    Parameters
    ----------
    folder : path
        Where :func:`~lenet_tutorial.explorer.export.export` has put the scripts.
    path : path, optional
        By default ``lenet_tutorial.weights.DEFAULT``.

    Raises
    ------
    OSError
        If the file can't be written.
    """
    path = Path(path or weights.DEFAULT)
    entry = {one["name"]: one for one in read_manifest(folder)["networks"]}[OWN]
    snapshot = entry["snapshots"][-1]
    data = read_weights(folder, OWN, snapshot["epoch"])
    about = {key: entry[key] for key in ("title", "dataset", "test_accuracy", "seed", "recipe")}
    about |= {"epoch": snapshot["epoch"], "sha256": snapshot["sha256"]}
    weights.write(path, data, about)
    if path.resolve() == weights.DEFAULT.resolve():
        (Path(folder) / snapshot["file"]).unlink(missing_ok=True)
