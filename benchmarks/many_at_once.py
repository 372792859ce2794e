"""Choose the numbers of the strongest recipe: train many LeNets at once on a GPU, with JAX.

``python benchmarks/many_at_once.py [--csv FILE] [--groups short long …]``. A group is one program:
all of its networks take each step together, every one with numbers, weights, an order of digits and
distortions of its own: 48 networks in 40 epochs took 70 s on an H200. They learn from 50 000
training digits of MNIST and are judged by the other 10 000: the 5 000 of the book's validation
split and 5 000 more, since 5 000 say too little. The test digits are never read.

A row is one network: its numbers, and how many of the digits held out it read wrong. The book's own
file is ``src/lenet_tutorial/data/results/strongest_choices.csv``; rows that are made again take the
place of the older ones. All groups together took twelve minutes there; on a processor they take
many hours, but for ``--epochs 1 --digits 128``, which shows that the program runs.
"""

import argparse
import functools
import time

import jax
import numpy as np
from jax import numpy as jnp
from many_at_once_groups import BENDS, GROUPS, STRONG
from result_rows import add, add_option, dataset_name

NAME, KEY = "strongest_choices", ["dataset", "recipe", "epochs", "learned_from", "seed"]
BATCH = 128


# ------------------------------------------------------------------------------------- digits


def digits(dataset=None, count=None):
    """Return what is learned from, and what is held out: bytes ``(n, 32, 32)`` and labels."""
    from lenet_tutorial.datasets import load_digits28
    from lenet_tutorial.training import split_validation

    found = load_digits28(dataset)
    framed = np.pad(found.x_train, ((0, 0), (2, 2), (2, 2)))
    x, y, x_val, y_val = split_validation(framed, found.y_train.astype(np.int32))
    more = np.random.default_rng(5).choice(len(x), len(x_val), replace=False)
    left = np.setdiff1d(np.arange(len(x)), more)[:count]
    held = np.concatenate([x_val, x[more]]), np.concatenate([y_val, y[more]])
    return (jnp.array(x[left]), jnp.array(y[left])), tuple(map(jnp.array, held))


PLACES = jnp.arange(32.0) - 15.5


def distort(images, numbers, key):
    """Distort ``(b, 32, 32)``, as :class:`lenet_tutorial.distortions.ElasticDistort` does."""

    def each(values):
        return values.reshape(-1, 1, 1)

    planar, elastic, _ = jax.random.split(key, 3)
    draws = jax.random.uniform(planar, (len(images), 6), minval=-1, maxval=1).T
    right, down, scale, squeeze, shear, angle = draws
    scale, squeeze = 1 + numbers["scale"] * scale, 1 + numbers["squeeze"] * squeeze
    down_there, angle = PLACES[:, None], each(numbers["rotation"] * jnp.pi / 180 * angle)
    x = each(scale * squeeze) * PLACES + each(numbers["shear"] * shear) * down_there
    x = x + each(numbers["shift"] * right)
    y = each(scale / squeeze) * down_there + 0 * PLACES + each(numbers["shift"] * down)
    x, y = jnp.cos(angle) * x - jnp.sin(angle) * y, jnp.sin(angle) * x + jnp.cos(angle) * y
    bell = jnp.exp(-(((down_there - PLACES) / numbers["sigma"]) ** 2) / 2)
    bell = bell / bell.sum(1).max()
    noise = jax.random.uniform(elastic, (2, len(images), 32, 32), minval=-1, maxval=1)
    steps = numbers["alpha"] * (bell @ noise @ bell)
    x = jnp.clip(x + steps[0] + 16.5, 0, 32.999)
    y = jnp.clip(y + steps[1] + 16.5, 0, 32.999)
    left, top = jnp.floor(x), jnp.floor(y)
    x, y = x - left, y - top
    first = each(jnp.arange(len(images)) * 34 * 34)
    at = (top * 34 + left).astype(jnp.int32) + first
    pixels = jnp.pad(images, ((0, 0), (1, 1), (1, 1))).reshape(-1)
    a, b, c, d = (pixels[at + step] for step in (0, 1, 34, 35))
    above, below = a + (b - a) * x, c + (d - c) * x
    return above + (below - above) * y


# ------------------------------------------------------------------------------------- network

#: Layer: the shape of its matrix, and from how many to how many units its start is drawn for.
LAYERS = {
    "C1": (25, 6, 25, 150),
    "C3": (150, 16, 150, 400),
    "C5": (400, 120, 400, 3000),
    "F6": (120, 84, 120, 84),
    "output": (84, 10, 84, 10),
}


