"""The command `predict`: what it leaves alone, what it says of each picture, and how it ends."""

import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from lenet_tutorial.command import predict
from lenet_tutorial.command.cli import main

HANDED = Path(__file__).parent.parent / ".." / "shared" / "cases"


@pytest.fixture
def command(capsys):
    """Return a function that runs `predict` here: exit code, output, complaints."""

    def run(*arguments):
        capsys.readouterr()
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # it would be on stderr
            code = main(["predict", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """Draw a one."""
    path = tmp_path_factory.mktemp("one") / "one.png"
    paper = np.full((120, 100), 240, np.uint8)
    paper[20:100, 45:55] = 10
    Image.fromarray(paper).save(path)
    return path


@pytest.fixture
def picture(one, tmp_path):
    return Path(shutil.copy(one, tmp_path / "in.png"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Write a small model of somebody else."""
    path = tmp_path_factory.mktemp("model") / "other.keras"
    start = [keras.Input((28, 28, 1)), layers.Rescaling(1 / 255)]
    keras.Sequential([*start, layers.Flatten(), layers.Dense(10, "softmax")]).save(path)
    return path


def refused(result, *words, code=2):
    found, output, complaint = result
    assert found == code and output == ""
    assert complaint.startswith("lenet-tutorial predict: ") and complaint.count("\n") == 1
    return all(word in complaint for word in words)


# --------------------------------------------------------------------------- nothing is lost


def named(picture, kind):
    """Return another name for a picture."""
    folder = picture.parent
    other = folder / f"{kind}.png"
    if kind == "symbolic":
        other.symlink_to(picture)
    elif kind == "hard":
        os.link(picture, other)
    elif kind == "round about":
        (folder / "sub").mkdir()
        other = folder / "sub" / ".." / picture.name
    else:
        other = picture
    return other


@pytest.mark.parametrize("kind", ["itself", "symbolic", "hard", "round about"])
@pytest.mark.parametrize("turned", [False, True])
def test_explain_never_overwrites_the_picture(command, picture, kind, turned):
    before, other = picture.read_bytes(), named(picture, kind)
    given, target = (other, picture) if turned else (picture, other)
    assert refused(command(given, "--explain", target), "would overwrite", "name another file")
    assert picture.read_bytes() == before == other.read_bytes()


def test_explain_never_overwrites_the_model(command, picture, model, tmp_path):
    path = Path(shutil.copy(model, tmp_path / "model.keras"))
    (tmp_path / "model.png").symlink_to(path)
    result = command(picture, "--model", path, "--explain", tmp_path / "model.png")
    assert refused(result, "would overwrite")
    assert path.read_bytes() == model.read_bytes()


def test_explain_writes_files_and_nothing_else(command, picture, tmp_path):
    (tmp_path / "folder.png").mkdir()
    assert refused(command(picture, "--explain", tmp_path / "folder.png"), "is none")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        assert refused(command(picture, "--explain", tmp_path / "pipe.png"), "is none")
    long = tmp_path / ("x" * 300 + ".png")
    assert refused(command(picture, "--explain", long), "can't write")
    with pytest.raises(SystemExit, match="2"):
        command(picture, "--explain", tmp_path / "a\0b.png")
    assert refused(command(picture, "--explain", picture / "out.png"), "no such folder")


def test_what_was_there_stays_until_the_drawing_is_whole(command, picture, tmp_path, monkeypatch):
    target = tmp_path / "out.png"
    target.write_bytes(b"old")

    def fail(*args):
        raise ValueError("no drawing today\nand none tomorrow")

    monkeypatch.setattr(predict, "plot_layers", fail)
    assert refused(command(picture, "--explain", target), "can't draw the layers", "today)")
    assert target.read_bytes() == b"old"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in.png", "out.png"]


def test_a_folder_that_cannot_be_written_is_named_before_the_work(command, picture, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *args: False)
    result = command(picture, "--explain", picture.parent / "out.png")
    assert refused(result, "can't write to the folder", code=1)


# --------------------------------------------------------------------------- names

NAMES = ["$", "$\\frac$", "a_b^{c}", "a\\b", "line\nbreak", "七", "\udcff", "x" * 150, "<&>", "%s"]


@pytest.mark.skipif(sys.platform != "linux", reason="such names are a matter of the system")
@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_read_and_drawn(command, one, model, tmp_path, name):
    given, target = tmp_path / f"{name}.png", tmp_path / f"{name} layers.png"
    try:
        shutil.copy(one, given)
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    code, output, complaint = command(given, "--model", model, "--explain", target)
    assert code == 0 and complaint == ""
    assert len(output.splitlines()) == 12 and ".png: " in output.splitlines()[0]
    with Image.open(target) as drawn:
        assert drawn.format == "PNG" and min(drawn.size) > 200
    answer = json.loads(command(given, "--model", model, "--json")[1])[0]
    assert answer["file"] == str(given)


@pytest.mark.skipif(sys.platform != "linux", reason="such names are a matter of the system")
@pytest.mark.parametrize("name", ["no\nsuch.png", "\udcff.png", "a\x1b[31m.png", "y" * 4000])
def test_a_name_makes_no_second_line_and_no_colour(command, name):
    code, output, complaint = command(name)
    assert code == 2 and output == "" and complaint.count("\n") == 1
    assert complaint.isascii() and "\x1b" not in complaint and len(complaint) < 400


def test_a_layers_name_that_tensorflow_does_not_take_is_said(command, picture, tmp_path):
    inner = [layers.Flatten(), layers.Dense(10, name="$^")]
    keras.Sequential([keras.Input((28, 28, 1)), *inner]).save(tmp_path / "m.keras")
    result = command(picture, "--model", tmp_path / "m.keras")
    assert refused(result, "can't compute", "'$^'")


def test_a_network_of_many_maps_is_not_drawn(command, picture, model, tmp_path, monkeypatch):
    monkeypatch.setattr(predict, "MAX_MAPS", 0)
    target = tmp_path / "out.png"
    result = command(picture, "--model", model, "--explain", target)
    assert refused(result, "draws up to 0 maps") and not target.exists()


def test_a_network_of_many_layers_is_not_drawn(command, picture, model, tmp_path, monkeypatch):
    monkeypatch.setattr(predict, "MAX_LAYERS", 1)
    target = tmp_path / "out.png"
    result = command(picture, "--model", model, "--explain", target)
    assert refused(result, "draws up to 1 layers") and not target.exists()


@pytest.mark.slow
def test_a_wrong_matplotlib_backend_does_not_matter(one, tmp_path):
    # The setting is read when matplotlib is loaded, so it takes a new process.
    code = "import sys; from lenet_tutorial.command.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["predict", str(one), "--explain", str(tmp_path / "out.png"), "--json"]
    said = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        env=os.environ | {"MPLBACKEND": "nonsense", "PYTHONIOENCODING": "cp1252"},
    )
    assert said.returncode == 0 and said.stderr == b""
    assert json.loads(said.stdout)[0]["digit"] == 1 and (tmp_path / "out.png").is_file()


# --------------------------------------------------------------------------- many pictures


def test_a_bad_picture_does_not_stop_the_others(command, one, tmp_path):
    Image.new("L", (50, 50), 255).save(tmp_path / "blank.png")
    (tmp_path / "text.png").write_text("seven", encoding="utf-8")
    files = [tmp_path / "blank.png", one, tmp_path / "no.png", one, tmp_path / "text.png"]
    code, output, complaints = command(*files)
    assert code == 2
    assert [line for line in output.splitlines() if line.endswith(": 1")] == [f"{one}: 1"] * 2
    said = complaints.splitlines()
    assert len(said) == 3 and all(line.startswith("lenet-tutorial predict: ") for line in said)
    for line, words in zip(said, ("is blank", "no such file", "no picture"), strict=True):
        assert words in line
    code, output, again = command(*files, "--json")
    answers = json.loads(output)
    assert code == 2 and again == complaints
    assert [answer["file"] for answer in answers] == [str(file) for file in files]
    assert [answer.get("digit") for answer in answers] == [None, 1, None, 1, None]
    errors = [answer["error"] for answer in answers if "error" in answer]
    assert [f"lenet-tutorial predict: {error}" for error in errors] == said


def test_without_a_good_picture_no_model_is_loaded(command, tmp_path, monkeypatch):
    monkeypatch.setattr(predict, "_load_network", None)
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    code, output, complaints = command(*files)
    assert code == 2 and output == "" and complaints.count("no such file") == 2
    code, output, _ = command(*files, "--json")
    assert code == 2 and ["error" in answer for answer in json.loads(output)] == [True, True]


def no_constant(text):
    raise AssertionError(f"{text} is no JSON")


def test_json_is_json_and_ascii_whatever_happens(command, one, picture, model, tmp_path):
    odd = Path(shutil.copy(one, tmp_path / "七.png"))
    broken = tmp_path / "broken.keras"
    broken.write_bytes(model.read_bytes()[:2000])
    for arguments, code in (
        ((odd,), 0),
        ((odd, "--model", model), 0),
        ((odd, tmp_path / "no.png"), 2),
        ((odd, "--model", broken), 2),
        ((odd, "--model", tmp_path / "no.keras"), 2),
        ((odd, "--model", tmp_path / "no.h5"), 2),
    ):
        found, output, complaint = command(*arguments, "--json")
        assert found == code and output.isascii()
        for answer in json.loads(output, parse_constant=no_constant):
            assert ("digit" in answer) != ("error" in answer)
        assert complaint.count("\n") == (code > 0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_model_without_finite_answers_gives_none(command, picture, tmp_path, value):
    last = layers.Dense(10)
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), last])
    last.set_weights([np.full((784, 10), value), np.zeros(10)])
    model.save(tmp_path / "m.keras")
    assert refused(command(picture, "--model", tmp_path / "m.keras"), "not finite")
    code, output, _ = command(picture, "--model", tmp_path / "m.keras", "--json")
    assert code == 2 and "not finite" in json.loads(output, parse_constant=no_constant)[0]["error"]


# --------------------------------------------------------------------------- what is said


def test_what_a_model_was_given_is_said(command, picture, model):
    code, output, _ = command(picture, "--model", model)
    assert code == 0 and output.splitlines()[-1] == (
        "It was given 28×28×1 values, 0 for paper and 255 for ink (it makes 0 to 1 of them)."
    )
    answer = json.loads(command(picture, "--model", model, "--json")[1])[0]
    assert answer["input"] == {
        "shape": [28, 28, 1],
        "paper": 0,
        "ink": 255,
        "why": "it makes 0 to 1 of them",
    }
    assert answer["kind"] == "probabilities"
    assert "It was given" not in command(picture)[1]  # the book's own needs no word


def test_a_model_that_cannot_be_used_is_named_in_one_line(command, picture, tmp_path):
    for name, inner in {
        "units": [layers.Flatten(), layers.Dense(7)],
        "scale": [layers.Rescaling(0.05), layers.Flatten(), layers.Dense(10)],
        "large": [layers.ZeroPadding2D(3000), layers.GlobalMaxPooling2D(), layers.Dense(10)],
    }.items():
        path = tmp_path / f"{name}.keras"
        keras.Sequential([keras.Input((28, 28, 1)), *inner]).save(path)
        assert refused(command(picture, "--model", path), f"{name}.keras can't be used: ")


@pytest.mark.skipif(not HANDED.is_dir(), reason="the pictures lie outside of the repository")
def test_the_pictures_that_were_handed_to_us(command, tmp_path):
    named = shutil.copy(HANDED / "seven-cjk-name.png", tmp_path / "七.png")
    files = [named, HANDED / "exif-rational.jpg", HANDED / "exif-plain.jpg"]
    code, output, complaints = command(*files, "--json")
    answers = json.loads(output)
    assert code == 0 and complaints == "" and [one["digit"] for one in answers] == [7, 7, 7]
    assert answers[1]["values"] == answers[2]["values"]
    assert refused(command(HANDED / "hostile" / "flip.png"), "damaged", "checksum")
