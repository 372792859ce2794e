"""Train LeNets on a GPU, or on whatever is there, and write what it took: one call, one file.

``python benchmarks/accelerator.py [--csv FILE] [--seconds 280] [--frameworks torch jax …]``. Each
framework that is installed runs in a process of its own, with all recipes, as often as the time
allows, and at least once. A row is one run: which framework, recipe and seed, on what device, what
it read of the test digits, and how long it took. Rows of other devices, of other digits and of
fewer epochs stay in the file; with ``--csv src/lenet_tutorial/data/results/accelerators.csv`` the
book's own file gets the new ones.

- ``start_s``: loading the framework, moving the digits to the device, building the network and
  compiling what is compiled, up to the first trained batch;
- ``train_s``: the training after that, by the clock on the wall, the measuring left out. Keras
  compiles within its first epoch, so for ``keras`` that counts here, and not in ``start_s``;
- ``to_99_s``: the part of it until an epoch ends with 99 % of the test digits right; empty where
  none does. Nothing is chosen by it: recipes are fixed;
- ``digits_per_s``: training digits in a second, in the epochs after the first where there are any.

``torch`` and ``jax`` are plain programs in those libraries; the digits lie on the device, and JAX
hands over a whole epoch as one program. ``torch graph`` replays one recorded step (CUDA only).
``keras`` runs the book's own recipes on each backend of Keras that is there.
"""

import argparse
import importlib.util
import itertools
import json
import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass

from result_rows import add, add_option, dataset_name

TARGET = 0.99
NAME = "accelerators"  # of the file of results
KEY = ["dataset", "device", "framework", "recipe", "epochs", "seed"]  # which run a row is
FRAMEWORKS = {  # what each needs to be installed
    "torch": ("torch",),
    "torch graph": ("torch",),
    "jax": ("jax", "optax"),
    "keras tensorflow": ("keras", "tensorflow"),
    "keras jax": ("keras", "jax"),
    "keras torch": ("keras", "torch"),
}


@dataclass(frozen=True)
class Plan:
    """A recipe in numbers, for a plain program: two convolutions with max pooling, dense layers."""

    maps: tuple = (6, 16)
    kernels: tuple = (5, 5)
    units: tuple = (120, 84)
    activation: str = "tanh"
    every: bool = False  # train on all digits; else on those of the book, all but the last 5 000
    shuffle: bool = True
    epochs: int = 10
    batch: int = 64
    rate: float = 1e-3
    cycle: bool = False  # the rate rises to `rate` and falls to 0 along half a cosine
    warmup: float = 0.2
    betas: tuple = (0.9, 0.999)
    smoothing: float = 0.0

    @property
    def flat(self):
        """Values that the dense layers see."""
        side = 28
        for kernel in self.kernels:
            side = (side - kernel + 1) // 2
        return side * side * self.maps[1]

    def rate_at(self, step, steps):
        """Return the learning rate of a step."""
        if not self.cycle:
            return self.rate
        share = step / steps
        if share < self.warmup:
            return self.rate * max(share / self.warmup, 1e-3)
        falling = (share - self.warmup) / (1 - self.warmup)
        return self.rate * max(0.5 * (1 + math.cos(math.pi * falling)), 1e-3)


PLANS = {
    "article": Plan(),
    "fast": Plan(activation="relu", epochs=3, batch=256, rate=1.6e-2, cycle=True),
    # 215 194 parameters: the public record, tuomaso/train_mnist_fast, its last notebook; written
    # anew. There: 99.04 % (30 runs), 0.76 s on a GTX 1660 Ti.
    "record": Plan(
        maps=(24, 32),
        kernels=(5, 3),
        units=(256,),
        activation="relu",
        every=True,
        shuffle=False,
        epochs=1,
        batch=256,
        rate=1e-2,
        cycle=True,
        warmup=0.3,
        betas=(0.7, 0.9),
    ),
    # 57 190 parameters, for whole pictures. Its numbers were chosen on the 5 000 validation digits,
    # four runs each.
    "one epoch": Plan(
        maps=(16, 32),
        units=(84,),
        activation="relu",
        every=True,
        epochs=1,
        batch=128,
        rate=1e-2,
        cycle=True,
        betas=(0.7, 0.9),
        smoothing=0.1,
    ),
}
KERAS = ("article", "fast")  # the recipes that the package has


# ------------------------------------------------------------------------------------- digits


