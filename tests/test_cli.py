"""The command line: what it says, what it writes, and how it ends."""

import errno
import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from mirror import give, idx
from PIL import Image

from lenet_tutorial import mnist, weights, zipcodes
from lenet_tutorial.command import doctor, predict, train
from lenet_tutorial.command import net as _net
from lenet_tutorial.command.cli import main
from lenet_tutorial.command.model_files import stored
from lenet_tutorial.command.model_files.inputs import input_of
from lenet_tutorial.command.model_files.stored import ModelError, load_model, save_model
from lenet_tutorial.datasets import load_bundled, prepare
from lenet_tutorial.explorer import scripts
from lenet_tutorial.networks import NETWORKS
from lenet_tutorial.training import backup
from lenet_tutorial.training.backup import FILE

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
    code = "import sys; from lenet_tutorial.command.cli import main\ntry: main(['--help'])\nexcept "
    code += "SystemExit: print([m for m in 'tensorflow keras matplotlib pandas numpy pooch PIL'"
    code += ".split() if m in sys.modules])"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert said.stdout.splitlines()[-1] == "[]"
    for name in ("doctor", "data", "train", "predict", "check", "export", "results"):
        assert f"    {name} " in said.stdout


@pytest.mark.parametrize("start", [[PROGRAM], [sys.executable, "-m", "lenet_tutorial"]])
def test_the_installed_command_and_the_module_are_the_same(start):
    said = subprocess.run([*map(str, start), "--version"], capture_output=True, encoding="utf-8")
    assert said.returncode == 0 and said.stdout == "0.1.0\n" and said.stderr == ""
    said = subprocess.run(
        [*map(str, start), "predict", "nothing.png"], capture_output=True, encoding="utf-8"
    )
    assert said.returncode == 2
    assert said.stderr == "lenet-tutorial predict: no such file: nothing.png\n"


@pytest.mark.parametrize(
    "name", ["doctor", "data", "train", "predict", "check", "export", "results"]
)
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


@pytest.mark.slow
def test_the_doctor_says_what_is_there():
    said = subprocess.run(
        [str(PROGRAM), "doctor"], capture_output=True, encoding="utf-8", check=True
    )
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
def test_the_doctor_says_which_rule_finds_the_digits(command, small, arrays, tmp_path, monkeypatch):
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
    for key, (name, _, _) in mnist.MNIST_FILES.items():
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


def test_the_doctor_looks_at_all_where_numpy_cannot_be_loaded(tmp_path):
    (tmp_path / "numpy.py").write_text("raise ImportError('broken')", encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-m", "lenet_tutorial", "doctor"],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
    )
    assert said.returncode == 1 and said.stderr == ""
    assert "wrong    the digits can't be looked at: ImportError: broken" in said.stdout
    assert "\nChecking it\n" in said.stdout


@pytest.mark.parametrize(
    "name",
    "python machine temporary packages backend digits zip_codes program optional "
    "requirements".split(),
)
@pytest.mark.usefixtures("keras_starts")
def test_each_check_of_the_doctor_may_fail_by_itself(command, monkeypatch, name):
    whole = command("doctor")[1].splitlines()

    def fail(*_):
        raise RuntimeError("one\ntwo")

    monkeypatch.setattr(doctor, f"_{name}", fail)
    code, output, complaint = command("doctor")
    assert code == 1 and complaint == ""
    lines = output.splitlines()
    assert lines[-1].startswith("The chapters can't run: ")
    assert "can't be looked at: RuntimeError: one" in lines[-1]
    # All others are there as they were.
    titles = [line for line in whole if line and not line.startswith(" ")][:-1]
    assert [line for line in lines if line and not line.startswith(" ")][:-1] == titles
    assert len(set(whole) - set(lines)) < len(whole) / 2


@pytest.mark.usefixtures("keras_starts")
def test_the_doctor_looks_at_python_memory_and_room(command, monkeypatch, tmp_path):
    def last(words):
        code, output, _ = command("doctor")
        assert code == 1 and "  wrong    " in output
        assert words in output.splitlines()[-1]
        monkeypatch.undo()
        monkeypatch.setenv("LENET_TUTORIAL_DATASET", "digits")
        monkeypatch.setattr(doctor, "_backend", lambda: doctor.Check("ok", "Keras starts"))

    monkeypatch.setattr("platform.python_version", lambda: "3.10.9")
    last("Python 3.10.9")
    monkeypatch.setattr("importlib.metadata.metadata", lambda _: {"Requires-Python": "<3.11"})
    last("Python 3.")
    monkeypatch.setattr(_net, "memory_limit", lambda: 300 << 20)
    last("the limit of memory is 300 MB, Keras needs 3072 MB")
    monkeypatch.setattr("tempfile.gettempdir", lambda: (_ for _ in ()).throw(OSError(2, "no temp")))
    last("no folder for temporary files: no temp")
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(9e9, 8e9, 9e7))
    last("0.1 GB free for temporary files")
    # Where MNIST is missing, and there is no room for it, the chapters take the other digits.
    monkeypatch.delenv("LENET_TUTORIAL_DATA", raising=False)  # undone above
    monkeypatch.setenv("LENET_TUTORIAL_DATASET", "auto")
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path / "no" / "where"))
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/")
    usage = {Path("/"): 9e9, tmp_path: 1e6}
    monkeypatch.setattr(
        "shutil.disk_usage", lambda place: shutil._ntuple_diskusage(9e9, 0, usage[place])
    )
    code, output, _ = command("doctor")
    assert code == 0 and f"missing  0.0 GB free for MNIST, in {tmp_path}" in output


