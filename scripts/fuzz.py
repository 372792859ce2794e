"""Feed damaged and hostile input to all that reads files or arguments: ``python scripts/fuzz.py``.

Each target runs in a process of its own. Hypothesis makes the examples: whole files of every kind,
then bytes, numbers, sizes, types and nesting changed in them. Nothing but the package's own
exceptions may come out, no call may take long, and no process may grow beyond 1.5 GB. The table
at the end says for each target how many examples were taken, how many refused, how many failed;
distinct failures are listed with the smallest example that was met. The exit code is 1 if there
are any.

The same seed gives the same examples. ``tests/test_fuzz.py`` runs a short slice.
"""

import argparse
import base64
import contextlib
import faulthandler
import functools
import gzip
import io
import json
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

MEMORY = 1.5e9  # bytes that a process may have held, TensorFlow and all
PATIENCE = 20  # seconds that the processor may work for one call
HANGS = 120  # seconds, on a busy machine, after which a call that does not come back is ended

# --------------------------------------------------------------------------- changed bytes

NUMBERS = (0, 1, 2, 7, 8, 255, 256, 2**15, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)


@st.composite
def changes(draw, most=4):
    """Draw what is done to the bytes of a file: a list of (kind, place, number)."""
    one = st.tuples(
        st.sampled_from(("flip", "set", "cut", "drop", "twice", "big", "little", "insert")),
        st.one_of(st.integers(0, 80), st.integers(0, 1_000_000), st.integers(-60, -1)),
        st.one_of(st.sampled_from(NUMBERS), st.integers(0, 2**32)),
    )
    return draw(st.lists(one, min_size=1, max_size=most))


def changed(data, steps):
    """Return the bytes of a file after these changes."""
    data = bytearray(data)
    for kind, place, number in steps:
        place = place % (len(data) + 1)
        if kind == "cut":
            del data[place:]
        elif kind == "drop":
            del data[place : place + 1 + number % 64]
        elif kind == "twice":
            data[place:place] = data[place : place + 1 + number % 64]
        elif kind == "insert":
            data[place:place] = struct.pack("<Q", number % 2**64)[: 1 + number % 8]
        elif kind in ("big", "little"):
            packed = struct.pack(">I" if kind == "big" else "<I", number % 2**32)
            data[place : place + 4] = packed
        elif place < len(data):
            data[place] = data[place] ^ (1 << number % 8) if kind == "flip" else number % 256
    return bytes(data)


# --------------------------------------------------------------------------- changed JSON

VALUES = st.one_of(
    st.sampled_from(
        [
            *(None, True, False, 0, -1, 1, 2, 28, 10**4, 10**6, 2**31, 2**63, 1e308, 0.5),
            *("", "relu", "x" * 3000, "../../etc/passwd", "__import__", "é七\x00", "float16"),
            *([], {}, [None], [0, 0], [10**5, 10**5], [[]] * 40, {"class_name": 3}),
        ]
    ),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=12),
    st.integers(30, 150).map(lambda depth: ("nested", depth)),
    st.integers(2, 400).map(lambda times: ("times", times)),
)


@st.composite
def edits(draw, most=3):
    """Draw what is done to a tree: a list of (which place, what is done, a new value)."""
    one = st.tuples(
        st.integers(0, 10**6),
        st.sampled_from(("put", "put", "put", "delete", "double", "scale", "wrap")),
        VALUES,
    )
    return draw(st.lists(one, min_size=1, max_size=most))


def places(tree, above=()):
    """Return the paths of all values in a tree."""
    found = [above] if above else []
    inner = tree.items() if isinstance(tree, dict) else ()
    for key, value in enumerate(tree) if isinstance(tree, list) else inner:
        found += places(value, (*above, key))
    return found


def edited(tree, steps):
    """Return a copy of a tree of dictionaries and lists after these changes."""
    tree = json.loads(json.dumps(tree))
    for number, kind, value in steps:
        paths = places(tree)
        if not paths:
            break
        *above, last = paths[number % len(paths)]
        inside = functools.reduce(lambda node, key: node[key], above, tree)
        old = inside[last]
        if isinstance(value, tuple):
            value = nested(old, value[1]) if value[0] == "nested" else [old] * value[1]
        if kind == "delete":
            del inside[last]
        elif kind == "scale" and isinstance(old, (int, float)) and not isinstance(old, bool):
            inside[last] = old * 10 ** (number % 12)
        elif kind == "double" and isinstance(old, list):
            inside[last] = old + old
        elif kind == "wrap":
            inside[last] = [old]
        else:
            inside[last] = value
    return tree


