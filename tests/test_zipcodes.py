"""The zip codes of 1989: from a folder, the cache or their site, or a word why not."""

import gzip
import hashlib
import os

import numpy as np
import pytest
from mirror import give

from lenet_tutorial import datasets, mirrors, zipcodes
from lenet_tutorial.datasets import DatasetError
from lenet_tutorial.zipcodes import (
    ZIP_FILES,
    ZipUnavailable,
    fetch_zipcodes,
    find_zipcodes,
    load_zipcodes,
    read_zipcodes,
)

#: Where the real ones are, when this run has them; the tests themselves know of no setting.
GIVEN = os.environ.get("LENET_TUTORIAL_DATA")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch, tmp_path):
    for name in ("DATA", "DATASET", "MIRRORS"):
        monkeypatch.delenv(f"LENET_TUTORIAL_{name}", raising=False)
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets, "_said", [])


def text(labels, images):
    """Write digits as the files have them: label, then 256 values, a space after the last."""
    rows = np.column_stack([labels, images.reshape(len(labels), -1)])
    return "".join(" ".join(f"{value:.4f}" for value in row) + " \n" for row in rows).encode()


@pytest.fixture
def digits():
    draw = np.random.default_rng(0)
    return {
        "x_train": (draw.integers(-1000, 1001, (12, 16, 16)) / 1000).astype(np.float32),
        "y_train": draw.integers(0, 10, 12, np.uint8),
        "x_test": (draw.integers(-1000, 1001, (5, 16, 16)) / 1000).astype(np.float32),
        "y_test": draw.integers(0, 10, 5, np.uint8),
    }


@pytest.fixture
def few(digits, monkeypatch):
    """Put a few digits in their place; return {file name: bytes of the .gz}."""
    files, served = {}, {}
    for part in ("train", "test"):
        data = text(digits[f"y_{part}"], digits[f"x_{part}"])
        served[f"zip.{part}.gz"] = gzip.compress(data)
        files[part] = (
            f"zip.{part}",
            hashlib.sha256(data).hexdigest(),
            hashlib.sha256(served[f"zip.{part}.gz"]).hexdigest(),
            len(data),
            len(digits[f"y_{part}"]),
        )
    monkeypatch.setattr(zipcodes, "ZIP_FILES", files)
    return served


def same(found, digits):
    return all(np.array_equal(getattr(found, key), array) for key, array in digits.items())


def put(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def test_the_files_and_their_places_are_written_down_twice():
    seal = hashlib.sha256(repr(zipcodes.ZIP_FILES).encode()).hexdigest()[:8]
    assert seal == "b926455e"
    assert [counts[-1] for counts in zipcodes.ZIP_FILES.values()] == [7_291, 2_007]
    assert zipcodes.ZIP_MIRRORS == (
        "https://hastie.su.domains/ElemStatLearn/datasets/",
        "https://web.stanford.edu/~hastie/ElemStatLearn/datasets/",
    )
    assert zipcodes.ZIP_PLACES == ("", "zip", "zipcode", "usps")


def test_the_site_fills_the_cache_and_is_asked_once(few, digits, serve, tmp_path):
    asked = []

    def answer(handler, name):
        asked.append(name)
        give(handler, few[name])

    site = serve(answer)
    found = load_zipcodes(mirrors=[site])
    assert same(found, digits) and found.origin == "download"
    assert repr(found) == "<zip codes: 12 training and 5 test digits>"
    assert found.x_train.dtype == np.float32 and found.y_test.dtype == np.uint8
    assert sorted(asked) == sorted(few)
    kept = {one.name: one.read_bytes() for one in (tmp_path / "cache" / "zip").iterdir()}
    assert kept == {name.removesuffix(".gz"): gzip.decompress(few[name]) for name in few}
    again = load_zipcodes(mirrors=[site])
    assert same(again, digits) and again.origin == "cache" and len(asked) == 2


def test_a_server_may_take_the_gzip_off(few, digits, serve):
    site = serve(lambda handler, name: give(handler, gzip.decompress(few[name])))
    assert same(load_zipcodes(mirrors=[site]), digits)


def test_the_next_address_is_asked_where_one_fails(few, digits, serve):
    bad = serve(lambda handler, name: give(handler, gzip.compress(b"6.0000 1.0000 \n")))
    page = serve(lambda handler, name: give(handler, b"<html>", kind="text/html"))
    gone = serve(lambda handler, name: handler.send_error(404))
    long = serve(lambda handler, name: give(handler, few[name] + bytes(1 << 20)))
    good = serve(lambda handler, name: give(handler, few[name]))
    assert same(load_zipcodes(mirrors=[bad, page, gone, long, good]), digits)


def test_without_a_good_address_each_reason_stands_in_one_line(few, serve, tmp_path):
    page = serve(lambda handler, name: give(handler, b"<html>", kind="text/html"))
    with pytest.raises(ZipUnavailable) as told:
        load_zipcodes(mirrors=[page, "http://127.0.0.1:9/"])
    said = str(told.value)
    assert said.startswith("zip.train: 127.0.0.1: zip.train.gz looks like a web page")
    assert "127.0.0.1: can't be reached" in said and "\n" not in said
    assert "name it in LENET_TUTORIAL_DATA" in said
    assert not list((tmp_path / "cache" / "zip").iterdir())


def test_a_damaged_file_in_the_cache_is_got_again(few, digits, serve, tmp_path):
    good = serve(lambda handler, name: give(handler, few[name]))
    fetch_zipcodes(tmp_path / "zip", [good])
    victim = tmp_path / "zip" / "zip.test"
    victim.write_bytes(victim.read_bytes()[:-1])
    found = fetch_zipcodes(tmp_path / "zip", [good])
    assert same(found, digits) and found.origin == "download"
    assert victim.read_bytes() == gzip.decompress(few["zip.test.gz"])


@pytest.mark.parametrize("place", zipcodes.ZIP_PLACES)
@pytest.mark.parametrize("packed", [True, False])
def test_the_readers_folder_comes_first(few, digits, tmp_path, monkeypatch, place, packed):
    files = few if packed else {n.removesuffix(".gz"): gzip.decompress(d) for n, d in few.items()}
    put(tmp_path / "data" / place, files)
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(mirrors, "get", None)  # whoever asks an address now fails
    found = load_zipcodes()
    assert same(found, digits) and found.origin == "folder"


def test_a_folder_that_holds_mnist_alone_leaves_the_cache(
    few, digits, serve, tmp_path, monkeypatch
):
    (tmp_path / "mnist").mkdir()
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(tmp_path / "mnist"))
    good = serve(lambda handler, name: give(handler, few[name]))
    assert load_zipcodes(mirrors=[good]).origin == "download"
    assert load_zipcodes().origin == "cache"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda data: data[:-5], "cut short or damaged"),
        (lambda data: gzip.decompress(data)[:-9], "cut short: it has"),
        (lambda data: gzip.compress(gzip.decompress(data) + b"x"), "more than"),
        (lambda data: gzip.decompress(data) + bytes(1 << 17), "bytes; zip.test has"),
        (lambda data: b"<!doctype html>", "looks like a web page"),
        (lambda data: b"", "is empty"),
        (lambda data: b"PK\3\4", "wrong checksum"),
        (lambda data: gzip.decompress(data).replace(b"1", b"2", 1), "wrong checksum"),
    ],
)
def test_a_wrong_file_in_the_readers_folder_is_named(few, tmp_path, wrong, words):
    put(tmp_path, {name: wrong(data) if "test" in name else data for name, data in few.items()})
    with pytest.raises(DatasetError, match=rf"zip.test.gz.*{words}") as told:
        read_zipcodes(tmp_path)
    assert "\n" not in str(told.value)