@pytest.mark.usefixtures("keras_starts")
def test_the_doctor_names_a_damaged_archive(command, monkeypatch, tmp_path):
    array = np.random.default_rng(0).integers(0, 255, (60, 28, 28), np.uint8)
    np.savez_compressed(tmp_path / "mnist.npz", x_train=array)
    data = bytearray((tmp_path / "mnist.npz").read_bytes())
    data[100:140] = b"\xff" * 40  # in the middle of what is deflated
    monkeypatch.setenv("LENET_TUTORIAL_DATASET", "mnist")
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(tmp_path))
    for content in (bytes(data), b"<html>", b""):
        (tmp_path / "mnist.npz").write_bytes(content)
        code, output, complaint = command("doctor")
        digits = output.split("Digits\n")[1].split("\n\n")[0].splitlines()
        assert code == 1 and complaint == "" and len(digits) == 4  # two of the zip codes
        assert digits[0].startswith("  wrong    ") and str(tmp_path) in digits[0]
        assert digits[1].strip() == "correct LENET_TUTORIAL_DATA, or unset it"


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


def test_the_digits_are_fetched_verified_and_found_again(command, small, serve, tmp_path):
    address = serve(give_files(small))
    folder = tmp_path / "mnist"
    code, output, complaints = command("data", "--folder", folder, "--mirror", address)
    assert code == 0
    assert output.splitlines() == [
        "MNIST: 30 training and 10 test digits.",
        f"Downloaded to {folder}; all four checksums are right.",
        f"To use it: LENET_TUTORIAL_DATA={folder}",
    ]
    assert complaints == ""  # a bar is for a terminal
    code, output, complaints = command("data", "--folder", folder, "--check")
    assert code == 0 and f"Found in {folder}; all four" in output and complaints == ""


def test_the_cache_is_filled_and_damage_is_mended(command, small, serve, tmp_path, monkeypatch):
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


def test_a_folder_of_the_readers_is_verified(command, small, arrays, tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(tmp_path))
    assert refused(command("data", "--check"), "has neither train-images", code=1)
    for key, (name, _, _) in mnist.MNIST_FILES.items():
        (tmp_path / name).write_bytes(idx(arrays[key]))
    code, output, _ = command("data", "--check")
    assert code == 0 and f"Found in {tmp_path}" in output
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(arrays["y_test"][::-1]))
    assert refused(command("data", "--check"), "t10k-labels", "wrong checksum", code=1)


@pytest.fixture
def few_zip_codes(monkeypatch):
    """Put two digits in the place of the zip codes; return {file name: bytes of the .gz}."""
    files, served = {}, {}
    for part in ("train", "test"):
        data = b"".join(b"%d " % digit + b"-1.0000 " * 256 + b"\n" for digit in (3, 7))
        served[f"zip.{part}.gz"] = gzip.compress(data)
        files[part] = (f"zip.{part}", hashlib.sha256(data).hexdigest(), "", len(data), 2)
    monkeypatch.setattr(zipcodes, "ZIP_FILES", files)
    return served


def test_the_zip_codes_are_fetched_verified_and_found_again(
    command, few_zip_codes, serve, tmp_path, monkeypatch
):
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path / "cache"))
    address, folder = serve(give_files(few_zip_codes)), tmp_path / "zip"
    result = command("data", "--zip", "--check")
    assert refused(result, "not in the cache", "lenet-tutorial data --zip", code=1)
    code, output, complaints = command("data", "--zip", "--folder", folder, "--mirror", address)
    assert code == 0 and complaints == ""
    assert output.splitlines() == [
        "Zip codes: 2 training and 2 test digits.",
        f"Downloaded to {folder}; both checksums are right.",
        f"To use it: LENET_TUTORIAL_DATA={folder}",
    ]
    assert command("data", "--zip", "--mirror", address)[0] == 0
    code, output, _ = command("data", "--zip")
    assert code == 0 and f"Found in {tmp_path / 'cache' / 'zip'}; both" in output
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(folder))
    code, output, _ = command("data", "--zip", "--check")
    assert code == 0 and f"Found in {folder}; both" in output and "To use it" not in output
    (folder / "zip.test").write_bytes(b"<html>")
    assert refused(command("data", "--zip", "--check"), "looks like a web page", code=1)


def test_the_zip_codes_can_not_be_had_without_a_network(
    command, few_zip_codes, tmp_path, monkeypatch
):
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path))
    result = command("data", "--zip", "--mirror", "http://127.0.0.1:9/zip")
    words = ("The zip codes can't be downloaded", "127.0.0.1: can't be reached")
    assert refused(result, *words, "name it in LENET_TUTORIAL_DATA", code=1)


@pytest.mark.usefixtures("keras_starts")
def test_the_doctor_and_data_tell_of_the_zip_codes(
    command, small, few_zip_codes, serve, tmp_path, monkeypatch
):
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path))
    monkeypatch.setenv("LENET_TUTORIAL_DATASET", "auto")
    assert command("data", "--mirror", serve(give_files(small)))[0] == 0
    said = "optional the zip codes of 1989 are not here: chapters 7 and 9 show stored results"
    assert said in command("doctor")[1]
    assert "`lenet-tutorial data --zip` gets them" in command("data", "--check")[1]
    assert command("data", "--zip", "--mirror", serve(give_files(few_zip_codes)))[0] == 0
    assert "ok       the zip codes of 1989\n" in command("doctor")[1]
    assert "The zip codes of 1989 are here, too" in command("data", "--check")[1]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "zip.test").write_bytes(b"")
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(tmp_path / "data"))
    output = command("doctor")[1]
    assert "missing  " in output and "lenet-tutorial data --zip gets them anew" in output


