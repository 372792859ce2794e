"""The weights for the browser are whole, those of the networks, and never replaced by worse."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from lenet_tutorial import layers, models, weights
from lenet_tutorial.datasets import load_bundled, load_mnist
from lenet_tutorial.explorer import choosing, export, no_digits, scripts
from lenet_tutorial.explorer.describe import describe
from lenet_tutorial.training import answers, error_rate
from lenet_tutorial.weights import pack, unpack

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "book" / "_static" / "explorer" / "weights"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
NETWORKS = {entry["name"]: entry for entry in MANIFEST["networks"]}
SNAPSHOTS = [(name, shot["epoch"]) for name, e in NETWORKS.items() for shot in e["snapshots"]]


def few(digits, count=256):
    return replace(digits, x_train=digits.x_train[:count], y_train=digits.y_train[:count])


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Train the textbook network for a moment and export it."""
    folder = tmp_path_factory.mktemp("weights")
    manifest = export.export(folder, ["textbook"], few(load_bundled()), epochs=(0, 1))
    return folder, manifest


# --------------------------------------------------------------------------- what is committed


def test_all_networks_and_epochs_are_there():
    assert set(NETWORKS) == set(export.NETWORKS)
    for entry in NETWORKS.values():
        assert [shot["epoch"] for shot in entry["snapshots"]] == list(export.EPOCHS)
        assert entry["dataset"] == "MNIST" and entry["train_digits"] == 55_000


@pytest.mark.parametrize(("name", "epoch"), SNAPSHOTS)
def test_a_script_holds_what_the_manifest_says(name, epoch):
    data = scripts.read_weights(FOLDER, name, epoch)  # checks the sha256
    shot = next(shot for shot in NETWORKS[name]["snapshots"] if shot["epoch"] == epoch)
    assert scripts.about_file(shot["file"], data).items() <= shot.items()
    model = export.load(FOLDER, name, epoch)
    own = (name, epoch) == ("textbook", 10)  # the chapters compute with these, too
    assert len(data) == 2 * model.count_params() or not own
    assert len(data) < 1.02 * model.count_params() or own
    assert describe(model) == NETWORKS[name]["layers"]
    assert pack(model, 16 if own else 8) == data


def test_the_parameters_are_those_of_the_book():
    counts = {name: entry["parameters"] for name, entry in NETWORKS.items()}
    assert counts == {"textbook": 61_706, "article": 44_426, "lenet5-1998": 60_000}


def test_what_the_build_makes_is_the_manifest_and_the_package_s_own_network():
    made = scripts.made_by_the_build(FOLDER)
    assert set(made) == {"index.js", "textbook-10.js", "digits.js"}
    catalogue = re.search(r"catalogue\((.*)\);\n$", made["index.js"]).group(1)
    assert json.loads(catalogue) == MANIFEST
    given = re.search(r'weights\("textbook", 10, "(.*)"\);\n$', made["textbook-10.js"]).group(1)
    assert base64.b64decode(given) == weights.read(weights.DEFAULT)[0]


def test_the_digits_to_learn_from_are_kept_once_and_handed_over_as_a_script():
    data = scripts.read_digits(FOLDER)
    assert scripts.about_file("digits.js", data).items() <= MANIFEST["digits"].items()
    given = re.search(r'digits\("(.*)"\);\n$', scripts.made_by_the_build(FOLDER)["digits.js"])
    assert base64.b64decode(given.group(1)) == data


@pytest.mark.mnist
def test_the_digits_to_learn_from_are_the_first_of_each_class():
    digits = load_mnist(mirrors=())
    rows = export.choose_digits(digits)
    assert digits.y_train[rows].tolist() == [n % 10 for n in range(12_000)]
    for label in range(10):
        assert (rows[label::10] == np.flatnonzero(digits.y_train == label)[:1200]).all()
    kept = scripts.unpack_digits(scripts.read_digits(FOLDER)).astype(int)
    assert np.abs(kept - digits.x_train[rows]).max() <= 255 / (scripts.LEVELS - 1) / 2 + 0.5
    assert scripts.pack_digits(kept.astype("uint8")) == scripts.pack_digits(digits.x_train[rows])


