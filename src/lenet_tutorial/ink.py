"""What on a photograph is ink: the light of the paper around it, and what else lies on it.

A photograph is not black on white. The light falls off, a shadow has an edge, the paper is ruled or
lies on a desk, and the pen may be as bright as the paper, only of another colour. The steps are
those of mathematical morphology (Serra 1982): what is narrower than a window is told from what is
wider. The explorer's `ink.js` takes the same steps, number for number.
"""

from typing import NamedTuple

import numpy as np

from .components import describe_pieces, largest, mark_pieces, smallest

SMOOTHED = 100  # a picture with a side of so many pixels is smoothed a little first, for its grain
WINDOW = 0.34  # strokes are narrower than this share of the picture's shorter side
BRIGHTEST = 40  # so many pixels of ink are enough to say how strong ink is
LEAST = 0.08  # contrast of ink, at least; black on white is nearly 1
DARKEST = 0.08  # of the paper; below it light is not divided by
ONLY_GREY = 0.6  # grey is used unless a colour stands out so much better
LINE = 0.25  # a printed line has at least this share of the ink's strength
LONG = 0.12, 0.6, 0.45  # a line's pieces, its length, and how much of that is there
INKED = 0.42  # share of the ink's strength from which on pieces are looked for
FRAME = 0.45, 0.4, 0.2, 0.2  # height and width of a frame, its ink, and what stands inside it
OTHER = 0.15, 0.4  # share of the digit's ink, and of its side, that another digit has
SPECK = 0.04, 0.15, 0.08  # share of the digit's ink, of its side, and of its ink without a side
FULL, UNLIKELY = 0.62, 0.7  # a digit has less ink in its box; how much less likely one with more is
AROUND = 0.88  # so sharp, against what is inside it, is what goes around something
EITHER = 0.6  # so sharp, what goes around and is nearly all ink may be meant
BLURRED = 0.78  # ink on its paper has a sharper outline: on the kinds of tests it has 0.81 to 1
SMALLEST = 0.04  # of the picture's side; what is smaller is hardly a digit
NEAR = 0.25  # parts of a digit are as near to each other, as a share of its side
FOOT, SLOPE = 0.33, 3  # below a third of its strength ink counts as paper


def grey(colours):
    """Return the light of colours: of red, green and blue as much as the eye sees.

    Parameters
    ----------
    colours : numpy.ndarray
        ``(height, width, 3)``, 0 to 1.

    Returns
    -------
    numpy.ndarray
        ``(height, width)``, 0 to 1.
    """
    return 0.299 * colours[..., 0] + 0.587 * colours[..., 1] + 0.114 * colours[..., 2]


class Strokes(NamedTuple):
    """What was found on a photograph.

    Attributes
    ----------
    ink : numpy.ndarray
        ``(height, width)``, float32: 0 is paper, 1 is ink.
    box : tuple of int
        First line, line after the last, first column, column after the last.
    contrast : float
        Between ink and paper, as a share of the paper's light; black on white is nearly 1.
    others : bool
        Whether there is more ink that may be a digit, or the outline is not that of a digit.
    whole : numpy.ndarray
        As `ink`, with all else that stands out as the digit does: other digits, dirt, frames.
    """

    ink: np.ndarray
    box: tuple
    contrast: float
    others: bool
    whole: np.ndarray


def find_strokes(colours):
    """Tell ink from all else on a photograph.

    The digit is what is left when the light of the paper, the desk, frames, printed lines and dirt
    are taken away.

    Parameters
    ----------
    colours : numpy.ndarray
        ``(height, width, 3)``, 0 to 1.

    Returns
    -------
    Strokes or None
        None where nothing stands out.
    """
    colours = np.asarray(colours, float)
    channels = [grey(colours), *np.moveaxis(colours, -1, 0)]
    if max(colours.shape) >= SMOOTHED:
        channels = [_smooth(channel) for channel in channels]
    found = [_strokes(channels, dark) for dark in (True, False)]
    best = _outer(*found)
    if best is None:
        return None
    ink, mask = best["ink"], best["mask"]
    around = max(1, _round(0.01 * max(ink.shape)))
    whole = np.clip((ink / best["strong"] - FOOT) * SLOPE, 0, 1).astype(np.float32)
    ink = whole * largest(mask, around, around)
    others = bool(best["others"] or best["sharp"] < BLURRED)
    return Strokes(ink, best["box"], best["strong"], others, whole)


