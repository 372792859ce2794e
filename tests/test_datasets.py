"""The loader: what comes out, and what happens when anything goes wrong.

No test needs the internet. Servers run on the loopback address; a small stand-in for MNIST, with
its own checksums, takes the place of the real files.
"""

import ctypes
import errno
import functools
import gzip
import hashlib
import io
import os
import pickle
import re
import shutil
import socketserver
import ssl
import struct
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
import requests
from mirror import give, idx

from lenet_tutorial import datasets, files, mirrors, mnist
from lenet_tutorial.datasets import (
    DatasetError,
    MnistUnavailable,
    enlarge,
    load_bundled,
    load_digits28,
    load_mnist,
)
from lenet_tutorial.idx import gunzip, parse_idx
from lenet_tutorial.images import (
    check_images,
    check_labels,
    prepare,
    prepare_1989,
    prepare_1998,
)
from lenet_tutorial.mirrors import check_mirrors
from lenet_tutorial.zipcodes import ZIP_FILES

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in ("DATA", "DATASET", "CACHE", "MIRRORS"):
        monkeypatch.delenv(f"LENET_TUTORIAL_{name}", raising=False)
    # Each test is as a process of its own: nothing was found yet, and nothing said.
    monkeypatch.setattr(datasets, "_found", {})
    monkeypatch.setattr(datasets, "_said", [])


def load(cache, *addresses):
    return load_mnist(cache=cache, mirrors=addresses, progress=False)


def same(digits, arrays):
    return all(np.array_equal(getattr(digits, key), array) for key, array in arrays.items())


# --------------------------------------------------------------------------- the real files


@pytest.mark.mnist
def test_the_real_mnist_has_the_checksums_and_the_shapes_of_the_book():
    folder = os.environ.get("LENET_TUTORIAL_TEST_MNIST") or REAL
    if not folder:
        pytest.skip("no MNIST here: name its folder in LENET_TUTORIAL_DATA")
    digits = load_mnist(folder)
    assert digits.x_train.shape == (60_000, 28, 28) and digits.x_test.shape == (10_000, 28, 28)
    assert digits.x_train.dtype == digits.y_train.dtype == np.uint8
    assert digits.name == "MNIST" and digits.origin == "folder"
    assert repr(digits) == "<MNIST: 60000 training and 10000 test digits>"
    assert digits.y_train[:5].tolist() == [5, 0, 4, 1, 9]


REAL = os.environ.get("LENET_TUTORIAL_DATA")  # read before the fixture above takes it away


def test_the_stand_in_is_refused_where_the_real_files_are_meant(arrays, tmp_path):
    for key, (name, _, _) in mnist.MNIST_FILES.items():
        (tmp_path / name).write_bytes(idx(arrays[key]))
    with pytest.raises(DatasetError, match=r"train-images.*wrong checksum"):
        load_mnist(tmp_path)


# --------------------------------------------------------------------------- a folder


@pytest.mark.parametrize("compressed", [True, False])
def test_a_folder_of_idx_files(small, arrays, tmp_path, monkeypatch, compressed):
    for name, data in small.items():
        if compressed:
            (tmp_path / name).write_bytes(data)
        else:
            (tmp_path / name.removesuffix(".gz")).write_bytes(gzip.decompress(data))
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(tmp_path))
    digits = load_digits28("mnist")
    assert same(digits, arrays)
    assert digits.origin == "folder"


def test_a_folder_with_an_npz(small, arrays, tmp_path):
    np.savez_compressed(tmp_path / "mnist.npz", **arrays)
    assert same(load_mnist(tmp_path), arrays)


def test_a_missing_folder_or_file_is_named(small, tmp_path):
    with pytest.raises(DatasetError, match=r"no such folder: .*nowhere.*LENET_TUTORIAL_DATA"):
        load_mnist(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"neither train-images-idx3-ubyte nor .*\.gz"):
        load_mnist(tmp_path)


def test_a_folder_that_is_wrong_is_an_error_and_no_reason_for_the_fallback(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match="no such folder"):
        load_digits28("auto")


