"""Model files of others: what is no such file, lies, or would run code is refused before Keras."""

import copy
import io
import itertools
import json
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers
from memory import PRINT_PEAK

from lenet_tutorial import layers as ours
from lenet_tutorial import models, weights
from lenet_tutorial.command.model_files import archive as modelfile
from lenet_tutorial.command.model_files import flow, stored
from lenet_tutorial.command.model_files.archive import CONFIG, WEIGHTS, ModelError, read_model_file
from lenet_tutorial.command.model_files.inputs import input_of
from lenet_tutorial.command.model_files.stored import load_model

HANDED = sorted(Path(__file__).parent.parent.glob("../shared/cases/hostile/*.keras"))


def chain(*inner, shape=(28, 28, 1), dtype=None, name=None):
    return keras.Sequential([keras.Input(shape, dtype=dtype), *inner], name=name)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Write a small model, and return its entries: name and bytes."""
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model = chain(
        layers.Rescaling(1 / 255, name="scale"),
        layers.Conv2D(2, 5, activation="relu", name="conv"),
        layers.Flatten(name="flat"),
        layers.Dense(10, "softmax", name="dense"),
    )
    model.compile("sgd", "mse")
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def changed(whole, tmp_path):
    """Return a function that writes the model with other entries or another description."""

    def write(change=None, name="changed.keras", **entries):
        entries = whole | {key.replace("__", "."): value for key, value in entries.items()}
        if change:
            config = json.loads(entries[CONFIG])
            change(config)
            entries[CONFIG] = json.dumps(config).encode()
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for key, value in entries.items():
                archive.writestr(key, value)
        return tmp_path / name

    return write


@pytest.fixture
def no_keras(monkeypatch):
    """Fail where Keras was asked to load or build anything."""
    asked = []
    for name in ("load_model", "deserialize_keras_object"):
        monkeypatch.setattr(keras.saving, name, lambda *args, **how: asked.append(args))
    yield
    assert not asked, "Keras was asked to build it"


def test_a_whole_file_is_loaded_as_keras_would(changed):
    path = changed()
    ours_, theirs = load_model(path), keras.saving.load_model(path)
    for one, other in zip(ours_.variables, theirs.variables[: len(ours_.variables)], strict=True):
        assert np.array_equal(one, other)
    assert not ours_.compiled and [one.name for one in ours_.layers][-1] == "dense"


# --------------------------------------------------------------------------- those handed to us


@pytest.mark.skipif(not HANDED, reason="the files lie outside of the repository")
@pytest.mark.parametrize("path", HANDED, ids=lambda path: path.stem)
def test_the_files_that_were_handed_to_us_end_with_one_line(path):
    with pytest.raises(ModelError) as raised:
        load_model(path)
    assert "\n" not in str(raised.value) and path.name in str(raised.value)


def test_sizes_are_looked_at_before_anything_is_built(changed, no_keras):
    for name, config in (
        ("ZeroPadding2D", {"padding": [[8000, 8000], [8000, 8000]]}),
        ("UpSampling2D", {"size": [500, 500]}),
    ):

        def add(described, name=name, config=config):
            part = {"module": "keras.layers", "class_name": name, "registered_name": None}
            described["config"]["layers"].insert(1, part | {"config": config | {"name": "big"}})

        with pytest.raises(ModelError, match="too large: with the layer big"):
            load_model(changed(add))


def test_a_size_that_keras_would_build_by_is_not_handed_on(changed):
    # Keras builds a layer by its `build_config` before the layer is used.
    def grow(config):
        for part in (config, *config["config"]["layers"][1:]):
            part["build_config"] = {"input_shape": [None, 10**5, 10**5, 1]}

    model = load_model(changed(grow))
    assert model.input_shape == (None, 28, 28, 1)


@pytest.mark.slow
def test_it_is_read_with_less_memory_than_the_limit(tmp_path):
    if sys.platform != "linux":
        pytest.skip("the largest memory of a process is read as Linux tells it")
    large = chain(layers.Flatten(), layers.Dense(20_000, use_bias=False), layers.Dense(10))
    path = tmp_path / "large.keras"
    large.save(path)
    code = "import sys, numpy as np; from lenet_tutorial.command.model_files.stored import *;"
    code += "from lenet_tutorial.command.model_files.inputs import *;"
    code += "m = load_model(sys.argv[1]); n = input_of(m); x = np.zeros((1, 28, 28), np.uint8);"
    code += f"answer(m, n.prepare(x)); {PRINT_PEAK}"
    said = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, encoding="utf-8", check=True
    )
    assert int(said.stdout.splitlines()[-1]) / 1e6 < 1.5  # GB, with nearly as much as is allowed
    assert large.count_params() > 0.98 * flow.MAX_WEIGHTS


# --------------------------------------------------------------------------- weights


def hdf5(write):
    """Return the bytes of an HDF5 file that a function writes."""
    made = io.BytesIO()
    with h5py.File(made, "w") as file:
        write(file)
    return made.getvalue()


def lying(file):
    file["soft"] = h5py.SoftLink("/elsewhere")


def outside(file):
    file["external"] = h5py.ExternalLink("other.h5", "/x")


def stored_elsewhere(file):
    file.create_dataset("x", (4,), "f4", external=[("/etc/hostname", 0, 16)])


def virtual(file):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
    file.create_virtual_dataset("x", layout)


def packed(file):
    file.create_dataset("x", (10**5,), "f4", compression="gzip")


def unwritten(file):
    file.create_dataset("x", (10**6, 10**5), "f4", chunks=(1000, 1000))  # 400 GB, in no bytes


def objects(file):
    file.create_dataset("x", data=["text"], dtype=h5py.string_dtype())


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lying, "point to something outside"),
        (outside, "point to something outside"),
        (stored_elsewhere, "lie in another file"),
        (virtual, "lie in another file"),
        (packed, "packed inside"),
        (unwritten, "weights are over 200 MB"),
        (objects, "no array of numbers"),
    ],
)
def test_weights_hold_their_own_numbers_and_not_too_many(changed, no_keras, write, words):
    def deeper(file):
        write(file.create_group("layers").create_group("conv"))

    with pytest.raises(ModelError, match=words):
        load_model(changed(model__weights__h5=hdf5(deeper)))


def test_weights_that_hold_each_other_come_to_an_end():
    def ring(file):
        inner = file.create_group("a")
        inner["again"] = file
        inner["a"] = inner

    modelfile.check_weights(hdf5(ring))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["conv", "dense"])
def test_weights_that_are_not_finite_give_no_answer(changed, whole, value, name):
    made = io.BytesIO(whole[WEIGHTS])
    with h5py.File(made, "r+") as file:
        array = file[f"layers/{'conv2d' if name == 'conv' else name}/vars/0"]
        array[(0,) * array.ndim] = value
    with pytest.raises(ModelError, match=r"changed\.keras has weights that are not finite"):
        load_model(changed(model__weights__h5=made.getvalue()))


def test_outputs_that_are_not_finite_give_no_answer():
    model = chain(layers.Flatten(), layers.Dense(10, "exponential"))
    model.layers[-1].set_weights([np.full((784, 10), 90.0), np.zeros(10)])
    inputs = np.ones((1, 28, 28, 1), "float32")
    with pytest.raises(ModelError, match="outputs are not finite"):
        stored.answer(model, inputs)


def test_weights_of_another_model_are_refused(changed):
    def fewer(config):
        config["config"]["layers"][2]["config"]["filters"] = 3

    with pytest.raises(ModelError, match="can't be loaded"):
        load_model(changed(fewer))
    with pytest.raises(ModelError, match="can't be loaded"):
        load_model(changed(model__weights__h5=hdf5(lambda file: file.create_group("layers"))))


# --------------------------------------------------------------------------- the archive


def test_an_archive_that_is_cut_or_changed_anywhere_is_refused_or_whole(changed):
    path = changed()
    data = path.read_bytes()
    draw = np.random.default_rng(0)
    for number in range(200):
        bad = bytearray(data)
        if number % 4 == 0:
            bad = bad[: draw.integers(len(bad))]
        else:
            near_the_end = number % 2
            start = len(bad) - 400 if near_the_end else 0
            bad[draw.integers(start, len(bad))] ^= 1 << draw.integers(8)
        path.write_bytes(bad)
        try:
            read_model_file(path)
        except ModelError as error:
            said = str(error)
        else:
            said = ""
        assert "\n" not in said


def test_what_keras_did_not_pack_is_refused(whole, tmp_path, no_keras, monkeypatch):
    monkeypatch.setattr(modelfile, "MAX_BYTES", 10_000_000)
    path = tmp_path / "other.keras"

    def refused(words, **how):
        with zipfile.ZipFile(path, "w", **how) as archive:
            for name, value in entries:
                archive.writestr(name, value)
        with pytest.raises(ModelError, match=words):
            load_model(path)

    entries = [*whole.items(), (CONFIG, b"{}")]
    with pytest.warns(UserWarning, match="Duplicate"):
        refused("more than one config.json")
    entries = [one for one in whole.items() if one[0] != WEIGHTS]
    refused("has no model.weights.h5")
    entries = [(f"{number}", b"") for number in range(200)]
    refused("more than 100 entries")
    entries = list(whole.items())
    refused("packed in another way", compression=zipfile.ZIP_BZIP2)
    refused("packed in another way", compression=zipfile.ZIP_LZMA)
    entries = [(CONFIG, whole[CONFIG] + b" " * 6_000_000), (WEIGHTS, whole[WEIGHTS])]
    refused("config.json has more than 5 MB", compression=zipfile.ZIP_DEFLATED)
    entries = [(CONFIG, whole[CONFIG]), (WEIGHTS, bytes(10_000_000))]
    refused("unpacks to more than 10 MB", compression=zipfile.ZIP_DEFLATED)


def test_a_size_that_lies_is_not_believed(changed, whole):
    # The entry says 10 bytes and unpacks to more: no more than it says is taken.
    path = changed()
    data = bytearray(path.read_bytes())
    length = struct.pack("<I", len(whole[WEIGHTS]))
    assert data.count(length * 2) >= 1
    path.write_bytes(data.replace(length * 2, length + struct.pack("<I", 10)))
    with pytest.raises(ModelError, match="damaged"):
        load_model(path)


def test_an_encrypted_entry_is_named(changed):
    path = changed()
    data = bytearray(path.read_bytes())
    place = -1
    while (place := data.find(b"PK\1\2", place + 1)) >= 0:
        data[place + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"config\.json is encrypted"):
        load_model(path)


def test_a_long_list_of_entries_is_not_read(tmp_path, monkeypatch):
    # 60 000 entries, of which the end says that there is one.
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(3000):
            archive.writestr(f"{number:060}", b"")
    data = bytearray(made.getvalue())
    data[-14:-10] = struct.pack("<HH", 1, 1)
    (tmp_path / "long.keras").write_bytes(data)
    monkeypatch.setattr("zipfile.ZipFile", None)
    with pytest.raises(ModelError, match="more than 100 entries"):
        load_model(tmp_path / "long.keras")


NAMES = {
    "a folder": "folder.keras",
    "too long": "x" * 300 + ".keras",
    "a zero byte": "a\0b.keras",
    "not there": "no.keras",
    "below a file": "file.keras/model.keras",
    "half a character": "\udcff.keras",
}


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_opened_is_said_in_one_line(tmp_path, name):
    (tmp_path / "folder.keras").mkdir()
    (tmp_path / "file.keras").write_bytes(b"")
    with pytest.raises(ModelError, match=r"no such file|is no file|can.t be opened") as raised:
        load_model(tmp_path / NAMES[name])
    str(raised.value).encode()  # can be printed
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are a Unix thing")
def test_a_pipe_or_a_device_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.keras")
    (tmp_path / "zero.keras").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        with pytest.raises(ModelError, match=rf"{name}\.keras is no file"):
            load_model(tmp_path / f"{name}.keras")


def test_a_huge_file_is_not_read(tmp_path):
    with open(tmp_path / "huge.keras", "wb") as file:
        file.truncate(10**10)
    with pytest.raises(ModelError, match="is larger than 200 MB"):
        load_model(tmp_path / "huge.keras")


# --------------------------------------------------------------------------- the description


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"[]", "no JSON object"),
        (b"7", "no JSON object"),
        (b"{}", "no model of layers"),
        (b'{"class_name": 5, "module": 7}', "a class is called 5"),
        (b'{"class_name": "Sequential", "config": []}', "a class is called"),
        (b'{"class_name": "Sequential", "config": null, "module": "keras"}', "no config"),
        (b'{"class_name": "Dense", "config": {}, "module": "keras.layers"}', "no model of layers"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested deeper"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a": [' + b"[]," * 60_000 + b"1]}", "more than 50000 parts"),
        (b'{"a": NaN}', "NaN, which is no number"),
        (b'{"a": -Infinity}', "Infinity, which is no number"),
        (b'{"a": 1e999}', "not finite"),
        (b'{"a": ' + b"9" * 5000 + b"}", "damaged"),
    ],
)
def test_a_description_that_is_none_is_named(changed, no_keras, monkeypatch, text, words):
    monkeypatch.setattr(modelfile, "MAX_PARTS", 50_000)
    with pytest.raises(ModelError, match=words):
        load_model(changed(config__json=text))


def test_a_description_nested_in_itself_a_hundred_times_is_refused(changed, no_keras):
    text = b'{"a":' * 100 + b"1" + b"}" * 100
    with pytest.raises(ModelError, match="nested deeper than 64 levels"):
        load_model(changed(config__json=text))


def test_inputs_by_name_or_more_than_one_are_refused(tmp_path, no_keras):
    one, two = keras.Input((28, 28, 1), name="one"), keras.Input((28, 28, 1), name="two")
    flat = [layers.Flatten()(x) for x in (one, two)]
    out = layers.Dense(10)(layers.Concatenate()(flat))
    single = layers.Dense(10)(flat[0])
    for model, words in (
        (keras.Model([one, two], out), "one input"),
        (keras.Model({"one": one}, single), "by name"),
        (keras.Model(one, {"a": single}), "by name"),
        (keras.Model(one, [single, single]), "one output"),
    ):
        model.save(tmp_path / "several.keras")
        with pytest.raises(ModelError, match=words):
            load_model(tmp_path / "several.keras")


# --------------------------------------------------------------------------- code


def part(module, name, config=None, registered=None):
    return {
        "module": module,
        "class_name": name,
        "config": {} if config is None else config,
        "registered_name": registered,
    }


def hostile(marker):
    """Return descriptions of things that would run code or read files, were they believed."""
    shell = f"touch {marker}"
    code = f"__import__('os').system({shell!r})"
    return {
        "os.system": part("os", "system", {"command": shell}),
        "function of os": part("os", "function", "system", "system"),
        "eval": part("builtins", "function", "eval", "eval"),
        "exec": part("builtins", "exec", {"source": code}),
        "subprocess": part("subprocess", "Popen", {"args": ["touch", str(marker)]}),
        "lambda": part("builtins", "__lambda__", {"value": [code, None, None]}),
        "Lambda": part("keras.layers", "Lambda", {"function": code}),
        "TFSMLayer": part("keras.layers", "TFSMLayer", {"filepath": str(marker)}),
        "TorchModuleWrapper": part("keras.layers", "TorchModuleWrapper", {"module": code}),
        "JaxLayer": part("keras.layers", "JaxLayer", {}),
        "StringLookup": part("keras.layers", "StringLookup", {"vocabulary": "/etc/passwd"}),
        "TextVectorization": part("keras.layers", "TextVectorization", {"vocabulary": "/etc/x"}),
        "get_file": part("keras.utils", "function", "get_file", "get_file"),
        "unsafe": part("keras.config", "function", "enable_unsafe_deserialization", None),
        "load_model": part("keras.saving", "function", "load_model", "load_model"),
        "of keras inside": part("keras.src.utils.io_utils", "function", "print_msg", "print_msg"),
        "typespec": part("builtins", "__typespec__", ["x"]),
        "registered elsewhere": part("keras.layers", "Dense", {"units": 1}, "other>Dense"),
        "registered as ours": part("os", "system", {}, "lenet_tutorial>Subsample"),
        "ours from elsewhere": part("os", "Subsample", {}, "lenet_tutorial>Subsample"),
        "a model of one's own": part("mine", "MyModel", {}, "mine>MyModel"),
        "keras in name": part("keras_evil.layers", "Dense", {"units": 1}),
        "module of keras": part("keras.layers.evil", "Evil", {}),
    }


PLACES = {
    "layer": lambda config, evil: config["config"]["layers"].append(evil),
    "activation": lambda config, evil: inner(config, 2).update(activation=evil),
    "initializer": lambda config, evil: inner(config, 2).update(kernel_initializer=evil),
    "regularizer": lambda config, evil: inner(config, 4).update(kernel_regularizer=evil),
    "type": lambda config, evil: inner(config, 4).update(dtype=evil),
    "deep": lambda config, evil: inner(config, 2).update(bias_constraint={"a": [[{"b": evil}]]}),
    "model": lambda config, evil: (config.clear(), config.update(evil)),
}
KINDS = sorted(hostile("x"))


def inner(config, number):
    return config["config"]["layers"][number]["config"]


@pytest.mark.parametrize(("kind", "place"), list(itertools.product(KINDS, PLACES)))
def test_nothing_that_could_run_code_reaches_keras(changed, tmp_path, no_keras, kind, place):
    marker = tmp_path / "ran"
    evil = hostile(marker)[kind]
    path = changed(lambda config: PLACES[place](config, copy.deepcopy(evil)))
    with pytest.raises(ModelError):
        load_model(path)
    assert not marker.exists()


@pytest.mark.parametrize("key", ["build_config", "compile_config"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_keras_need_not_see_is_not_handed_on(changed, tmp_path, kind, key):
    marker = tmp_path / "ran"

    def add(config):
        for one in (config, config["config"]["layers"][2]):
            one[key] = {"optimizer": hostile(marker)[kind], "loss": hostile(marker)[kind]}

    held = read_model_file(changed(add))
    assert key not in json.dumps(held.config) and str(marker) not in json.dumps(held.config)
    assert not marker.exists()


def test_one_object_is_not_taken_for_another(changed):
    # Keras returns the first object of the same number, whatever the second one says.
    def share(config):
        for one in config["config"]["layers"][1:]:
            one["shared_object_id"] = 1

    assert len(load_model(changed(share)).layers) == 4


# --------------------------------------------------------------------------- what a model asks for

DIGITS = np.zeros((300, 28, 28), np.uint8)
DIGITS[:, 8:20, 8:20] = np.random.default_rng(0).choice([0, 0, 255], (300, 12, 12))


def learned(values, **arguments):
    layer = layers.Normalization(**arguments)
    layer.adapt(values.astype("float32"))
    return layer


def seen(values):
    """Return a BatchNormalization that has seen values."""
    layer = layers.BatchNormalization()
    layer.build((None, *values.shape[1:]))
    layer.moving_mean.assign([values.mean()])
    layer.moving_variance.assign([values.var()])
    return layer


def functional(front):
    start = keras.Input((28, 28, 1))
    return keras.Model(start, layers.Dense(10)(layers.Flatten()(front(start))))


MAPS = DIGITS[..., None].astype(float)
FRONTS = {
    "nothing": (lambda: [], 1),
    "255": (lambda: [layers.Rescaling(1 / 255)], 255),
    "127.5 − 1": (lambda: [layers.Rescaling(1 / 127.5, offset=-1)], 255),
    "255 − 0.5": (lambda: [layers.Rescaling(1 / 255, offset=-0.5)], 255),
    "inverted": (lambda: [layers.Rescaling(-1 / 255, offset=1)], 255),
    "standardised": (lambda: [layers.Rescaling(1 / 255 / 0.3081, offset=-0.1307 / 0.3081)], 255),
    "2x − 1": (lambda: [layers.Rescaling(2.0, offset=-1)], 1),
    "1": (lambda: [layers.Rescaling(1.0)], 1),
    "to 255": (lambda: [layers.Rescaling(255.0)], 1),
    "in two steps": (lambda: [layers.Rescaling(1 / 255), layers.Rescaling(2.0, offset=-1)], 255),
    "after distortions": (
        lambda: [
            layers.RandomRotation(0.1),
            layers.RandomTranslation(0.1, 0.1),
            layers.Dropout(0.1),
            layers.ZeroPadding2D(2),
            layers.Rescaling(1 / 255),
        ],
        255,
    ),
    "after a reshape": (lambda: [layers.Reshape((784,)), layers.Rescaling(1 / 255)], 255),
    "in a model": (lambda: [keras.Sequential([layers.Rescaling(1 / 255)])], 255),
    "learned": (lambda: [learned(MAPS)], 255),
    "learned of 0 to 1": (lambda: [learned(MAPS / 255)], 1),
    "learned of all": (lambda: [learned(MAPS, axis=None)], 255),
    "learned of each pixel": (
        lambda: [layers.Flatten(), learned(MAPS.reshape(300, 784))],
        255,
    ),
    "told": (lambda: [layers.Normalization(mean=33.3, variance=6170.0)], 255),
    "told of 0 to 1": (lambda: [layers.Normalization(mean=0.1307, variance=0.0949)], 1),
    "not learned": (lambda: [layers.Normalization()], 1),
    "scaled and learned": (lambda: [layers.Rescaling(1 / 255), learned(MAPS / 255)], 255),
    "batches of 0 to 255": (lambda: [seen(MAPS)], 255),
    "batches of 0 to 1": (lambda: [seen(MAPS / 255)], 1),
    "batches not seen": (lambda: [layers.BatchNormalization()], 1),
    "scaled batches": (lambda: [layers.Rescaling(1 / 255), layers.BatchNormalization()], 255),
    "scaled later": (lambda: [layers.Conv2D(1, 3), layers.Rescaling(1 / 255)], 1),
}


@pytest.mark.parametrize("name", FRONTS)
def test_a_model_is_fed_what_its_first_layers_ask_for(tmp_path, name):
    front, ink = FRONTS[name]
    chain(*front(), layers.Flatten(), layers.Dense(10)).save(tmp_path / "m.keras")
    network = input_of(load_model(tmp_path / "m.keras"))
    assert (network.background, network.ink) == (0, ink)
    inputs = network.prepare(DIGITS)
    assert inputs.max() == ink and inputs.shape == (300, 28, 28, 1)
    assert network.about() == {"shape": [28, 28, 1], "paper": 0, "ink": ink, "why": network.why}
    assert f"{ink} for ink" in network.fed() and network.why in network.fed()


@pytest.mark.parametrize(
    ("front", "ink"),
    [
        (lambda x: x / 255, 255),
        (lambda x: (x / 255 - 0.1307) / 0.3081, 255),
        (lambda x: 1 - x / 255, 255),
        (lambda x: x * (1 / 127.5) - 1, 255),
        (lambda x: 2 * x - 1, 1),
        (lambda x: layers.Concatenate()([layers.Rescaling(1 / 255)(x)] * 3), 255),
        (lambda x: layers.Add()([layers.Conv2D(1, 1)(x / 255), x / 255]), 255),
    ],
)
def test_arithmetic_and_branches_ask_too(tmp_path, front, ink):
    functional(front).save(tmp_path / "m.keras")
    assert input_of(load_model(tmp_path / "m.keras")).ink == ink


@pytest.mark.parametrize(
    ("front", "words"),
    [
        (lambda: [layers.Rescaling(0.05)], "fits neither values from 0 to 1 nor from 0 to 255"),
        (lambda: [layers.Rescaling(0.5, offset=0.5)], "fits neither"),
        (lambda: [layers.Rescaling(0.0)], "fits neither"),
        (lambda: [layers.Rescaling(1 / 255, offset=-100)], "fits neither"),
        (lambda: [layers.Rescaling(1 / 255), layers.Rescaling(1 / 255)], "fits neither"),
        (lambda: [learned((MAPS / 255 - 0.13) / 0.31)], "has learned a mean of"),
        (lambda: [learned(MAPS / 255 * 2 - 1)], "has learned a mean of"),
        (lambda: [layers.Rescaling(1 / 255), learned(MAPS)], "has learned a mean of"),
    ],
)
def test_a_model_whose_wish_cannot_be_told_is_refused(tmp_path, front, words):
    chain(*front(), layers.Flatten(), layers.Dense(10)).save(tmp_path / "m.keras")
    with pytest.raises(ModelError, match=words):
        input_of(load_model(tmp_path / "m.keras"))


def test_two_branches_that_ask_for_different_values_are_refused():
    model = functional(lambda x: layers.Add()([layers.Rescaling(1 / 255)(x), x * 2 - 1]))
    with pytest.raises(ModelError, match="ask for different values"):
        input_of(model)


@pytest.mark.parametrize("dtype", ["uint8", "int32"])
def test_an_input_of_whole_numbers_is_fed_whole_numbers(tmp_path, dtype):
    model = chain(layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10), dtype=dtype)
    model.save(tmp_path / "m.keras")
    network = input_of(load_model(tmp_path / "m.keras"))
    assert network.prepare(DIGITS).dtype == dtype and network.prepare(DIGITS).max() == 255


@pytest.mark.parametrize("shape", [(784,), (28, 28), (28, 28, 1), (1, 28, 28), (784, 1), (1024,)])
def test_the_pixels_come_in_the_shape_that_is_asked_for(shape):
    network = input_of(chain(layers.Flatten(), layers.Dense(10), shape=shape))
    inputs = network.prepare(DIGITS)
    assert inputs.shape == (300, *shape)
    side = 28 if 1024 not in shape else 32
    middle = inputs.reshape(300, side, side)[:, (side - 28) // 2 :][:, :28, (side - 28) // 2 :]
    assert np.array_equal(middle[..., :28], DIGITS / np.float32(255))


@pytest.mark.parametrize(
    ("shape", "units"),
    [((28, 28, 3), 10), ((64, 64, 1), 10), ((783,), 10), ((14, 56), 10), ((28, 28, 1), 11)],
)
def test_other_shapes_are_named(shape, units):
    with pytest.raises(ModelError, match=r"grey images .* ten classes .* this one leads from"):
        input_of(chain(layers.Flatten(), layers.Dense(units), shape=shape))


def test_a_model_of_any_size_says_so(tmp_path):
    model = chain(layers.Conv2D(10, 3), layers.GlobalMaxPooling2D(), shape=(None, None, 1))
    model.save(tmp_path / "m.keras")
    with pytest.raises(ModelError, match="one fixed size"):
        load_model(tmp_path / "m.keras")


def test_a_name_alone_makes_no_network_of_the_book(tmp_path):
    for name, shape in (("lenet1", (28, 28, 1)), ("lenet5_1998", (32, 32, 1))):
        model = chain(layers.Flatten(), layers.Dense(10), shape=shape, name=name)
        model.save(tmp_path / "m.keras")
        found = input_of(load_model(tmp_path / "m.keras"))
        assert (found.background, found.ink) == (0, 1)
        assert found.why == "nothing in it asks for others"
    # Nor do its units, where the layers are others.
    model = chain(ours.Subsample(), layers.Flatten(), layers.Dense(10), name="lenet1")
    assert input_of(model).ink == 1
    model = chain(layers.Flatten(), layers.Dense(10), shape=(16, 16, 1), name="lenet_1989")
    assert (input_of(model).background, input_of(model).ink) == (0, 1)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"subsampling": "max", "activation": "relu", "c3": "full", "output": "softmax"},
        {"subsampling": "average"},
    ],
)
def test_the_network_of_1998_is_known_whatever_its_parts(tmp_path, parts):
    models.lenet5_1998(**parts).save(tmp_path / "m.keras")
    found = input_of(load_model(tmp_path / "m.keras"))
    assert (found.background, found.ink) == (-0.1, 1.175)


# --------------------------------------------------------------------------- what it answers

LAST = {
    "softmax": (lambda: [layers.Dense(10, "softmax")], "probabilities"),
    "a layer": (lambda: [layers.Dense(10), layers.Softmax()], "probabilities"),
    "an activation": (lambda: [layers.Dense(10), layers.Activation("softmax")], "probabilities"),
    "an object": (lambda: [layers.Dense(10, layers.Softmax())], "probabilities"),
    "in a model": (lambda: [keras.Sequential([layers.Dense(10, "softmax")])], "probabilities"),
    "and a reshape": (
        lambda: [layers.Dense(10, "softmax"), layers.Reshape((10,))],
        "probabilities",
    ),
    "none": (lambda: [layers.Dense(10)], "outputs"),
    "sigmoid": (lambda: [layers.Dense(10, "sigmoid")], "outputs"),
    "log": (lambda: [layers.Dense(10, "log_softmax")], "outputs"),
    "twice": (lambda: [layers.Dense(10, "softmax"), layers.Rescaling(2.0)], "outputs"),
    "of halves": (
        lambda: [layers.Reshape((2, -1)), layers.Dense(5, "softmax"), layers.Flatten()],
        "outputs",
    ),
}


@pytest.mark.parametrize("name", LAST)
def test_probabilities_are_called_so_where_they_are_some(tmp_path, name):
    last, kind = LAST[name]
    chain(layers.Flatten(), *last()).save(tmp_path / "m.keras")
    model = load_model(tmp_path / "m.keras")
    found, values = stored.answer(model, input_of(model).prepare(DIGITS[:3]))
    assert found == kind and values.shape == (3, 10)
    if kind == "probabilities":
        np.testing.assert_allclose(values.sum(axis=1), 1, atol=1e-5)


def test_a_mean_of_probabilities_is_some():
    start = keras.Input((28, 28, 1))
    flat = layers.Flatten()(start)
    both = [layers.Dense(10, "softmax")(flat) for _ in range(2)]
    model = keras.Model(start, layers.Average()(both))
    assert stored.answer(model, np.zeros((2, 28, 28, 1)))[0] == "probabilities"


def test_what_keras_raises_becomes_one_line(monkeypatch):
    model = chain(layers.Flatten(), layers.Dense(10))

    def fail(*args, **kwargs):
        raise RuntimeError("first line\nsecond line\n" * 40)

    monkeypatch.setattr(model, "predict", fail)
    with pytest.raises(ModelError, match=r"the model can.t compute: first line$"):
        stored.answer(model, np.zeros((1, 28, 28, 1)))


def test_the_packages_own_network_is_said_to_be_damaged(tmp_path, monkeypatch):
    data = bytearray(weights.DEFAULT.read_bytes())
    data[2000:2100] = bytes(100)
    monkeypatch.setattr(weights, "DEFAULT", tmp_path / "textbook.npz")
    (tmp_path / "textbook.npz").write_bytes(data)
    with pytest.raises(ModelError, match="own network is damaged: install it again"):
        stored.default_model()