def nested(value, depth):
    """Return a value so many dictionaries deep."""
    for _ in range(depth):
        value = {"config": value}
    return value


# --------------------------------------------------------------------------- whole files


def pictures():
    """Return small pictures of all kinds and modes, by name."""
    from PIL import Image

    grey = Image.fromarray((255 - 200 * np.eye(24, dtype="uint8")).repeat(2, axis=1))
    modes = {mode: grey.convert(mode) for mode in ("1", "L", "LA", "RGB", "RGBA", "P", "CMYK")}
    modes["I;16"] = Image.fromarray(np.asarray(grey).astype("uint16") * 257)
    found = {}
    for mode, kinds in {
        "1": ("PNG", "BMP", "GIF"),
        "L": ("PNG", "JPEG", "WEBP", "GIF", "BMP"),
        "LA": ("PNG",),
        "RGB": ("PNG", "JPEG", "WEBP", "BMP"),
        "RGBA": ("PNG", "WEBP"),
        "P": ("PNG", "GIF", "BMP"),
        "CMYK": ("JPEG",),
        "I;16": ("PNG",),
    }.items():
        for kind in kinds:
            found[f"{kind} {mode}"] = written(modes[mode], kind)
    turned = Image.Exif()
    turned[274] = 6  # the orientation
    turned[282] = (1, 0)
    found["JPEG turned"] = written(modes["RGB"], "JPEG", exif=turned)
    found["PNG turned"] = written(modes["L"], "PNG", exif=turned)
    found["JPEG in steps"] = written(modes["RGB"], "JPEG", progressive=True)
    found["WEBP whole"] = written(modes["RGB"], "WEBP", lossless=True)
    more = {"save_all": True, "append_images": [modes["L"]]}
    found["GIF that moves"] = written(modes["L"], "GIF", **more)
    found["PNG that moves"] = written(modes["L"], "PNG", **more)
    return found


def written(image, kind, **options):
    """Return the bytes of a picture file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_sums(data):
    """Return a PNG whose checksums are right again, so that more than the sum is looked at."""
    out, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        body = data[at + 4 : at + 8 + length]
        if len(data) < at + 12 + length:
            break
        out += data[at : at + 8 + length] + struct.pack(">I", zlib.crc32(body))
        at += 12 + length
    return bytes(out + data[at:])


def idx(kind, *shape, data=None):
    """Return an IDX file; its data may be others than its header says."""
    body = bytes(int(np.prod(shape))) if data is None else data
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, kind, len(shape), *shape) + body


def members(data):
    """Return the files of an archive, by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts):
    """Return an archive of these files; its checksums are right."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def npy(header, data=b""):
    """Return an array file with this text as its header."""
    header = header.encode("latin1", "replace")
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) % 2**16) + header + data


def saved(array, **how):
    """Return an array as a file."""
    file = io.BytesIO()
    np.save(file, array, **how)
    return file.getvalue()


def npz(**arrays):
    """Return an archive of arrays."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


@st.composite
def headers(draw):
    """Draw the header of an array: kinds and shapes that can't be, or are too large."""
    kind = draw(
        st.sampled_from(("|u1", "<f8", "<i8", "|O", "|S8", "<U9999999", "|V100000000", "x", ""))
    )
    side = st.one_of(st.sampled_from(NUMBERS), st.integers(-3, 70_000))
    shape = draw(st.lists(side, max_size=5).map(tuple))
    order = draw(st.sampled_from(("True", "False", "0", "__import__('os')")))
    text = f"{{'descr': {kind!r}, 'fortran_order': {order}, 'shape': {shape!r}, }}"
    return text.ljust(117) + "\n"


@st.composite
def archives(draw, whole):
    """Draw an archive that was changed: its own bytes, those of a file in it, or a header."""
    parts = members(whole)
    what = draw(st.sampled_from(("bytes", "part", "header", "less", "more", "bomb")))
    if what == "bytes":
        return changed(whole, draw(changes()))
    name = draw(st.sampled_from(sorted(parts)))
    if what == "part":
        parts[name] = changed(parts[name], draw(changes()))
    elif what == "header":
        parts[name] = npy(draw(headers()), bytes(draw(st.integers(0, 300))))
    elif what == "less":
        del parts[name]
    elif what == "bomb":  # 100 kilobytes that become 100 megabytes
        start = draw(st.sampled_from((parts[name][:80], npy(draw(headers())))))
        parts[name] = start + bytes(draw(st.sampled_from((10**6, 10**8))))
    else:
        parts[draw(st.sampled_from(("../x.npy", "é七.npy", name + "/", "x")))] = parts[name]
    return packed(parts)