def broken(how, data):
    """Break a .gz file."""
    plain = gzip.decompress(data)
    return {
        "truncated": data[: len(data) // 2],
        "without its end": data[:-4],
        "one bit turned": data[:-8] + bytes([data[-8] ^ 1]) + data[-7:],
        "web page": b"<!DOCTYPE html><title>Moved</title>",
        "empty": b"",
        "too long": gzip.compress(plain + b"\0"),
        "too short": gzip.compress(plain[:-1]),
        "other digits": gzip.compress(plain[:-1] + bytes([plain[-1] ^ 1])),
        "wrong magic": gzip.compress(b"\0\0\x0d" + plain[3:]),
    }[how]


REASONS = {
    "truncated": "cut short or damaged",
    "without its end": "cut short or damaged",
    "one bit turned": "cut short or damaged",
    "web page": "looks like a web page",
    "empty": "is empty",
    "too long": "holds more than",
    "too short": "holds only",
    "other digits": "wrong checksum",
    "wrong magic": "is no IDX file of bytes|wrong checksum",
}


@pytest.mark.parametrize("how", REASONS)
def test_a_broken_file_in_a_folder_is_named_with_what_is_wrong(small, tmp_path, how):
    for name, data in small.items():
        (tmp_path / name).write_bytes(broken(how, data) if name.startswith("t10k-im") else data)
    with pytest.raises(DatasetError, match=REASONS[how]) as caught:
        load_mnist(tmp_path)
    assert "t10k-images-idx3-ubyte" in str(caught.value)


class Harm:
    """Pickled, it leaves a file behind when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_pickle_inside_an_npz_is_never_loaded(small, arrays, tmp_path):
    bomb = np.empty(1, object)
    bomb[0] = Harm(tmp_path / "harm")
    np.savez(tmp_path / "mnist.npz", **(arrays | {"x_test": bomb}))
    with pytest.raises(DatasetError, match="pickled"):
        load_mnist(tmp_path)
    assert not (tmp_path / "harm").exists()
    # The test itself would notice: this is what loading it does.
    np.load(tmp_path / "mnist.npz", allow_pickle=True)["x_test"]
    assert (tmp_path / "harm").exists()


def test_a_pickle_in_the_place_of_an_npz_is_never_loaded(small, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(pickle.dumps(Harm(tmp_path / "harm")))
    with pytest.raises(DatasetError, match=r"mnist\.npz"):
        load_mnist(tmp_path)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("y_test"), "has no array 'y_test'"),
        (lambda a: a.update(x_test=a["x_test"][:5]), r"x_test must be uint8 of shape \(10, 28, 28"),
        (lambda a: a.update(y_test=a["y_test"].astype("f4")), "y_test must be uint8.*got float32"),
        (lambda a: a.update(y_test=a["y_test"][::-1]), "y_test: wrong checksum"),
    ],
)
def test_a_wrong_npz_is_named_with_what_is_wrong(small, arrays, tmp_path, change, message):
    change(arrays)
    np.savez(tmp_path / "mnist.npz", **arrays)
    with pytest.raises(DatasetError, match=message):
        load_mnist(tmp_path)


def test_a_truncated_npz(small, arrays, tmp_path):
    np.savez(tmp_path / "mnist.npz", **arrays)
    whole = (tmp_path / "mnist.npz").read_bytes()
    (tmp_path / "mnist.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match="not a complete"):
        load_mnist(tmp_path)


# --------------------------------------------------------------------------- download and cache


def test_a_download_fills_the_cache_and_the_next_load_needs_no_server(
    small, arrays, serve, tmp_path
):
    asked = []

    def answer(handler, name):
        asked.append(name)
        give(handler, small[name])

    mirror = serve(answer)
    digits = load(tmp_path / "cache", mirror)
    assert same(digits, arrays) and digits.origin == "download"
    assert sorted(asked) == sorted(small)
    again = load(tmp_path / "cache", mirror)
    assert same(again, arrays) and again.origin == "cache"
    assert len(asked) == 4
    assert len(list((tmp_path / "cache").iterdir())) == 4  # and nothing half-written


def test_the_real_addresses_are_in_the_code_and_encrypted():
    assert len(set(mirrors.MIRRORS)) >= 3
    assert all(re.fullmatch(r"https://[a-z0-9.-]+/.*/", mirror) for mirror in mirrors.MIRRORS)
    assert check_mirrors(mirrors.MIRRORS) == mirrors.MIRRORS
    assert mnist.MNIST_FILES["x_train"][0] == "train-images-idx3-ubyte"


def test_the_files_of_mnist_are_written_down_twice():
    """Where no MNIST is at hand, no other test would see a digit of a checksum change."""
    written = "\n".join(map(repr, mnist.MNIST_FILES.items()))
    assert hashlib.sha256(written.encode()).hexdigest() == (
        "5e4578931d7e5394a907f570939fb0a0f457b2aef233f3aa5817de47b045917a"
    )


@pytest.mark.parametrize("how", REASONS)
def test_a_broken_download_is_left_for_the_next_mirror(small, arrays, serve, tmp_path, how):
    bad = serve(lambda handler, name: give(handler, broken(how, small[name])))
    good = serve(lambda handler, name: give(handler, small[name]))
    assert same(load(tmp_path, bad, good), arrays)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("how", REASONS)
def test_a_broken_download_leaves_nothing_in_the_cache(small, serve, tmp_path, how):
    bad = serve(lambda handler, name: give(handler, broken(how, small[name])))
    with pytest.raises(MnistUnavailable, match=r"127\.0\.0\.1.*LENET_TUTORIAL_DATASET=digits"):
        load(tmp_path, bad)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_says_no(small, arrays, serve, tmp_path):
    def answer(handler, name):
        give(handler, b"<html>not here</html>", status=404, kind="text/html")

    with pytest.raises(MnistUnavailable, match="status 404"):
        load(tmp_path, serve(answer))
    assert list(tmp_path.iterdir()) == []


def test_a_web_page_with_status_200(small, serve, tmp_path):
    page = b"<html><body>Sign in to the network</body></html>"
    mirror = serve(lambda handler, name: give(handler, page, kind="text/html"))
    with pytest.raises(MnistUnavailable, match="looks like a web page"):
        load(tmp_path, mirror)


def test_a_connection_that_breaks_off(small, serve, tmp_path):
    def answer(handler, name):
        data = small[name]
        give(handler, data[: len(data) // 2], length=len(data))

    with pytest.raises(MnistUnavailable, match=r"127\.0\.0\.1"):
        load(tmp_path, serve(answer))
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_stalls_is_given_up(small, arrays, serve, tmp_path, monkeypatch):
    monkeypatch.setattr(mirrors, "READ_TIMEOUT", 0.3)
    release = threading.Event()

    def stall(handler, name):
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(b"\x1f\x8b")
        handler.wfile.flush()
        release.wait(30)

    good = serve(lambda handler, name: give(handler, small[name]))
    started = time.monotonic()
    try:
        assert same(load(tmp_path, serve(stall), good), arrays)
    finally:
        release.set()
    assert time.monotonic() - started < 25  # the server would wait for 30 s


def test_a_server_that_only_drips_is_given_up(small, serve, tmp_path, monkeypatch):
    monkeypatch.setattr(mirrors, "FILE_TIMEOUT", 0.5)
    stop = threading.Event()

    def drip(handler, name):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        try:
            while not stop.is_set():
                handler.wfile.write(b"\x1f")  # no read ever ends, and none takes too long
                time.sleep(0.05)
        except OSError:
            pass  # the reader has gone, as it should

    started = time.monotonic()
    try:
        with pytest.raises(MnistUnavailable, match="not finished after"):
            load(tmp_path, serve(drip))
    finally:
        stop.set()
    assert time.monotonic() - started < 25
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there(small, tmp_path):
    with socketserver.TCPServer(("127.0.0.1", 0), None) as taken:
        port = taken.server_address[1]
    with pytest.raises(MnistUnavailable, match=r"127\.0\.0\.1: can't be reached"):
        load(tmp_path, f"http://127.0.0.1:{port}/")


def test_a_gzip_bomb_is_not_unpacked(small, serve, tmp_path):
    bomb = gzip.compress(bytes(1 << 26))  # 64 MiB in 65 kB
    with pytest.raises(MnistUnavailable, match="holds more than"):
        load(tmp_path, serve(lambda handler, name: give(handler, bomb)))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_in_the_cache_is_replaced(small, arrays, serve, tmp_path):
    good = serve(lambda handler, name: give(handler, small[name]))
    load(tmp_path, good)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"half a file")
    digits = load(tmp_path, good)
    assert same(digits, arrays) and digits.origin == "download"
    assert same(load(tmp_path), arrays)


def without_roots_privilege():
    """Before a new program starts: root, too, has to obey the permissions of files there."""
    if os.geteuid() == 0:
        drop_from_bounding_set, override, read_search = 24, 1, 2  # see prctl(2), capabilities(7)
        for capability in (override, read_search):
            if ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0):
                os._exit(99)


def test_a_cache_that_cannot_be_written(small, serve, tmp_path, monkeypatch):
    """The disk says no in the middle: the message names the reason, not a mirror's fault."""
    good = serve(lambda handler, name: give(handler, small[name]))
    cache = tmp_path / "cache"
    cache.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(MnistUnavailable, match=f"can't write to {cache}: it is no folder"):
        load(cache, good)
    assert cache.read_text(encoding="utf-8").startswith("a file")


def test_a_read_only_cache(small, arrays, serve, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    good = serve(lambda handler, name: give(handler, small[name]))
    code = """
        import sys
        from lenet_tutorial import datasets, mnist
        mnist.MNIST_FILES = eval(sys.argv[3])
        try:
            print(datasets.load_mnist(cache=sys.argv[1], mirrors=[sys.argv[2]], progress=False))
        except datasets.MnistUnavailable as error:
            print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    command += [str(cache), good, repr(mnist.MNIST_FILES)]

    def tried():
        cache.chmod(0o555)
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", preexec_fn=without_roots_privilege
        )
        cache.chmod(0o755)
        if done.returncode == 99:
            pytest.skip("root's privilege can't be given up here")
        return done.stdout

    assert f"can't write to {cache}: Permission denied" in tried()
    assert list(cache.iterdir()) == []
    load(cache, good)
    assert "<MNIST: 30 training and 10 test digits>" in tried()  # a filled one can be read


def test_no_space_left(small, arrays, serve, tmp_path, monkeypatch):
    asked = []

    def answer(handler, name):
        asked.append(name)
        give(handler, small[name])

    def full(self, target):
        raise OSError(28, "No space left on device", str(self))

    mirror = serve(answer)
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(MnistUnavailable, match=r"can't write to .*: No space left on device"):
        load(tmp_path, mirror, mirror)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []
    assert len(asked) == 1  # another mirror would not help


@pytest.mark.slow
def test_eight_processes_at_once(small, arrays, serve, tmp_path):
    def slowly(handler, name):
        data = small[name]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        for i in range(0, len(data), 2000):
            handler.wfile.write(data[i : i + 2000])
            time.sleep(0.02)

    mirror = serve(slowly)
    code = """
        import sys
        from lenet_tutorial import datasets, mnist
        mnist.MNIST_FILES = eval(sys.argv[3])
        digits = datasets.load_mnist(cache=sys.argv[1], mirrors=[sys.argv[2]], progress=False)
        print(digits, digits.x_train.sum())
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    command += [str(tmp_path), mirror, repr(mnist.MNIST_FILES)]
    start = functools.partial(subprocess.Popen, stdout=subprocess.PIPE, encoding="utf-8")
    running = [start(command) for _ in range(8)]
    answers = {process.communicate(timeout=120)[0].strip() for process in running}
    assert all(process.returncode == 0 for process in running)
    assert answers == {f"<MNIST: 30 training and 10 test digits> {arrays['x_train'].sum()}"}
    assert len(list(tmp_path.iterdir())) == 4


def test_a_process_that_is_killed_in_the_middle_leaves_a_good_cache(small, arrays, serve, tmp_path):
    half = threading.Event()

    def stop_half_way(handler, name):
        data = small[name]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        if name.startswith("t10k-images"):
            handler.wfile.write(data[: len(data) // 2])
            handler.wfile.flush()
            half.set()
            time.sleep(20)
        else:
            handler.wfile.write(data)

    code = """
        import sys
        from lenet_tutorial import datasets, mnist
        mnist.MNIST_FILES = eval(sys.argv[3])
        datasets.load_mnist(cache=sys.argv[1], mirrors=[sys.argv[2]], progress=False)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    process = subprocess.Popen(
        [*command, str(tmp_path), serve(stop_half_way), repr(mnist.MNIST_FILES)]
    )
    assert half.wait(60)
    process.kill()
    process.wait()
    assert not (tmp_path / "t10k-images-idx3-ubyte").exists()
    good = serve(lambda handler, name: give(handler, small[name]))
    assert same(load(tmp_path, good), arrays)


def test_the_progress_bar_is_for_a_terminal_and_knows_the_size(small, serve, tmp_path, capsys):
    good = serve(lambda handler, name: give(handler, small[name]))
    load_mnist(cache=tmp_path / "quiet", mirrors=[good])
    assert capsys.readouterr() == ("", "")
    sys.stderr.isatty = lambda: True
    load_mnist(cache=tmp_path / "shown", mirrors=[good])
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "train-images-idx3-ubyte.gz: 100%" in shown.err
    load_mnist(cache=tmp_path / "asked not to", mirrors=[good], progress=False)
    assert capsys.readouterr() == ("", "")


def test_the_cache_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path))
    assert datasets.cache_folder() == tmp_path


# --------------------------------------------------------------------------- mirrors


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/mnist/",
        "ftp://example.org/mnist/",
        "file:///etc/mnist/",
        "example.org/mnist",
        "https://",
        "",
        "http://127.0.0.1.example.org/",
        "http://localhost.example.org/",
        "http://127.0.0.1@example.org/",
        "http://example.org\\@127.0.0.1/",
        "http://example.org#@127.0.0.1/",
        "http://[::2]/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "https://example.org/a b/",
        "https://user:word@example.org/",
        "HTTP://example.org/",
    ],
)
def test_a_mirror_is_encrypted_or_here(address, tmp_path):
    with pytest.raises(DatasetError, match="must begin with https://"):
        check_mirrors([address])
    with pytest.raises(DatasetError, match="must begin with https://"):
        load(tmp_path, address)


def test_mirrors_that_are_taken():
    here = [
        "http://127.0.0.1:80/mnist",
        "http://localhost:1/",
        "http://[::1]:8/a",
        "http://127.9.9.9",
    ]
    assert check_mirrors(["https://example.org/mnist", *here]) == (
        "https://example.org/mnist/",
        "http://127.0.0.1:80/mnist/",
        "http://localhost:1/",
        "http://[::1]:8/a/",
        "http://127.9.9.9/",
    )


@pytest.mark.parametrize("between", [" ", ",", ", ", "\n", " \t,, "])
def test_a_setting_names_the_mirrors(small, arrays, serve, tmp_path, monkeypatch, between):
    def no(handler, name):
        give(handler, b"", status=500)

    named = [serve(no).rstrip("/"), serve(lambda handler, name: give(handler, small[name]))]
    monkeypatch.setenv("LENET_TUTORIAL_MIRRORS", between.join(["", *named, ""]))
    assert same(load_mnist(cache=tmp_path), arrays)


def test_a_setting_with_a_bad_address_is_an_error_and_no_reason_for_the_fallback(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path))
    monkeypatch.setenv("LENET_TUTORIAL_MIRRORS", "https://example.org, http://example.org")
    with pytest.raises(DatasetError, match=r"LENET_TUTORIAL_MIRRORS: 'http://example\.org'"):
        load_digits28()


def test_without_the_setting_the_usual_mirrors_are_asked(small, tmp_path, monkeypatch):
    asked = []

    def get(url, limit, progress):
        asked.append(url)
        raise OSError("no network")

    monkeypatch.setattr(mirrors, "get", get)
    monkeypatch.setenv("LENET_TUTORIAL_MIRRORS", "  ")  # as good as unset
    with pytest.raises(MnistUnavailable):
        load_mnist(cache=tmp_path)
    assert asked == [f"{mirror}train-images-idx3-ubyte.gz" for mirror in mirrors.MIRRORS]


# --------------------------------------------------------------------------- what a mirror may do


def test_a_mirror_without_an_end_is_left_at_the_known_size(small, serve, tmp_path):
    """Said or not said: no more is read than the file can have."""
    sent = []

    def endless(handler, name):
        handler.send_response(200)
        if len(sent) == 1:
            handler.send_header("Content-Length", str(1 << 40))
        handler.end_headers()
        sent.append(0)
        try:
            while sent[-1] < 1 << 28:
                handler.wfile.write(b"\x1f\x8b" * (1 << 15))
                sent[-1] += 1 << 16
        except OSError:
            pass

    mirror = serve(endless)
    for _ in range(2):
        with pytest.raises(MnistUnavailable, match=r"sends more than \d+ bytes"):
            load(tmp_path, mirror)
    assert list(tmp_path.iterdir()) == []
    # What the sockets hold on the way is not read by us.
    assert max(sent) < 1 << 25
    size = mnist.idx_size((30, 28, 28))
    with pytest.raises(MnistUnavailable, match=f"sends more than {size + mnist.SPARE} bytes"):
        load(tmp_path, mirror)


def test_what_is_asked_for_and_what_comes_as_it_is(small, arrays, serve, tmp_path):
    """The file is asked for as it is; who unpacks or wraps it sends the right bytes, too."""
    wishes = []

    def plain(handler, name):
        give(handler, gzip.decompress(small[name]))

    def marked(handler, name):
        wishes.append(handler.headers["Accept-Encoding"])
        data = small[name] if name.startswith("train") else gzip.compress(small[name])
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    assert same(load(tmp_path / "a", serve(plain)), arrays)
    assert same(load(tmp_path / "b", serve(marked)), arrays)
    assert wishes == ["identity"] * 4


def test_an_encoding_that_unpacks_to_much_more_is_left(small, serve, tmp_path):
    def bomb(handler, name):
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        handler.wfile.write(gzip.compress(bytes(1 << 27)))

    with pytest.raises(MnistUnavailable, match="sends more than"):
        load(tmp_path, serve(bomb))


def moved(to):
    def answer(handler, name):
        handler.send_response(302)
        handler.send_header("Location", to(name))
        handler.end_headers()

    return answer


def test_redirects_are_followed_where_they_are_safe(small, arrays, serve, tmp_path):
    good = serve(lambda handler, name: give(handler, small[name]))
    assert same(load(tmp_path, serve(moved(lambda name: f"{good}{name}"))), arrays)


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("http://example.org/x", r"redirects to 'http://example\.org/x', which is not encrypted"),
        ("ftp://example.org/x", "which is not encrypted"),
        ("/again", "redirects without an end"),
    ],
)
def test_redirects_that_are_not_followed(small, serve, tmp_path, to, words):
    with pytest.raises(MnistUnavailable, match=words):
        load(tmp_path, serve(moved(lambda name: to)))


def test_a_mirror_out_there_does_not_send_us_to_this_machine(monkeypatch):
    asked = []

    class Downloader:
        def __init__(self, **how):
            pass

        def __call__(self, url, body, pooch):
            asked.append(url)
            raise mirrors._Moved("http://127.0.0.1:80/")

    pooch = type("pooch", (), {"HTTPDownloader": Downloader})
    monkeypatch.setattr(mirrors, "import_pooch", lambda: pooch)
    with pytest.raises(mirrors._GivenUp, match="which is not encrypted"):
        mirrors._follow("https://example.org/", None)
    assert asked == ["https://example.org/"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("ProxyError", "the proxy can't be reached"),
        ("SSLError", "its certificate can't be verified"),
        ("ConnectTimeout", "no answer in time"),
        ("ReadTimeout", "no answer in time"),
        ("ConnectionError", "can't be reached"),
        ("ChunkedEncodingError", "the connection broke off"),
        ("ContentDecodingError", "what it sent can't be unpacked"),
        ("InvalidSchema", "InvalidSchema"),
    ],
)
def test_what_requests_says_is_cut_short(small, tmp_path, monkeypatch, kind, words):
    def get(url, limit, progress):
        long = "HTTPSConnectionPool(host='x', port=443):\nMax retries exceeded <object at 0x7f>"
        raise getattr(requests.exceptions, kind)(long)

    monkeypatch.setattr(mirrors, "get", get)
    with pytest.raises(MnistUnavailable) as caught:
        load(tmp_path, "https://example.org/")
    assert str(caught.value).startswith(f"train-images-idx3-ubyte: example.org: {words}. Put the")


def test_a_certificate_that_nobody_vouches_for(small, serve, tmp_path):
    program = shutil.which("openssl")
    if not program:
        pytest.skip("no openssl here to make a certificate")
    files = [str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")]
    command = [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-subj", "/CN=localhost", "-keyout", files[0], "-out", files[1]]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[0])
    address = serve(lambda handler, name: give(handler, small[name]), context)
    with pytest.raises(MnistUnavailable, match=r"127\.0\.0\.1: its certificate can't be verified"):
        load(tmp_path / "cache", address)


# --------------------------------------------------------------------------- by their headers


def memory_of(function):
    """Return the most memory in bytes that a function takes, beyond what was there."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refused(folder, words):
    with pytest.raises(DatasetError, match=words):
        load_mnist(folder)


def test_a_file_that_is_too_large_is_not_read(small, tmp_path):
    for name in ("train-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "mnist.npz"):
        (tmp_path / name).touch()
        os.truncate(tmp_path / name, 1 << 28)
        words = rf"{re.escape(name)} has 268435456 bytes"
        assert memory_of(lambda words=words: refused(tmp_path, words)) < 1 << 22
        (tmp_path / name).unlink()
    cached = tmp_path / "cache" / "train-images-idx3-ubyte"
    cached.parent.mkdir()
    cached.touch()
    os.truncate(cached, 1 << 28)

    def look():
        with pytest.raises(MnistUnavailable):
            load(cached.parent)

    assert memory_of(look) < 1 << 22


def npy(shape, dtype="|u1", version=b"\1\0", length=None):
    header = str({"descr": dtype, "fortran_order": False, "shape": shape}).encode() + b"\n"
    size = struct.pack("<H" if version == b"\1\0" else "<I", length or len(header))
    return b"\x93NUMPY" + version + size + header


@pytest.mark.parametrize(
    ("start", "zeros", "words"),
    [
        (npy((1 << 28,)), 1 << 26, "x_train would unpack to 67"),
        (npy((30, 28, 28)), 1 << 26, "x_train would unpack to 67"),
        (npy((30, 28, 28)), 10, "x_train is cut short"),
        (npy((30, 28, 28)), 30 * 784 + 1, "x_train is cut short, or longer"),
        (npy((1 << 32, 1 << 32)), 8, r"x_train must be uint8 of shape .*got uint8 of shape"),
        (npy((30, 28, 28), "<f8"), 8, "got float64 of shape"),
        (npy((30, 28, 28), "|O"), 8, "holds pickled objects"),
        (npy((30, 28, 28), version=b"\2\0", length=1 << 31), 8, "not a complete"),
        (npy((30, 28, 28), version=b"\7\0"), 8, "npy version"),
        (b"\x93NUMPY\1\0\xff\xff" + b"(" * 60_000, 0, "not a complete"),
        (b"", 0, "not a complete"),
    ],
)
def test_an_npz_is_judged_by_its_headers(small, tmp_path, start, zeros, words):
    with zipfile.ZipFile(tmp_path / "mnist.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", start + bytes(zeros))
    assert memory_of(lambda: refused(tmp_path, words)) < 1 << 24


def test_an_npz_with_a_long_list_of_entries_is_not_taken_apart(small, tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "SPARE", 1 << 15)
    with zipfile.ZipFile(tmp_path / "mnist.npz", "w") as archive:
        archive.writestr("x_train.npy", b"")
        for number in range(340):
            entry = zipfile.ZipInfo(str(number))
            entry.comment = bytes(60)
            archive.writestr(entry, b"")
    refused(tmp_path, "list of entries is too long")
    with zipfile.ZipFile(tmp_path / "mnist.npz", "a") as archive:
        archive.comment = b"PK\6\7" + bytes(16) + archive.comment
    refused(tmp_path, "list of entries is too long|not a complete")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_no_damage_to_an_npz_comes_out_as_another_exception(small, arrays, tmp_path, method):
    path = tmp_path / "mnist.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        for key, array in arrays.items():
            data = io.BytesIO()
            np.save(data, array // 64)  # compressible, so that deflate has much to say
            archive.writestr(f"{key}.npy", data.getvalue())
    whole, draw = path.read_bytes(), np.random.default_rng(0)
    for _ in range(150):
        data = bytearray(whole)
        where = draw.integers(len(data), size=3)
        if draw.integers(2):  # in what surrounds the values
            where = (where % 400) - 200
        for at in where:
            data[at] = draw.integers(256)
        path.write_bytes(data[: draw.integers(len(data))] if draw.integers(4) == 0 else data)
        with pytest.raises(DatasetError) as caught:
            load_mnist(tmp_path)
        assert "\n" not in str(caught.value)


def test_a_web_page_in_the_place_of_an_npz(small, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(b"\xef\xbb\xbf\n<!DOCTYPE html><title>Sign in</title>")
    with pytest.raises(DatasetError, match=r"mnist\.npz looks like a web page") as caught:
        load_mnist(tmp_path)
    assert "pickle" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
@pytest.mark.parametrize(
    "name", ["train-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "mnist.npz"]
)
def test_a_pipe_or_a_device_is_not_opened(small, arrays, serve, tmp_path, name):
    os.mkfifo(tmp_path / name)
    refused(tmp_path, f"{re.escape(name)} is no file but a pipe or a device")
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/dev/zero")
    refused(tmp_path, "is no file but a pipe or a device")
    good = serve(lambda handler, name: give(handler, small[name]))
    assert same(load(tmp_path, good), arrays)  # in a cache it is replaced


# --------------------------------------------------------------------------- where files lie


LIE = {
    "as on the page": "{name}.gz",
    "unpacked": "{name}",
    "unpacked by the name inside": "{dotted}",
    "that, compressed": "{dotted}.gz",
    "torchvision's root": "MNIST/raw/{name}",
    "torchvision's root, compressed": "MNIST/raw/{name}.gz",
    "torchvision's MNIST": "raw/{name}",
    "TensorFlow's tutorial": "MNIST_data/{name}.gz",
    "one level down": "mnist/{name}.gz",
    "Kaggle's": "{name}/{name}",
    "Kaggle's, dotted": "{dotted}",
    "unpacked by a browser": "{name}.gz, but plain",
    "compressed under the plain name": "{name}, but compressed",
}


@pytest.mark.parametrize("how", LIE)
def test_files_are_found_where_others_put_them(small, arrays, tmp_path, how):
    for key, (name, _, _) in mnist.MNIST_FILES.items():
        place = LIE[how].format(name=name, dotted=name.replace("-idx", ".idx"))
        place, _, kind = place.partition(", but ")
        compressed = kind == "compressed" or (place.endswith(".gz") and kind != "plain")
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(idx(arrays[key])) if compressed else idx(arrays[key]))
    assert same(load_mnist(tmp_path), arrays)


@pytest.mark.parametrize("place", [".", "datasets", "mnist"])
def test_an_npz_is_found_where_keras_puts_it(small, arrays, tmp_path, place):
    (tmp_path / place).mkdir(exist_ok=True)
    np.savez(tmp_path / place / "mnist.npz", **arrays)
    assert same(load_mnist(tmp_path), arrays)


def test_a_good_file_makes_up_for_a_bad_one(small, arrays, tmp_path):
    np.savez_compressed(tmp_path / "mnist.npz", **arrays)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"half")
    assert same(load_mnist(tmp_path), arrays)
    (tmp_path / "mnist.npz").write_bytes(b"PK\3\4")
    refused(tmp_path, "train-images-idx3-ubyte is no IDX file")


def test_an_npz_in_the_order_of_fortran(small, arrays, tmp_path):
    columns = {key: np.asfortranarray(array) for key, array in arrays.items()}
    np.savez(tmp_path / "mnist.npz", **columns)
    assert same(load_mnist(tmp_path), arrays)


def test_folders_that_are_none(small, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    refused(tmp_path / "file", r"file is no folder: name the one .*see LENET_TUTORIAL_DATA")
    refused(tmp_path / ("x" * 300), "can't read the folder .*: File name too long")
    (tmp_path / "loop").symlink_to("loop")
    refused(tmp_path / "loop", "can't read the folder .*loop: Too many levels of symbolic links")
    refused(tmp_path / "a\0b", "can't read the folder .*null")
    monkeypatch.chdir(tmp_path)
    refused("near", f"no such folder: near in {tmp_path}")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    refused("near", r"no such folder: near \(")
    monkeypatch.chdir(tmp_path)


# --------------------------------------------------------------------------- a process of its own


@pytest.fixture
def alone(small, tmp_path):
    """Return a function that runs Python with nothing set but a home, and the small stand-in."""
    site, home = tmp_path / "site", tmp_path / "home"
    site.mkdir()
    home.mkdir()
    (site / "sitecustomize.py").write_text(
        f"from lenet_tutorial import mnist\nmnist.MNIST_FILES = {mnist.MNIST_FILES!r}\n"
        "import os, sys, time\n"
        "if 'WAIT' in os.environ:\n"  # before a file is moved to its place
        "    real = os.replace\n"
        "    def wait(*paths):\n"
        "        open(os.environ['WAIT'], 'w').close()\n"
        "        while os.path.exists(os.environ['WAIT']):\n"
        "            time.sleep(0.01)\n"
        "        real(*paths)\n"
        "    os.replace = wait\n",
        encoding="utf-8",
    )
    package = str(Path(datasets.__file__).parents[1])

    def run(*arguments, start=subprocess.run, **settings):
        how = {"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        how |= settings.pop("how", {})
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": os.pathsep.join([str(site), package]),
        }
        environment |= {name: str(value) for name, value in settings.items()}
        environment = {name: value for name, value in environment.items() if value != "unset"}
        return start([sys.executable, *map(str, arguments)], env=environment, **how)

    run.home = home
    return run


LOAD = (
    "from lenet_tutorial.datasets import load_digits28\nfor _ in range(2): print(load_digits28())"
)
MNIST = ["<MNIST: 30 training and 10 test digits>"] * 2
DIGITS = ["<digits: 1437 training and 360 test digits>"] * 2
# scikit-learn takes a second or two to start, and is not what most of these are about.
FEW = """
from lenet_tutorial import datasets
a = datasets.np.zeros(1437)
datasets.load_bundled = lambda: datasets.Digits(a, a, a[:360], a[:360], "digits", "bundled")
"""
DEAD = dict.fromkeys(
    ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"
)
NOWHERE = {"LENET_TUTORIAL_MIRRORS": "http://127.0.0.1:9/"}


def lines(done):
    """Return what a process printed, which ended well and did not use stderr."""
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        NOWHERE,
        NOWHERE | DEAD,
        NOWHERE | {"PYTHONIOENCODING": "cp1252", "LENET_TUTORIAL_CACHE": "/dev/null/数字"},
        NOWHERE | {"LC_ALL": "C", "PYTHONUTF8": "0", "LENET_TUTORIAL_CACHE": "/dev/null/数字"},
        NOWHERE | {"HOME": "unset", "XDG_CACHE_HOME": "/dev/null"},
        NOWHERE | {"HOME": "/dev/null"},
        DEAD | {"LENET_TUTORIAL_MIRRORS": "https://example.invalid/"},
    ],
    ids=["nothing", "dead proxy", "cp1252", "LC_ALL=C", "no HOME", "HOME is none", "by the proxy"],
)
def test_without_mnist_a_process_says_one_line(alone, settings):
    code = LOAD if settings == NOWHERE else FEW + LOAD
    notice, *loaded = lines(alone("-c", code, **settings))
    assert notice.startswith("MNIST is not to be had (train-images-idx3-ubyte: ")
    assert loaded == DIGITS
    if settings.get("LENET_TUTORIAL_MIRRORS") != NOWHERE["LENET_TUTORIAL_MIRRORS"]:
        assert "example.invalid: the proxy can't be reached. Put" in notice


@pytest.mark.slow
def test_with_mnist_a_process_says_nothing(alone, small, serve, tmp_path):
    asked = []

    def answer(handler, name):
        asked.append(name)
        give(handler, small[name])

    # The proxy is dead, and not asked for what is on this machine.
    found = lines(alone("-c", LOAD, LENET_TUTORIAL_MIRRORS=serve(answer), **DEAD))
    assert found == MNIST and len(asked) == 4
    assert lines(alone("-c", LOAD, **NOWHERE)) == MNIST  # the cache is filled
    filled = alone.home / ".cache" / "lenet_tutorial"
    assert len(list(filled.iterdir())) == 4
    elsewhere = {"HOME": "/dev/null", **NOWHERE}
    for settings in (
        {"LENET_TUTORIAL_DATA": filled, "LENET_TUTORIAL_DATASET": "mnist"},
        {"LENET_TUTORIAL_CACHE": filled, "LC_ALL": "C"},
    ):
        assert lines(alone("-c", LOAD, **elsewhere, **settings)) == MNIST
    forced = {"LENET_TUTORIAL_DATASET": "digits", "LENET_TUTORIAL_DATA": "/nowhere"}
    assert lines(alone("-c", LOAD, **forced)) == DIGITS


@pytest.mark.mnist
def test_the_real_mnist_comes_whole_over_a_mirror(serve, tmp_path, monkeypatch):
    folder = REAL or os.environ.get("LENET_TUTORIAL_TEST_MNIST")
    if not folder:
        pytest.skip("no MNIST here: name its folder in LENET_TUTORIAL_DATA")
    real = load_mnist(folder)
    served = {}
    for key, (name, _, _) in mnist.MNIST_FILES.items():
        served[f"{name}.gz"] = gzip.compress(idx(getattr(real, key)), 1)
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path))
    monkeypatch.setenv("LENET_TUTORIAL_MIRRORS", serve(lambda h, name: give(h, served[name])))
    digits = load_digits28()
    assert digits.name == "MNIST" and digits.origin == "download"
    assert same(digits, {"x_train": real.x_train, "y_test": real.y_test})
    assert load_mnist().origin == "cache"


def test_a_read_only_home(alone, small, serve):
    mirror = serve(lambda handler, name: give(handler, small[name]))
    alone.home.chmod(0o555)
    done = alone(
        "-c", FEW + LOAD, how={"preexec_fn": without_roots_privilege}, LENET_TUTORIAL_MIRRORS=mirror
    )
    alone.home.chmod(0o755)
    if done.returncode == 99:
        pytest.skip("root's privilege can't be given up here")
    notice, *loaded = lines(done)
    assert "can't write to" in notice and "Permission denied" in notice and loaded == DIGITS


def test_a_user_without_a_home_has_no_cache(monkeypatch):
    pwd = pytest.importorskip("pwd")

    def nobody(number):
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    if sys.platform != "linux":
        pytest.skip("elsewhere the cache lies in another place")
    with pytest.raises(
        MnistUnavailable, match="no home for a cache: name one in LENET_TUTORIAL_CA"
    ):
        load_mnist()


def test_the_import_is_quiet_in_a_kernel_without_widgets(alone):
    """What imports pooch imports tqdm, and that asks for ipywidgets where IPython runs a kernel."""
    kernel = """
        import sys, types
        import ipykernel.zmqshell
        sys.modules["ipywidgets"] = None
        shell = types.SimpleNamespace(config={"IPKernelApp": {}})
        sys.modules["IPython"].get_ipython = lambda: shell
    """
    ours = """
        from lenet_tutorial import datasets
        print(datasets.cache_folder().name)
        assert "pooch" in sys.modules
    """
    assert lines(alone("-c", textwrap.dedent(kernel + ours))) == ["lenet_tutorial"]
    # The test itself would notice: this is what importing it does.
    told = alone("-c", textwrap.dedent(f"{kernel}\n        import pooch")).stderr
    assert "IProgress not found" in told


def test_on_a_terminal_a_complaint_stands_on_a_line_of_its_own(alone, small, serve, tmp_path):
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    bad = serve(lambda handler, name: give(handler, small[name][:-9], length=len(small[name])))
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (24, 80))
    command = ["-m", "lenet_tutorial", "data", "--folder", tmp_path / "f", "--mirror", bad]
    done = alone(*command, how={"stderr": end})
    os.close(end)
    shown = ""
    while "can't be downloaded" not in shown:
        shown += os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    assert done.returncode == 1 and done.stdout == ""
    bar, complaint = [line.split("\r")[-1] for line in shown.strip().split("\r\n")]
    assert bar.startswith("train-images-idx3-ubyte.gz: ")
    assert complaint.startswith("lenet-tutorial data: MNIST can't be downloaded: ")


def until(condition):
    stop = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < stop
        time.sleep(0.01)


def test_what_a_kill_left_is_swept_away_and_what_is_being_written_stays(
    alone, small, arrays, serve, tmp_path
):
    pytest.importorskip("fcntl")
    mirror = serve(lambda handler, name: give(handler, small[name]))
    folder, flag = tmp_path / "mnist", tmp_path / "flag"
    command = ["-m", "lenet_tutorial", "data", "--folder", folder, "--mirror", mirror]
    process = alone(*command, start=subprocess.Popen, WAIT=flag)
    until(flag.exists)
    (left,) = folder.iterdir()
    assert re.fullmatch(r"train-images-idx3-ubyte\.\w{8}\.part", left.name)
    foreign = folder / "train-images-idx3-ubyte.mine.part"
    foreign.touch()
    assert same(load(folder, mirror), arrays)
    assert left.exists()  # its process lives
    process.kill()
    process.communicate()
    assert left.exists()
    assert same(load(folder, mirror), arrays)
    assert not left.exists() and foreign.exists()
    assert len(list(folder.iterdir())) == 5


def test_unfinished_files_that_cannot_be_locked_go_when_they_are_old(small, tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(pytest.importorskip("fcntl"), "flock", no_locks)
    new, old = (tmp_path / f"t10k-labels-idx1-ubyte.0123456{n}.part" for n in (7, 8))
    new.touch()
    old.touch()
    os.utime(old, (0, time.time() - files.OLD - 10))
    with pytest.raises(MnistUnavailable):
        load(tmp_path, "http://127.0.0.1:9/")
    assert list(tmp_path.iterdir()) == [new]


@pytest.mark.slow
def test_kills_at_any_time_leave_good_files_or_none(alone, small, arrays, serve, tmp_path):
    asked = []

    def slowly(handler, name):
        asked.append(name)
        time.sleep(0.02)
        give(handler, small[name])

    folder = tmp_path / "mnist"
    command = ["-m", "lenet_tutorial", "data", "--folder", folder, "--mirror", serve(slowly)]
    for number in range(5):
        asked.clear()
        process = alone(*command, start=subprocess.Popen)
        until(lambda process=process: asked or process.poll() is not None)
        time.sleep(0.015 * number)
        process.kill()
        process.communicate()
        for path in folder.iterdir():
            key = [key for key, value in mnist.MNIST_FILES.items() if value[0] == path.name]
            assert path.suffix == ".part" or path.read_bytes() == idx(arrays[key[0]])
    assert "all four checksums are right" in alone(*command).stdout
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        name for name, _, _ in mnist.MNIST_FILES.values()
    )


def test_a_disk_that_is_full(alone, small, serve, tmp_path):
    resource = pytest.importorskip("resource")
    mirror = serve(lambda handler, name: give(handler, small[name]))
    full = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))}
    command = ["-B", "-m", "lenet_tutorial", "data", "--folder", tmp_path / "mnist"]
    done = alone(*command, "--mirror", mirror, "--mirror", mirror, how=full)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and done.stderr.count("can't write to") == 1
    assert "File too large" in done.stderr
    assert list((tmp_path / "mnist").iterdir()) == []


