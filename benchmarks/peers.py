"""Time the recipe 'one epoch' and the public record for MNIST, in turn, each in its own process.

Run ``python benchmarks/peers.py [--pairs N] [--csv FILE] [--instructions AVX512_CORE]``. The record
is tuomaso/train_mnist_fast (https://github.com/tuomaso/train_mnist_fast): a network of 215 194
parameters in PyTorch, of which its author reports 99.04 % after one epoch, the mean of 30 runs, and
0.76 s on a GTX 1660 Ti. What is here was written anew from its last notebook: the layers, Adam with
its numbers, the course of the rate, 256 digits a step, in an order that is drawn once. It needs
PyTorch, ``python -m pip install --editable ".[torch]"``; without it nothing runs.

Both learn from all 60 000 training digits for one epoch, and read the test digits once, at the end,
with the clock stopped. A row is one run:

- ``import_s``: from the start of the process until the framework is loaded;
- ``digits_s``: reading and scaling the digits, until they lie in the framework's memory;
- ``build_s``: building the network, compiling what is compiled, and a first step, whose result is
  thrown away; for 'one epoch' also the choice of the number format, and a second step of one digit:
  after batches of one size only, TensorFlow compiles anew for the smaller one that ends the epoch;
- ``train_s``, ``train_cpu_s``: the epoch, by the clock on the wall and by the processor, which adds
  up all cores.

``--instructions`` holds both libraries to older instructions (oneDNN's ``ONEDNN_MAX_CPU_ISA``):
with AVX512_CORE there are no circuits for bfloat16, as on most x86-64 processors.

PyTorch's threads wait for each other in a busy loop. Where other programs want the cores too, that
takes many times as long, so both sides are told to sleep instead (``OMP_WAIT_POLICY=PASSIVE``),
unless the variable is set already.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time

from result_rows import add, add_option, dataset_name

NAME = "peers"  # of the file of results
KEY = ["dataset", "instructions", "recipe", "seed"]  # which run a row is
MISSING = 'PyTorch is not installed: python -m pip install --editable ".[torch]"'
TIMES = ["import_s", "digits_s", "build_s", "train_s", "train_cpu_s"]


class Watch:
    """Note how long each part of a run took, by both clocks.

    Parameters
    ----------
    began : float
        ``time.time()`` when the process was started.
    """

    def __init__(self, began):
        self.last, self.worked, self.parts = began, 0.0, {}

    def note(self, name):
        """Say that the part `name` is over."""
        now, worked = time.time(), time.process_time()
        self.parts[f"{name}_s"] = round(now - self.last, 3)
        self.parts[f"{name}_cpu_s"] = round(worked - self.worked, 3)
        self.last, self.worked = now, worked


def digits(dataset):
    """Return training and test digits, ``(n, 28, 28, 1)`` from 0 to 1, and their labels."""
    from lenet_tutorial.datasets import load_digits28, prepare

    found = load_digits28(dataset)
    return (prepare(found.x_train), found.y_train), (prepare(found.x_test), found.y_test)


def one_epoch(watch, dataset, seed):
    """Train by the recipe 'one epoch'; return what was measured."""
    import keras
    import numpy as np

    from lenet_tutorial.losses import SmoothedCrossentropy
    from lenet_tutorial.training import answers, set_seed
    from lenet_tutorial.training.recipes import ONE_EPOCH as how

    watch.note("import")
    (x, y), (x_test, y_test) = digits(dataset)
    x, y = (keras.ops.convert_to_tensor(part) for part in (x, y))
    watch.note("digits")
    model, steps = how.build(seed), -(-len(x) // how.batch_size)
    optimizer, loss = how.new_optimizer(steps), SmoothedCrossentropy(how.label_smoothing)
    model.compile(optimizer, loss, steps_per_execution=steps)
    optimizer.build(model.trainable_variables)
    variables = [*model.variables, *optimizer.variables]
    before = [keras.ops.convert_to_numpy(one) for one in variables]
    few = how.batch_size + 1
    model.fit(x[:few], y[:few], batch_size=how.batch_size, verbose=0)
    for one, old in zip(variables, before, strict=True):
        one.assign(old)
    set_seed(seed)
    watch.note("build")
    model.fit(x, y, batch_size=how.batch_size, verbose=0)
    watch.note("train")
    return {
        "accuracy": round(float(np.mean(answers(model, x_test) == y_test)), 6),
        "parameters": model.count_params(),
        "dtype": model.layers[0].compute_dtype,
        "version": f"keras {keras.__version__}, {keras.backend.backend()} "
        f"{__import__(keras.backend.backend()).__version__}",
    }


def record(watch, dataset, seed):
    """Train by the recipe of tuomaso/train_mnist_fast; return what was measured."""
    import torch
    from torch import nn

    watch.note("import")
    (x, y), (x_test, y_test) = digits(dataset)
    torch.manual_seed(seed)
    order = torch.randperm(len(x))  # once: each epoch would have the same

    def scaled(images):
        return (torch.from_numpy(images).permute(0, 3, 1, 2).contiguous() - 0.1307) / 0.3081

    x, x_test = scaled(x)[order], scaled(x_test)
    y, y_test = torch.from_numpy(y.astype("int64"))[order], torch.from_numpy(y_test.astype("int64"))
    watch.note("digits")
    batch, steps = 256, -(-len(x) // 256)

    def new():
        torch.manual_seed(seed)
        model = nn.Sequential(
            *(nn.Conv2d(1, 24, 5), nn.MaxPool2d(2), nn.ReLU()),
            *(nn.Conv2d(24, 32, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten()),
            *(nn.Linear(800, 256), nn.ReLU(), nn.Linear(256, 10)),
        )
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, betas=(0.7, 0.9))
        rate = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=1e-2, total_steps=steps + 1, cycle_momentum=False
        )
        return model, optimizer, rate

    def learn(model, optimizer, rate, count):
        for first in range(0, count, batch):
            optimizer.zero_grad()
            given = model(x[first : first + batch])
            nn.functional.cross_entropy(given, y[first : first + batch]).backward()
            optimizer.step()
            rate.step()

    learn(*new(), batch)
    model, *rest = new()
    watch.note("build")
    learn(model, *rest, len(x))
    watch.note("train")
    with torch.no_grad():
        right = [model(part).argmax(1) for part in x_test.split(2000)]
    return {
        "accuracy": round((torch.cat(right) == y_test).double().mean().item(), 6),
        "parameters": sum(one.numel() for one in model.parameters()),
        "dtype": "float32",
        "version": f"torch {torch.__version__}",
    }


PEERS = {"one epoch": one_epoch, "record": record}


def run(recipe, options, seed):
    """Run one side in a process of its own, and return its row."""
    from lenet_tutorial.experiments.run import where_and_when

    command = [sys.executable, __file__, "--only", recipe, "--seed", str(seed)]
    command += ["--dataset", options.dataset] if options.dataset else []
    surroundings = {"OMP_WAIT_POLICY": "PASSIVE", "TF_CPP_MIN_LOG_LEVEL": "3"} | os.environ
    surroundings |= {"ONEDNN_MAX_CPU_ISA": options.instructions}
    began = ["--began", repr(time.time())]
    ran = subprocess.run(
        command + began, env=surroundings, stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    (line,) = (line for line in ran.stdout.splitlines() if line.startswith("ROW "))
    about = {"instructions": options.instructions, "recipe": recipe, "seed": seed}
    return about | json.loads(line[4:]) | where_and_when()


def summary(rows):
    """Return the medians with the smallest and the largest, and the record's over ours, as text.

    The ratio is that of a pair, which ran one after the other.
    """
    import pandas as pd

    table = pd.DataFrame(rows)
    table["start_s"] = table["import_s"] + table["build_s"]
    numbers = ["start_s", *TIMES, "accuracy"]
    spread = table.groupby("recipe")[numbers].agg(["median", "min", "max"])
    by = table.set_index(["recipe", "seed"])[[*TIMES, "start_s"]]
    ratio = (by.loc["record"] / by.loc["one epoch"]).agg(["median", "min", "max"])
    text = {"float_format": "{:.4g}".format}
    return f"{spread.T.to_string(**text)}\n\nrecord / one epoch:\n{ratio.T.to_string(**text)}"


def main(arguments=None):
    """Run the pairs, print the medians, and write the single runs if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3, help="how often each side runs")
    add_option(parser, NAME, KEY)
    parser.add_argument("--dataset", choices=("mnist", "digits"), help="by default as the book")
    parser.add_argument(
        "--instructions",
        choices=("ALL", "AVX512_CORE", "AVX2"),
        default="ALL",
        help="the newest that both may use",
    )
    parser.add_argument("--only", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--began", type=float, default=time.time(), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.only:
        watch = Watch(options.began)
        measured = PEERS[options.only](watch, options.dataset, options.seed)
        about = {"dataset": dataset_name(options.dataset)}
        print("ROW " + json.dumps(about | watch.parts | measured), flush=True)
        return
    if options.pairs < 1:
        parser.error(f"--pairs must be at least 1, got {options.pairs}")
    if not importlib.util.find_spec("torch"):
        print(MISSING)
        return
    rows = []
    for seed in range(options.pairs):
        for recipe in PEERS:
            rows.append(run(recipe, options, seed))
            print(f"pair {seed + 1} of {options.pairs}: {recipe}", flush=True)
            if options.csv:
                add(rows, options.csv, NAME, KEY)
    print(summary(rows))


if __name__ == "__main__":
    main()