def digits(dataset=None, every=False):
    """Return training and test digits as float32 ``(n, 28, 28)`` and int64 ``(n,)``."""
    import numpy as np

    from lenet_tutorial.datasets import load_digits28
    from lenet_tutorial.training import split_validation

    found = load_digits28(dataset)
    x, y = found.x_train, found.y_train
    if not every:
        x, y, *_ = split_validation(x, y)
    scaled = [(images / 255).astype(np.float32) for images in (x, found.x_test)]
    return (scaled[0], y.astype(np.int64)), (scaled[1], found.y_test.astype(np.int64))


# ------------------------------------------------------------------------------------- PyTorch


def with_torch(plan, train, test, seed, began, graph=False):
    """Train with PyTorch; return what was measured."""
    import torch
    from torch import nn

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(seed)
    first, second = plan.maps
    curve = nn.Tanh if plan.activation == "tanh" else nn.ReLU
    layers = [nn.Conv2d(1, first, plan.kernels[0]), curve(), nn.MaxPool2d(2)]
    layers += [nn.Conv2d(first, second, plan.kernels[1]), curve(), nn.MaxPool2d(2)]
    layers += [nn.Flatten()]
    for size, count in zip((plan.flat, *plan.units), (*plan.units, 10), strict=True):
        layers += [nn.Linear(size, count), curve()]
    model = nn.Sequential(*layers[:-1]).to(device)
    x, x_test = (torch.from_numpy(part[0])[:, None].to(device) for part in (train, test))
    y, y_test = (torch.from_numpy(part[1]).to(device) for part in (train, test))
    rate = torch.tensor(plan.rate, device=device)
    optimizer = torch.optim.Adam(
        model.parameters(), lr=rate, betas=plan.betas, fused=True, capturable=device.type == "cuda"
    )
    ask = nn.CrossEntropyLoss(label_smoothing=plan.smoothing)

    def step(images, labels):
        optimizer.zero_grad(set_to_none=not graph)
        ask(model(images), labels).backward()
        optimizer.step()

    if graph:
        step = recorded(step, x[: plan.batch].clone(), y[: plan.batch].clone())

    def wait():
        if device.type == "cuda":
            torch.cuda.synchronize()

    @torch.no_grad()
    def accuracy():
        found = [model(part).argmax(1) for part in x_test.split(2000)]
        return (torch.cat(found) == y_test).float().mean().item()

    before = [one.detach().clone() for one in model.parameters()]
    step(x[: plan.batch], y[: plan.batch])  # what is compiled at the first call
    accuracy()
    with torch.no_grad():
        for one, old in zip(model.parameters(), before, strict=True):
            one.copy_(old)
        for kept in optimizer.state.values():
            for value in kept.values():
                value.zero_()
    wait()
    steps = len(x) // plan.batch

    def epoch(number):
        order = torch.randperm(len(x)) if plan.shuffle else torch.arange(len(x))
        order = order.to(device)
        for n in range(steps):
            at = order[n * plan.batch : (n + 1) * plan.batch]
            rate.fill_(plan.rate_at(number * steps + n, plan.epochs * steps))
            step(x[at], y[at])
        wait()

    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    counted = sum(one.numel() for one in model.parameters())
    return clocked(plan, epoch, accuracy, began, steps * plan.batch) | {
        "parameters": counted,
        "device": name,
        "version": f"torch {torch.__version__}",
    }


def recorded(step, images, labels):
    """Record one training step as a CUDA graph; return a step that replays it on other digits."""
    import torch

    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step(images, labels)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step(images, labels)

    def replay(some, their):
        images.copy_(some)
        labels.copy_(their)
        graph.replay()

    return replay


# ------------------------------------------------------------------------------------- JAX