# --------------------------------------------------------------------------- what a test run uses


@pytest.fixture
def project(alone, tmp_path):
    """Return a function that runs pytest on two chapters and a few tests, under our conftest.py."""
    root = tmp_path / "project"
    (root / "chapters").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "conftest.py").write_text(
        (ROOT / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (root / "pytest.ini").write_text("[pytest]\nmarkers = mnist\n", encoding="utf-8")
    (root / "tests" / "test_it.py").write_text(
        "import os, pytest\n"
        "def test_pure(): pass\n"
        "@pytest.mark.mnist\ndef test_mnist(): pass\n"
        "def test_set(): assert os.environ['LENET_TUTORIAL_DATASET'] == os.environ['EXPECTED']\n",
        encoding="utf-8",
    )

    def run(*arguments, shown=None, **settings):
        if shown:
            source = "from lenet_tutorial.datasets import load_digits28\nload_digits28()"
            cell = nbformat.v4.new_code_cell(source, execution_count=1)
            cell.outputs = [
                nbformat.v4.new_output("execute_result", {"text/plain": shown}, execution_count=1)
            ]
            for name in ("1.ipynb", "2.ipynb"):
                nbformat.write(nbformat.v4.new_notebook(cells=[cell]), root / "chapters" / name)
        command = ["-m", "pytest", "-p", "no:cacheprovider", "--nbval-current-env", *arguments]
        done = alone(*command, how={"cwd": root}, **settings)
        header = re.findall(r"^digits: (.*)$", done.stdout, re.MULTILINE)
        return done, header[0] if header else None

    run.root = root
    return run


WORKERS = ("--nbval", "--numprocesses", "2", "chapters", "tests")


@pytest.mark.slow
def test_a_run_downloads_once_and_all_chapters_use_what_it_found(project, small, serve):
    asked = []

    def answer(handler, name):
        asked.append(name)
        if len(asked) > 4:  # the network has gone
            return give(handler, b"", status=503)
        return give(handler, small[name])

    done, header = project(
        *WORKERS, shown=MNIST[0], LENET_TUTORIAL_MIRRORS=serve(answer), EXPECTED="mnist"
    )
    assert done.returncode == 0, done.stdout
    assert header == "MNIST, downloaded into the cache"
    assert len(asked) == 4 and "5 passed" in done.stdout


@pytest.mark.slow
def test_a_run_without_mnist_uses_the_digits_to_its_end(project, small, serve):
    asked = []

    def answer(handler, name):
        asked.append(name)
        if len(asked) == 1:
            return give(handler, b"", status=503)
        return give(handler, small[name])  # the network comes back, too late

    done, header = project(
        *WORKERS, shown=DIGITS[0], LENET_TUTORIAL_MIRRORS=serve(answer), EXPECTED="digits"
    )
    assert done.returncode == 0, done.stdout
    assert header.startswith("scikit-learn's, since MNIST is not to be had (train-images")
    assert "status 503" in header
    assert len(asked) == 1 and "4 passed, 1 skipped" in done.stdout


def test_a_relative_folder_is_the_same_for_a_chapter(project, small):
    folder = project.root / "my mnist"
    folder.mkdir()
    for name, data in small.items():
        (folder / name).write_bytes(data)
    done, header = project(
        "--nbval", "chapters/1.ipynb", shown=MNIST[0], LENET_TUTORIAL_DATA="my mnist", **NOWHERE
    )
    assert done.returncode == 0, done.stdout
    assert header == f"MNIST, from {folder}, because of LENET_TUTORIAL_DATA"


@pytest.mark.parametrize("arguments", [("tests",), ("--nbval", "--collect-only", "tests")])
def test_tests_alone_download_nothing(project, small, serve, arguments):
    asked = []
    mirror = serve(lambda handler, name: asked.append(name))
    done, header = project(*arguments, LENET_TUTORIAL_MIRRORS=mirror, EXPECTED="digits")
    assert done.returncode == 0 and asked == []
    assert header.startswith("scikit-learn's, since MNIST is not to be had (no folder, not in")


@pytest.mark.slow
def test_a_forced_data_set_is_the_one_of_the_run(project, small):
    done, header = project("tests", LENET_TUTORIAL_DATASET="digits", EXPECTED="digits")
    assert done.returncode == 0 and "2 passed, 1 skipped" in done.stdout
    assert header == "scikit-learn's, because of LENET_TUTORIAL_DATASET=digits"
    done, header = project("tests", LENET_TUTORIAL_DATASET="mnist", EXPECTED="mnist")
    assert done.returncode == 0 and "2 passed, 1 skipped" in done.stdout
    assert "not here yet" in header


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        (["tests"], {"LENET_TUTORIAL_DATA": "nowhere"}, "no such folder: .*project/nowhere"),
        (["tests"], {"LENET_TUTORIAL_DATA": "pytest.ini"}, "pytest.ini is no folder"),
        (["tests"], {"LENET_TUTORIAL_DATA": "tests"}, "tests has neither train-images"),
        (["tests"], {"LENET_TUTORIAL_DATASET": "letters"}, "letters: it takes mnist, digits or"),
        (["--nbval"], {"LENET_TUTORIAL_DATASET": "mnist"}, "=mnist: train-images.*be reached"),
        (["--nbval"], {"LENET_TUTORIAL_MIRRORS": "http://example.org"}, "MIRRORS: 'http://exam"),
    ],
)
def test_a_run_with_a_bad_setting_stops_with_one_line(project, arguments, settings, words):
    done, _ = project(*arguments, "-n", "2", **(NOWHERE | settings))
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    (complaint,) = done.stderr.strip().splitlines()
    assert re.match(f"ERROR: .*{words}", complaint)
    assert "Traceback" not in done.stdout + done.stderr