def test_too_few_digits_are_refused():
    with pytest.raises(export.ExportError, match=r"digits has classes of \d+ .* 1200 are needed"):
        export.choose_digits(load_bundled())
    assert len(export.choose_digits(load_bundled(), 20, 4)) == 240


def test_damaged_digits_are_found_out(tmp_path):
    folder = tmp_path / "weights"
    shutil.copytree(FOLDER, folder)
    data = (folder / "digits.bin").read_bytes()
    (folder / "digits.bin").write_bytes(data[:-1])
    with pytest.raises(ValueError, match=r"^digits\.bin does not hold what the manifest says"):
        scripts.made_by_the_build(folder)


def test_every_file_in_the_folder_is_one_of_the_manifest_and_none_is_kept_twice():
    files = {shot["file"] for entry in NETWORKS.values() for shot in entry["snapshots"]}
    files |= {"manifest.json", "samples.js", "digits.bin"}
    assert {file.name for file in FOLDER.iterdir()} == files - {"textbook-10.js"}


def test_the_build_refuses_a_package_s_network_that_is_not_the_manifest_s(tmp_path, monkeypatch):
    data, about = weights.read(weights.DEFAULT)
    weights.write(tmp_path / "textbook.npz", data[::-1], about)
    monkeypatch.setattr(weights, "DEFAULT", tmp_path / "textbook.npz")
    with pytest.raises(ValueError, match=r"^textbook\.npz does not hold what the manifest says"):
        scripts.made_by_the_build(FOLDER)


@pytest.mark.slow
def test_the_site_holds_all_scripts_with_the_bytes_that_the_manifest_names(site):
    folder = site / "_static" / "explorer" / "weights"
    for entry in NETWORKS.values():
        for shot in entry["snapshots"]:
            text = (folder / shot["file"]).read_text(encoding="utf-8")
            data = base64.b64decode(text.rsplit('"', 2)[1])
            assert hashlib.sha256(data).hexdigest() == shot["sha256"]
            assert text == scripts.call("weights", entry["name"], shot["epoch"], data)
    assert (folder / "index.js").read_text(encoding="utf-8") == scripts.call("catalogue", MANIFEST)


def test_training_makes_the_networks_better():
    for entry in NETWORKS.values():
        accuracy = [shot["val_accuracy"] for shot in entry["snapshots"]]
        assert accuracy[0] < 0.3 and accuracy[1] > 0.9 and accuracy[-1] > 0.98
        assert entry["test_accuracy"] > 0.98


@pytest.mark.mnist
@pytest.mark.parametrize("name", NETWORKS)
def test_the_test_accuracy_is_that_of_the_committed_weights(name):
    digits = load_mnist(mirrors=())
    model = export.load(FOLDER, name, export.EPOCHS[-1])
    inputs = export.network(name).input.prepare(digits.x_test)
    error = error_rate(model, inputs, digits.y_test)
    # On another machine a digit or two on the edge may change sides.
    assert 1 - error == pytest.approx(NETWORKS[name]["test_accuracy"], abs=0.0005)


# --------------------------------------------------------------------------- how it is made


@pytest.mark.slow
def test_an_export_can_be_read_back(exported):
    folder, manifest = exported
    entry = manifest["networks"][0]
    assert [shot["epoch"] for shot in entry["snapshots"]] == [0, 1]
    assert entry["dataset"] == "digits" and entry["train_digits"] < 256
    before, after = (export.load(folder, "textbook", epoch) for epoch in (0, 1))
    assert not np.array_equal(before.get_weights()[0], after.get_weights()[0])
    assert not list(folder.glob("*.part"))


