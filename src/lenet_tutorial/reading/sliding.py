"""LeNet-5 slid over a whole line at once, and what its answers at all places say together.

C5 is a convolution (LeCun et al. 1998, section II-B). So a longer input gives longer maps in all
layers, and an answer for each window of 32 columns, every 4 columns: the same numbers as if each
window were cut out and read, but what neighbouring windows share is computed once. The paper calls
this a space displacement network (section VII).

With the package comes one that has learned to read lines (``data/lines.npz``; :func:`load_reader`),
written by :func:`lenet_tutorial.weights.write`: layer by layer, kernels ``(height, width, maps
below, maps)`` and then biases. What it reads is 32 pixels high, 0 for paper and 1 for ink, with
digits about 20 pixels high in the middle rows and 16 columns of paper before and after them. At
each place it has eleven answers: first *none*, then the digits 0 to 9. Decoder: the likeliest
answer at each place, then :func:`spell`; :func:`chance` says how sure that is. Better, by a few
lines in a hundred: :func:`read_lines`.
"""

from pathlib import Path

import numpy as np

from .. import weights

STEP = 4  # columns between two places: S2 and S4 halve once each
WINDOW = 32
MAPS = (12, 32)  # of C1 and C3; LeNet-5 has 6 and 16
STORED = Path(__file__).parent.parent / "data" / "lines.npz"
NONE = 0  # the first answer says that no digit stands in the middle; digit d is answer d + 1


def build_sliding(maps=MAPS):
    """Build LeNet-5 as convolutions alone, for lines of any length.

    Parameters
    ----------
    maps : (int, int)
        Of C1 and C3.

    Returns
    -------
    keras.Model
        Input ``(batch, 32, width, 1)``, output ``(batch, places, 11)``: logits. Places are
        ``(width - 32) // 4 + 1``.
    """
    import keras
    from keras import layers

    model = keras.Sequential(name="sliding_lenet5")
    model.add(keras.Input((WINDOW, None, 1)))
    model.add(layers.Conv2D(maps[0], 5, activation="relu", name="C1"))
    model.add(layers.MaxPooling2D(2, name="S2"))
    model.add(layers.Conv2D(maps[1], 5, activation="relu", name="C3"))
    model.add(layers.MaxPooling2D(2, name="S4"))
    model.add(layers.Conv2D(120, 5, activation="relu", name="C5"))
    model.add(layers.Conv2D(84, 1, activation="relu", name="F6"))
    model.add(layers.Conv2D(11, 1, name="output"))
    model.add(layers.Reshape((-1, 11), name="places"))
    return model


def load_reader():
    """Load the network that comes with the package: it has learned to read lines.

    Returns
    -------
    keras.Model
        As :func:`build_sliding`.
    """
    model = build_sliding()
    weights.unpack(weights.read(STORED)[0], model)
    return model


def places(width):
    """Return how many windows a line has, each 4 columns after the other.

    Parameters
    ----------
    width : int
        Of the line.
    """
    return (width - WINDOW) // STEP + 1


def targets(width, texts, spans, near=3.0, far=4.5):
    """Say for each place which digit stands in its middle, for a network that is told so.

    Parameters
    ----------
    width : int
        Of the lines.
    texts, spans : sequence
        What they say, and where their digits stand, as in
        :class:`~lenet_tutorial.reading.lines.Lines`.
    near, far : float
        Up to so many columns from a digit's middle it counts as there, from so many on as not; the
        places between are left out.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        ``(n, places)``: labels, 0 for none and d + 1 for digit d; and weights, 0 or 1.
    """
    count = places(width)
    middles = WINDOW / 2 + STEP * np.arange(count)
    labels, counts = np.zeros((len(texts), count), int), np.zeros((len(texts), count), np.float32)
    for number, (text, where) in enumerate(zip(texts, spans, strict=True)):
        away = np.abs(middles[:, None] - where.mean(axis=1))
        nearest = away.argmin(axis=1)
        away = away.min(axis=1)
        digits = np.array([int(digit) + 1 for digit in text])
        labels[number] = np.where(away <= near, digits[nearest], NONE)
        counts[number] = (away <= near) | (away >= far)
    return labels, counts


def habits(labels):
    """Count how a label follows another from place to place, in lines where they are known.

    All digits are counted together.

    Parameters
    ----------
    labels : numpy.ndarray
        ``(n, places)``: 0 for none, d + 1 for digit d, as :func:`targets` returns them.

    Returns
    -------
    numpy.ndarray
        ``(11, 11)``: minus the logarithm of the probability that the label of the column follows
        the label of the row.
    """
    before, after = labels[:, :-1].ravel(), labels[:, 1:].ravel()
    counts = np.ones((11, 11))
    digit, next_digit = before > NONE, after > NONE
    counts[0, 0] += (~digit & ~next_digit).sum()
    counts[0, 1:] += (~digit & next_digit).sum() / 10
    counts[1:, 0] += (digit & ~next_digit).sum() / 10
    counts[1:, 1:] += (digit & next_digit & (before != after)).sum() / 90
    same = (digit & (before == after)).sum() / 10 + 1
    counts[np.arange(1, 11), np.arange(1, 11)] = same
    return -np.log(counts / counts.sum(axis=1, keepdims=True))