# --------------------------------------------------------------------------- which data set


def test_without_mnist_one_line_says_why_and_the_digits_take_over(
    small, serve, tmp_path, monkeypatch, capsys
):
    asked = []

    def answer(handler, name):
        asked.append(name)
        give(handler, b"", status=503)

    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path))
    monkeypatch.setenv("LENET_TUTORIAL_MIRRORS", serve(answer))
    for _ in range(3):
        digits = load_digits28()
        assert digits.name == "digits" and digits.origin == "bundled"
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1  # it speaks once, and asks once
    assert "status 503" in lines[0] and "1797 digits" in lines[0]
    assert len(asked) == 1
    with pytest.raises(MnistUnavailable, match="status 503"):
        load_digits28("mnist")


def test_what_was_found_holds_for_the_process_and_nobody_spoils_it(
    small, arrays, serve, tmp_path, monkeypatch
):
    asked = []

    def answer(handler, name):
        asked.append(name)
        give(handler, small[name])

    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LENET_TUTORIAL_MIRRORS", serve(answer))
    first = load_digits28()
    for key in arrays:
        getattr(first, key)[:] = 0
    for file in (tmp_path / "cache").iterdir():
        file.unlink()
    monkeypatch.setattr(mirrors, "get", None)  # whoever asks a mirror now fails
    assert same(load_digits28(), arrays) and same(load_digits28("mnist"), arrays)
    assert len(asked) == 4
    monkeypatch.setenv("LENET_TUTORIAL_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match="no such folder"):  # another setting, another search
        load_digits28()


def test_the_notice_takes_any_encoding(small, tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path / "数字"))
    (tmp_path / "数字").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("LENET_TUTORIAL_MIRRORS", "http://127.0.0.1:9/")
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="cp1252"))
    assert load_digits28().name == "digits"
    sys.stdout.flush()
    assert rb"\u6570\u5b57: it is no folder" in written.getvalue()


