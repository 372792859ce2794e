"""LeNet-5 slid over a whole line at once, and what its answers at all places say together.

C5 is a convolution (LeCun et al. 1998, section II-B). So a longer input gives longer maps in all
layers, and an answer for each window of 32 columns, every 4 columns: the same numbers as if each
window were cut out and read, but what neighbouring windows share is computed once. The paper calls
this a space displacement network (section VII).
"""

import numpy as np

STEP = 4  # columns between two places: S2 and S4 halve once each
WINDOW = 32
NONE = 0  # the first answer says that no digit stands in the middle; digit d is answer d + 1


def build_sliding():
    """Build LeNet-5 as convolutions alone, for lines of any length.

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
    model.add(layers.Conv2D(6, 5, activation="relu", name="C1"))
    model.add(layers.MaxPooling2D(2, name="S2"))
    model.add(layers.Conv2D(16, 5, activation="relu", name="C3"))
    model.add(layers.MaxPooling2D(2, name="S4"))
    model.add(layers.Conv2D(120, 5, activation="relu", name="C5"))
    model.add(layers.Conv2D(84, 1, activation="relu", name="F6"))
    model.add(layers.Conv2D(11, 1, name="output"))
    model.add(layers.Reshape((-1, 11), name="places"))
    return model


def places(width):
    """Return how many windows a line has, each 4 columns after the other."""
    return (width - WINDOW) // STEP + 1


def targets(lines, near=3.0, far=4.5):
    """Say for each place which digit stands in its middle, for a network that is told so.

    Parameters
    ----------
    lines : lenet_tutorial.reading.lines.Lines
    near, far : float
        Up to so many columns from a digit's middle it counts as there, from so many on as not; the
        places between are left out.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        ``(n, places)``: labels, 0 for none and d + 1 for digit d; and weights, 0 or 1.
    """
    count = places(lines.images.shape[2])
    middles = WINDOW / 2 + STEP * np.arange(count)
    labels, weights = np.zeros((len(lines), count), int), np.zeros((len(lines), count), np.float32)
    for number, (text, spans) in enumerate(zip(lines.texts, lines.spans, strict=True)):
        away = np.abs(middles[:, None] - spans.mean(axis=1))
        nearest = away.argmin(axis=1)
        away = away.min(axis=1)
        digits = np.array([int(digit) + 1 for digit in text])
        labels[number] = np.where(away <= near, digits[nearest], NONE)
        weights[number] = (away <= near) | (away >= far)
    return labels, weights


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
