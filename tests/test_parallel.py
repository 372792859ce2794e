"""Training on several workers: the result of one, no orphans, and nothing lost but an epoch."""

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import psutil
import pytest

from lenet_tutorial import models, pictures, results
from lenet_tutorial.datasets import load_bundled, prepare, prepare_1998
from lenet_tutorial.experiments import beyond_one_machine as beyond
from lenet_tutorial.training import judge, parallel, set_seed
from lenet_tutorial.training.parallel import cluster, fit_parallel, free_ports
from lenet_tutorial.training.processes import WorkerError, Workers, surroundings
from lenet_tutorial.training.worker import (
    load_checkpoint,
    make_step,
    order_of,
    save_checkpoint,
    share_of,
)

COUNT, BATCH, EPOCHS = 640, 64, 2  # ten steps in each epoch


@pytest.fixture(scope="module")
def digits():
    bundled = load_bundled()
    return prepare(bundled.x_train[:COUNT], 32), bundled.y_train[:COUNT]


def build():
    set_seed(0)
    return models.lenet5_textbook()


def apart(one, other):
    pairs = zip(one, other, strict=True)
    return max(np.abs(a - b).max() for a, b in pairs)


@pytest.fixture(scope="module")
def alone(digits):
    """Return the weights that Keras itself gets to in one process, batch by batch."""
    x, y = digits
    model = build()
    model.compile("adam", "sparse_categorical_crossentropy")
    for epoch in range(EPOCHS):
        order = order_of(0, epoch, COUNT)
        for first in range(0, COUNT, BATCH):
            rows = order[first : first + BATCH]
            model.train_on_batch(x[rows], y[rows])
    return model.get_weights()


@pytest.fixture(scope="module")
def two(digits):
    model = build()
    run = fit_parallel(model, *digits, workers=2, epochs=EPOCHS, timeout=120)
    return run, model.get_weights()


# --------------------------------------------------------------------------- the same result


def test_two_workers_get_the_weights_of_one(two, alone):
    run, weights = two
    # The same sums in another order: a few units in the last digit, which 20 steps of Adam carry
    # on. Weights that moved by another batch or another half would differ by 0.01 and more.
    assert apart(weights, alone) < 1e-4
    assert apart(weights, build().get_weights()) > 0.01
    assert run.apart == 0  # and the two have the same to the last bit
    assert run.loss[1] < run.loss[0] and run.first_epoch == 0
    assert len(run.devices) == 2 and 0 < run.step_seconds < 60


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")
def test_two_devices_of_jax_get_the_same_weights(digits, alone, two):
    model = build()
    run = fit_parallel(model, *digits, workers=2, epochs=EPOCHS, engine="jax", timeout=120)
    assert apart(model.get_weights(), alone) < 1e-3  # other kernels, other roundings
    np.testing.assert_allclose(run.loss, two[0].loss, rtol=1e-3)
    assert run.devices == ("cpu:0", "cpu:1")