def test_the_environment_chooses_and_the_argument_wins(monkeypatch, capsys):
    monkeypatch.setenv("LENET_TUTORIAL_DATASET", "digits")
    assert load_digits28().name == "digits"
    monkeypatch.setenv("LENET_TUTORIAL_DATASET", "letters")
    with pytest.raises(DatasetError, match=r"unknown data set 'letters'.*'mnist', 'digits'"):
        load_digits28()
    assert load_digits28("digits").name == "digits"
    assert capsys.readouterr().out == ""


def test_an_error_of_the_data_is_a_value_error():
    assert issubclass(MnistUnavailable, DatasetError) and issubclass(DatasetError, ValueError)


# --------------------------------------------------------------------------- what the page says


def test_the_page_has_the_checksums_and_the_addresses_that_the_package_uses():
    text = (ROOT / "book" / "how-to-use.md").read_text(encoding="utf-8")
    (part,) = re.findall(r"^### When an address is blocked$(.*?)^### ", text, re.M | re.S)
    sums = dict(re.findall(r"^\| `([\w.-]+)` \| `([0-9a-f]{64})` \|$", part, re.M))
    assert sums == {
        name: sha for name, sha, *_ in [*mnist.MNIST_FILES.values(), *ZIP_FILES.values()]
    }
    assert tuple(re.findall(r"^- `(\S+)`$", part, re.M)) == mirrors.MIRRORS
    digits = load_bundled()
    learned, asked = len(digits.x_train), len(digits.x_test)
    assert f"{learned // 1000} {learned % 1000} digits to learn from and {asked} for" in part
    assert f"a single test digit is {100 / asked:.2f} points" in part