def with_jax(plan, train, test, seed, began):
    """Train with JAX, a whole epoch as one program; return what was measured."""
    import jax
    import numpy as np
    import optax
    from jax import numpy as jnp

    curve = jnp.tanh if plan.activation == "tanh" else jax.nn.relu
    steps = len(train[0]) // plan.batch
    sizes = [plan.flat, *plan.units, 10]
    first, second = plan.kernels
    shapes = [(first, first, 1, plan.maps[0]), (second, second, *plan.maps)]
    shapes += itertools.pairwise(sizes)
    keys = jax.random.split(jax.random.key(seed), len(shapes))
    start = jax.nn.initializers.glorot_uniform()
    weights = [(start(k, s), jnp.zeros(s[-1])) for k, s in zip(keys, shapes, strict=True)]

    def convolve(values, kernel):
        form = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(values, kernel, (1, 1), "VALID", dimension_numbers=form)

    def forward(weights, images):
        values = images[..., None]
        for kernel, bias in weights[:2]:
            values = curve(convolve(values, kernel) + bias)
            window = (1, 2, 2, 1)
            values = jax.lax.reduce_window(values, -jnp.inf, jax.lax.max, window, window, "VALID")
        values = values.reshape(len(values), -1)
        for matrix, bias in weights[2:-1]:
            values = curve(values @ matrix + bias)
        return values @ weights[-1][0] + weights[-1][1]

    def loss(weights, images, labels):
        wanted = optax.smooth_labels(jax.nn.one_hot(labels, 10), plan.smoothing)
        return optax.softmax_cross_entropy(forward(weights, images), wanted).mean()

    rates = [plan.rate_at(n, plan.epochs * steps) for n in range(plan.epochs * steps)]
    table = jnp.array(rates, jnp.float32)
    adam = optax.adam(lambda count: table[count], *plan.betas)

    @jax.jit
    def run(carried, key, x, y):
        order = jax.random.permutation(key, len(x)) if plan.shuffle else jnp.arange(len(x))
        order = order[: steps * plan.batch]

        def step(carried, at):
            weights, state = carried
            slopes = jax.grad(loss)(weights, x[at], y[at])
            change, state = adam.update(slopes, state)
            return (optax.apply_updates(weights, change), state), None

        return jax.lax.scan(step, carried, order.reshape(steps, plan.batch))[0]

    right = jax.jit(lambda weights, x, y: (forward(weights, x).argmax(1) == y).mean())
    x, y, x_test, y_test = (jax.device_put(part) for pair in (train, test) for part in pair)
    state = [(weights, adam.init(weights))]
    jax.block_until_ready(run(state[0], jax.random.key(0), x, y))  # compiles, and is thrown away
    right(weights, x_test, y_test).block_until_ready()

    def epoch(number):
        key = jax.random.fold_in(jax.random.key(seed + 1), number)
        state[0] = jax.block_until_ready(run(state[0], key, x, y))

    def accuracy():
        return float(right(state[0][0], x_test, y_test))

    device = jax.devices()[0]
    counted = sum(np.size(part) for pair in weights for part in pair)
    return clocked(plan, epoch, accuracy, began, steps * plan.batch) | {
        "parameters": int(counted),
        "device": "CPU" if device.platform == "cpu" else device.device_kind,
        "version": f"jax {jax.__version__}",
    }


# ------------------------------------------------------------------------------------- Keras


def with_keras(plan, train, test, seed, began, recipe=None, epochs=None):
    """Train by a recipe of the package on the backend of Keras that is set."""
    import keras

    from lenet_tutorial.training.clock import Clock
    from lenet_tutorial.training.recipes import RECIPES

    keras.backend.clear_session()
    how = RECIPES[recipe]
    clock = Clock()
    x, x_test = train[0][..., None], test[0][..., None]
    model, history = how.train(
        x, train[1], (x_test, test[1]), seed=seed, verbose=0, callbacks=[clock.callback()],
        epochs=epochs,
    )  # fmt: skip
    right = history["val_accuracy"].tolist()
    seconds = list(clock.wall)
    begun = time.time() - began - sum(seconds)
    backend = keras.backend.backend()
    return summed(seconds, right, len(x)) | {
        "start_s": round(begun, 3),
        "parameters": model.count_params(),
        "device": device_of(backend),
        "version": f"keras {keras.__version__}, {backend} {__import__(backend).__version__}",
    }


def device_of(backend):
    """Name the device that a backend of Keras computes on."""
    if backend == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    if backend == "jax":
        import jax

        found = jax.devices()[0]
        return "CPU" if found.platform == "cpu" else found.device_kind
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(found[0])["device_name"] if found else "CPU"


# ------------------------------------------------------------------------------------- measuring


def clocked(plan, epoch, accuracy, began, count):
    """Train epoch by epoch with the clock running, and measure with the clock stopped."""
    start, seconds, right = time.time() - began, [], []
    for number in range(plan.epochs):
        before = time.perf_counter()
        epoch(number)
        seconds.append(time.perf_counter() - before)
        right.append(accuracy())
    return {"start_s": round(start, 3)} | summed(seconds, right, count)


def summed(seconds, right, count):
    """Return the times of a run from those of its epochs and the accuracies after them."""
    import statistics

    there = next((n for n, share in enumerate(right) if share >= TARGET), None)
    later = seconds[1:] or seconds
    return {
        "epochs": len(seconds),
        "train_s": round(sum(seconds), 4),
        "to_99_s": None if there is None else round(sum(seconds[: there + 1]), 4),
        "digits_per_s": round(count / statistics.median(later)),
        "accuracy": round(right[-1], 6),
    }