def test_workers_do_not_ask_a_proxy_for_each_other_nor_take_over_what_is_not_for_them(
    digits, two, monkeypatch
):
    """With a proxy that does not answer two workers waited for ever."""
    with socket.socket() as deaf:  # takes connections in, and never says a word
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        proxy = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        for name in ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy"):
            monkeypatch.setenv(name, proxy)
            monkeypatch.setenv(name.upper(), proxy)
        monkeypatch.setenv("no_proxy", "example.org")
        monkeypatch.setenv("KERAS_BACKEND", "nonsense")
        monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
        monkeypatch.setenv("TF_CONFIG", "{}")
        monkeypatch.setenv("MPLBACKEND", "nonsense")
        model = build()
        fit_parallel(model, *digits, workers=2, epochs=EPOCHS, timeout=90)
    assert apart(model.get_weights(), two[1]) < 1e-5


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "127.0.0.1,localhost,::1"),
        ({"no_proxy": "a.org, .b.org"}, "a.org,.b.org,127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "a.org"}, "a.org,127.0.0.1,localhost,::1"),
        ({"no_proxy": "localhost,a.org"}, "localhost,a.org,127.0.0.1,::1"),
        ({"no_proxy": ""}, "127.0.0.1,localhost,::1"),
    ],
)
def test_the_loopback_address_is_added_to_the_hosts_without_a_proxy(given, expected):
    proxies = {"http_proxy": "http://proxy:3128", "PATH": "/bin"}
    found = surroundings({"TF_CONFIG": "{}"}, proxies | given)
    assert [found[name] for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy")] == [expected] * 3
    assert {name: found[name] for name in proxies} == proxies
    assert found["TF_CONFIG"] == "{}"


def test_two_lists_of_hosts_both_keep_theirs_and_a_star_stays_a_star():
    found = surroundings({}, {"no_proxy": "a.org", "NO_PROXY": "b.org"})
    assert found["no_proxy"].startswith("a.org,127") and found["NO_PROXY"].startswith("b.org,127")
    found = surroundings({}, {"no_grpc_proxy": "c.org"})
    assert found["no_grpc_proxy"] == "c.org,127.0.0.1,localhost,::1"
    found = surroundings({}, {"NO_PROXY": "*"})
    assert found["NO_PROXY"] == found["no_proxy"] == "*"  # "*,a" would mean something else
    assert found["no_grpc_proxy"] == "*,127.0.0.1,localhost,::1"


def test_last_words_in_any_letters_are_read(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    start = program(tmp_path, monkeypatch, "raise SystemExit('七 é')")
    with pytest.raises(WorkerError, match="七 é"), start(1) as workers:
        workers.wait(60)


@pytest.mark.parametrize("network", [models.lenet5_1998, models.lenet1, models.lenet5_article])
def test_a_step_moves_by_the_gradient_of_the_mean_loss_for_every_kind_of_output(network, digits):
    import keras

    x = digits[0] if network is models.lenet5_1998 else digits[0][:, 2:-2, 2:-2]
    x, y = x[:20], digits[1][:20]
    if network is models.lenet5_1998:
        x = prepare_1998(load_bundled().x_train[:20])
    weights = []
    for ours in (True, False):
        set_seed(1)
        model, optimizer = network(), keras.optimizers.SGD(0.01)
        loss = judge(model)[0]
        if ours:
            loss.reduction = "sum"
            optimizer.build(model.trainable_variables)
            make_step(model, optimizer, loss, 20)(x, y)
        else:
            model.compile(optimizer, loss)
            model.train_on_batch(x, y)
        weights.append(model.get_weights())
    assert apart(*weights) < 1e-6


def test_all_workers_have_one_order_and_share_each_batch_out():
    orders = [order_of(3, epoch, 100) for epoch in range(3)]
    for order in orders:
        assert sorted(order) == list(range(100))
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(orders[2], order_of(3, 2, 100))
    assert not np.array_equal(orders[0], order_of(4, 0, 100))
    shares = [share_of(orders[0][:12], index, 3) for index in range(3)]
    assert [len(share) for share in shares] == [4, 4, 4]
    assert np.array_equal(np.concatenate(shares), orders[0][:12])


# --------------------------------------------------------------------------- a worker dies


def test_after_a_worker_was_killed_the_run_is_resumed_and_ends_as_if_nothing_had_happened(
    digits, two, tmp_path
):
    model, folder = build(), tmp_path / "kept"
    before = [weight.copy() for weight in model.get_weights()]
    options = {"epochs": EPOCHS, "keep": folder, "timeout": 120}
    others = set(psutil.Process().children(recursive=True))  # such as the other tests' browser
    with pytest.raises(WorkerError, match="worker 1 of 2 was ended by SIGKILL"):
        fit_parallel(model, *digits, kill=(1, 1, 7), **options)
    assert set(psutil.Process().children(recursive=True)) <= others
    assert apart(before, model.get_weights()) == 0
    assert [file.name for file in folder.iterdir()] == ["checkpoint.npz"]
    shutil.copytree(folder, tmp_path / "again")

    run = fit_parallel(model, *digits, **options)
    assert run.first_epoch == 1  # the first epoch was kept, the unfinished second one is lost
    # The same order, the same optimiser state, the same sums: only the machine may round otherwise.
    assert apart(model.get_weights(), two[1]) < 1e-5
    assert run.loss == pytest.approx(two[0].loss, rel=1e-4)

    # One worker alone can go on with what two have begun.
    model = build()
    run = fit_parallel(model, *digits, workers=1, **options | {"keep": tmp_path / "again"})
    assert run.first_epoch == 1 and apart(model.get_weights(), two[1]) < 1e-4


RUN = {"images": 10, "batch_size": 5, "seed": 0}
WEIGHTS, STATE = [np.ones(3), np.zeros((2, 2))], [np.array(7)]


def test_a_checkpoint_comes_back_as_it_was_written(tmp_path):
    assert load_checkpoint(tmp_path, RUN) is None
    save_checkpoint(tmp_path, RUN, 2, [0.5, 0.25], WEIGHTS, STATE)
    epoch, losses, weights, state = load_checkpoint(tmp_path, RUN)
    assert (epoch, losses) == (2, [0.5, 0.25])
    assert apart(weights, WEIGHTS) == 0 and state[0] == 7 and len(state) == 1


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    save_checkpoint(tmp_path, RUN, 2, [0.5, 0.25], WEIGHTS, STATE)
    with pytest.raises(ValueError, match="of another run: its batch_size is 5, not 10"):
        load_checkpoint(tmp_path, RUN | {"batch_size": 10})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"about": None}, "it does not say what its run is"),
        ({"about": []}, "it does not say what its run is"),
        ({"about": {"images": 1}}, "it does not say what its run is"),
        ({"epoch": -5}, "epoch -5"),
        ({"epoch": 0}, "epoch 0"),
        ({"epoch": 10**9}, "its history has not one number of loss for each epoch"),
        ({"epoch": "1"}, "epoch '1'"),
        ({"history": {}}, "its history lacks a column"),
        ({"history": {"loss": ["x"]}}, "no checkpoint"),
        ({"history": {"loss": 3}}, "no checkpoint"),
        ({"about": {}}, "of another run: its images is None, not 1"),
        ({"about": {"images": "x" * 9999}}, "of another run: its images is xxx"),
    ],
)
def test_a_checkpoint_made_by_hand_is_refused_in_a_clear_line(tmp_path, change, words):
    path = tmp_path / "checkpoint.npz"
    head = {"about": {"images": "1"}, "epoch": 1, "history": {"loss": [0.5]}}
    np.savez(path, head=json.dumps(head))
    assert load_checkpoint(tmp_path, {"images": 1}) == (1, [0.5], [], [])
    np.savez(path, head=json.dumps(head | change))
    with pytest.raises(ValueError, match=words) as caught:
        load_checkpoint(tmp_path, {"images": 1})
    assert len(str(caught.value)) < 500 and "\n" not in str(caught.value)