# --------------------------------------------------------------------------- the bundled digits


def test_the_bundled_digits_have_the_form_of_mnist():
    digits = load_bundled()
    assert digits.x_train.shape == (1437, 28, 28) and digits.x_test.shape == (360, 28, 28)
    for array in (digits.x_train, digits.y_train, digits.x_test, digits.y_test):
        assert array.dtype == np.uint8
    assert digits.x_train.max() == 255 and digits.x_train.min() == 0
    # Every class has its share of the test set.
    assert set(np.bincount(digits.y_test)) <= {35, 36, 37}
    assert np.array_equal(load_bundled().y_test, digits.y_test)
    everything = np.concatenate([digits.x_train, digits.x_test]).reshape(1797, -1)
    assert len(np.unique(everything, axis=0)) == 1797  # none stands in both parts


def test_enlarging_keeps_the_ink_and_leaves_a_border():
    flat = np.full((1, 8, 8), 16.0)
    big = enlarge(flat)
    assert big.shape == (1, 28, 28)
    assert (big[0, 4:24, 4:24] == 255).all()
    assert big.sum() == 255 * 400
    ramp = np.tile(np.arange(8) * 2.0, (1, 8, 1))
    row = enlarge(ramp)[0, 14, 4:24].astype(int)
    assert (np.diff(row) >= 0).all() and row[0] == 0 and row[-1] == round(14 / 16 * 255)


