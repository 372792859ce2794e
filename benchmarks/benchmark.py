"""Time the recipe of the Keras LeNet and the fast one, in turn, in one process.

Run ``python benchmarks/benchmark.py [--pairs N] [--csv FILE]``. What is timed is the training, by
the clock on the wall and by the processor; the accuracy on the test digits is measured after each
epoch, as the first recipe does, with the clock stopped. Building the program of a training step
(tracing) is part of each recipe's first epoch and counts; digits per second are those of the later
epochs. Before the first pair each recipe runs once on a few digits, so that no library is loaded on
the clock.

Nothing is chosen by what this prints: the schedules are fixed. Other programs disturb the clock on
the wall, so look at the ratios, and at both clocks.
"""

import argparse
import statistics
import threading
import time
from dataclasses import replace
from pathlib import Path

from result_rows import dataset_name, writable

TARGETS = (0.9867, 0.99)


def recipes(epochs=None):
    """Return the recipes to compare; `epochs` cuts each of them to so many, for a quick look."""
    from lenet_tutorial.training.recipes import ARTICLE, FAST

    found = [ARTICLE, FAST, replace(FAST, name="fast, twice as long", epochs=2 * FAST.epochs)]
    return [replace(one, epochs=min(epochs or one.epochs, one.epochs)) for one in found]


class Memory:
    """Watch how much memory the process holds, while a block runs (Linux only)."""

    def __init__(self):
        self.path, self.peak = Path("/proc/self/statm"), float("nan")

    def _watch(self):
        from resource import getpagesize

        while not self.stop.wait(0.05):
            pages = int(self.path.read_text(encoding="utf-8").split()[1])
            self.peak = max(
                pages * getpagesize() / 2**20, 0 if self.peak != self.peak else self.peak
            )

    def __enter__(self):
        self.stop = threading.Event()
        if self.path.exists():
            self.thread = threading.Thread(target=self._watch, daemon=True)
            self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        if self.path.exists():
            self.thread.join()


def best_of(function, times):
    """Return the shortest of several calls, in milliseconds."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        function()
        took.append(time.perf_counter() - began)
    return 1000 * min(took)


def measure(recipe, train, test, seed):
    """Train once, and return what was measured as a dictionary."""
    import keras

    from lenet_tutorial.training.clock import Clock

    keras.backend.clear_session()
    clock, memory = Clock(), Memory()
    with memory:
        model, history = recipe.train(
            *train, test, seed=seed, verbose=0, callbacks=[clock.callback()]
        )
    accuracy = history["val_accuracy"].to_numpy()
    row = {"recipe": recipe.name, "seed": seed, "epochs": recipe.epochs}
    row |= {"accuracy": accuracy[-1], "train_s": sum(clock.wall), "train_cpu_s": sum(clock.cpu)}
    for target in TARGETS:
        reached = (accuracy >= target).nonzero()[0]
        until = sum(clock.wall[: reached[0] + 1]) if len(reached) else float("nan")
        row[f"to_{100 * target:g}_s"] = until
    later = clock.wall[1:] or clock.wall
    row["digits_per_s"] = len(train[0]) / statistics.median(later)
    row["peak_mb"] = memory.peak
    x = test[0][:10_000]
    if recipe.name == "article":  # `predict` as it comes
        calls = (lambda: model.predict(x, verbose=0)), (lambda: model.predict(x[:1], verbose=0))
    else:
        calls = (
            (lambda: model.predict(x, batch_size=1000, verbose=0)),
            (lambda: model.predict_on_batch(x[:1])),
        )
    for name, call, times in zip(("predict_all_ms", "predict_one_ms"), calls, (3, 20), strict=True):
        call()
        row[name] = best_of(call, times)
    return row


def main(arguments=None):
    """Run the benchmark, print its table, and write the single runs if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3, help="how often each recipe runs")
    parser.add_argument("--csv", type=writable, help="write the single runs to this file")
    parser.add_argument("--dataset", choices=("mnist", "digits"), help="by default as the book")
    parser.add_argument("--epochs", type=int, help="at most so many epochs, for a quick look")
    options = parser.parse_args(arguments)
    for name in ("pairs", "epochs"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error(f"--{name} must be at least 1, got {value}")

    import pandas as pd

    from lenet_tutorial.datasets import load_digits28, prepare
    from lenet_tutorial.files import write_whole

    digits = load_digits28(options.dataset)
    train = prepare(digits.x_train), digits.y_train
    test = prepare(digits.x_test), digits.y_test
    compared = recipes(options.epochs)
    for recipe in compared[:2]:
        measure(replace(recipe, epochs=1), tuple(part[:512] for part in train), test, seed=0)
    rows = []
    for seed in range(options.pairs):
        for recipe in compared:
            rows.append(measure(recipe, train, test, seed))
            print(f"pair {seed + 1} of {options.pairs}: {recipe.name}", flush=True)
    table = pd.DataFrame(rows)
    if options.csv:
        named = table.assign(dataset=dataset_name(options.dataset))[["dataset", *table]]
        text = named.to_csv(index=False, lineterminator="\n")
        write_whole(options.csv, lambda file: file.write(text.encode()))
    print(f"\n{digits}\nMedians of {options.pairs}, and those of 'article' over them:\n")
    print(summary(table).to_string(na_rep="–", float_format="{:,.4g}".format))


def summary(table):
    """Return the medians, one row per number, and how 'article' relates to each recipe's.

    For times and memory the ratio is that of 'article' over the recipe's, for digits per second
    the recipe's over that of 'article', so that more than 1 is better. It is the median over the
    pairs. For the time to an accuracy it is the whole training of 'article' over the recipe's time
    to there.
    A run that does not get there takes for ever; if most don't, there is no median.
    """
    import pandas as pd

    names = list(dict.fromkeys(table["recipe"]))
    by_seed = table.set_index(["recipe", "seed"]).drop(columns="epochs")
    targets = [name for name in by_seed if name.startswith("to_")]
    by_seed[targets] = by_seed[targets].fillna(float("inf"))
    result = {name: by_seed.loc[name].median() for name in names}
    article = by_seed.loc[names[0]]
    for name in names[1:]:
        ratio = article / by_seed.loc[name]
        ratio["digits_per_s"] = 1 / ratio["digits_per_s"]
        for target in targets:
            ratio[target] = article["train_s"] / by_seed.loc[name, target]
        result[f"article / {name}"] = ratio.drop(columns="accuracy").median()
    medians = pd.DataFrame(result).reindex(by_seed.columns)
    times = medians.loc[targets]
    medians.loc[targets] = times.where((times > 0) & (times < float("inf")))
    return medians


if __name__ == "__main__":
    main()