def test_a_checkpoint_that_was_cut_off_is_never_there(tmp_path, monkeypatch):
    save_checkpoint(tmp_path, RUN, 1, [0.5], WEIGHTS, STATE)

    def full(*_args, **_more):
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space left"):
        save_checkpoint(tmp_path, RUN, 2, [0.5, 0.25], WEIGHTS, STATE)
    assert load_checkpoint(tmp_path, RUN)[0] == 1  # the old one, whole


def test_a_file_that_is_no_checkpoint_is_named(tmp_path, digits):
    (tmp_path / "checkpoint.npz").write_bytes(b"PK nonsense")
    with pytest.raises(ValueError, match=r"checkpoint\.npz is no checkpoint"):
        fit_parallel(build(), *digits, keep=tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are Unix things")
def test_a_checkpoint_is_read_with_the_care_that_one_of_a_single_process_is(tmp_path):
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(tmp_path, RUN, 1, [0.5], WEIGHTS, STATE)
    with np.load(path) as archive:
        kept = {name: archive[name] for name in archive.files}
    good = path.read_bytes()
    assert load_checkpoint(tmp_path, RUN)[0] == 1
    place = good.index(WEIGHTS[0].tobytes())
    path.write_bytes(good[:place] + b"x" + good[place + 1 :])
    with pytest.raises(ValueError, match=r"no checkpoint that can be read .*CRC"):
        load_checkpoint(tmp_path, RUN)
    np.savez_compressed(path, **kept)  # it could unpack to any size
    with pytest.raises(ValueError, match=r"no checkpoint that can be read .head unpacks"):
        load_checkpoint(tmp_path, RUN)
    path.unlink()
    os.mkfifo(path)  # it would wait for its other end
    with pytest.raises(ValueError, match=r"no checkpoint that can be read .it is no file"):
        load_checkpoint(tmp_path, RUN)


# --------------------------------------------------------------------------- no orphans

SLEEPER = """
import os, pathlib, sys, time
from lenet_tutorial.training.worker import _end_with_the_launcher
_end_with_the_launcher()
folder, index = pathlib.Path(sys.argv[1]), int(sys.argv[2])
(folder / f"pid-{index}").write_text(str(os.getpid()))
"""


def program(tmp_path, monkeypatch, text):
    """Write a worker program and return a function that starts it so many times."""
    (tmp_path / "sleeper.py").write_text(SLEEPER + textwrap.dedent(text), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return lambda count: Workers("sleeper", tmp_path, [{"N": str(n)} for n in range(count)])


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def all_gone(workers):
    return all(process.poll() is not None for process in workers.processes)


def test_workers_that_end_well_are_waited_for(tmp_path, monkeypatch):
    start = program(tmp_path, monkeypatch, "(folder / f'out-{index}').write_text(os.environ['N'])")
    with start(3) as workers:
        workers.wait(30)
    assert [(tmp_path / f"out-{n}").read_text(encoding="utf-8") for n in range(3)] == [
        "0",
        "1",
        "2",
    ]


def test_when_one_fails_the_others_are_ended_and_its_last_lines_are_shown(tmp_path, monkeypatch):
    text = """
    if index == 1:
        for line in range(40):
            print("line", line, file=sys.stderr)
        raise SystemExit("out of paper")
    time.sleep(600)
    """
    with (
        pytest.raises(WorkerError) as caught,
        program(tmp_path, monkeypatch, text)(3) as workers,
    ):
        workers.wait(30)
    assert all_gone(workers)
    message = str(caught.value)
    assert message.startswith("worker 1 of 3 ended with exit code 1\n")
    assert "out of paper" in message and "line 39" in message and "line 3\n" not in message


def test_when_the_time_is_up_all_are_ended(tmp_path, monkeypatch):
    with (
        pytest.raises(WorkerError, match=r"not finished after 0\.5 s\nworker 0 of 2 was still"),
        program(tmp_path, monkeypatch, "time.sleep(600)")(2) as workers,
    ):
        workers.wait(0.5)
    assert all_gone(workers)


def test_an_interrupt_at_the_keyboard_ends_all(tmp_path, monkeypatch):
    start = program(tmp_path, monkeypatch, "time.sleep(600)")
    # Where the tests run in the background, the shell has told Python to ignore the signal.
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupt = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    try:
        with pytest.raises(KeyboardInterrupt), start(2) as workers:  # noqa: PT012
            interrupt.start()
            workers.wait(30)
    finally:
        signal.signal(signal.SIGINT, usual)
    assert all_gone(workers)


def test_an_error_in_the_launcher_ends_all(tmp_path, monkeypatch):
    start = program(tmp_path, monkeypatch, "time.sleep(600)")
    with pytest.raises(ZeroDivisionError), start(2) as workers:
        raise ZeroDivisionError
    assert all_gone(workers)


def test_a_worker_that_cannot_be_started_leaves_no_other_behind(tmp_path, monkeypatch):
    started, real = [], subprocess.Popen

    def popen(*args, **more):
        if len(started) == 2:
            raise OSError("too many processes")
        started.append(real(*args, **more))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    workers = program(tmp_path, monkeypatch, "time.sleep(600)")(3)
    with pytest.raises(OSError, match="too many processes"), workers:
        pass
    assert len(started) == 2 and all_gone(workers)


def test_workers_end_when_their_launcher_is_killed_outright(tmp_path, monkeypatch):
    program(tmp_path, monkeypatch, "time.sleep(600)")
    code = "from lenet_tutorial.training.parallel import Workers\n"
    code += f"with Workers('sleeper', {str(tmp_path)!r}, [{{}}, {{}}]) as running:"
    code += " running.wait(600)"
    with subprocess.Popen([sys.executable, "-c", code]) as launcher:
        files = [tmp_path / f"pid-{n}" for n in range(2)]
        try:
            wait_for(
                lambda: all(file.is_file() and file.read_text(encoding="utf-8") for file in files)
            )
        finally:
            launcher.kill()
    pids = [int(file.read_text(encoding="utf-8")) for file in files]
    wait_for(lambda: not any(psutil.pid_exists(pid) and alive(pid) for pid in pids))


def alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# --------------------------------------------------------------------------- ports


def test_ports_are_free_and_different_and_every_worker_is_told_of_all():
    ports = free_ports(5)
    assert len(set(ports)) == 5
    for port in ports:
        with socket.socket() as one:
            one.bind(("127.0.0.1", port))
    told = json.loads(cluster([4000, 4001], 1))
    assert told["cluster"]["worker"] == ["127.0.0.1:4000", "127.0.0.1:4001"]
    assert told["task"] == {"type": "worker", "index": 1}


@pytest.mark.parametrize(("words", "tries"), [("Could not start gRPC server", 3), ("ill", 1)])
def test_with_a_port_snatched_away_it_is_tried_again_with_others(
    monkeypatch, tmp_path, words, tries
):
    used = []

    class Unlucky(Workers):
        def __enter__(self):
            used.append(self.environments[0]["TF_CONFIG"])
            raise WorkerError(f"worker 0 of 2 ended with exit code 1\n    {words}")

    monkeypatch.setattr(parallel, "Workers", Unlucky)
    with pytest.raises(WorkerError, match=words):
        parallel._run({"engine": "tensorflow", "workers": 2}, tmp_path, 1)
    assert len(used) == len(set(used)) == tries


# --------------------------------------------------------------------------- bad input

images, labels = np.zeros((8, 32, 32, 1), "f4"), np.arange(8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"workers": 0}, "workers must be a whole number of at least 1, got 0"),
        ({"workers": 1.5}, r"workers must be a whole number of at least 1, got 1\.5"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"batch_size": True}, "batch_size must be a whole number of at least 1, got True"),
        ({"batch_size": 7}, "batch_size must be a multiple of the 2 workers, got 7"),
        ({"batch_size": 16}, "8 images are fewer than one batch of 16"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"threads": 0}, "threads must be a whole number of at least 1, got 0"),
        ({"timeout": 0}, "timeout must be above 0 seconds, got 0"),
        ({"engine": "torch"}, "engine must be one of .*, got 'torch'"),
        ({"kill": (2, 0, 1)}, r"kill must name a worker, an epoch and a step ≥ 1, got \(2, 0, 1\)"),
        ({"kill": (0, 0, 0)}, "kill must name a worker"),
        ({"x": np.zeros((8, 28, 28, 1), "f4")}, "images must be 32×32 pixels, got 28×28"),
        ({"y": np.arange(7)}, "there are 8 images and 7 labels"),
        ({"optimizer": "adamant"}, "adamant"),
    ],
)
def test_bad_input_is_named_before_any_process_is_started(changes, message, monkeypatch):
    monkeypatch.setattr(parallel, "Workers", None)
    arguments = {"x": images, "y": labels, "batch_size": 4} | changes
    with pytest.raises(ValueError, match=message):
        fit_parallel(build(), **arguments)