# --------------------------------------------------------------------------- parsing and checking


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\0\0\x0d\x01\0\0\0\1\0", "starts with 00 00 0d 01"),
        (b"\0\0\x08\x07\0\0\0\1\0", "starts with 00 00 08 07"),
        (b"\0\0\x08\x03\0\0\0\1\0", "header has 9 of 16 bytes"),
        (b"\0\0\x08\x01\0\0\0\3\1\2", r"has 10 bytes; its header says \(3,\), which takes 11"),
        (b"\0\0\x08\x01\0\0\0\1\1\2", "has 10 bytes"),
        # Their product is 2**64, and 0 to whoever counts with 64 bits.
        (
            b"\0\0\x08\x04" + struct.pack(">4I", *[1 << 16] * 4),
            "has 20 bytes.*which takes 18446744073709551636",
        ),
    ],
)
def test_bytes_that_are_no_idx_file(data, message):
    with pytest.raises(DatasetError, match=message):
        parse_idx(data)


def test_an_idx_file_is_read_in_the_order_of_its_axes():
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    assert np.array_equal(parse_idx(idx(array)), array)
    assert parse_idx(idx(array)).flags.writeable


def test_gunzip_takes_the_size_that_is_said():
    assert gunzip(gzip.compress(b"abc"), "x.gz", 3) == b"abc"