def test_the_samples_are_five_of_each_class_and_some_that_are_misread(exported):
    folder, manifest = exported
    samples, digits = manifest["samples"], load_bundled()
    misread = samples["misread"]
    assert samples["labels"][:50] == [label for label in range(10) for _ in range(5)]
    assert digits.y_test[samples["indices"]].tolist() == samples["labels"]
    assert misread["from"] == 50 and samples["bytes"] == len(samples["labels"]) * 28 * 28
    model = export.load(folder, "textbook", 1)
    rows = samples["indices"][50:]
    said = answers(model, export.network("textbook").input.prepare(digits.x_test[rows])).tolist()
    assert misread["answers"] == {"textbook": said}
    wrong = samples["labels"][50:]
    assert len(said) == choosing.MISREAD and not any(map(int.__eq__, said, wrong))
    assert max(map(wrong.count, wrong)) <= choosing.MISREAD_PER_CLASS


def test_a_look_at_the_stored_weights_finds_what_the_export_found(exported, tmp_path):
    folder = tmp_path / "weights"
    shutil.copytree(exported[0], folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    (folder / "samples.js").unlink()
    assert export.look_again(folder, few(load_bundled())) == exported[1]
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


@pytest.mark.mnist
def test_the_committed_samples_and_limits_are_those_of_the_committed_weights(tmp_path):
    folder = tmp_path / "weights"
    shutil.copytree(FOLDER, folder)
    again = export.look_again(folder)
    assert again["samples"] == MANIFEST["samples"]
    assert (folder / "samples.js").read_bytes() == (FOLDER / "samples.js").read_bytes()
    for entry, mine in zip(again["networks"], MANIFEST["networks"], strict=True):
        for one, other in zip(entry["snapshots"], mine["snapshots"], strict=True):
            given, want = one.pop("none", {}), dict(other).pop("none", {})
            assert one == {key: value for key, value in other.items() if key != "none"}
            assert given.keys() == want.keys()
            for key, value in given.items():
                assert value == pytest.approx(want[key], abs=0.02), (entry["name"], key)


def test_a_network_of_distances_refuses_few_digits_and_many_scribbles():
    last = {name: entry["snapshots"][-1]["none"] for name, entry in NETWORKS.items()}
    refusing = last["lenet5-1998"]
    assert refusing["refused"] <= 0.025 and refusing["misread_refused"] >= 0.6
    assert refusing["caught"]["scribbles"] >= 0.5 and min(refusing["caught"].values()) >= 0.3
    for name in ("textbook", "article"):  # and a softmax is sure of them
        assert last[name]["sure"] == 0.9 and min(last[name]["claimed"].values()) >= 0.3
    assert all("none" not in entry["snapshots"][0] for entry in NETWORKS.values())


def test_what_is_refused_is_far_or_between_two():
    penalties = np.array([[1.0, 9, 9], [5, 9, 9], [1, 2, 9], [5, 6, 9]])
    assert no_digits.refuses(penalties, 4, 3).tolist() == [False, True, True, True]
    assert no_digits.refuses(penalties, 5, 1).tolist() == [False] * 4


def test_the_limits_refuse_no_more_digits_than_they_may():
    draw = np.random.default_rng(0)
    digits = np.sort(draw.exponential(1, (2000, 10)) + np.arange(10) * 5, axis=1)
    others = {"far": digits + 20, "near": np.repeat(digits[:, :1], 10, axis=1)}
    far, near = no_digits.choose_limits(digits, others)
    assert no_digits.refuses(digits, far, near).mean() <= no_digits.MOST_REFUSED
    assert all(no_digits.refuses(one, far, near).mean() > 0.9 for one in others.values())


def test_the_drawings_that_are_no_digits_are_prepared_as_digits_are():
    made = no_digits.no_digits(5, count=8)
    assert list(made) == list(no_digits.KINDS) == ["scribbles", "letters", "dots", "noise"]
    for kind, drawings in made.items():
        assert drawings.shape == (8, 28, 28) and drawings.dtype == np.uint8, kind
        assert all(one.max() == 255 for one in drawings), kind
        assert len({one.tobytes() for one in drawings}) >= 6, kind
    dot = no_digits.draw([[[0.5, 0.5]]])
    assert (dot > 0).any(axis=0).sum() == (dot > 0).any(axis=1).sum() == 20


def test_a_network_that_the_package_keeps_is_kept_only_there(exported, tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    shutil.copytree(exported[0], folder)
    last = scripts.read_weights(folder, "textbook", 1)
    scripts.write_default(folder, tmp_path / "other.npz")
    assert (folder / "textbook-01.js").is_file()  # the build would not find it there
    monkeypatch.setattr(weights, "DEFAULT", tmp_path / "textbook.npz")
    scripts.write_default(folder, tmp_path / "textbook.npz")
    assert not (folder / "textbook-01.js").exists()
    assert (tmp_path / "textbook.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()
    assert scripts.read_weights(folder, "textbook", 1) == last
    before = (exported[0] / "textbook-01.js").read_text(encoding="utf-8")
    assert scripts.made_by_the_build(folder)["textbook-01.js"] == before
    assert "textbook-00.js" not in scripts.made_by_the_build(folder)


@pytest.mark.slow
def test_worse_weights_replace_no_better_ones(exported, monkeypatch):
    folder, manifest = exported
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    real = export.train_snapshots

    def worse(*args, **kwargs):
        entry, kept = real(*args, **kwargs)
        lower = manifest["networks"][0]["test_accuracy"] - 0.1
        return entry | {"test_accuracy": lower}, kept

    monkeypatch.setattr(export, "train_snapshots", worse)
    how = {"digits": few(load_bundled()), "epochs": (0, 1)}
    with pytest.raises(export.ExportError, match="Nothing was written"):
        export.export(folder, ["textbook"], **how)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    export.export(folder, ["textbook"], force=True, **how)
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8")) != manifest


def test_without_mnist_the_command_says_so_and_touches_nothing(exported):
    folder, _ = exported
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    nowhere = {**os.environ, "LENET_TUTORIAL_DATA": str(folder / "nowhere")}
    command = [sys.executable, "-m", "lenet_tutorial", "export", str(folder)]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", env=nowhere)
    assert result.returncode == 1
    assert "trained on MNIST" in result.stderr and "Nothing was written" in result.stderr
    assert "Traceback" not in result.stderr
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_the_command_names_what_there_is():
    command = [sys.executable, "-m", "lenet_tutorial", "export", "x", "nonsense"]
    result = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert result.returncode == 2
    assert "no network called 'nonsense'" in result.stderr and "textbook" in result.stderr


def test_a_damaged_script_is_found_out(exported):
    folder, _ = exported
    path = folder / "textbook-01.js"
    text = path.read_text(encoding="utf-8")
    at = len(text) // 2
    path.write_text(
        text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :], encoding="utf-8"
    )
    with pytest.raises(ValueError, match=r"textbook-01\.js does not hold what the manifest says"):
        scripts.read_weights(folder, "textbook", 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="no weights of network 'textbook' after epoch 7"):
        scripts.read_weights(folder, "textbook", 7)


def test_packing_rounds_to_half_precision_and_no_more():
    model = models.lenet5_article()
    given = model.get_weights()
    unpack(pack(model), model)
    for old, new in zip(given, model.get_weights(), strict=True):
        assert np.array_equal(new, old.astype("float16").astype("float32"))
    with pytest.raises(ValueError, match="the model has 44426"):
        unpack(b"\0\0", model)


@pytest.mark.parametrize("name", export.NETWORKS)
def test_packing_with_8_bits_keeps_127_parts_of_the_largest_weight_of_each_map(name):
    model = export.network(name).build()
    given = model.get_weights()
    given[0][..., 2] = 0  # a map that has learned nothing
    model.set_weights(given)
    unpack(pack(model, 8), model)
    for old, new in zip(given, model.get_weights(), strict=True):
        largest = np.abs(old).max(axis=tuple(range(old.ndim - 1))).astype("float16")
        if old.ndim == 1:
            assert np.array_equal(new, old.astype("float16").astype("float32"))
            continue
        steps = 127 * new / np.where(largest > 0, largest, 1).astype("float64")
        assert np.allclose(steps, np.rint(steps), atol=1e-4)
        assert (np.abs(new - old) <= largest / 253).all()  # half a step, and largest's own rounding
        assert np.array_equal(np.abs(new).max(axis=tuple(range(old.ndim - 1))), largest)
    with pytest.raises(ValueError, match=r"holds 3 bytes; .* with 16 bits each and \d+ with 8"):
        unpack(b"abc", model)
    with pytest.raises(ValueError, match=r"bits must be one of \(16, 8\), got 4"):
        pack(model, 4)


def test_the_eight_bits_are_those_that_were_written_down():
    """Two units, by hand: 127 parts of 0.5 and of 2, rounded to the nearest."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.set_weights([np.array([[0.5, -2], [-0.25, 1], [0.001, 0.3]]), np.array([1.5, -3])])
    data = pack(model, 8)
    assert np.frombuffer(data[:4], "<f2").tolist() == [0.5, 2]
    assert np.frombuffer(data[4:10], "int8").tolist() == [127, -127, -64, 64, 0, 19]
    assert np.frombuffer(data[10:], "<f2").tolist() == [1.5, -3]
    unpack(data, model)
    again = [[0.5, -2], [-64 * 0.5 / 127, 64 * 2 / 127], [0, 19 * 2 / 127]]
    assert np.array_equal(model.get_weights()[0], np.float32(again))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_a_weight_that_half_precision_cannot_hold_is_refused(value):
    model = models.lenet5_article()
    arrays = model.get_weights()
    arrays[0][0, 0, 0, 0] = value
    model.set_weights(arrays)
    with pytest.raises(ValueError, match="not finite, or too large"):
        pack(model)


def chain(*layers, shape=(28, 28, 1)):
    """Return a network of layers, and what makes ten probabilities of them."""
    after = [keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    return keras.Sequential([keras.Input(shape), *layers, *after])


def named_like(activation):
    """Return a function with the name of an activation, and another value."""

    def own(a):
        return 0 * a

    own.__name__ = activation
    return own


class Dense(keras.layers.Dense):
    """Another layer under a known name."""


CONV, AVERAGE, LARGEST = (
    getattr(keras.layers, name) for name in ("Conv2D", "AveragePooling2D", "MaxPooling2D")
)
TABLE = [[0], [0]]
REFUSED = [
    (CONV(2, 3, padding="same"), "padding=same"),
    (CONV(2, 3, strides=2), r"strides=\(2, 2\)"),
    (CONV(2, 3, dilation_rate=2), r"dilation_rate=\(2, 2\)"),
    (CONV(2, (3, 5)), r"kernel_size=\(3, 5\)"),
    (CONV(2, 3, use_bias=False), "use_bias=False"),
    (CONV(2, 1, data_format="channels_first"), "data_format=channels_first"),
    (CONV(2, 3, dtype="float16"), "compute_dtype=float16"),
    (CONV(2, 3, dtype="mixed_bfloat16"), "compute_dtype=bfloat16"),
    (CONV(2, 3, activation="gelu"), "activation=gelu"),
    (CONV(2, 3, activation=named_like("tanh")), "activation=tanh"),
    (CONV(2, 3, activation=keras.layers.LeakyReLU()), "activation=<LeakyReLU"),
    (CONV(2, 3, activation="softmax"), "activation=softmax on maps"),
    (AVERAGE(3), r"pool_size=\(3, 3\)"),
    (LARGEST(3), r"pool_size=\(3, 3\)"),
    (LARGEST(1), r"pool_size=\(1, 1\)"),
    (AVERAGE((2, 4)), r"pool_size=\(2, 4\)"),
    (AVERAGE(2, strides=1), r"strides=\(1, 1\)"),
    (LARGEST(2, strides=(2, 1)), r"strides=\(2, 1\)"),
    (AVERAGE(2, padding="same"), "padding=same"),
    (LARGEST(2, padding="same"), "padding=same"),
    (keras.layers.Dense(4), "without a Flatten"),
    (Dense(4), "kind Dense"),
    (keras.layers.BatchNormalization(), "kind BatchNormalization"),
    (keras.layers.ZeroPadding2D(), "kind ZeroPadding2D"),
    (layers.Subsample(repeat=2), "repeat=2"),
    (layers.Subsample(activation="softmax"), "activation=softmax on maps"),
    (layers.Subsample(dtype="float16"), "compute_dtype=float16"),
    (layers.TableConv2D(TABLE, padding=(1, 1)), r"padding=\(1, 1\)"),
    (layers.TableConv2D(TABLE, strides=2), "strides=2"),
    (layers.TableConv2D(TABLE, bias="unit"), "bias_per=unit"),
    (layers.TableConv2D(TABLE, activation="softmax"), "activation=softmax on maps"),
]


@pytest.mark.parametrize(("layer", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_the_browser_cannot_compute_is_named(layer, words):
    with pytest.raises(ValueError, match=f"can't compute layer '{layer.name}' .*{words}") as caught:
        describe(chain(layer))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (CONV(4, 3, groups=2), "groups=2"),
        (AVERAGE(2, data_format="channels_first"), "data_format=channels_first"),
    ],
)
def test_what_needs_several_maps_is_refused_too(layer, words):
    with pytest.raises(ValueError, match=f"can't compute layer '{layer.name}' with {words}"):
        describe(chain(CONV(2, 3), layer))


def test_a_dense_layer_without_bias_or_with_further_weights_is_refused():
    wrong = keras.layers.Dense(4, use_bias=False, name="wrong")
    with pytest.raises(ValueError, match="layer 'wrong' with use_bias=False"):
        describe(chain(keras.layers.Flatten(), wrong))
    model = chain(keras.layers.Flatten(), keras.layers.Dense(4, name="wrong"))
    model.get_layer("wrong").enable_lora(2)
    with pytest.raises(ValueError, match="layer 'wrong' with lora_enabled=True"):
        describe(model)


def test_flattened_otherwise_than_place_by_place_is_refused():
    model = chain(CONV(2, 3), keras.layers.Flatten(data_format="channels_first", name="flat"))
    with pytest.raises(ValueError, match="layer 'flat' with data_format=channels_first"):
        describe(model)


def test_codes_are_compared_with_single_units_only():
    codes = layers.EuclideanRBF(np.ones((10, 784)), name="codes")
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), codes])
    with pytest.raises(ValueError, match="layer 'codes' on maps of 28×28"):
        describe(model)


@pytest.mark.parametrize("shape", [(28, 28, 3), (28, 20, 1), (784,)])
def test_only_a_square_grey_image_goes_in(shape):
    with pytest.raises(ValueError, match="one square grey image, not from"):
        describe(chain(shape=shape))


def test_layers_that_are_no_chain_are_refused():
    image = keras.Input((28, 28, 1))
    flat = keras.layers.Flatten()(image)
    twice = keras.layers.Add()([keras.layers.Dense(10)(flat), keras.layers.Dense(10)(flat)])
    with pytest.raises(ValueError, match="one layer after the other"):
        describe(keras.Model(image, twice))


@pytest.mark.parametrize(
    "last",
    [
        keras.layers.Dense(10),
        keras.layers.Dense(9, activation="softmax"),
        layers.EuclideanRBF(np.ones((9, 10))),
    ],
)
def test_what_the_browser_cannot_show_as_an_answer_is_refused(last):
    model = chain()
    model.add(last)
    with pytest.raises(ValueError, match="ten probabilities, or distances to ten codes"):
        describe(model)


def test_what_the_browser_computes_is_described():
    around = [CONV(4, 5, activation="relu"), LARGEST(), layers.Subsample(activation="sigmoid")]
    around += [layers.TableConv2D([[0, 2], [1, 3]], 3), keras.layers.Flatten()]
    described = describe(chain(*around, keras.layers.Dense(7)))
    assert [(one["kind"], one["maps"]) for one in described] == [
        ("convolution", 4),
        ("max pooling", 4),
        ("subsampling", 4),
        ("convolution", 2),
        ("dense", 7),
        ("dense", 10),
    ]


def test_an_unknown_network_is_named():
    with pytest.raises(ValueError, match="no network called 'lenet6'"):
        export.network("lenet6")
