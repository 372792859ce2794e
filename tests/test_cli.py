"""The command line: what it says, what it writes, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from test_datasets import arrays, give, idx, serve, small  # noqa: F401 - fixtures

from lenet_tutorial import datasets, doctor, export, stored
from lenet_tutorial.backup import FILE
from lenet_tutorial.cli import main
from lenet_tutorial.datasets import load_bundled, prepare
from lenet_tutorial.stored import ModelError, load_model, save_model

ROOT = Path(__file__).parent.parent
PROGRAM = Path(sys.executable).parent / "lenet-tutorial"
WEIGHTS = ROOT / "book" / "_static" / "explorer" / "weights"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in ("DATA", "CACHE"):
        monkeypatch.delenv(f"LENET_TUTORIAL_{name}", raising=False)
    monkeypatch.setenv("LENET_TUTORIAL_DATASET", "digits")


@pytest.fixture
def command(capsys):
    """Return a function that runs a command here: exit code, output, complaints."""

    def run(*arguments):
        capsys.readouterr()
        try:
            code = main([str(one) for one in arguments])
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def refused(result, *words, code=2):
    """Check an exit with one line and no traceback."""
    found, output, complaint = result
    assert found == code and output == ""
    assert complaint.startswith("lenet-tutorial ") and complaint.count("\n") == 1
    for word in words:
        assert word in complaint
    return True


# --------------------------------------------------------------------------- the program itself


def test_help_is_quick_and_loads_nothing_heavy():
    code = "import sys; from lenet_tutorial.cli import main\ntry: main(['--help'])\nexcept "
    code += "SystemExit: print([m for m in 'tensorflow keras matplotlib pandas sklearn pooch PIL'"
    code += ".split() if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "[]"
    for name in ("doctor", "data", "train", "predict", "export", "results"):
        assert f"    {name} " in said.stdout


@pytest.mark.parametrize("start", [[PROGRAM], [sys.executable, "-m", "lenet_tutorial"]])
def test_the_installed_command_and_the_module_are_the_same(start):
    said = subprocess.run([*map(str, start), "--version"], capture_output=True, text=True)
    assert said.returncode == 0 and said.stdout == "0.1.0\n" and said.stderr == ""
    said = subprocess.run(
        [*map(str, start), "predict", "nothing.png"], capture_output=True, text=True
    )
    assert said.returncode == 2
    assert said.stderr == "lenet-tutorial predict: no such file: nothing.png\n"


@pytest.mark.parametrize("name", ["doctor", "data", "train", "predict", "export", "results"])
def test_every_command_explains_itself(command, name):
    code, output, _ = command(name, "--help")
    assert code == 0 and f"usage: lenet-tutorial {name}" in output
    assert len(output.splitlines()) >= 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
        (["train"], "required: --output"),
        (["train", "--output", "m.keras", "--epochs", "0"], "of at least 1, got '0'"),
        (["train", "--output", "m.keras", "--batch-size", "x"], "of at least 1, got 'x'"),
        (["train", "--output", "m.keras", "--seed", "-1"], "--seed"),
        (["train", "--output", "m.keras", "--seed", "4294967296"], "from 0 to 2**32 - 1"),
        (["train", "--output", "m.keras", "--network", "vgg"], "invalid choice: 'vgg'"),
        (["train", "--output", "m.keras", "--resume", "--restart"], "not allowed with"),
        (["train", "--output", "m.keras", "--recipe", "slow"], "invalid choice: 'slow'"),
        (
            ["train", "--output", "m.keras", "--recipe", "fast", "--network", "lenet5"],
            "argument --network: not allowed with argument --recipe",
        ),
        (
            ["train", "--output", "m.keras", "--recipe", "fast", "--batch-size", "64"],
            "the recipe fast has its own batch size",
        ),
        (["predict"], "required: IMAGE"),
    ],
)
def test_wrong_options_are_named(command, arguments, words):
    code, _, complaint = command(*arguments)
    assert code == 2 and words in complaint


# --------------------------------------------------------------------------- doctor


@pytest.fixture
def keras_starts(monkeypatch):
    monkeypatch.setattr(doctor, "_backend", lambda: doctor.Check("ok", "Keras starts"))


def test_the_doctor_says_what_is_there():
    said = subprocess.run([str(PROGRAM), "doctor"], capture_output=True, text=True, check=True)
    assert said.stderr == ""
    for words in (
        "Python 3.",
        "keras 3.",
        "pillow ",
        "matplotlib ",
        "Keras computes with",
        "cores",
    ):
        assert words in said.stdout
    assert "scikit-learn's digits, because of LENET_TUTORIAL_DATASET=digits" in said.stdout
    assert said.stdout.endswith("The chapters can run.\n")


@pytest.mark.usefixtures("keras_starts")
def test_the_doctor_says_which_rule_finds_the_digits(command, small, arrays, tmp_path, monkeypatch):  # noqa: F811
    def digits(**settings):
        for name, value in settings.items():
            monkeypatch.setenv(f"LENET_TUTORIAL_{name}", str(value))
        code, output, _ = command("doctor")
        return code, output.split("Digits\n")[1].split("\n\n")[0]

    cache, folder = tmp_path / "cache", tmp_path / "folder"
    for place in (cache, folder):
        place.mkdir()
    code, text = digits(DATASET="auto", CACHE=cache)
    assert code == 0 and "missing  MNIST is not here" in text and "lenet-tutorial data" in text
    code, text = digits(DATASET="mnist")
    assert code == 1 and "wrong    MNIST is not here" in text
    for key, (name, _, _) in datasets.MNIST_FILES.items():
        (cache / name).write_bytes(idx(arrays[key]))
    code, text = digits()
    assert code == 0 and f"ok       MNIST, in the cache: {cache}" in text
    code, text = digits(DATA=folder)
    assert code == 1 and "has neither train-images" in text
    for file in cache.iterdir():
        file.rename(folder / file.name)
    code, text = digits()
    assert code == 0 and f"ok       MNIST, in LENET_TUTORIAL_DATA: {folder}" in text
    code, text = digits(DATASET="nonsense")
    assert code == 1 and "LENET_TUTORIAL_DATASET=nonsense names no data set" in text


@pytest.mark.usefixtures("keras_starts")
def test_the_doctor_names_what_is_missing(command, monkeypatch):
    import importlib.metadata

    real = importlib.metadata.version

    def version(name):
        if name in ("pillow", "sphinx-design", "jax"):
            raise importlib.metadata.PackageNotFoundError(name)
        return "0.1" if name == "pooch" else real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr("shutil.which", lambda name: None)
    code, output, _ = command("doctor")
    assert code == 1
    assert "wrong    pillow is not installed\n           make book sets it up" in output
    assert "wrong    pooch 0.1, >=1.8 is needed" in output
    assert "missing  sphinx-design is not installed" in output
    assert "apt-get install chromium" in output and "apt-get install make" in output
    assert "optional jax is not installed" in output
    last = output.splitlines()[-1]
    assert last == (
        "The chapters can't run: pillow is not installed; pooch 0.1, >=1.8 is needed."
        if last.index("pillow") < last.index("pooch")
        else "The chapters can't run: pooch 0.1, >=1.8 is needed; pillow is not installed."
    )


def test_a_backend_that_does_not_start_is_named(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "nonsense")
    check = doctor._backend()
    assert check.state == "wrong" and "Keras does not start: " in check.text
    assert "nonsense" in check.text and "unset KERAS_BACKEND" in check.advice


# --------------------------------------------------------------------------- data


def give_files(served):
    def answer(handler, name):
        give(handler, served[name])

    return answer


def test_the_digits_are_fetched_verified_and_found_again(command, small, serve, tmp_path):  # noqa: F811
    address = serve(give_files(small))
    folder = tmp_path / "mnist"
    code, output, complaints = command("data", "--folder", folder, "--mirror", address)
    assert code == 0
    assert output.splitlines() == [
        "MNIST: 30 training and 10 test digits.",
        f"Downloaded to {folder}; all four checksums are right.",
        f"To use it: LENET_TUTORIAL_DATA={folder}",
    ]
    assert "train-images-idx3-ubyte.gz" in complaints and "100%" in complaints  # the bar
    code, output, complaints = command("data", "--folder", folder, "--check")
    assert code == 0 and f"Found in {folder}; all four" in output and complaints == ""


def test_the_cache_is_filled_and_damage_is_mended(command, small, serve, tmp_path, monkeypatch):  # noqa: F811
    address = serve(give_files(small))
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path))
    assert refused(command("data", "--check"), "not in the cache", "lenet-tutorial data", code=1)
    assert command("data", "--mirror", address)[0] == 0
    code, output, _ = command("data", "--check")
    assert code == 0 and "Found in" in output and "To use it" not in output
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"damaged")
    assert refused(command("data", "--check"), code=1)
    code, output, _ = command("data", "--mirror", address)
    assert code == 0 and "Downloaded to" in output
    assert command("data", "--check")[0] == 0


def test_a_folder_of_the_readers_is_verified(command, small, arrays, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(tmp_path))
    assert refused(command("data", "--check"), "has neither train-images", code=1)
    for key, (name, _, _) in datasets.MNIST_FILES.items():
        (tmp_path / name).write_bytes(idx(arrays[key]))
    code, output, _ = command("data", "--check")
    assert code == 0 and f"Found in {tmp_path}" in output
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(arrays["y_test"][::-1]))
    assert refused(command("data", "--check"), "t10k-labels", "wrong checksum", code=1)


def test_without_a_network_the_command_says_what_to_do(command, small, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path))
    result = command("data", "--mirror", "http://127.0.0.1:9/mnist")
    complaint = result[2].splitlines()[-1]
    assert result[0] == 1 and result[1] == ""
    assert "MNIST can't be downloaded" in complaint and "127.0.0.1:9: ConnectionError" in complaint
    assert "name it in LENET_TUTORIAL_DATA" in complaint and "=digits" in complaint
    assert "Traceback" not in result[2]
    assert not list(tmp_path.iterdir())


# --------------------------------------------------------------------------- train


TRAIN = ("train", "--network", "article", "--epochs", "2", "--seed", "3")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train a network in a process of its own; return its file and what was said."""
    folder = tmp_path_factory.mktemp("trained")
    said = subprocess.run(
        [str(PROGRAM), *TRAIN, "--dataset", "digits", "--output", "model.keras"],
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert said.returncode == 0, said.stderr
    return folder / "model.keras", said


def test_training_writes_a_model_and_looks_at_the_test_set_once(trained):
    path, said = trained
    assert said.stderr == ""
    lines = said.stdout.splitlines()
    assert lines[0] == ("the article's network: 44426 parameters; digits, 1317 digits to train on.")
    assert [line.split(":")[0] for line in lines[1:3]] == ["epoch 1 of 2", "epoch 2 of 2"]
    assert lines[3].startswith("test accuracy ") and lines[3].endswith("% on 360 digits")
    assert lines[4:] == ["written: model.keras"]
    assert [file.name for file in path.parent.iterdir()] == ["model.keras"]
    model = load_model(path)
    assert model.count_params() == 44_426
    digits = load_bundled()
    from lenet_tutorial.training import error_rate

    network = stored.network_of(model)
    right = 1 - error_rate(model, network.prepare(digits.x_test), digits.y_test)
    assert f"test accuracy {right:.2%}" in lines[3] and right > 0.5


@pytest.mark.parametrize(("name", "parameters"), [("fast", 44_426), ("strong", 61_706)])
def test_training_by_a_recipe_writes_the_network_that_was_validated(
    command, tmp_path, name, parameters, pictures
):
    output = tmp_path / "model.keras"
    arguments = ("train", "--recipe", name, "--dataset", "digits", "--output", output)
    code, said, complaint = command(*arguments, "--epochs", "2")
    assert code == 0, complaint
    lines = said.splitlines()
    assert lines[0].startswith(f"the recipe {name}: {parameters} parameters; digits, ")
    assert [line.split(":")[0] for line in lines[1:3]] == ["epoch 1 of 2", "epoch 2 of 2"]
    model = load_model(output)
    assert model.count_params() == parameters
    digits = load_bundled()
    from lenet_tutorial.recipes import RECIPES
    from lenet_tutorial.training import error_rate, split_validation

    images = prepare(digits.x_train, RECIPES[name].input_size)
    *_, x_val, y_val = split_validation(images, digits.y_train)
    right = 1 - error_rate(model, x_val, y_val)
    assert lines[2].endswith(f"validation accuracy {right:.2%}")  # of the averaged weights, too
    code, said, _ = command("predict", pictures / "7.png", "--model", output)
    assert code == 0 and "%" in said


def test_a_run_by_a_recipe_goes_on_after_its_last_checkpoint(command, tmp_path, monkeypatch):
    arguments = ("train", "--recipe", "fast", "--dataset", "digits", "--epochs", "2")
    whole, stopped = tmp_path / "whole.keras", tmp_path / "stopped.keras"
    assert command(*arguments, "--output", whole)[0] == 0
    real = stored.save_model
    monkeypatch.setattr(stored, "save_model", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    assert command(*arguments, "--output", stopped)[0] == 1
    monkeypatch.setattr(stored, "save_model", real)
    other = command(*arguments[:-1], "3", "--output", stopped)
    assert other[0] == 2 and "epochs was 2 and is now 3" in other[2]
    code, _, complaint = command(*arguments, "--output", stopped, "--resume")
    assert code == 0 and "Going on after epoch 2 of 2" in complaint
    weights = [load_model(path).get_weights() for path in (whole, stopped)]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


def test_a_disk_that_is_full_at_the_end_loses_no_epoch(command, tmp_path, monkeypatch):
    output = tmp_path / "model.keras"
    output.write_bytes(b"an older model")
    real = stored.save_model

    def full(model, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(stored, "save_model", full)
    code, _, complaint = command(*TRAIN, "--output", output)
    assert code == 1 and "No space left on device" in complaint and "Traceback" not in complaint
    assert output.read_bytes() == b"an older model"
    assert (tmp_path / "model.keras.backup" / FILE).is_file()

    monkeypatch.setattr(stored, "save_model", real)
    other = command(*TRAIN, "--batch-size", "32", "--output", output)
    assert other[0] == 2 and "batch_size was 64 and is now 32" in other[2]
    assert "or add --restart" in other[2]
    code, said, complaint = command(*TRAIN, "--output", output, "--resume")
    assert code == 0 and "Going on after epoch 2 of 2" in complaint
    assert "epoch 1 of 2" not in said and "written:" in said
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]
    assert load_model(output).count_params() == 44_426
    assert refused(command(*TRAIN, "--output", output, "--resume"), "nothing to go on from")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are a Unix thing")
def test_ctrl_c_keeps_the_epochs_that_were_finished(tmp_path):
    arguments = ["train", "--network", "article", "--epochs", "500", "--output", "model.keras"]
    process = subprocess.Popen(
        [str(PROGRAM), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    for line in process.stdout:
        if line.startswith("epoch 2 of 500"):
            break
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=120)
    assert process.returncode == 130
    assert complaint.startswith("Interrupted. ") and "kept in model.keras.backup" in complaint
    assert complaint.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras.backup"]


def test_what_cannot_work_is_refused_before_training(command, tmp_path, monkeypatch):
    assert refused(command("train", "--output", tmp_path / "model.h5"), "ends in .keras")
    assert refused(command("train", "--output", tmp_path / "no" / "model.keras"), "no such folder")
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(tmp_path / "nowhere"))
    output = tmp_path / "model.keras"
    result = command("train", "--dataset", "mnist", "--output", output)
    assert refused(result, "no such folder", "LENET_TUTORIAL_DATA", code=1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", stored.NETWORKS)
def test_each_network_gets_the_input_that_it_was_made_for(name, tmp_path):
    network = stored.NETWORKS[name]
    model = network.build()
    images = load_bundled().x_test[:3]
    inputs = network.prepare(images)
    assert inputs.shape[1:] == model.input_shape[1:] and inputs.dtype == np.float32
    assert inputs.min() == pytest.approx(network.background, abs=1e-6)
    assert inputs.max() == pytest.approx(network.ink, abs=0.05)  # in 1989 a mean of pixels
    save_model(model, tmp_path / "model.keras")
    back = load_model(tmp_path / "model.keras")
    found = stored.network_of(back)
    assert np.array_equal(found.prepare(images), inputs)  # what predict does with the file
    np.testing.assert_array_equal(back.predict(inputs, verbose=0), model.predict(inputs, verbose=0))


# --------------------------------------------------------------------------- predict


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Write one digit of each class, dark on light and larger."""
    folder = tmp_path_factory.mktemp("pictures")
    digits = load_bundled()
    for label in range(10):
        image = digits.x_test[np.flatnonzero(digits.y_test == label)[0]]
        large = Image.fromarray(255 - image).resize((140, 140), Image.Resampling.BICUBIC)
        large.save(folder / f"{label}.png")
    return folder


def test_without_a_model_the_explorers_network_answers(command, pictures):
    files = [pictures / f"{label}.png" for label in range(10)]
    code, output, complaints = command("predict", *files, "--json")
    assert code == 0 and complaints == ""
    answers = json.loads(output)
    assert [answer["file"] for answer in answers] == [str(file) for file in files]
    for answer in answers:
        assert answer["kind"] == "probabilities" and len(answer["values"]) == 10
        assert sum(answer["values"]) == pytest.approx(1, abs=1e-5)
        assert answer["digit"] == int(np.argmax(answer["values"]))
    # It learned from MNIST; these digits are of other writers, and of 8×8 pixels.
    assert sum(answer["digit"] == label for label, answer in enumerate(answers)) >= 7


def test_the_answer_is_shown_with_all_ten_probabilities(command, pictures):
    code, output, _ = command("predict", pictures / "0.png")
    lines = output.splitlines()
    assert code == 0 and lines[0] == f"{pictures / '0.png'}: 0"
    assert [line.split()[0] for line in lines[1:]] == [str(digit) for digit in range(10)]
    assert lines[1].endswith("#") and "%" in lines[1]


def test_a_model_of_ones_own_answers_and_explains_itself(command, trained, pictures, tmp_path):
    target = tmp_path / "layers.png"
    target.write_bytes(b"old")
    code, output, _ = command(
        "predict", pictures / "6.png", "--model", trained[0], "--explain", target
    )
    assert code == 0 and output.splitlines()[0].endswith("6.png: 6")
    with Image.open(target) as drawn:
        assert drawn.format == "PNG" and min(drawn.size) > 500
    assert [file.name for file in tmp_path.iterdir()] == ["layers.png"]


def test_penalties_and_squashed_outputs_are_called_what_they_are(command, pictures, tmp_path):
    for name, kind, words in (
        ("1998", "penalties", "the smallest one wins"),
        ("lenet1", "outputs", "the largest one wins"),
    ):
        save_model(stored.NETWORKS[name].build(), tmp_path / "model.keras")
        arguments = ("predict", pictures / "3.png", "--model", tmp_path / "model.keras")
        answer = json.loads(command(*arguments, "--json")[1])[0]
        best = np.argmin if kind == "penalties" else np.argmax
        assert answer["kind"] == kind and answer["digit"] == best(answer["values"])
        output = command(*arguments)[1]
        assert words in output and f"{answer['digit']} " in output


def test_pictures_that_cannot_be_read_end_with_one_line(command, pictures, tmp_path):
    Image.new("L", (50, 50), 255).save(tmp_path / "blank.png")
    (tmp_path / "text.png").write_text("seven")
    (tmp_path / "cut.png").write_bytes((pictures / "1.png").read_bytes()[:300])
    assert refused(command("predict", tmp_path / "no.png"), "no such file")
    assert refused(command("predict", tmp_path / "blank.png"), "is blank")
    assert refused(command("predict", tmp_path / "text.png"), "no picture that can be read")
    assert refused(command("predict", tmp_path / "cut.png"), "damaged or cut short")


def test_explain_takes_one_picture_and_a_png(command, pictures, tmp_path):
    one, two, out = pictures / "1.png", pictures / "2.png", tmp_path / "out.png"
    assert refused(command("predict", one, two, "--explain", out), "name one image")
    assert refused(command("predict", one, "--explain", tmp_path / "out.gif"), "writes a PNG")
    assert refused(
        command("predict", one, "--explain", tmp_path / "no" / "o.png"), "no such folder"
    )
    assert not list(tmp_path.iterdir())


def test_the_default_network_is_the_explorers(tmp_path):
    entry = next(
        one
        for one in json.loads((WEIGHTS / "manifest.json").read_text())["networks"]
        if one["name"] == "textbook"
    )
    model, about = stored.default_model()
    last = entry["snapshots"][-1]
    assert export.pack(model) == export.read_weights(WEIGHTS, "textbook", last["epoch"])
    assert about["sha256"] == last["sha256"] and about["epoch"] == last["epoch"]
    assert about["test_accuracy"] == entry["test_accuracy"] > 0.98
    assert model.count_params() == 61_706
    export.write_default(WEIGHTS, tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == stored.DEFAULT.read_bytes()
    assert stored.DEFAULT.stat().st_size < 150_000


# --------------------------------------------------------------------------- models of others


def test_what_is_no_model_is_named(tmp_path, trained):
    with pytest.raises(ModelError, match="no such file"):
        load_model(tmp_path / "no.keras")
    with pytest.raises(ModelError, match=r"ends in \.keras, got .*model\.h5"):
        load_model(tmp_path / "model.h5")
    for content in (b"", b"text", trained[0].read_bytes()[:5000]):
        (tmp_path / "bad.keras").write_bytes(content)
        with pytest.raises(ModelError, match=r"is no \.keras file, or it is damaged"):
            load_model(tmp_path / "bad.keras")


def test_a_model_of_another_shape_is_named(command, tmp_path, pictures):
    for shape, units in (((28, 28, 3), 10), ((64, 64, 1), 10), ((28, 28, 1), 2)):
        layers = [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(units)]
        save_model(keras.Sequential(layers), tmp_path / "other.keras")
        result = command("predict", pictures / "1.png", "--model", tmp_path / "other.keras")
        assert refused(result, "grey images", "ten classes")


def test_a_model_that_would_run_code_is_not_loaded(command, tmp_path, pictures):
    path, ran = tmp_path / "evil.keras", tmp_path / "ran"
    run = eval(f"lambda x: open({str(ran)!r}, 'w') and x")
    layers = [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]
    evil = keras.Sequential([*layers, keras.layers.Lambda(run, output_shape=(10,))])
    ran.unlink(missing_ok=True)  # building the model has run it
    evil.save(path)
    ran.unlink(missing_ok=True)
    assert refused(
        command("predict", pictures / "1.png", "--model", path), "'Lambda'", "can run code"
    )
    assert not ran.exists()


@pytest.mark.parametrize(
    "part",
    [
        {"module": "os", "class_name": "system", "config": {}, "registered_name": None},
        {"module": "builtins.sub", "class_name": "x", "config": {}, "registered_name": "other>X"},
        {"module": None, "class_name": "X", "config": {}, "registered_name": "other>X"},
        {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "/x"}},
    ],
)
def test_only_layers_of_keras_and_of_the_book_are_let_through(trained, tmp_path, part):
    path = tmp_path / "changed.keras"
    with zipfile.ZipFile(trained[0]) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                config = json.loads(data)
                config["config"]["layers"].append(part)
                data = json.dumps(config).encode()
            new.writestr(name, data)
    with pytest.raises(ModelError, match=f"holds '{part['class_name']}', which is no layer"):
        load_model(path)


# --------------------------------------------------------------------------- results


def test_results_names_what_there_is_and_keeps_what_is_finished(command, tmp_path, monkeypatch):
    from lenet_tutorial import results
    from lenet_tutorial.experiments import EXPERIMENTS

    assert refused(command("results", "nonsense"), "no experiment called 'nonsense'", "digits")
    runs = [dict(EXPERIMENTS["digits"].runs[0], seed=seed) for seed in range(3)]
    monkeypatch.setattr(results, "FOLDER", tmp_path)

    def run(**wanted):
        if wanted["seed"] == 2 and not (tmp_path / "again").exists():
            raise KeyboardInterrupt
        return wanted | {"test_accuracy": 0.9}

    monkeypatch.setitem(EXPERIMENTS, "tried", results.Experiment(runs, run))
    code, output, complaints = command("results", "tried")
    assert code == 130 and "the same command goes on with tried" in output
    assert "2/3" in complaints  # the bar
    assert [file.name for file in tmp_path.iterdir()] == ["tried.csv"]
    assert results.read("tried")["seed"].tolist() == [0, 1]
    (tmp_path / "again").touch()
    assert command("results", "tried")[0] == 0
    assert results.read("tried")["seed"].tolist() == [0, 1, 2]
    assert os.listdir(tmp_path).count("tried.csv") == 1