def test_without_a_network_the_command_says_what_to_do(command, small, tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path))
    result = command("data", "--mirror", "http://127.0.0.1:9/mnist")
    words = ("MNIST can't be downloaded", "127.0.0.1: can't be reached")
    assert refused(result, *words, "name it in LENET_TUTORIAL_DATA", "=digits", code=1)
    assert not list(tmp_path.iterdir())


def odd_folder(place, kind):
    """Make a folder of the reader's that is none, or holds something odd; return its path."""
    files = place / "mnist"
    files.mkdir()
    if kind == "missing":
        return place / "nowhere"
    if kind == "file":
        (place / "file").write_text("no folder", encoding="utf-8")
        return place / "file"
    if kind == "device":
        return Path("/dev/null")
    if kind == "long":
        return place / ("x" * 300)
    if kind == "loop":
        (place / "loop").symlink_to("loop")
        return place / "loop"
    if kind == "pipe":
        os.mkfifo(files / "train-images-idx3-ubyte")
    if kind == "web page":
        (files / "mnist.npz").write_text("<html>", encoding="utf-8")
    if kind == "damaged":
        with zipfile.ZipFile(files / "mnist.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x_train.npy", b"\x93NUMPY\1\0" + bytes(3_000))
        whole = bytearray((files / "mnist.npz").read_bytes())
        whole[45:55] = b"\xff" * 10  # inside the deflated data: zlib has its own word for it
        (files / "mnist.npz").write_bytes(whole)
    return files


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
@pytest.mark.usefixtures("small", "keras_starts")
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "no such folder"),
        ("file", "is no folder"),
        ("device", "is no folder"),
        ("long", "File name too long"),
        ("loop", "Too many levels of symbolic links"),
        ("empty", "has neither train-images-idx3-ubyte nor"),
        ("pipe", "is no file but a pipe"),
        ("web page", "looks like a web page"),
        ("damaged", "is not a complete .npz file"),
    ],
)
def test_an_odd_folder_is_named_in_one_line(command, tmp_path, monkeypatch, kind, words):
    folder = odd_folder(tmp_path, kind)
    assert refused(command("data", "--check", "--folder", folder), words, code=1)
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(folder))
    monkeypatch.setenv("LENET_TUTORIAL_DATASET", "auto")
    assert refused(command("data", "--check"), words, code=1)
    code, output, complaints = command("doctor")
    line, *_ = [line for line in output.splitlines() if words in line]
    assert code == 1 and line.startswith("  wrong    ") and complaints == ""
    if kind in ("file", "device", "long", "loop"):
        result = command("data", "--folder", folder, "--mirror", "http://127.0.0.1:9")
        assert refused(result, f"can't write to {str(folder)[:90]}", code=1)


@pytest.mark.usefixtures("keras_starts")
def test_a_mirror_must_be_encrypted(command, small, tmp_path, monkeypatch):
    folder = tmp_path / "mnist"
    bad = "http://example.org/mnist"
    result = command("data", "--folder", folder, "--mirror", bad)
    assert refused(result, "--mirror: 'http://example.org/mnist'", "must begin with https://")
    monkeypatch.setenv("LENET_TUTORIAL_MIRRORS", bad)
    result = command("data", "--folder", folder)
    assert refused(result, "LENET_TUTORIAL_MIRRORS: 'http://example.org/mnist'", code=1)
    assert not folder.exists()
    monkeypatch.setenv("LENET_TUTORIAL_DATASET", "auto")
    code, output, _ = command("doctor")
    assert code == 1 and "  wrong    LENET_TUTORIAL_MIRRORS: 'http://example.org" in output


# --------------------------------------------------------------------------- train