# --------------------------------------------------------------------------- targets


class Target:
    """Something to be called with examples.

    Subclasses make a strategy in `examples`, call it in `call`, which returns a word for what came
    out, and name in `own` the exceptions that may come out.
    """

    own = ()
    count = 300  # examples in a full run
    slice = 12  # examples in the test

    def __init__(self, folder):
        self.folder = folder

    def put(self, name, data):
        """Write a file into the folder of this run; return its path."""
        path = self.folder / name
        path.write_bytes(data)
        return path


class Pictures(Target):
    """Picture files of all kinds and modes."""

    count, slice = 2000, 60

    def __init__(self, folder):
        from lenet_tutorial.command.photos import PictureError

        super().__init__(folder)
        self.own, self.whole = (PictureError,), pictures()

    def examples(self):
        """Return the strategy that makes examples."""
        names, sums = st.sampled_from(sorted(self.whole)), st.booleans()
        return st.tuples(names, changes(), sums).map(self.picture)

    def picture(self, drawn):
        """Return a changed picture, with right checksums or not."""
        name, steps, sums = drawn
        data = changed(self.whole[name], steps)
        return with_sums(data) if sums and name.startswith("PNG") else data

    def call(self, data):
        """Hand over one example."""
        from lenet_tutorial.command.photos import read_digit

        digit = read_digit(self.put("picture.png", data))
        assert digit.shape == (28, 28) and digit.dtype == np.uint8
        return "taken"


class Idx(Target):
    """IDX data, as MNIST comes."""

    count, slice = 3000, 150

    def __init__(self, folder):
        from lenet_tutorial.datasets import DatasetError

        super().__init__(folder)
        self.own = (DatasetError,)

    def examples(self):
        """Return the strategy that makes examples."""
        whole = [
            idx(8, 3, 4, 5),
            idx(8, 7),
            idx(8, 0),
            idx(8, 0, 28, 28),
            idx(13, 2, data=b"1" * 8),
        ]
        side = st.sampled_from([number for number in NUMBERS if number < 2**32])
        shapes = st.lists(side, max_size=6).map(lambda shape: idx(8, *shape, data=b"12345"))
        many = st.integers(0, 255).map(lambda count: bytes((0, 0, 8, count)) + b"\xff" * 1020)
        old = st.tuples(st.sampled_from(whole), changes()).map(lambda drawn: changed(*drawn))
        return st.one_of(old, shapes, many, st.binary(max_size=40))

    def call(self, data):
        """Hand over one example."""
        from lenet_tutorial.idx import parse_idx

        assert parse_idx(data).nbytes <= len(data)
        return "taken"


class Gzip(Idx):
    """Compressed data."""

    def examples(self):
        """Return the strategy that makes examples."""
        whole = [gzip.compress(idx(8, 4, 4), mtime=0), gzip.compress(bytes(10**7), mtime=0)]
        two = gzip.compress(b"12", mtime=0) * 2
        old = st.tuples(st.sampled_from([*whole, two]), changes()).map(lambda one: changed(*one))
        return st.one_of(old, st.sampled_from([*whole, two]), st.binary(max_size=40))

    def call(self, data):
        """Hand over one example."""
        from lenet_tutorial.idx import gunzip

        assert len(gunzip(data, "data.gz", 28)) == 28
        return "taken"


class Npz(Idx):
    """Archives of arrays, as Keras ships MNIST."""

    count, slice = 800, 40

    def examples(self):
        """Return the strategy that makes examples."""
        images, labels = np.zeros((4, 28, 28), np.uint8), np.zeros(4, np.uint8)
        whole = npz(x_train=images, y_train=labels, x_test=images, y_test=labels)
        other = npz(x_train=np.array([{}], dtype=object), y_train=images.astype("f8"))
        return st.one_of(archives(whole), archives(other), st.binary(max_size=40))

    def call(self, data):
        """Hand over one example."""
        from lenet_tutorial.datasets import load_mnist

        self.put("mnist.npz", data)
        load_mnist(self.folder)  # none is the real one, so all are refused
        return "taken"