def test_an_engine_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="jax is not installed: pip install jax"):
        fit_parallel(build(), images, labels, batch_size=4, engine="jax")


# --------------------------------------------------------------------------- the picture


def test_the_picture_shows_the_counts_and_frames_what_has_arrived():
    states = [np.ones((2, 3)), np.array([[1, 2, 1], [2, 1, 1]])]
    fig = pictures.plot_exchange(states, ["before", "after"])
    first, second = fig.axes[:2]
    assert [text.get_text() for text in second.texts] == list("121211")
    assert [text.get_text() for text in first.texts] == ["1"] * 6
    places = [(box.get_y(), box.get_x()) for box in second.patches]
    np.testing.assert_allclose(places, [(-0.46, 0.54), (0.54, -0.46)])
    assert not first.patches
    assert [ax.get_title() for ax in (first, second)] == ["before", "after"]


@pytest.mark.parametrize(
    ("states", "titles", "message"),
    [
        ([], [], "states must be one or more arrays"),
        ([np.ones(3)], ["one"], "states must be one or more arrays"),
        ([np.ones((2, 2)), np.ones((2, 3))], ["one", "two"], "of the same shape"),
        ([np.ones((2, 2))], [], "there are 1 states and 0 titles"),
    ],
)
def test_a_picture_that_cannot_be_drawn(states, titles, message):
    with pytest.raises(ValueError, match=message):
        pictures.plot_exchange(states, titles)