TRAIN = ("train", "--network", "article", "--epochs", "2", "--seed", "3")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train a network in a process of its own; return its file and what was said."""
    folder = tmp_path_factory.mktemp("trained")
    said = subprocess.run(
        [str(PROGRAM), *TRAIN, "--dataset", "digits", "--output", "model.keras"],
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
    )
    assert said.returncode == 0, said.stderr
    return folder / "model.keras", said


@pytest.mark.slow
def test_training_writes_a_model_and_looks_at_the_test_set_once(trained):
    path, said = trained
    assert said.stderr == ""
    lines = said.stdout.splitlines()
    assert lines[0] == ("the Keras LeNet: 44426 parameters; digits, 1317 digits to train on.")
    assert [line.split(":")[0] for line in lines[1:3]] == ["epoch 1 of 2", "epoch 2 of 2"]
    assert lines[3].startswith("test accuracy ") and lines[3].endswith("% on 360 digits")
    assert lines[4:] == ["written: model.keras"]
    assert [file.name for file in path.parent.iterdir()] == ["model.keras"]
    model = load_model(path)
    assert model.count_params() == 44_426
    digits = load_bundled()
    from lenet_tutorial.training import error_rate

    network = input_of(model)
    right = 1 - error_rate(model, network.prepare(digits.x_test), digits.y_test)
    assert f"test accuracy {right:.2%}" in lines[3] and right > 0.5


@pytest.mark.slow
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
    from lenet_tutorial.training import error_rate, split_validation
    from lenet_tutorial.training.recipes import RECIPES

    images = prepare(digits.x_train, RECIPES[name].input_size)
    *_, x_val, y_val = split_validation(images, digits.y_train)
    right = 1 - error_rate(model, x_val, y_val)
    assert lines[2].endswith(f"validation accuracy {right:.2%}")  # of the averaged weights, too
    code, said, _ = command("predict", pictures / "7.png", "--model", output)
    assert code == 0 and "%" in said


@pytest.mark.slow
def test_a_run_by_a_recipe_goes_on_after_its_last_checkpoint(command, tmp_path, monkeypatch):
    arguments = ("train", "--recipe", "fast", "--dataset", "digits", "--epochs", "2")
    whole, stopped = tmp_path / "whole.keras", tmp_path / "stopped.keras"
    assert command(*arguments, "--output", whole)[0] == 0
    real = train.save_model
    monkeypatch.setattr(train, "save_model", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    assert command(*arguments, "--output", stopped)[0] == 1
    monkeypatch.setattr(train, "save_model", real)
    other = command(*arguments[:-1], "3", "--output", stopped)
    assert other[0] == 2 and "epochs was 2 and is now 3" in other[2]
    code, _, complaint = command(*arguments, "--output", stopped, "--resume")
    assert code == 0 and "Going on after epoch 2 of 2" in complaint
    weights = [load_model(path).get_weights() for path in (whole, stopped)]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


@pytest.mark.slow
def test_a_disk_that_is_full_at_the_end_loses_no_epoch(command, tmp_path, monkeypatch):
    output = tmp_path / "model.keras"
    output.write_bytes(b"an older model")
    real = train.save_model

    def full(model, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(train, "save_model", full)
    code, _, complaint = command(*TRAIN, "--output", output)
    assert code == 1 and "No space left on device" in complaint and "Traceback" not in complaint
    assert output.read_bytes() == b"an older model"
    assert (tmp_path / "model.keras.backup" / FILE).is_file()

    monkeypatch.setattr(train, "save_model", real)
    other = command(*TRAIN, "--batch-size", "32", "--output", output)
    assert other[0] == 2 and "batch_size was 64 and is now 32" in other[2]
    assert "or add --restart" in other[2]
    code, said, complaint = command(*TRAIN, "--output", output, "--resume")
    assert code == 0 and "Going on after epoch 2 of 2" in complaint
    assert "epoch 1 of 2" not in said and "written:" in said
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]
    assert load_model(output).count_params() == 44_426
    assert refused(command(*TRAIN, "--output", output, "--resume"), "nothing to go on from")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are a Unix thing")
def test_ctrl_c_keeps_the_epochs_that_were_finished(tmp_path):
    # Threads of TensorFlow may crash while Python takes itself apart. Here they always do.
    crash = "import atexit, os, signal; atexit.register(os.kill, os.getpid(), signal.SIGSEGV)"
    (tmp_path / "apart").mkdir()
    (tmp_path / "apart" / "sitecustomize.py").write_text(crash, encoding="utf-8")
    arguments = ["train", "--network", "article", "--epochs", "500", "--output", "model.keras"]
    process = subprocess.Popen(
        [str(PROGRAM), *arguments],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "apart")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
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
    assert sorted(os.listdir(tmp_path)) == ["apart", "model.keras.backup"]


def test_what_cannot_work_is_refused_before_training(command, tmp_path, monkeypatch):
    assert refused(command("train", "--output", tmp_path / "model.h5"), "ends in .keras")
    assert refused(command("train", "--output", tmp_path / "no" / "model.keras"), "no such folder")
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(tmp_path / "nowhere"))
    output = tmp_path / "model.keras"
    result = command("train", "--dataset", "mnist", "--output", output)
    assert refused(result, "no such folder", "LENET_TUTORIAL_DATA", code=1)
    assert not list(tmp_path.iterdir())


def keep(folder, **changes):
    """Put a checkpoint of two epochs into a folder, as far as anybody looks before a run begins."""
    folder.mkdir(exist_ok=True)
    head = {"about": {"epochs": "3"}, "epoch": 2}
    head["history"] = {name: [0.5, 0.25] for name in backup.HISTORY}
    np.savez(folder / FILE, head=np.array(json.dumps(head | changes)))
    return (folder / FILE).read_bytes()


def test_a_checkpoint_outlives_a_new_run_that_cannot_begin(command, tmp_path, monkeypatch):
    output, folder = tmp_path / "model.keras", tmp_path / "model.keras.backup"
    before, arguments = keep(folder), ("train", "--output", output, "--restart")
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(tmp_path / "nowhere"))
    assert refused(command(*arguments, "--dataset", "mnist"), "no such folder", code=1)
    monkeypatch.setenv("KERAS_BACKEND", "nonsense")
    assert refused(command(*arguments), "KERAS_BACKEND")
    monkeypatch.undo()
    output.mkdir()
    assert refused(command(*arguments), "it is a folder", code=2)
    output.rmdir()
    monkeypatch.setattr(train, "_run", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert command(*arguments, "--dataset", "digits")[0] == 130
    assert (folder / FILE).read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["model.keras.backup"]


def test_to_begin_anew_is_handed_on_to_the_run(command, tmp_path, monkeypatch):
    """The run replaces the checkpoint with its own first one, see test_backup."""
    asked, folder = [], tmp_path / "m.keras.backup"
    before = keep(folder)

    def plan(options):
        def learn(**how):
            asked.append((how["backup"], how["restart"]))
            raise OSError(errno.ENOSPC, "No space left on device")

        return "a network", model, learn, 3

    model = NETWORKS["article"].build()
    monkeypatch.setattr(train, "_plan", plan)
    for more in ((), ("--restart",), ("--resume",)):
        assert command("train", "--output", tmp_path / "m.keras", *more)[0] == 1
    assert asked == [(folder, False), (folder, True), (folder, False)]
    assert (folder / FILE).read_bytes() == before


@pytest.mark.parametrize("more", [(), ("--restart",), ("--resume",)], ids=lambda one: "".join(one))
def test_what_is_no_checkpoint_is_neither_deleted_nor_overwritten(command, tmp_path, more):
    arguments = ("train", "--output", tmp_path / "m.keras", "--backup", tmp_path / "mine", *more)
    file = tmp_path / "mine" / FILE
    (tmp_path / "mine").mkdir()
    np.savez(file, results=np.arange(10))
    for before in (b"my own notes", file.read_bytes(), file.read_bytes()[:100]):
        file.write_bytes(before)
        assert refused(command(*arguments), f"{file} is no checkpoint", "name another folder")
        assert file.read_bytes() == before
    for number, changes in enumerate(({"epoch": -5}, {"epoch": 10**9}, {"history": {}})):
        before = keep(tmp_path / "mine", **changes)
        assert refused(command(*arguments), "is no checkpoint"), number
        assert file.read_bytes() == before
    file.unlink()
    file.mkdir()
    assert refused(command(*arguments), "it is no file")
    file.rmdir()
    (tmp_path / "mine").rmdir()
    (tmp_path / "mine").write_text("a file", encoding="utf-8")
    assert refused(command(*arguments), "is no folder")
    assert os.listdir(tmp_path) == ["mine"]


HOLDER = """
import sys, time
from lenet_tutorial.training import backup
with backup.Lock(sys.argv[1], "it"):
    print("held", flush=True)
    time.sleep(100)