class Models(Target):
    """Model files: the archive, and the configuration in it."""

    count, slice = 400, 12

    def __init__(self, folder):
        from lenet_tutorial.command.model_files.stored import ModelError

        super().__init__(folder)
        self.own, self.whole = (ModelError,), self.model()
        self.config = json.loads(members(self.whole)["config.json"])

    def model(self):
        """Return the file of a small network."""
        import keras
        from keras import layers

        chain = [
            keras.Input((28, 28, 1)),
            layers.Conv2D(2, 5, strides=4, activation="tanh", name="C1"),
            layers.MaxPooling2D(2, name="S2"),
            layers.Flatten(name="flatten"),
            layers.Dense(10, activation="softmax", name="output"),
        ]
        path = self.folder / "whole.keras"
        keras.Sequential(chain, name="small").save(path)
        return path.read_bytes()

    def examples(self):
        """Return the strategy that makes examples."""
        configs = edits().map(lambda steps: json.dumps(edited(self.config, steps)).encode())
        deep = [b'{"config": ' * depth + b"1" + b"}" * depth for depth in (900, 3000, 10**5)]
        odd = (b"", b"[]", b"3", b"null", b"[" * 10**5, b'{"a": 1' + b"0" * 5000 + b"}")
        texts = st.one_of(st.sampled_from((*odd, *deep)), configs, configs, configs)
        files = texts.map(lambda text: packed(members(self.whole) | {"config.json": text}))
        return st.one_of(files, files, archives(self.whole))

    def call(self, data):
        """Hand over one example."""
        from lenet_tutorial.command.model_files.inputs import input_of
        from lenet_tutorial.command.model_files.stored import load_model

        model = load_model(self.put("model.keras", data))
        network = input_of(model)
        answers = np.asarray(model(network.prepare(np.zeros((1, 28, 28), np.uint8))))
        assert answers.shape == (1, 10)
        return "taken"


class Hostile:
    """What a pickle would run."""

    def __reduce__(self):
        return os.mkdir, ("pickled",)


class Networks(Models):
    """Networks of the page (``.npz``): the archive, its description, and the arrays in it."""

    count, slice = 400, 12

    def __init__(self, folder):
        from lenet_tutorial.command.model_files import page
        from lenet_tutorial.command.model_files.stored import ModelError

        Target.__init__(self, folder)
        self.own, self.about = (ModelError,), page.ABOUT
        self.config = {"format": page.FORMAT, "activation": "tanh", "pooling": "average"}
        self.config |= {"table": "full", "maps": [2, 3], "units": [4, 5], "input_size": 28}
        arrays = {}
        for layer in page.build(self.config).layers:
            for name, value in zip(("weights", "biases"), layer.get_weights(), strict=False):
                arrays[f"{layer.name}.{name}.npy"] = saved(value)
        self.whole = packed({self.about: json.dumps(self.config).encode()} | arrays)

    def examples(self):
        """Return the strategy that makes examples."""
        parts = members(self.whole)
        texts = edits().map(lambda steps: json.dumps(edited(self.config, steps)).encode())
        odd = (b"", b"[]", b"null", b"[" * 10**5, b'{"format": 1' + b"0" * 5000 + b"}", b"\xff")
        descriptions = st.one_of(st.sampled_from(odd), texts, texts)
        arrays = st.tuples(
            st.sampled_from(sorted(set(parts) - {self.about})),
            st.sampled_from(("nan", "inf", "turned", "wider", "double", "flat", "pickle")),
        )
        return st.one_of(
            descriptions.map(lambda text: packed(parts | {self.about: text})),
            arrays.map(lambda drawn: packed(parts | {drawn[0]: self.array(parts, *drawn)})),
            archives(self.whole),
        )

    @staticmethod
    def array(parts, name, how):
        """Return an array that does not belong there, as a file."""
        value = np.load(io.BytesIO(parts[name]))
        if how == "pickle":
            return saved(np.array([Hostile()], dtype=object), allow_pickle=True)
        made = {
            "nan": lambda: np.full_like(value, np.nan),
            "inf": lambda: np.where(value == value.max(), np.inf, value).astype(value.dtype),
            "turned": lambda: np.asfortranarray(value),
            "wider": lambda: np.concatenate([value, value], axis=-1),
            "double": lambda: value.astype("f8"),
            "flat": lambda: value.ravel(),
        }
        return saved(made[how]())

    def call(self, data):
        """Hand over one example."""
        from lenet_tutorial.command.model_files.inputs import input_of
        from lenet_tutorial.command.model_files.stored import load_model

        try:
            model = load_model(self.put("network.npz", data))
        finally:
            assert not (self.folder / "pickled").exists(), "a pickle was opened"
        answers = np.asarray(model(input_of(model).prepare(np.zeros((1, 28, 28), np.uint8))))
        assert answers.shape == (1, 10) and np.isfinite(answers).all()
        return "taken"