def start(seed):
    """Draw the weights of a network."""
    keys = jax.random.split(jax.random.fold_in(jax.random.key(1000), seed), len(LAYERS))
    weights = {}
    for key, (name, (rows, columns, *fans)) in zip(keys, LAYERS.items(), strict=True):
        limit = (6 / sum(fans)) ** 0.5
        matrix = jax.random.uniform(key, (rows, columns), minval=-limit, maxval=limit)
        weights[name] = matrix, jnp.zeros(columns)
    return weights


def windows(maps, side):
    """Return ``(b, side, side, 25 maps)``: what each unit of a 5×5 convolution sees."""
    some = range(5)
    return jnp.concatenate([maps[:, i : i + side, j : j + side] for i in some for j in some], -1)


def pooled(maps, how):
    """Return the maximum or the mean of each 2×2 window."""
    count, height, width, depth = maps.shape
    maps = maps.reshape(count, height // 2, 2, width // 2, 2, depth)
    return maps.max((2, 4)) if how == "max" else maps.mean((2, 4))


def forward(weights, images, pooling):
    """Return sums ``(b, 10)``, in front of the softmax."""

    def layer(name, values):
        return values @ weights[name][0] + weights[name][1]

    maps = layer("C1", windows(images[..., None], 28))
    if pooling == "folded":
        maps = jax.nn.relu(pooled(maps, "mean"))
    else:
        maps = pooled(jax.nn.relu(maps), "max")
    maps = pooled(jax.nn.relu(layer("C3", windows(maps, 10))), "max")
    values = maps.reshape(len(maps), -1)
    for name in ("C5", "F6"):
        values = jax.nn.relu(layer(name, values))
    return layer("output", values)


def loss(weights, images, labels, theirs, numbers, pooling):
    """Return the cross-entropy with the labels, and with the teachers' answers if there are any."""
    sums, share = forward(weights, images, pooling), numbers["label_smoothing"]
    wanted = jax.nn.one_hot(labels, 10) * (1 - share) + share / 10
    found = -(wanted * jax.nn.log_softmax(sums)).sum(1)
    if theirs is not None:
        heat = numbers["temperature"]
        apart = -heat * heat * (theirs * jax.nn.log_softmax(sums / heat)).sum(1)
        found = (1 - numbers["taught"]) * found + numbers["taught"] * apart
    return found.mean()


def answers_of(teachers, images, temperature, pooling):
    """Return the softened mean of the teachers' probabilities."""
    each = jax.vmap(lambda weights: forward(weights, images, pooling))(teachers)
    mean = jax.nn.softmax(each).mean(0)
    return jax.nn.softmax(jnp.log(mean + 1e-8) / temperature)


# ------------------------------------------------------------------------------------- training


def rate_at(numbers, update, updates):
    """Return the learning rate of an update: it rises, and falls to 0 along half a cosine."""
    rising = numbers["warmup"] * updates
    share = jnp.clip((update - rising) / (updates - rising), 0, 1)
    falling = 0.5 * (1 + jnp.cos(jnp.pi * share))
    risen = update / jnp.maximum(rising, 1.0)
    return numbers["learning_rate"] * jnp.where(update < rising, risen, falling)


def one_step(state, numbers, key, images, labels, teachers, update, updates, pooling):
    """Take one step of AdamW with one network; the state's last part is the running average."""
    weights, mean, square, average = state
    passed = update / updates
    left = jnp.where(passed > 0.9, numbers["late"], 1.0) * (1 - numbers["fade"] * passed)
    seen = distort(images, numbers | {name: numbers[name] * left for name in BENDS}, key)
    theirs = None
    if teachers is not None:
        theirs = answers_of(teachers, seen, numbers["temperature"], pooling)
    slopes = jax.grad(loss)(weights, seen, labels, theirs, numbers, pooling)
    each, rate, count = jax.tree_util.tree_map, rate_at(numbers, update, updates), update + 1.0
    mean = each(lambda old, new: 0.9 * old + 0.1 * new, mean, slopes)
    square = each(lambda old, new: 0.999 * old + 0.001 * new * new, square, slopes)

    def moved(weight, first, second):
        step = first / (1 - 0.9**count) / (jnp.sqrt(second / (1 - 0.999**count)) + 1e-7)
        return weight - rate * (numbers["weight_decay"] * weight + step)

    weights = each(moved, weights, mean, square)
    kept = numbers["ema"]
    average = each(lambda old, new: kept * old + (1 - kept) * new, average, weights)
    return weights, mean, square, average


@functools.partial(jax.jit, static_argnames=("pooling", "epochs"), donate_argnums=0)
def one_epoch(states, numbers, x, y, teachers, number, pooling, epochs):
    """Train all networks for one epoch, each with an order of its own; return their states."""
    steps = len(x) // BATCH
    keys = jax.vmap(lambda s: jax.random.fold_in(jax.random.key(7), s))(numbers["seed"])
    keys = jax.vmap(lambda key: jax.random.fold_in(key, number))(keys)
    orders = jax.vmap(lambda key: jax.random.permutation(key, len(x)))(keys)
    orders = orders[:, : steps * BATCH].reshape(-1, steps, BATCH).swapaxes(0, 1)

    def step(states, what):
        n, places = what

        def one(state, own, key, at):
            images, key = x[at].astype(jnp.float32) / 255, jax.random.fold_in(key, n + 7)
            update = number * steps + n
            return one_step(
                state, own, key, images, y[at], teachers, update, steps * epochs, pooling
            )

        return jax.vmap(one)(states, numbers, keys, places), None

    return jax.lax.scan(step, states, (jnp.arange(steps), orders))[0]


def probabilities(networks, x, pooling):
    """Return what each network answers: ``(networks, n, 10)``."""
    ask = jax.jit(jax.vmap(lambda w, part: jax.nn.softmax(forward(w, part, pooling)), (0, None)))
    parts = [x[n : n + 500].astype(jnp.float32) / 255 for n in range(0, len(x), 500)]
    return np.concatenate([np.asarray(ask(networks, part)) for part in parts], axis=1)


def train(group, learned, held_out, teachers=None, epochs=None):
    """Train a group; return its networks, and a row for each of them."""
    runs = [(name, seed) for name in group.recipes for seed in range(group.seeds)]
    rows = [STRONG | group.recipes[name] | {"seed": seed} for name, seed in runs]
    numbers = {name: jnp.array([row[name] for row in rows]) for name in rows[0]}
    weights = jax.vmap(start)(numbers["seed"])
    copies = [jax.tree_util.tree_map(jnp.copy, weights) for _ in range(2)]
    nothing = [jax.tree_util.tree_map(jnp.zeros_like, weights) for _ in range(2)]
    states = copies[0], *nothing, copies[1]
    epochs = epochs or group.epochs
    for number in range(epochs):
        states = one_epoch(states, numbers, *learned, teachers, number, group.pooling, epochs)
    given = probabilities(states[3], held_out[0], group.pooling).argmax(2)
    wrong = (given != np.asarray(held_out[1])).sum(1)
    about = {"pooling": group.pooling, "epochs": epochs, "learned_from": len(learned[0])}
    about |= {"held_out": len(held_out[0]), "teachers": group.best or 4 * bool(group.teachers)}
    named = [{"recipe": name, "seed": seed} | about for name, seed in runs]
    found = [{"wrong": int(count)} for count in wrong]
    return states[3], [a | b | c for a, b, c in zip(named, rows, found, strict=True)]


def chosen(networks, rows, best):
    """Return the networks that teach: the best ones on the digits held out, or the first four."""
    order = np.argsort([row["wrong"] for row in rows], kind="stable")[:best] if best else range(4)
    return jax.tree_util.tree_map(lambda weights: weights[jnp.array(list(order))], networks)


def main(arguments=None):
    """Train the groups that are asked for, print their means, and write their rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_option(parser, NAME, KEY)
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--dataset", choices=("mnist", "digits"), help="by default as the book")
    parser.add_argument("--epochs", type=int, help="so many for all groups, for a quick look")
    parser.add_argument("--digits", type=int, help="learn from so many, for a quick look")
    options = parser.parse_args(arguments)
    for name in ("epochs", "digits"):
        value, least = getattr(options, name), BATCH if name == "digits" else 1
        if value is not None and value < least:
            parser.error(f"--{name} must be at least {least}, got {value}")
    from lenet_tutorial.experiments.run import where_and_when

    learned, held_out = digits(options.dataset, options.digits)
    device, trained = jax.devices()[0], {}
    made = {"dataset": dataset_name(options.dataset)}
    made |= {"device": "CPU" if device.platform == "cpu" else device.device_kind}
    made |= {"version": f"jax {jax.__version__}"} | where_and_when()
    for name in options.groups:
        group, began, teachers = GROUPS[name], time.time(), None
        if group.teachers:
            if group.teachers not in trained:
                parser.error(f"{name!r} is taught by {group.teachers!r}: name that group before it")
            teachers = chosen(*trained[group.teachers], group.best)
        trained[name] = train(group, learned, held_out, teachers, options.epochs)
        new = trained[name][1]
        print(f"{name}: {len(new)} networks in {time.time() - began:.0f} s")
        for recipe in group.recipes:
            wrong = [row["wrong"] for row in new if row["recipe"] == recipe]
            print(f"  {recipe:32} {100 * np.mean(wrong) / len(held_out[0]):6.3f} %  {wrong}")
        if options.csv:
            add([row | made for row in new], options.csv, NAME, KEY)


if __name__ == "__main__":
    main()