# --------------------------------------------------------------------------- the long runs


def test_the_learning_rate_follows_the_batch_as_the_recipe_says():
    assert beyond.rate("same rate", 4096, 10) == beyond.BASE_RATE
    assert beyond.rate("scaled rate", 1024, 10) == 16 * beyond.BASE_RATE
    warm = beyond.rate("scaled rate, warm-up", 1024, 10)
    rates = [float(warm(step)) for step in (0, 5, 10, 50)]
    np.testing.assert_allclose(rates, beyond.BASE_RATE * np.array([1, 8.5, 16, 16]), rtol=1e-5)
    with pytest.raises(ValueError, match="recipe must be one of"):
        beyond.rate("any", 64, 10)


def test_a_slice_of_the_long_runs_comes_out_again_and_agrees_with_itself():
    wanted = {"dataset": "digits", "recipe": "scaled rate, warm-up", "batch_size": 128, "seed": 0}
    one, two = (beyond.run_batches(**wanted, epochs=6, train_digits=1000) for _ in range(2))
    assert one == two and one["val_accuracy"] > 0.6 and one["steps"] == 6 * 8


def test_two_workers_of_the_long_runs_learned_what_one_learned():
    table = results.read("workers")
    assert (table["apart"] == 0).all() and (table["step_seconds"] > 0).all()
    by = table.groupby(["batch_size", "seed"])["val_accuracy"]
    assert (by.max() - by.min()).max() <= 0.004
    assert (table["threads"] == table["recipe"].map(beyond.THREADS)).all()


def test_the_large_batches_were_run_with_the_recipes_of_the_book():
    table = results.read("batches")
    assert (table["base_rate"] == beyond.BASE_RATE).all()
    assert (table["epochs"] == beyond.EPOCHS).all()
    assert (table["steps"] == beyond.EPOCHS * -(-beyond.TRAIN_DIGITS // table["batch_size"])).all()
    assert (table["val_accuracy"] - table["test_accuracy"]).abs().max() < 0.02
