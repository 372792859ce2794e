"""Tell where the time of one epoch goes: each layer, the optimiser, the batches, and the roof.

Run ``python benchmarks/profile_epoch.py [--runs N] [--csv FILE] [--dtype float32]``. It takes the
recipe 'one epoch' apart and times the parts by themselves, in one process:

- ``epoch``: the whole epoch, as Keras runs it;
- each layer by its name: what it makes of a batch and the two kinds of slopes, those of its
  parameters and those that it hands down (none down to layers that learn nothing);
- ``loss``: softmax, cross-entropy and their slopes;
- ``Adam``: one update of all parameters;
- ``batches``: an epoch of a network that computes hardly anything: fetching digits, and the loop.

``share`` is a part's share of the epoch's time. Parts overlap when they run together, and wait for
memory less when they run alone, so the shares need not add up to 1. ``roof`` is how many multiply–
adds a part makes in a second, as a share of what the processor makes in the product of two matrices
of 1024 × 1024 in the same number format, in the same run.
"""

import argparse
import statistics
import time
from dataclasses import replace

from result_rows import add, add_option, dataset_name

NAME, KEY = "one_epoch_profile", ["dataset", "dtype", "part", "run"]
DTYPES = ("float32", "mixed_bfloat16")
SIDE = 1024  # of the matrices whose product is the roof


def seconds(step, least=0.3):
    """Return how long a call takes: the median of as many as fit into some time."""
    step()
    step()
    took, ends = [], time.perf_counter() + least
    while time.perf_counter() < ends or len(took) < 5:
        began = time.perf_counter()
        step()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def roof(dtype):
    """Return the multiply–adds in a second of a product of matrices."""
    import tensorflow as tf

    form = "bfloat16" if "bfloat16" in dtype else "float32"
    a, b = (tf.cast(tf.random.normal((SIDE, SIDE)), form) for _ in range(2))
    product = tf.function(lambda: tf.matmul(a, b))
    return SIDE**3 / seconds(lambda: product().numpy()[0, 0])


def both_ways(layer, batch, down):
    """Return a program that takes a layer forwards and backwards; `down`: to its input, too."""
    import tensorflow as tf

    form = layer.compute_dtype
    values = tf.cast(tf.random.normal((batch, *layer.input.shape[1:])), form)
    slopes = tf.cast(tf.random.normal((batch, *layer.output.shape[1:])), form)
    wanted = [variable.value for variable in layer.trainable_weights] + [values] * down

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            tape.watch(values)
            made = layer(values, training=True)
        given = tape.gradient(made, wanted, tf.cast(slopes, made.dtype))
        return [tf.reduce_sum(tf.cast(one, "float32")) for one in given if one is not None]

    return run


def layer_parts(model, batch):
    """Return for each layer: its name, seconds for a batch, and its multiply–adds."""
    from lenet_tutorial.tables import layer_table

    counts, found = layer_table(model)["multiply_adds"].to_dict(), []
    for number, layer in enumerate(model.layers):
        down = any(below.weights for below in model.layers[:number])  # else nobody asks for slopes
        count = batch * int(counts.get(layer.name) or 0) * (3 if down else 2)
        found.append((layer.name, seconds(both_ways(layer, batch, down)), count))
    return found


def step_of_an_epoch(how, model, x, y, epochs):
    """Return the seconds of a step, from the fastest of some whole epochs as Keras runs them."""
    from lenet_tutorial.losses import SmoothedCrossentropy

    steps = -(-len(x) // how.batch_size)
    optimizer = how.new_optimizer((epochs + 1) * steps)
    loss = SmoothedCrossentropy(how.label_smoothing)
    model.compile(optimizer, loss, steps_per_execution=steps)
    optimizer.build(model.trainable_variables)
    took = []
    for _ in range(epochs + 1):  # the first one builds the program
        began = time.perf_counter()
        model.fit(x, y, batch_size=how.batch_size, verbose=0)
        took.append(time.perf_counter() - began)
    return min(took[1:]) / steps


def loss_part(labels, ask):
    """Return a program for softmax, loss and their slopes."""
    import tensorflow as tf

    sums = tf.random.normal((len(labels), 10))

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            tape.watch(sums)
            found = ask(labels, tf.nn.softmax(sums))
        return tape.gradient(found, sums)

    return run


def profile(dtype, dataset=None, epochs=1):
    """Take one epoch apart; return a row for each part."""
    import keras
    import numpy as np
    import tensorflow as tf
    from accelerator import digits

    from lenet_tutorial.training.recipes import ONE_EPOCH

    how = replace(ONE_EPOCH, dtype=dtype)
    (x, y), _ = digits(dataset, every=True)
    x, model = x[..., None], how.build()
    least = keras.Sequential(
        [
            keras.Input(model.input_shape[1:]),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    epoch = step_of_an_epoch(how, model, x, y, epochs)
    batches = step_of_an_epoch(how, least, x, y, epochs)
    layers = layer_parts(model, how.batch_size)
    slopes = [tf.zeros(one.shape) + 1e-3 for one in model.trainable_variables]
    update = tf.function(lambda: model.optimizer.apply(slopes, model.trainable_variables))
    parts = [
        ("epoch", epoch, sum(count for *_, count in layers)),
        ("batches", batches, 0),
        *layers,
        ("loss", seconds(loss_part(y[: how.batch_size], model.loss)), 0),
        ("Adam", seconds(update), 0),
    ]
    limit = roof(dtype)
    return [
        {
            "dtype": dtype,
            "part": name,
            "share": round(took / epoch, 4),
            "multiply_adds": count,
            "roof": round(count / took / limit, 4) if count else np.nan,
        }
        for name, took, count in parts
    ]


def main(arguments=None):
    """Take the epoch apart some times, print the medians, and write the rows if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="how often")
    add_option(parser, NAME, KEY)
    parser.add_argument("--dtype", choices=DTYPES, default="float32", help="the number format")
    parser.add_argument("--dataset", choices=("mnist", "digits"), help="by default as the book")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error(f"--runs must be at least 1, got {options.runs}")
    import pandas as pd

    from lenet_tutorial.experiments.run import provenance

    rows, about = [], {"dataset": dataset_name(options.dataset)}
    for number in range(options.runs):
        rows += [
            about | row | {"run": number} | provenance()
            for row in profile(options.dtype, options.dataset, epochs=3)
        ]
    if options.csv:
        add(rows, options.csv, NAME, KEY)
    table = pd.DataFrame(rows).groupby("part", sort=False)[["share", "roof"]].median()
    print(table.to_string(na_rep="", float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