def best_labels(logits, follow):
    """Return the best label for each place, all places together: Viterbi's algorithm.

    Parameters
    ----------
    logits : numpy.ndarray
        ``(places, 11)``: of one line.
    follow : numpy.ndarray
        ``(11, 11)``: what :func:`habits` returns.

    Returns
    -------
    numpy.ndarray
        ``(places,)``: 0 for none, d + 1 for digit d.
    """
    penalties = np.logaddexp.reduce(logits, axis=1, keepdims=True) - logits
    total, back = penalties[0] + follow[NONE], []  # in front of the line there is paper
    for here in penalties[1:]:
        ways = total[:, None] + follow
        back.append(ways.argmin(axis=0))
        total = ways.min(axis=0) + here
    labels = [int(total.argmin())]
    for came_from in reversed(back):
        labels.append(int(came_from[labels[-1]]))
    return np.array(labels[::-1])


def spell(labels):
    """Read labels at places as a text: what is repeated counts once, and none not at all.

    Parameters
    ----------
    labels : numpy.ndarray
        ``(places,)``: 0 for none, d + 1 for digit d.

    Returns
    -------
    str
    """
    changes = np.flatnonzero(np.diff(labels, prepend=NONE))
    return "".join(str(labels[place] - 1) for place in changes if labels[place] != NONE)


def chance(logits, text):
    """Return how probable a text is, all ways to write it at the places together.

    At each place some label is right, independently of the others, with the probability that the
    network gives it. A text has the probability of all sequences of labels together that
    :func:`spell` reads as it. They are added up place by place, with the forward algorithm. Minus
    the logarithm is the loss of CTC (Graves et al. 2006).

    Parameters
    ----------
    logits : numpy.ndarray
        ``(places, 11)``: of one line.
    text : str
        Digits.

    Returns
    -------
    float
        0 to 1.
    """
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    states = np.zeros(2 * len(text) + 1, int)  # none, digit, none, digit, …, none
    states[1::2] = [int(digit) + 1 for digit in text]
    skips = np.zeros(len(states), bool)  # from the digit before, past the none between
    skips[2:] = (states[2:] != NONE) & (states[2:] != states[:-2])
    sums = np.full(len(states) + 2, -np.inf)  # two more in front, which nothing reaches
    sums[2:4] = log_p[0, states[:2]]
    for here in log_p[1:]:
        over = np.where(skips, sums[:-2], -np.inf)
        sums[2:] = np.logaddexp(np.logaddexp(sums[2:], sums[1:-1]), over) + here[states]
    return float(np.exp(np.logaddexp.reduce(sums[2:][-2:])))


def likeliest(logits, beam=8):
    """Read the text that is most probable, all ways to write it together: a beam search.

    The most probable sequence of labels need not spell the most probable text, for a text may have
    many ways. So texts are made longer place by place, and only some of the best are kept.

    Parameters
    ----------
    logits : numpy.ndarray
        ``(places, 11)``: of one line.
    beam : int
        Texts that are kept at each place.

    Returns
    -------
    str
    """
    shares = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    kept = {"": (1.0, 0.0)}  # probability of ways that end in none, and in the last digit
    for here in shares:
        found = {}

        def add(text, ends_in_none, ends_in_digit, found=found):
            a, b = found.get(text, (0.0, 0.0))
            found[text] = a + ends_in_none, b + ends_in_digit

        for text, (none, digit) in kept.items():
            add(text, (none + digit) * here[NONE], digit * here[int(text[-1]) + 1] if text else 0.0)
            for label in np.flatnonzero(here[1:] > 1e-4):
                before = none if text.endswith(str(label)) else none + digit
                add(f"{text}{label}", 0.0, before * here[label + 1])
        best = sorted(found, key=lambda text: -sum(found[text]))[:beam]
        kept = {text: found[text] for text in best}
    return max(kept, key=lambda text: sum(kept[text]))


def read_lines(lines, answer, decode=likeliest):
    """Read lines twice, the second time two columns further, and keep what both find likely.

    Places are 4 columns apart, and where digits touch it matters how they fall on them.

    Parameters
    ----------
    lines : numpy.ndarray
        ``(n, 32, width)``, 0 to 1.
    answer : callable
        Takes lines ``(n, 32, width, 1)``, returns logits ``(n, places, 11)``.
    decode : callable
        Takes the logits of a line ``(places, 11)``, returns a text.

    Returns
    -------
    (list of str, numpy.ndarray)
        What is read; and ``(n,)`` how sure, 0 to 1: the geometric mean of the probabilities that
        this text has by the one reading and by the other (:func:`chance`).
    """
    further = np.pad(lines, ((0, 0), (0, 0), (STEP // 2, 0)))[:, :, : lines.shape[2]]
    texts, sure = [], []
    for pair in zip(answer(lines[..., None]), answer(further[..., None]), strict=True):
        found = {decode(logits) for logits in pair}
        chances = {text: np.prod([chance(logits, text) for logits in pair]) for text in found}
        texts.append(max(sorted(found), key=chances.get))
        sure.append(np.sqrt(chances[texts[-1]]))
    return texts, np.array(sure)