def test_prepare_pads_with_background_and_scales_to_one():
    images = np.full((2, 28, 28), 255, np.uint8)
    x = prepare(images, 32)
    assert x.shape == (2, 32, 32, 1) and x.dtype == np.float32
    assert (x[:, 2:30, 2:30] == 1).all() and x.sum() == 2 * 28 * 28
    assert prepare(images).shape == (2, 28, 28, 1)


@pytest.mark.parametrize(
    ("images", "size", "message"),
    [
        (np.zeros((1, 28, 28), np.float32), 28, "must be uint8.*divided by 255 before"),
        (np.zeros((1, 27, 28), np.uint8), 28, "must be 28×28 pixels, got 27×28"),
        (np.zeros((1, 28, 28), np.uint8), 30, "input_size must be 28 or 32, got 30"),
        (np.zeros((28, 28), np.uint8), 28, r"must have shape .*got \(28, 28\)"),
        (np.zeros((1, 28, 28, 3), np.uint8), 28, r"must have shape .*got \(1, 28, 28, 3\)"),
        (np.zeros((0, 28, 28), np.uint8), 28, "there are no images"),
    ],
)
def test_prepare_names_what_is_wrong(images, size, message):
    with pytest.raises(ValueError, match=message):
        prepare(images, size)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.full((1, 28, 28), np.nan), "NaN or infinity"),
        (np.full((1, 28, 28), np.inf), "NaN or infinity"),
        (np.full((1, 28, 28), "a"), "must be numbers"),
        (np.zeros((1, 28, 28), bool), "must be numbers, got dtype bool"),
        (np.zeros((1, 28, 28), complex), "real numbers"),
        (np.zeros((1, 28, 28), object), "must be numbers, got dtype object"),
    ],
)
def test_images_that_are_none(images, message):
    with pytest.raises(ValueError, match=message):
        check_images(images)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 10], "labels must be 0 to 9, got 10"),
        ([-1, 0], "labels must be 0 to 9, got -1"),
        ([0.0, 1.0], "whole numbers, got dtype float64"),
        ([[0, 1]], r"shape \(n,\), got \(1, 2\)"),
        ([0, 1, 2], "there are 2 images and 3 labels"),
        ([True, False], "whole numbers, got dtype bool"),
    ],
)
def test_labels_that_are_none(labels, message):
    with pytest.raises(ValueError, match=message):
        check_labels(np.array(labels), count=2)


def test_the_input_of_1998():
    images = np.zeros((2, 28, 28), np.uint8)
    images[1, 0, 0] = 255
    x = prepare_1998(images)
    assert x.shape == (2, 32, 32, 1) and x.dtype == np.float32
    np.testing.assert_allclose([x.min(), x.max()], [-0.1, 1.175], rtol=1e-6)
    assert x[1, 2, 2, 0] == x.max()


def test_the_input_of_1989_fills_the_frame_and_keeps_proportions():
    images = np.zeros((3, 28, 28), np.uint8)
    images[0, 4:24, 9:19] = 255  # 20 high, 10 wide: becomes 16 × 8
    images[1, 3:11, 5:13] = 255  # 8 × 8, enlarged
    x = prepare_1989(images)[..., 0]
    assert x.shape == (3, 16, 16) and x.dtype == np.float32
    np.testing.assert_allclose((x[0] + 1).sum() / 2, 16 * 8, rtol=1e-5)
    assert (x[0][:, 4:12] > 0.99).all() and (x[0][:, :4] < -0.99).all()
    np.testing.assert_allclose(x[1], 1, atol=1e-5)
    np.testing.assert_array_equal(x[2], -1)  # an empty image stays empty


def test_the_input_of_1989_has_the_mean_of_the_ink_it_came_from():
    images = np.random.default_rng(0).integers(1, 255, (4, 28, 28)).astype(np.uint8)
    x = prepare_1989(images)
    np.testing.assert_allclose(
        (x.mean(axis=(1, 2, 3)) + 1) / 2, images.mean(axis=(1, 2)) / 255, rtol=1e-4
    )


def peak(call):
    """Return what a call gives, and the most bytes that it holds at once."""
    tracemalloc.start()
    try:
        result = call()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_what_is_right_already_is_neither_copied_nor_changed():
    x, y = np.zeros((2000, 28, 28, 1), np.float32), np.zeros(2000, np.int64)
    x.setflags(write=False)
    y.setflags(write=False)
    for images in (x, x[..., 0]):
        checked, most = peak(lambda images=images: check_images(images, 28))
        assert np.shares_memory(checked, x) and checked.shape == x.shape
        assert most < x.nbytes / 100
    assert check_labels(y) is y


@pytest.mark.parametrize(
    ("call", "side"), [(prepare, 28), (lambda raw: prepare(raw, 32), 32), (prepare_1998, 32)]
)
def test_digits_are_prepared_without_an_array_in_between(call, side):
    raw = np.random.default_rng(0).integers(0, 256, (2000, 28, 28), np.uint8)
    raw.setflags(write=False)
    call(raw[:1])
    prepared, most = peak(lambda: call(raw))
    assert prepared.shape == (2000, side, side, 1) and prepared.flags.writeable
    assert most < 1.1 * prepared.nbytes


def test_the_list_of_networks_prepares_digits_as_the_chapters_do():
    from lenet_tutorial.networks import NETWORKS

    images = load_bundled().x_test[:20]
    alike = {
        "lenet5": prepare(images, 32),
        "article": prepare(images),
        "1998": prepare_1998(images),
        "1989": prepare_1989(images),
    }
    for name, inputs in alike.items():
        assert np.array_equal(NETWORKS[name].input.prepare(images), inputs)