"""


def test_a_second_run_to_the_same_output_is_refused(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train, "_run", lambda *_: pytest.fail("a second run began"))
    lock = tmp_path / "model.keras.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, encoding="utf-8"
    )
    try:
        assert holder.stdout.readline() == "held\n"
        os.symlink("model.keras", "link.keras")
        for output in ("model.keras", tmp_path / "." / "model.keras", "link.keras"):
            result = command("train", "--output", output, "--backup", tmp_path / "another")
            assert refused(result, f"in use by process {holder.pid} on", "wait", code=1)
    finally:
        holder.kill()
        holder.communicate()
    runs = []

    def run(digits, options, output, folder):
        """While one run goes on, a second one begins; and what a kill has left is gone."""
        assert not (tmp_path / "model.keras.abcd1234.part").exists()
        result = command("train", "--output", "model.keras", "--restart")
        assert refused(result, f"in use by process {os.getpid()}", code=1)
        runs.append(output)

    (tmp_path / "model.keras.abcd1234.part").touch()
    monkeypatch.setattr(train, "_run", run)
    assert command("train", "--output", "model.keras")[0] == 0  # the killed one holds nobody up
    assert runs and os.listdir(tmp_path) == ["link.keras"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and modes are Unix things")
def test_an_output_that_cannot_be_written_is_refused_before_training(
    command, tmp_path, monkeypatch
):
    monkeypatch.setattr(train, "_learn", lambda *_: pytest.fail("it began"))
    output = tmp_path / "model.keras"
    output.mkdir()
    assert refused(command("train", "--output", output), "it is a folder", code=2)
    output.rmdir()
    os.mkfifo(output)
    assert refused(command("train", "--output", output), "no regular file", code=2)
    output.unlink()
    output.symlink_to(tmp_path / "no" / "model.keras")
    assert refused(command("train", "--output", output), "No such file", code=1)
    output.unlink()
    monkeypatch.setattr("tempfile.gettempdir", lambda: (_ for _ in ()).throw(OSError("no temp")))
    assert refused(command("train", "--output", output), "no temp", code=1)
    monkeypatch.undo()
    monkeypatch.setattr(train, "_learn", lambda *_: pytest.fail("it began"))

    def full(*_args, **_more):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "place")

    monkeypatch.setattr("tempfile.mkstemp", full)
    assert refused(command("train", "--output", output), "Read-only file system", code=1)
    assert not os.listdir(tmp_path)


def limited(*command):
    """Return a command line for somebody who may not write everywhere, as root may."""
    if os.geteuid() != 0:
        return command
    if not shutil.which("setpriv"):
        pytest.skip("root may write everywhere, and there is no setpriv")
    drop = "-dac_override,-dac_read_search,-fowner"
    return ("setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}", *command)


def child(*arguments, redirect="", env=None, cwd=None, before="", module="lenet_tutorial"):
    """Run a command in a process of its own, begun by a shell that can close its streams."""
    line = f'{before} exec "$0" "$@" {redirect}'
    program = (sys.executable, "-m", module)
    return subprocess.run(
        [*limited("sh"), "-c", line, *program, *arguments],
        capture_output=True,
        env=dict(os.environ) | (env or {}),
        cwd=cwd,
        timeout=300,
    )


def quiet(said):
    """Check that a process has not shown how Python sees it."""
    for text in (said.stdout, said.stderr):
        for words in (b"Traceback", b"Exception ignored", b"Warning", b"Fatal"):
            assert words not in text, text.decode(errors="replace")
    return said


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a Unix thing")
def test_folders_and_files_that_must_not_be_written_to_are_named(tmp_path):
    output, folder = tmp_path / "model.keras", tmp_path / "locked"
    output.touch(mode=0o444)
    folder.mkdir(mode=0o555)
    for arguments, words in (
        (("--output", "model.keras"), b"it is write-protected: "),
        (("--output", "locked/model.keras"), b"Permission denied: "),
    ):
        said = quiet(child("train", *arguments, cwd=tmp_path))
        assert said.returncode == 1 and words in said.stderr and said.stderr.count(b"\n") == 1
        assert said.stderr.startswith(b"lenet-tutorial train: can't write to ")
    assert sorted(os.listdir(tmp_path)) == ["locked", "model.keras"]


@pytest.mark.parametrize("name", NETWORKS)
def test_each_network_gets_the_input_that_it_was_made_for(name, tmp_path):
    network = NETWORKS[name]
    model = network.build()
    images = load_bundled().x_test[:3]
    inputs = network.input.prepare(images)
    assert inputs.shape[1:] == model.input_shape[1:] and inputs.dtype == np.float32
    assert inputs.min() == pytest.approx(network.input.background, abs=1e-6)
    assert inputs.max() == pytest.approx(network.input.ink, abs=0.05)  # in 1989 a mean of pixels
    save_model(model, tmp_path / "model.keras")
    back = load_model(tmp_path / "model.keras")
    found = input_of(back)
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


@pytest.mark.slow
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
        save_model(NETWORKS[name].build(), tmp_path / "model.keras")
        arguments = ("predict", pictures / "3.png", "--model", tmp_path / "model.keras")
        answer = json.loads(command(*arguments, "--json")[1])[0]
        best = np.argmin if kind == "penalties" else np.argmax
        assert answer["kind"] == kind and answer["digit"] == best(answer["values"])
        output = command(*arguments)[1]
        assert words in output and f"{answer['digit']} " in output


def test_pictures_that_cannot_be_read_end_with_one_line(command, pictures, tmp_path):
    Image.new("L", (50, 50), 255).save(tmp_path / "blank.png")
    (tmp_path / "text.png").write_text("seven", encoding="utf-8")
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
        for one in json.loads((WEIGHTS / "manifest.json").read_text(encoding="utf-8"))["networks"]
        if one["name"] == "textbook"
    )
    model, about = stored.default_model()
    last = entry["snapshots"][-1]
    assert weights.pack(model) == scripts.read_weights(WEIGHTS, "textbook", last["epoch"])
    assert about["sha256"] == last["sha256"] and about["epoch"] == last["epoch"]
    assert about["test_accuracy"] == entry["test_accuracy"] > 0.98
    assert model.count_params() == 61_706
    scripts.write_default(WEIGHTS, tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == weights.DEFAULT.read_bytes()
    assert weights.DEFAULT.stat().st_size < 150_000


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


# --------------------------------------------------------------------------- whatever happens


def raising(error):
    def run(options):
        raise error

    return run


def in_chain(error, cause):
    error.__cause__ = cause
    return error


TENSORFLOW = """Traceback (most recent call last):
  File "self_check.py", line 63, in preload_check