class Predictions(Models):
    """The same files, through the command."""

    count, slice = 200, 5

    def __init__(self, folder):
        super().__init__(folder)
        self.picture = self.put("seven.png", pictures()["PNG L"])

    def call(self, data):
        """Hand over one example."""
        path = self.put("model.keras", data)
        return command(["predict", "--json", "--model", str(path), str(self.picture)])


class Checkpoints(Target):
    """What an interrupted training left."""

    count, slice = 400, 20

    def __init__(self, folder):
        import keras

        from lenet_tutorial.training.backup import FILE, Backup, BackupError

        super().__init__(folder)
        self.own, self.name, self.about = (BackupError,), FILE, {"network": "small"}
        self.learner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        self.learner.compile("adam", "mse")
        self.learner.optimizer.build(self.learner.trainable_variables)
        kept = Backup(folder / "whole", self.about)
        kept._keep(self.learner, 0, {"loss": 0.5})
        self.whole = kept.path.read_bytes()

    def examples(self):
        """Return the strategy that makes examples."""
        head = json.loads(str(np.load(io.BytesIO(self.whole))["head"]))

        def put(steps, name="head", tree=head):
            file = io.BytesIO()
            np.save(file, np.array(json.dumps(edited(tree, steps))))
            return packed(members(self.whole) | {f"{name}.npy": file.getvalue()})

        drawn = json.loads(str(np.load(io.BytesIO(self.whole))["numpy"]))
        python = json.loads(str(np.load(io.BytesIO(self.whole))["python"]))
        return st.one_of(
            archives(self.whole),
            edits().map(put),
            edits().map(lambda steps: put(steps, "numpy", drawn)),
            edits().map(lambda steps: put(steps, "python", python)),
        )

    def call(self, data):
        """Hand over one example."""
        from lenet_tutorial.training.backup import Backup

        self.put(self.name, data)
        kept = Backup(self.folder, self.about)
        kept.callback(self.learner).on_train_begin({})
        assert isinstance(kept.epoch, int) and 0 <= kept.epoch < 10**6
        return "taken"


class Workers(Checkpoints):
    """What an interrupted training on several workers left."""

    def __init__(self, folder):
        from lenet_tutorial.training import worker

        Target.__init__(self, folder)
        self.worker, self.name, self.own = worker, worker.CHECKPOINT, (ValueError,)
        self.run = {"images": 10, "batch_size": 2}
        arrays = [np.zeros((2, 3), "float32")]
        worker.save_checkpoint(folder, self.run, 1, [0.5], arrays, arrays)
        self.whole = (folder / self.name).read_bytes()

    def examples(self):
        """Return the strategy that makes examples."""
        head = json.loads(str(np.load(io.BytesIO(self.whole))["head"]))

        def put(steps):
            file = io.BytesIO()
            np.save(file, np.array(json.dumps(edited(head, steps))))
            return packed(members(self.whole) | {"head.npy": file.getvalue()})

        return st.one_of(archives(self.whole), edits().map(put))

    def call(self, data):
        """Hand over one example."""
        self.put(self.name, data)
        epoch, losses, *_ = self.worker.load_checkpoint(self.folder, self.run)
        assert isinstance(epoch, int) and epoch == len(losses)
        return "taken"


