"""Fashion-MNIST: arrays as MNIST's, from a folder, the cache or a mirror, or a word why not."""

import gzip
import hashlib

import numpy as np
import pytest
from mirror import give, idx

from lenet_tutorial import datasets, fashion, mirrors
from lenet_tutorial.datasets import DatasetError, load_bundled
from lenet_tutorial.fashion import CLASSES, fetch_fashion, load_fashion28


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch, tmp_path):
    for name in ("DATA", "DATASET", "MIRRORS", "FASHION"):
        monkeypatch.delenv(f"LENET_TUTORIAL_{name}", raising=False)
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets, "_said", [])


@pytest.fixture
def small_clothes(arrays, monkeypatch):
    """Put a small stand-in in its place; return {file name: bytes}."""
    files, served = {}, {}
    for key, (name, _, _) in fashion.FASHION_FILES.items():
        served[name] = gzip.compress(idx(arrays[key]), mtime=0)
        files[key] = (name, hashlib.sha256(served[name]).hexdigest(), arrays[key].shape)
    monkeypatch.setattr(fashion, "FASHION_FILES", files)
    return served


def same(digits, arrays):
    return all(np.array_equal(getattr(digits, key), array) for key, array in arrays.items())


def test_the_files_are_those_that_are_known():
    """The checksums that others publish for these files; the MD5 sums are the authors' own."""
    assert [name for name, *_ in fashion.FASHION_FILES.values()] == [
        "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz",
    ]  # fmt: skip
    text = "\n".join(map(repr, fashion.FASHION_FILES.items()))
    seal = "4f6df78e"
    assert hashlib.sha256(text.encode()).hexdigest()[:8] == seal
    assert [shape for *_, shape in fashion.FASHION_FILES.values()] == [
        (60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,),
    ]  # fmt: skip
    assert all(address.startswith("https://") for address in fashion.FASHION_MIRRORS)
    assert len(set(CLASSES)) == 10 and (CLASSES[0], CLASSES[9]) == ("T-shirt/top", "Ankle boot")


def test_a_mirror_fills_the_cache_and_is_asked_once(small_clothes, serve, arrays, tmp_path):
    asked = []

    def answer(handler, name):
        asked.append(name)
        give(handler, small_clothes[name])

    mirror = serve(answer)
    clothes = load_fashion28(mirrors=[mirror])
    assert same(clothes, arrays) and clothes.origin == "download"
    assert clothes.name == "Fashion-MNIST" and clothes.classes == CLASSES
    assert repr(clothes) == "<Fashion-MNIST: 30 training and 10 test images>"
    assert sorted(asked) == sorted(small_clothes)
    kept = tmp_path / "cache" / "fashion-mnist"
    assert {one.name: one.read_bytes() for one in kept.iterdir()} == small_clothes
    again = load_fashion28(mirrors=[mirror])
    assert same(again, arrays) and again.origin == "cache" and len(asked) == 4
    assert again.x_train.dtype == np.uint8 and again.copy().classes == CLASSES


def test_the_next_mirror_is_asked_where_one_fails(small_clothes, serve, arrays):
    bad = serve(lambda handler, name: give(handler, gzip.compress(idx(arrays["x_test"]))))
    page = serve(lambda handler, name: give(handler, b"<html>", kind="text/html"))
    gone = serve(lambda handler, name: handler.send_error(404))
    good = serve(lambda handler, name: give(handler, small_clothes[name]))
    assert same(load_fashion28(mirrors=[bad, page, gone, good]), arrays)


def test_a_damaged_file_in_the_cache_is_got_again(small_clothes, serve, arrays, tmp_path):
    folder = tmp_path / "f"
    good = serve(lambda handler, name: give(handler, small_clothes[name]))
    fetch_fashion(folder, [good])
    victim = folder / "t10k-labels-idx1-ubyte.gz"
    victim.write_bytes(victim.read_bytes()[:-1])
    assert same(fetch_fashion(folder, [good]), arrays)
    assert victim.read_bytes() == small_clothes[victim.name]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda data: data[:-5], "cut short or damaged"),
        (lambda data: gzip.compress(gzip.decompress(data) + b"x"), "more than"),
        (lambda data: b"<html>", "looks like a web page"),
        (lambda data: gzip.compress(gzip.decompress(data)[:-1] + b"\x00"), "wrong checksum"),
    ],
)
def test_a_wrong_file_in_the_readers_folder_is_named(
    small_clothes, tmp_path, monkeypatch, wrong, words
):
    for name, data in small_clothes.items():
        (tmp_path / name).write_bytes(wrong(data) if "t10k-images" in name else data)
    monkeypatch.setenv("LENET_TUTORIAL_FASHION", str(tmp_path))
    with pytest.raises(DatasetError, match=f"t10k-images-idx3-ubyte.gz.*{words}"):
        load_fashion28()


def test_the_readers_folder_comes_first(small_clothes, tmp_path, monkeypatch, arrays):
    monkeypatch.setenv("LENET_TUTORIAL_FASHION", str(tmp_path))
    with pytest.raises(DatasetError, match="no such file"):
        load_fashion28()
    for name, data in small_clothes.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.setattr(mirrors, "get", None)  # whoever asks a mirror now fails
    clothes = load_fashion28()
    assert same(clothes, arrays) and clothes.origin == "folder"


def test_where_there_is_none_it_is_said_once_and_the_digits_are_there(serve, capsys):
    gone = serve(lambda handler, name: handler.send_error(404))
    for _ in range(2):
        digits = load_fashion28(mirrors=[gone])
        assert digits.name == "digits" and digits.classes == tuple("0123456789")
    assert same(digits, {"x_test": load_bundled().x_test})
    said = capsys.readouterr().out
    assert said == (
        "Fashion-MNIST is not to be had (train-images-idx3-ubyte.gz: 127.0.0.1: status 404); "
        "going on with scikit-learn's 1797 digits.\n"
    )


def test_nothing_is_downloaded_where_the_digits_are_asked_for(monkeypatch, capsys):
    monkeypatch.setenv("LENET_TUTORIAL_DATASET", "digits")
    monkeypatch.setattr(mirrors, "get", None)
    assert load_fashion28().name == "digits"
    assert "(train-images-idx3-ubyte.gz: nothing is downloaded)" in capsys.readouterr().out


def test_a_mirror_that_is_not_encrypted_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="must begin with https"):
        fetch_fashion(tmp_path, ["http://example.org/"])


def test_a_folder_that_can_not_be_written_is_told(small_clothes, serve, tmp_path):
    (tmp_path / "taken").write_bytes(b"")
    good = serve(lambda handler, name: give(handler, small_clothes[name]))
    with pytest.raises(DatasetError, match=r"can't write to .*taken"):
        fetch_fashion(tmp_path / "taken", [good])