ImportError: libtensorflow_cc.so.2: failed to map segment

Failed to load the native TensorFlow runtime."""


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/a"), 1, "No space left on device: /a"),
        (PermissionError(errno.EACCES, "Permission denied", b"/\xff"), 1, "denied: /\\xff"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "a" * 5000), 1, "too long: aaaa"),
        (OSError(errno.ELOOP, "Too many levels of symbolic links", "a\nb"), 1, "links: a\\nb"),
        (OSError("only words"), 1, "only words"),
        (FileExistsError(errno.EEXIST, "File exists", "a", None, "b"), 1, "File exists: a: b"),
        (MemoryError(), 1, "not enough memory"),
        (in_chain(ImportError("x"), MemoryError()), 1, "not enough memory"),
        (ModuleNotFoundError("No module named 'keras'"), 1, "No module named 'keras' (`lenet"),
        (ImportError(TENSORFLOW), 1, "libtensorflow_cc.so.2: failed to map segment (`lenet"),
        (ImportError(), 1, "a package can't be loaded: ImportError"),
        (RecursionError("maximum recursion depth"), 70, "unexpected RecursionError: maximum"),
        (UnicodeEncodeError("ascii", "七", 0, 1, "no"), 70, "unexpected UnicodeEncodeError: 'as"),
        (ValueError("embedded null byte"), 70, "unexpected ValueError: embedded null byte ("),
        (ZeroDivisionError(), 70, "unexpected ZeroDivisionError (LENET_TUTORIAL_TRACEBACK=1"),
        (AssertionError("one\ntwo\n"), 70, "unexpected AssertionError: one ("),
        (KeyboardInterrupt(), 130, None),
        (in_chain(ImportError("initialisation failed"), KeyboardInterrupt()), 130, None),
        (BrokenPipeError(), 1, None),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, BaseException) else "",
)
def test_no_error_leaves_but_as_one_line(command, monkeypatch, error, code, words):
    monkeypatch.setattr(doctor, "run", raising(error))
    result = command("doctor")
    if words is None:
        assert result == (code, "", "")
    else:
        assert refused(result, words, code=code) and len(result[2]) < 600
    monkeypatch.setenv("LENET_TUTORIAL_TRACEBACK", "1")
    found, _, complaint = command("doctor")
    assert found == code and "Traceback (most recent call last)" in complaint
    assert complaint.endswith(result[2])


@pytest.mark.skipif(sys.platform == "win32", reason="signals are a Unix thing")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_process_that_is_asked_to_end_does_so_as_by_ctrl_c(
    command, monkeypatch, tmp_path, number, code
):
    def stop(*_):
        assert signal.getsignal(number) is not signal.SIG_DFL  # or that would be the end of us
        os.kill(os.getpid(), number)
        signal.pause()

    monkeypatch.setattr(train, "_run", stop)
    before = signal.signal(number, signal.SIG_DFL)  # under nohup it is ignored
    try:
        assert command("train", "--output", tmp_path / "m.keras") == (code, "", "")
        assert not os.listdir(tmp_path)  # the lock is gone
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are a Unix thing")
@pytest.mark.parametrize("how", ["pass", "raise ImportError from KeyboardInterrupt()"])
def test_ctrl_c_while_tensorflow_starts(tmp_path, how):
    (tmp_path / "tensorflow.py").write_text(
        "import os, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # under nohup it is not\n"
        "try:\n    os.kill(os.getpid(), signal.SIGINT)\n    import time; time.sleep(9)\n"
        f"except KeyboardInterrupt:\n    {how if how != 'pass' else 'raise'}\n",
        encoding="utf-8",
    )
    (tmp_path / "keras.py").write_text("import tensorflow", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(ROOT / "src")])
    line = "trap - INT;"
    said = child(
        *("train", "--output", "m.keras"), before=line, cwd=tmp_path, env={"PYTHONPATH": path}
    )
    assert (said.returncode, said.stdout, said.stderr) == (130, b"", b"")
    assert not (tmp_path / "m.keras.lock").exists()


SURROUNDINGS = {
    "stdout closed": (">&-", {}, 1),
    "stderr closed": ("2>&-", {}, 2),
    "both closed": (">&- 2>&-", {}, 1),
    "all closed": ("<&- >&- 2>&-", {}, 1),
    "stdin closed": ("<&-", {}, 2),
    "stderr full": ("2>/dev/full", {}, 2),
    "both full": (">/dev/full 2>&1", {}, 2),
    "ascii": ("", {"PYTHONIOENCODING": "ascii"}, 2),
    "cp1252": ("", {"PYTHONIOENCODING": "cp1252:strict"}, 2),
    "cp437": ("", {"PYTHONIOENCODING": "cp437"}, 2),
    "C": ("", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, 2),
    "no home": ("", {"HOME": "/nowhere"}, 2),
    "matplotlib": ("", {"MPLBACKEND": "nonsense"}, 2),
}


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of Unix closes the streams")
@pytest.mark.parametrize("name", SURROUNDINGS)
def test_a_wrong_picture_is_named_in_any_surroundings(name, tmp_path):
    redirect, env, code = SURROUNDINGS[name]
    picture = os.fsencode(tmp_path) + "/七\n".encode() + b"\xff.png"
    said = quiet(child("predict", picture, redirect=redirect, env=env))
    assert said.returncode == code
    if "closed" not in name and "full" not in name:
        assert said.stderr.startswith(b"lenet-tutorial predict: ")
        assert b"no such file" in said.stderr
        assert said.stderr.count(b"\n") == 1 and b"\\xff" in said.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of Unix closes the streams")
@pytest.mark.parametrize(
    ("redirect", "env", "code"),
    [
        (">/dev/full", {}, 1),
        (">/dev/full 2>&1", {}, 1),
        (">&-", {}, 0),
        ("", {"PYTHONIOENCODING": "cp437"}, 0),
        ("", {"PYTHONIOENCODING": "ascii"}, 0),
    ],
)
def test_help_in_any_surroundings(redirect, env, code):
    said = quiet(child("train", "--help", redirect=redirect, env=env))
    assert said.returncode == code
    if redirect == ">/dev/full":
        assert said.stderr.startswith(b"lenet-tutorial: ")
        assert said.stderr.endswith(b"No space left on device\n")
    elif not redirect:
        assert b"usage: lenet-tutorial train" in said.stdout and said.stderr == b""


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of Unix begins it")
def test_output_that_nobody_reads_any_more_ends_a_command(tmp_path):
    said = quiet(child("--help", redirect="| true", before="set -o pipefail 2>/dev/null;"))
    assert said.stderr == b""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a shell of Unix begins it")
def test_one_picture_in_the_worst_surroundings(pictures, tmp_path):
    """A home that must not be written to, no folder for temporary files, wrong settings."""
    names = [os.fsencode(tmp_path) + name for name in ("/七.png".encode(), b"/\xff.png")]
    for name in names:
        shutil.copy(os.fsencode(pictures / "7.png"), name)
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    env = {"HOME": str(home), "TMPDIR": "/nowhere", "MPLBACKEND": "nonsense", "XDG_CACHE_HOME": ""}
    env |= {"PYTHONIOENCODING": "cp1252", "LC_ALL": "C", "KERAS_BACKEND": "jax"}
    said = quiet(child("predict", *names, "--json", env=env, redirect="<&-"))
    assert said.returncode == 0 and said.stderr == b""
    answers = json.loads(said.stdout.decode("ascii"))
    assert [os.fsencode(answer["file"]) for answer in answers] == names
    assert [answer["digit"] for answer in answers] == [7, 7]
    assert os.listdir(home) == []


def test_backends_are_looked_at_before_keras_starts(command, monkeypatch, tmp_path, pictures):
    output = tmp_path / "m.keras"
    monkeypatch.setattr(train, "_learn", lambda *_: None)
    monkeypatch.setattr(predict, "run", lambda *_: None)
    lines = {"train": ("train", "--output", output), "predict": ("predict", pictures / "1.png")}
    for name, said in (("nonsense", "must be one of tensorflow, jax, torch"), ("Torch", "must be")):
        monkeypatch.setenv("KERAS_BACKEND", name)
        for line in lines.values():
            assert refused(command(*line), f"KERAS_BACKEND is '{name}', and {said}")
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    assert refused(command(*lines["train"]), "'numpy'") and command(*lines["predict"])[0] == 0
    monkeypatch.setattr("importlib.machinery.PathFinder.find_spec", lambda name: None)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    result = command(*lines["train"])
    assert refused(result, "asks for torch, which is not installed: unset it", code=1)
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    settings = tmp_path / "keras.json"
    settings.write_text('{"backend": "theano"}', encoding="utf-8")
    assert refused(command(*lines["train"]), f"\"backend\" in {settings} is 'theano'")
    settings.write_text('{"backend": "torch"}', encoding="utf-8")
    assert refused(command(*lines["train"]), f'"backend" in {settings} asks for torch', code=1)
    monkeypatch.undo()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    settings.write_text('{"image_data_format": "channels_first"}', encoding="utf-8")
    assert refused(command(*lines["train"]), "must be 'channels_last'")
    monkeypatch.setattr(train, "_learn", lambda *_: None)
    for text in ("[]", "{", "\xff"):
        settings.write_bytes(text.encode("latin-1"))
        assert command("train", "--output", output)[0] == 0
    for name in ("tensorflow", "jax", ""):
        monkeypatch.setenv("KERAS_BACKEND", name)
        assert command("train", "--output", output)[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no ulimit")
def test_too_little_memory_is_named(tmp_path):
    for limit in (300_000, 1_000_000):
        said = quiet(child("train", "--output", tmp_path / "m.keras", before=f"ulimit -v {limit};"))
        assert said.returncode == 1 and said.stderr.count(b"\n") == 1
        assert b"the limit of memory is" in said.stderr and b"ulimit -v" in said.stderr
    assert quiet(child("--help", before="ulimit -v 300000;")).returncode == 0


LONG = "a" * 5000
KINDS = {
    "newline": "a\nb\n",
    "escape": "\x1b[31m",
    "bytes": "\udcff",
    "null": "\0",
    "empty": "",
    "long": LONG,
}


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", LONG),
        ("predict", "picture", "--model", f"{LONG}.keras"),
        ("predict", "picture", "--explain", f"{LONG}/x.png"),
        ("train", "--output", f"{LONG}.keras"),
        ("train", "--output", f"{LONG}/m.keras"),
        ("train", "--output", "m.keras", "--backup", LONG),
        ("train", "--output", "m.keras", "--backup", LONG, "--resume"),
        ("data", "--check", "--folder", LONG),
        ("export", LONG, "nonsense"),
        ("results", LONG),
        (LONG,),
    ],
    ids=lambda one: " ".join(part[:9] for part in one),
)
@pytest.mark.parametrize("kind", KINDS)
def test_names_that_no_file_can_have(command, tmp_path, monkeypatch, pictures, arguments, kind):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train, "_learn", lambda *_: None)
    given = [part.replace(LONG, KINDS[kind]) for part in arguments]
    given = [str(pictures / "1.png") if one == "picture" else one for one in given]
    if given[-1] in ("/m.keras", "/x.png"):
        pytest.skip("a name like another")
    code, _, complaint = command(*given)
    if code == 0:  # what the system can make of it
        assert kind in ("newline", "escape", "bytes") and "train" in given
        return
    assert code in (1, 2) and "Traceback" not in complaint
    last = complaint.splitlines()[-1]
    assert last.startswith("lenet-tutorial") and len(last) < 1200
    assert "\x1b" not in complaint and "\0" not in complaint
    assert complaint.count("\n") == 1 or complaint.startswith("usage: ")


@pytest.mark.parametrize("value", [LONG, "a\nb", "\udcff", "/proc/1/mem"])
@pytest.mark.parametrize("name", ["DATA", "CACHE", "DATASET"])
@pytest.mark.usefixtures("keras_starts")
def test_settings_that_no_folder_can_have(command, tmp_path, monkeypatch, name, value):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LENET_TUTORIAL_DATASET", "auto")
    monkeypatch.setenv(f"LENET_TUTORIAL_{name}", value)
    code, report, complaint = command("doctor")
    assert code in (0, 1) and complaint == ""
    assert report.splitlines()[-1].startswith("The chapters can")
    assert all(len(line) < 1200 for line in report.splitlines())
    code, _, complaint = command("data", "--check")
    assert code in (0, 1) and complaint.count("\n") <= 1
    if name != "CACHE":
        code, _, complaint = command("train", "--output", "m.keras")
        assert code == 1 and complaint.count("\n") == 1
    assert os.listdir(tmp_path) == []


# --------------------------------------------------------------------------- results


def test_results_names_what_there_is_and_keeps_what_is_finished(command, tmp_path, monkeypatch):
    from lenet_tutorial import results
    from lenet_tutorial.experiments import EXPERIMENTS
    from lenet_tutorial.experiments.run import Experiment

    assert refused(command("results", "nonsense"), "no experiment called 'nonsense'", "digits")
    runs = [dict(EXPERIMENTS["digits"].runs[0], seed=seed) for seed in range(3)]
    monkeypatch.setattr(results, "FOLDER", tmp_path)

    def run(**wanted):
        if wanted["seed"] == 2 and not (tmp_path / "again").exists():
            raise KeyboardInterrupt
        return {"test_accuracy": 0.9}

    monkeypatch.setitem(EXPERIMENTS, "tried", Experiment(runs, run))
    code, output, complaints = command("results", "tried")
    assert code == 130 and "the same command goes on with tried" in output
    assert "2/3" in complaints  # the bar
    assert [file.name for file in tmp_path.iterdir()] == ["tried.csv"]
    assert results.read("tried")["seed"].tolist() == [0, 1]
    (tmp_path / "again").touch()
    with backup.Lock(tmp_path / "tried.lock", "it"):
        assert refused(command("results", "tried"), "tried.csv is in use by process", code=1)
    assert command("results", "tried")[0] == 0
    assert results.read("tried")["seed"].tolist() == [0, 1, 2]
    assert os.listdir(tmp_path).count("tried.csv") == 1