class Arguments(Target):
    """The command line; no training and no download is begun, since no data are to be had."""

    count, slice = 600, 40

    def __init__(self, folder):
        super().__init__(folder)
        self.put("seven.png", pictures()["PNG L"])
        self.put("text.keras", b"no model")
        (folder / "folder.keras").mkdir()
        os.mkfifo(folder / "pipe.png")
        command(["predict", str(folder / "seven.png")])  # loads TensorFlow, which no call is to pay

    def examples(self):
        """Return the strategy that makes examples."""
        odd = ["", " ", "a" * 5000, "x\ny", "$x^{", "*", "a\tb.png", "\x1b[31m.png", "\udcff"]
        usual = (
            "predict train data doctor --help --version --check --folder --mirror --network "
            "--recipe --epochs --batch-size --seed --output --backup --resume --restart --model "
            "--json --explain lenet5 fast 1998 seven.png text.keras folder.keras . .. / /dev/null "
            "nowhere/x.keras new.keras -- - -1 0 1 2 1e9 99999999999999999999 0x10 ٣ १ nan "
            "é七 http://127.0.0.1:9/ file:///etc/passwd $HOME ~"
        ).split()
        words = st.sampled_from([*usual, *odd])
        start = st.sampled_from(
            (
                ["predict", "seven.png"],
                ["predict", "--json"],
                ["predict", "seven.png", "--explain"],
                ["train", "--output"],
                ["train", "--output", "new.keras", "--epochs"],
                ["data", "--check", "--folder"],
                ["data", "--check"],
                ["doctor"],
                [],
            )
        )
        texts = st.text(max_size=8)
        more = st.lists(st.one_of(words, words, words, texts), max_size=5)
        return st.tuples(start, more).map(lambda drawn: drawn[0] + drawn[1]).filter(self.harmless)

    @staticmethod
    def harmless(line):
        """Leave out what would write outside, train, or wait for a pipe or a network."""
        if "data" in line[:1] and "--check" not in line:
            return False
        outside = [word for word in line if word.startswith(("/", "..", "~")) and len(word) > 1]
        return not outside and line[:1] not in (["export"], ["results"])

    def call(self, line):
        """Hand over one example."""
        return command(line)


def command(line):
    """Run a command in this process; return how it ended."""
    from lenet_tutorial.command.cli import main

    said, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        try:
            code = main(line)
        except SystemExit as stop:
            code = stop.code
    assert code is None or isinstance(code, int), f"exit code {code!r}"
    if "--json" in line and code == 0 and said.getvalue() and "--help" not in line:
        json.loads(said.getvalue(), parse_constant=lambda name: 1 / 0)
    if code:
        assert "Traceback" not in complained.getvalue(), complained.getvalue()[-500:]
        words = complained.getvalue() + said.getvalue()
        assert words.strip(), f"exit code {code} and not a word"
    return "taken" if not code else "refused"


TARGETS = {
    "pictures": Pictures,
    "idx": Idx,
    "gzip": Gzip,
    "npz": Npz,
    "models": Models,
    "networks": Networks,
    "predict": Predictions,
    "checkpoints": Checkpoints,
    "workers": Workers,
    "arguments": Arguments,
}

# --------------------------------------------------------------------------- in the child


