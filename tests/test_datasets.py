"""The loader: what comes out, and what happens when anything goes wrong.

No test needs the internet. Servers run on the loopback address; a small stand-in for MNIST, with
its own checksums, takes the place of the real files.
"""

import ctypes
import functools
import gzip
import hashlib
import http.server
import os
import pickle
import socketserver
import struct
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

from lenet_tutorial import datasets
from lenet_tutorial.datasets import (
    DatasetError,
    MnistUnavailable,
    check_images,
    check_labels,
    enlarge,
    gunzip,
    load_bundled,
    load_digits28,
    load_mnist,
    parse_idx,
    prepare,
)


def idx(array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in ("DATA", "DATASET", "CACHE"):
        monkeypatch.delenv(f"LENET_TUTORIAL_{name}", raising=False)


@pytest.fixture
def arrays():
    draw = np.random.default_rng(0).integers
    return {
        "x_train": draw(0, 256, (30, 28, 28), np.uint8),
        "y_train": draw(0, 10, 30, np.uint8),
        "x_test": draw(0, 256, (10, 28, 28), np.uint8),
        "y_test": draw(0, 10, 10, np.uint8),
    }


@pytest.fixture
def small(arrays, monkeypatch):
    """Put a small stand-in in MNIST's place; return {file name: bytes of the .gz}."""
    files, served = {}, {}
    for key, (name, _, _) in datasets.MNIST_FILES.items():
        data = idx(arrays[key])
        files[key] = (name, hashlib.sha256(data).hexdigest(), arrays[key].shape)
        served[f"{name}.gz"] = gzip.compress(data)
    monkeypatch.setattr(datasets, "MNIST_FILES", files)
    return served


@pytest.fixture
def serve():
    """Return a function that starts a server from a handler function, and gives its address."""
    servers = []

    def start(answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer(self, self.path.rsplit("/", 1)[-1])

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/mnist/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def give(handler, data, status=200, kind="application/gzip", length=None):
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(data) if length is None else length))
    handler.end_headers()
    handler.wfile.write(data)


def load(cache, *mirrors):
    return load_mnist(cache=cache, mirrors=mirrors, progress=False)


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
    for key, (name, _, _) in datasets.MNIST_FILES.items():
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
        "no gzip": plain,
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
    "empty": "is no gzip file",
    "no gzip": "is no gzip file",
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


def test_the_real_addresses_are_in_the_code():
    assert len(datasets.MIRRORS) >= 3
    assert all(mirror.endswith("/") for mirror in datasets.MIRRORS)
    assert datasets.MNIST_FILES["x_train"][0] == "train-images-idx3-ubyte"


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
    monkeypatch.setattr(datasets, "READ_TIMEOUT", 0.3)
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
    monkeypatch.setattr(datasets, "FILE_TIMEOUT", 0.5)
    stop = threading.Event()

    def drip(handler, name):
        handler.send_response(200)
        handler.send_header("Content-Length", str(1 << 30))
        handler.end_headers()
        try:
            while not stop.is_set():
                handler.wfile.write(bytes(1 << 16))
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
    with pytest.raises(MnistUnavailable, match="ConnectionError"):
        load(tmp_path, f"http://127.0.0.1:{port}/")


def test_a_gzip_bomb_is_not_unpacked(small, serve, tmp_path):
    bomb = gzip.compress(bytes(1 << 28))  # 256 MiB in 260 kB
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
    with pytest.raises(MnistUnavailable, match="can't write the cache"):
        load(cache, good)