def test_a_good_file_makes_up_for_a_bad_one(few, digits, tmp_path):
    put(tmp_path, {name: data[:-9] for name, data in few.items()})
    put(tmp_path / "zip", few)
    assert same(read_zipcodes(tmp_path), digits)


@pytest.mark.parametrize("kind", ["missing", "file", "half", "pipe"])
def test_an_odd_folder_is_named(few, tmp_path, kind):
    folder = tmp_path / "data"
    if kind == "file":
        folder.write_bytes(b"")
    elif kind != "missing":
        put(folder, {"zip.train.gz": few["zip.train.gz"]})
    if kind == "pipe":
        os.mkfifo(folder / "zip.test")
    words = {"missing": "no such folder", "file": "is no folder", "pipe": "is no file but a pipe"}
    with pytest.raises(DatasetError, match=words.get(kind, "has neither zip.test nor zip.test.gz")):
        read_zipcodes(folder)


def test_nothing_is_downloaded_where_the_digits_are_asked_for(few, monkeypatch):
    monkeypatch.setenv("LENET_TUTORIAL_DATASET", "digits")
    monkeypatch.setattr(mirrors, "get", None)
    with pytest.raises(ZipUnavailable, match=r"zip\.train: nothing is downloaded"):
        load_zipcodes()


def test_a_chapter_looks_for_them_and_gets_a_word_once(few, digits, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(mirrors, "get", None)
    assert find_zipcodes() is None and find_zipcodes() is None
    said = "The zip codes are not here: `lenet-tutorial data --zip` gets them (2 MB).\n"
    assert capsys.readouterr().out == said
    put(tmp_path / "data" / "zip", few)
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(tmp_path / "data"))
    assert same(find_zipcodes(), digits) and capsys.readouterr().out == ""


def test_an_address_that_is_not_encrypted_is_refused(few, tmp_path):
    with pytest.raises(DatasetError, match="must begin with https"):
        fetch_zipcodes(tmp_path, ["http://example.org/"])


def test_a_folder_that_can_not_be_written_is_told(few, serve, tmp_path):
    (tmp_path / "taken").write_bytes(b"")
    good = serve(lambda handler, name: give(handler, few[name]))
    with pytest.raises(ZipUnavailable, match=r"can't write to .*taken"):
        fetch_zipcodes(tmp_path / "taken", [good])


def test_what_a_kill_left_is_swept_away_before_a_download(tmp_path):
    left = [tmp_path / f"{name}.01234567.part" for name, *_ in ZIP_FILES.values()]
    for file in left:
        file.write_bytes(b"7 -1")
    with pytest.raises(ZipUnavailable):
        fetch_zipcodes(tmp_path, [])
    assert sorted(tmp_path.iterdir()) == sorted(left)  # nothing is written there
    with pytest.raises(ZipUnavailable):
        fetch_zipcodes(tmp_path, ["http://127.0.0.1:9/"])
    assert not [*tmp_path.glob("*.part")]


@pytest.mark.zip
def test_the_real_ones_are_as_their_site_tells():
    found = load_zipcodes(GIVEN, mirrors=())
    counts = "1194 1005 731 658 652 556 664 645 542 644", "359 264 198 166 200 160 170 147 166 177"
    for part, said in zip(("train", "test"), counts, strict=True):
        assert np.bincount(getattr(found, f"y_{part}")).tolist() == [*map(int, said.split())]
        images = getattr(found, f"x_{part}")
        assert images.shape[1:] == (16, 16) and images.min() == -1 and images.max() == 1