def _outer(dark, light):
    """Choose between what is darker and what is lighter than its surroundings.

    The outline of ink is sharp all around; that of a gap between strokes is so only in part. But
    what a stroke goes around, such as the inside of a 0, has a sharp outline too.
    """
    if not (dark and light):
        return dark or light
    outer, inner = (dark, light) if dark["sharp"] >= light["sharp"] else (light, dark)
    a, b = inner["box"], outer["box"]
    around = a[0] <= b[0] and b[1] <= a[1] and a[2] <= b[2] and b[3] <= a[3]
    if around and not inner["full"] and inner["sharp"] >= AROUND * outer["sharp"]:
        return inner
    # A disc with a hole, a white digit on a black tile: which of both is meant?
    either = around and inner["full"] and inner["sharp"] >= EITHER * outer["sharp"]
    return outer | {"others": outer["others"] or either}


def _strokes(channels, dark):
    """Return what is darker than its surroundings, or lighter, and how sharp its outline is."""
    window = max(2, int(WINDOW * min(channels[0].shape)) // 2)
    found = [_local(channel, dark, window) for channel in channels]
    strengths = [_strength(ink) for ink in found]
    clear = [much / (_grain(ink) + 0.02) for ink, much in zip(found, strengths, strict=True)]
    best = int(np.argmax(clear))
    best = 0 if clear[0] >= ONLY_GREY * clear[best] else best
    ink, strong = found[best], strengths[best]
    if strong < LEAST:
        return None
    if max(ink.shape) >= SMOOTHED:
        ink = without_lines(without_lines(ink, strong).T, strong).T
        strong = max(_strength(ink), 0.3 * strong)
    piece = _digit(ink, strong)
    if piece is None:
        return None
    mask, box, others = piece
    inside = np.sort(ink[mask])
    strong = inside[int(0.9 * len(inside))]
    height, width = box[1] - box[0], box[3] - box[2]
    full = len(inside) > FULL * height * width and 2 * min(height, width) > max(height, width)
    sharp = _sharpness(channels[best], dark, mask, strong) * min(1, clear[best] / 6)
    sharp *= (UNLIKELY if full else 1) * min(1, max(height, width) / (SMALLEST * max(ink.shape)))
    found = {"ink": ink, "strong": strong, "mask": mask, "box": box}
    return found | {"sharp": sharp, "others": others, "full": full}


def _round(value):
    return int(np.floor(value + 0.5))


def _smooth(values):
    """Return the mean of each pixel's surroundings, with the weights 1, 2, 1 along both axes."""
    for axis in (0, 1):
        before, after = (np.roll(values, step, axis) for step in (1, -1))
        before, after = np.moveaxis(before, axis, 0), np.moveaxis(after, axis, 0)
        middle = np.moveaxis(values, axis, 0)
        before[0], after[-1] = middle[0], middle[-1]
        values = np.moveaxis((before + 2 * middle + after) / 4, 0, axis)
    return values


def _local(light, dark, window):
    """Return how far each pixel is from the paper around it, which is wider than the window."""
    if dark:
        paper = smallest(largest(light, window, window), window, window)
        return (paper - light) / np.maximum(paper, DARKEST)
    paper = largest(smallest(light, window, window), window, window)
    return (light - paper) / np.maximum(1 - paper, 0.25)


def _strength(ink):
    """Return how strong ink is: a value that few pixels reach."""
    count = BRIGHTEST if ink.size > 4000 else max(1, ink.size // 100)
    return np.partition(ink, ink.size - count, axis=None)[ink.size - count]


def _grain(ink):
    return np.median(np.abs(ink - np.median(ink)))


def _sharpness(light, dark, mask, strong):
    """Return how large the step of the light is along an outline, as a share of the ink's."""
    high, low = largest(light, 2, 2), smallest(light, 2, 2)
    step = (high - low) / (np.maximum(high, DARKEST) if dark else np.maximum(1 - low, 0.25))
    rim = mask & ~_eroded(mask)
    return np.minimum(step[rim] / strong, 1).mean()


def _eroded(mask):
    framed = np.pad(mask, 1)
    return smallest(framed, 1, 1)[1:-1, 1:-1]


# --------------------------------------------------------------------------- printed lines


def without_lines(ink, strong):
    """Take away lines that go from side to side, and mend the strokes that they cross.

    For lines from top to bottom hand over the picture turned, ``ink.T``.

    Parameters
    ----------
    ink : numpy.ndarray
        ``(height, width)``; 0 is paper.
    strong : float
        How strong ink is. A line has at least a quarter of it.

    Returns
    -------
    numpy.ndarray
        ``(height, width)``, without the lines.
    """
    height, width = ink.shape
    inked = ink > LINE * strong
    half = max(4, int(LONG[0] * width) // 2)
    # A line that is not quite level is still one over a short stretch.
    straight = largest(smallest(largest(inked, 1, 0), 0, half), 0, half)
    marks, boxes = mark_pieces(largest(straight, 0, half))
    straight &= inked
    runs, ink = _runs(inked), ink.copy()
    for number, (_, _, left, right) in enumerate(boxes, 1):
        if right - left < LONG[1] * width:
            continue
        line = straight & (marks == number)
        thickness = line.sum(axis=0)
        there = thickness > 0
        if there.sum() < LONG[2] * width:
            continue
        thick = np.sort(thickness[there])[there.sum() // 2]
        if thick > max(3, 0.03 * height):
            continue
        thin = runs <= 1.8 * thick + 1  # elsewhere a stroke runs along it
        gone = largest(line & thin, 1, 0) & thin
        ink = _mended(ink, gone, thick + 2)
    return ink


def _runs(mask):
    """Return for each pixel of a mask how many there are above and below it without a gap."""
    count = np.zeros(mask.shape, int)
    for line in range(len(mask)):
        count[line] = (count[line - 1] + 1 if line else 1) * mask[line]
    for line in range(len(mask) - 2, -1, -1):
        both = mask[line] & mask[line + 1]
        count[line] = np.where(both, count[line + 1], count[line])
    return count


def _mended(ink, gone, reach):
    """Put into each lost pixel what is above and below the loss: the smaller of both."""
    sides = []
    for step in (1, -1):
        value, known = np.zeros_like(ink), np.zeros(ink.shape, bool)
        for far in range(1, reach + 1):
            beyond, lost = np.zeros_like(ink), np.ones(ink.shape, bool)
            to, of = (slice(far, None), slice(None, -far))[::step]
            beyond[to], lost[to] = ink[of], gone[of]
            new = ~known & ~lost
            value[new] = beyond[new]
            known |= new
        sides.append(value)
    return np.where(gone, np.minimum(*sides), ink)


# --------------------------------------------------------------------------- pieces


def _digit(ink, strong):
    """Return which pixels are the digit, its box, and if there may be others.

    Frames, what comes in from the edge, and dirt are left out.
    """
    height, width = ink.shape
    inked = ink > INKED * strong
    gap = max(1, _round(0.008 * max(height, width)))
    marks, parts = describe_pieces(ink, inked, gap)
    parts = [part for part in parts if not _is_frame(part, parts, height, width)]
    inner = [part for part in parts if not part["edge"]]
    if not parts:
        return None
    best = max(inner or parts, key=lambda part: part["mass"])
    if inner and best["side"] < 0.12 * max(height, width):
        # What touches the edge is the digit only where all else is dirt beside it.
        large = [
            part
            for part in parts
            if part["edge"]
            and part["mass"] > 8 * best["mass"]
            and part["fill"] < 0.6
            and part["side"] < 0.95 * max(height, width)
        ]
        if large:
            best, inner = max(large, key=lambda part: part["mass"]), parts
    inner = inner or [best]
    kept, box = _with_near(best, inner)
    others = any(
        part["mass"] >= OTHER[0] * best["mass"] and part["side"] >= OTHER[1] * best["side"]
        for part in inner
        if part["number"] not in kept
    )
    return np.isin(marks, kept), box, others


def _is_frame(part, parts, height, width):
    """Say if a piece goes around others: a drawn box, the axes of a chart."""
    top, bottom, left, right = part["box"]
    if bottom - top <= FRAME[0] * height or right - left <= FRAME[1] * width:
        return False
    return part["fill"] < FRAME[2] and any(
        top < one["box"][0]
        and one["box"][1] < bottom
        and left < one["box"][2]
        and one["box"][3] < right
        and one["side"] > FRAME[3] * part["side"]
        for one in parts
    )


def _with_near(best, parts):
    """Return the numbers of a piece and of the parts that belong to it, and the box of all."""
    kept, (top, bottom, left, right) = [best["number"]], best["box"]
    for part in sorted(parts, key=lambda part: -part["mass"]):
        if part is best or part["mass"] < SPECK[0] * best["mass"]:
            continue
        if part["side"] < SPECK[1] * best["side"] and part["mass"] < SPECK[2] * best["mass"]:
            continue
        up, down, before, after = part["box"]
        if max(up - bottom, top - down, before - right, left - after) <= NEAR * best["side"]:
            kept.append(part["number"])
            top, bottom = min(top, up), max(bottom, down)
            left, right = min(left, before), max(right, after)
    return kept, (int(top), int(bottom), int(left), int(right))