def test_a_read_only_cache(small, arrays, serve, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    good = serve(lambda handler, name: give(handler, small[name]))
    code = """
        import sys
        from lenet_tutorial import datasets
        datasets.MNIST_FILES = eval(sys.argv[3])
        try:
            print(datasets.load_mnist(cache=sys.argv[1], mirrors=[sys.argv[2]], progress=False))
        except datasets.MnistUnavailable as error:
            print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    command += [str(cache), good, repr(datasets.MNIST_FILES)]

    def tried():
        cache.chmod(0o555)
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", preexec_fn=without_roots_privilege
        )
        cache.chmod(0o755)
        if done.returncode == 99:
            pytest.skip("root's privilege can't be given up here")
        return done.stdout

    assert "can't write the cache: Permission denied" in tried()
    assert list(cache.iterdir()) == []
    load(cache, good)
    assert "<MNIST: 30 training and 10 test digits>" in tried()  # a filled one can be read


def test_no_space_left(small, arrays, serve, tmp_path, monkeypatch):
    good = serve(lambda handler, name: give(handler, small[name]))
    write = datasets.Path.write_bytes

    def full(self, data):
        write(self, data[: len(data) // 2])  # half of it fits
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(datasets.Path, "write_bytes", full)
    with pytest.raises(MnistUnavailable, match="can't write the cache: No space left on device"):
        load(tmp_path, good)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_two_processes_at_once(small, arrays, serve, tmp_path):
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
        from lenet_tutorial import datasets
        datasets.MNIST_FILES = eval(sys.argv[3])
        digits = datasets.load_mnist(cache=sys.argv[1], mirrors=[sys.argv[2]], progress=False)
        print(digits, digits.x_train.sum())
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    command += [str(tmp_path), mirror, repr(datasets.MNIST_FILES)]
    start = functools.partial(subprocess.Popen, stdout=subprocess.PIPE, encoding="utf-8")
    running = [start(command) for _ in range(3)]
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
        from lenet_tutorial import datasets
        datasets.MNIST_FILES = eval(sys.argv[3])
        datasets.load_mnist(cache=sys.argv[1], mirrors=[sys.argv[2]], progress=False)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    process = subprocess.Popen(
        [*command, str(tmp_path), serve(stop_half_way), repr(datasets.MNIST_FILES)]
    )
    assert half.wait(60)
    process.kill()
    process.wait()
    assert not (tmp_path / "t10k-images-idx3-ubyte").exists()
    good = serve(lambda handler, name: give(handler, small[name]))
    assert same(load(tmp_path, good), arrays)


def test_the_progress_bar_goes_to_stderr_and_knows_the_size(small, serve, tmp_path, capsys):
    good = serve(lambda handler, name: give(handler, small[name]))
    load_mnist(cache=tmp_path, mirrors=[good])
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "train-images-idx3-ubyte.gz: 100%" in shown.err


def test_the_cache_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path))
    assert datasets.cache_folder() == tmp_path


# --------------------------------------------------------------------------- which data set


def test_without_mnist_one_line_says_why_and_the_digits_take_over(
    small, serve, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("LENET_TUTORIAL_CACHE", str(tmp_path))
    mirror = serve(lambda handler, name: give(handler, b"", status=503))
    monkeypatch.setattr(load_mnist, "__defaults__", (None, None, (mirror,), False))
    digits = load_digits28()
    lines = capsys.readouterr().out.splitlines()
    assert digits.name == "digits" and digits.origin == "bundled"
    assert len(lines) == 1
    assert "status 503" in lines[0] and "1797 digits" in lines[0]
    with pytest.raises(MnistUnavailable, match="status 503"):
        load_digits28("mnist")


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
        (b"", "starts with"),
        (b"\0\0\x0d\x01\0\0\0\1\0", "starts with 00 00 0d 01"),
        (b"\0\0\x08\x07\0\0\0\1\0", "starts with 00 00 08 07"),
        (b"\0\0\x08\x03\0\0\0\1\0", "header has 9 of 16 bytes"),
        (b"\0\0\x08\x01\0\0\0\3\1\2", r"has 10 bytes; its header says \(3,\), which takes 11"),
        (b"\0\0\x08\x01\0\0\0\1\1\2", "has 10 bytes"),
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
    x = datasets.prepare_1998(images)
    assert x.shape == (2, 32, 32, 1) and x.dtype == np.float32
    np.testing.assert_allclose([x.min(), x.max()], [-0.1, 1.175], rtol=1e-6)
    assert x[1, 2, 2, 0] == x.max()


def test_the_input_of_1989_fills_the_frame_and_keeps_proportions():
    images = np.zeros((3, 28, 28), np.uint8)
    images[0, 4:24, 9:19] = 255  # 20 high, 10 wide: becomes 16 × 8
    images[1, 3:11, 5:13] = 255  # 8 × 8, enlarged
    x = datasets.prepare_1989(images)[..., 0]
    assert x.shape == (3, 16, 16) and x.dtype == np.float32
    np.testing.assert_allclose((x[0] + 1).sum() / 2, 16 * 8, rtol=1e-5)
    assert (x[0][:, 4:12] > 0.99).all() and (x[0][:, :4] < -0.99).all()
    np.testing.assert_allclose(x[1], 1, atol=1e-5)
    np.testing.assert_array_equal(x[2], -1)  # an empty image stays empty


def test_the_input_of_1989_has_the_mean_of_the_ink_it_came_from():
    images = np.random.default_rng(0).integers(1, 255, (4, 28, 28)).astype(np.uint8)
    x = datasets.prepare_1989(images)
    np.testing.assert_allclose(
        (x.mean(axis=(1, 2, 3)) + 1) / 2, images.mean(axis=(1, 2)) / 255, rtol=1e-4
    )