def where(error):
    """Return the exception and the line of the package that it came through last."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "lenet_tutorial" in frame.filename] or frames
    last = ours[-1]
    said = (str(error).splitlines() or [""])[0][:160]
    return f"{type(error).__name__} through {Path(last.filename).name}, {last.name}", said


def shown(example):
    """Write an example so that it can be given again."""
    if isinstance(example, bytes):
        return "base64:" + base64.b64encode(zlib.compress(example, 9)).decode()
    return repr(example)


def run(name, count, number):
    """Call a target with so many examples; return what came out."""
    outcome = {"target": name, "examples": 0, "taken": 0, "refused": 0, "slowest": 0.0}
    failures = {}

    def failed(key, said, example):
        old = failures.get(key)
        if old is None or len(shown(example)) < len(old["example"]):
            failures[key] = {"error": key, "said": said, "example": shown(example)}

    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        os.chdir(folder)
        os.environ["LENET_TUTORIAL_DATA"] = str(Path(folder) / "no-data")
        target = TARGETS[name](Path(folder))

        @seed(number)
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(target.examples())
        def call(example):
            outcome["examples"] += 1
            started = time.process_time()
            # If it never comes back, the parent reads what it was.
            Path(os.environ["FUZZ_LATEST"]).write_text(
                shown(example)[:200_000], errors="replace", encoding="utf-8"
            )
            faulthandler.dump_traceback_later(HANGS, exit=True)
            try:
                outcome[target.call(example)] += 1
            except target.own as error:
                outcome["refused"] += 1
                if len(str(error)) > 1000 or not str(error).strip():
                    failed("no clear line", str(error)[:200], example)
            except Exception as error:  # each other one is a find
                failed(*where(error), example)
            finally:
                faulthandler.cancel_dump_traceback_later()
            seconds = time.process_time() - started
            outcome["slowest"] = max(outcome["slowest"], seconds)
            if seconds > PATIENCE:
                failed("too slow", f"{seconds:.0f} s", example)

        call()
        os.chdir("/")
    peak = peak_memory()
    if peak > MEMORY:
        failed("too large", f"{peak / 1e9:.2f} GB in the whole run", "unknown")
    return outcome | {"peak": peak, "failures": list(failures.values())}


def peak_memory():
    """Return the most memory that this process has had, in bytes."""
    try:  # on Linux, `ru_maxrss` counts what the parent had at the fork, too
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    except (OSError, IndexError):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


# --------------------------------------------------------------------------- in the parent


def child(name, count, number, patience):
    """Run a target in a process of its own; return what came out, however it ended."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        latest = Path(folder) / "latest"
        surroundings = {
            **os.environ,
            "FUZZ_LATEST": str(latest),
            "HOME": folder,
            "XDG_CACHE_HOME": folder,
            "KERAS_BACKEND": "tensorflow",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONIOENCODING": "utf-8",
            "MPLBACKEND": "agg",
            # Nothing is downloaded, whatever is asked for.
            **{f"{kind}_proxy": "http://127.0.0.1:9" for kind in ("http", "https", "all")},
        }
        command = [sys.executable, __file__, "--child", name, str(count), str(number)]
        try:
            ended = subprocess.run(
                command, env=surroundings, capture_output=True, encoding="utf-8", timeout=patience
            )
            said, code = ended.stderr, ended.returncode
            if code == 0:
                return json.loads(ended.stdout.splitlines()[-1])
        except subprocess.TimeoutExpired:
            said, code = "", f"not finished after {patience} s"
        example = latest.read_text(encoding="utf-8") if latest.is_file() else "none yet"
    how = f"the process ended with {code}" if isinstance(code, int) else code
    said = said.strip()[-700:] or f"nothing; a call may have taken more than {HANGS} s"
    find = {"error": how, "said": said, "example": example[:3000]}
    empty = dict.fromkeys(("examples", "taken", "refused", "slowest", "peak"), 0)
    return {"target": name, **empty, "failures": [find]}


def table(outcomes):
    """Return the outcomes as lines of text."""
    lines = [f"{'target':12} examples  taken  refused  failed  slowest   memory"]
    for one in outcomes:
        lines.append(
            f"{one['target']:12} {one['examples']:8} {one['taken']:6} {one['refused']:8} "
            f"{len(one['failures']):7} {one['slowest']:6.1f} s {one['peak'] / 1e6:6.0f} MB"
        )
    for one in outcomes:
        for find in one["failures"]:
            lines += [f"\n{one['target']}: {find['error']}: {find['said']}"]
            lines += [f"    {find['example'][:2000]}"]
    return lines


def main():
    """Run all targets, or those that are named; print the table."""
    if sys.argv[1:2] == ["--child"]:
        name, count, number = sys.argv[2], *map(int, sys.argv[3:])
        warnings.simplefilter("ignore")
        random.seed(number)
        try:
            print(json.dumps(run(name, count, number)))
        except Exception as error:  # of this script; Hypothesis would print the whole example
            sys.exit(f"{where(error)} at {traceback.extract_tb(error.__traceback__)[-1]}")
        return 0
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], help="by default all")
    parser.add_argument("--examples", type=int, help="of each target; by default its own number")
    parser.add_argument("--seed", type=int, default=0, help="another one gives other examples")
    parser.add_argument("--slice", action="store_true", help="as few examples as the tests take")
    parser.add_argument("--json", action="store_true", help="write the outcomes as JSON")
    parser.add_argument("--patience", type=int, default=900, help="seconds for each target")
    options = parser.parse_args()
    outcomes = []
    for name in options.targets or TARGETS:
        usual = TARGETS[name].slice if options.slice else TARGETS[name].count
        count = options.examples or usual
        outcomes.append(child(name, count, options.seed, options.patience))
        if not options.json:
            print("\n".join(table(outcomes[-1:])[1:]), file=sys.stderr, flush=True)
    print(json.dumps(outcomes) if options.json else "\n".join(table(outcomes)))
    return int(any(one["failures"] for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