def one_run(framework, recipe, seed, dataset=None, epochs=None):
    """Run one recipe in this process, and return its row."""
    from dataclasses import replace

    began = time.time()
    kind, _, backend = framework.partition(" ")
    plan = PLANS[recipe]
    train, test = digits(dataset, plan.every)
    plan = replace(plan, epochs=min(epochs or plan.epochs, plan.epochs))
    more = {}
    if kind == "keras":
        os.environ["KERAS_BACKEND"] = backend
        run, more = with_keras, {"recipe": recipe, "epochs": epochs}
    elif kind == "jax":
        run = with_jax
    else:
        run, more = with_torch, {"graph": backend == "graph"}
    measured = run(plan, train, test, seed, began, **more)
    about = {"dataset": dataset_name(dataset), "framework": framework, "recipe": recipe}
    about |= {"seed": seed}
    from lenet_tutorial.experiments.run import where_and_when  # when nothing is timed any more

    return about | measured | where_and_when()


def can_run(framework):
    """Tell whether what a framework needs is installed, and whether it has the device it needs."""
    if not all(importlib.util.find_spec(name) for name in FRAMEWORKS[framework]):
        return False
    if framework != "torch graph":
        return True
    import torch

    return torch.cuda.is_available()


def serve(framework, seconds, options):
    """Run all recipes of a framework in turn, seed by seed, until the time is over."""
    began = time.time()
    recipes = KERAS if framework.startswith("keras") else tuple(PLANS)
    longest = {}
    for seed in range(options.seeds):
        for recipe in recipes:
            left = seconds - (time.time() - began)
            if seed and longest[recipe] > left:
                continue
            before = time.time()
            row = one_run(framework, recipe, seed, options.dataset, options.epochs)
            longest[recipe] = max(longest.get(recipe, 0), time.time() - before)
            print("ROW " + json.dumps(row), flush=True)


def collect(framework, seconds, options):
    """Run a framework in a process of its own; return its rows, and say what went wrong."""
    command = [sys.executable, __file__, "--only", framework, "--seconds", str(seconds)]
    command += ["--seeds", str(options.seeds)]
    for name in ("dataset", "epochs"):
        if getattr(options, name):
            command += [f"--{name}", str(getattr(options, name))]
    try:
        ran = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=seconds + 60
        )
        out, failed = ran.stdout, ran.returncode and ran.stderr.strip().splitlines()[-1:]
    except subprocess.TimeoutExpired as error:
        out, failed = (error.stdout or b"").decode("utf-8", "replace"), ["took too long"]
    rows = [json.loads(line[4:]) for line in out.splitlines() if line.startswith("ROW ")]
    if failed:
        print(f"{framework}: {failed[0]}", file=sys.stderr)
    return rows


def main(arguments=None):
    """Run what is installed, print the medians, and write the runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_option(parser, NAME, KEY)
    parser.add_argument("--seconds", type=float, default=280, help="for all frameworks together")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each recipe, at most")
    parser.add_argument("--frameworks", nargs="+", choices=FRAMEWORKS, default=list(FRAMEWORKS))
    parser.add_argument("--dataset", choices=("mnist", "digits"), help="by default as the book")
    parser.add_argument("--epochs", type=int, help="at most so many epochs, for a quick look")
    parser.add_argument("--only", choices=FRAMEWORKS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    for name in ("seconds", "seeds", "epochs"):
        value = getattr(options, name)
        if value is not None and not value > 0:
            parser.error(f"--{name} must be above 0, got {value:g}")
    if options.only:
        serve(options.only, options.seconds, options)
        return
    wanted = [one for one in options.frameworks if can_run(one)]
    if not wanted:
        parser.error(f"none of {', '.join(options.frameworks)} is installed here")
    ends, rows = time.time() + options.seconds, []
    for number, framework in enumerate(wanted):
        share = max(ends - time.time(), 1) / (len(wanted) - number)
        rows += collect(framework, share, options)
        print(f"{framework}: {len(rows)} runs so far", flush=True)
    if not rows:
        sys.exit("no run came to its end")
    if options.csv:
        add(rows, options.csv, NAME, KEY)
    print(summary(rows))


def summary(rows):
    """Return the medians of each framework and recipe, as a table of text."""
    import pandas as pd

    table = pd.DataFrame(rows)
    numbers = ["start_s", "train_s", "to_99_s", "digits_per_s", "accuracy"]
    table[numbers] = table[numbers].astype(float)
    kept = table.groupby(["framework", "recipe"], sort=False)
    medians = kept[numbers].median()
    medians.insert(0, "runs", kept.size())
    return medians.to_string(na_rep="–", float_format="{:,.4g}".format)


if __name__ == "__main__":
    main()
