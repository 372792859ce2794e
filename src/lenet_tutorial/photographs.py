"""Photographs of handwritten digits, drawn: paper, a pen, light, dirt and a camera.

No photograph comes with the book. These are made of digits of a data set, so that what stands on
each is known, and every reader has the same. The pen's edge is sharp, the light falls off, the
camera has grain, and the file is a JPEG. The tests draw other kinds with the same parts.
"""

import io

import numpy as np

EDGE = 0.35  # how dark a digit's soft edge must be to count as the pen's
PAPER, PEN, RULES, TABLE = (0.95, 0.94, 0.9), (0.15, 0.2, 0.5), (0.45, 0.55, 0.75), (0.3, 0.2, 0.12)


def strokes(image, random, height=620, width=480, fill=None, thin=0):
    """Place a digit on a sheet, or several in a line.

    Parameters
    ----------
    image : numpy.ndarray
        ``(28, 28)``, 0 to 255, or several, ``(n, 28, 28)``.
    random : numpy.random.Generator
        Draws size, place and turn.
    height, width : int
        Of the sheet, in pixels; for several digits it lies on its side.
    fill : float, optional
        Side of the digit, as a share of the sheet's shorter side; drawn where it is not given.
    thin : int
        By so many pixels strokes are thinner than they were written.

    Returns
    -------
    numpy.ndarray
        ``(height, width)``, or turned: how much of each pixel is ink, 0 to 1.
    """
    from scipy import ndimage

    if image.ndim == 3:
        return in_a_line(image, random, width, height, fill, thin)  # the sheet lies on its side
    fill = fill or random.uniform(0.4, 0.65)
    side = int(fill * min(height, width) * 28 / 20)
    big = ndimage.zoom(image / 255.0, side / 28, order=3)[:side, :side]
    big = np.clip((big - EDGE) * 5, 0, 1)  # the edge of a pen, not a blur
    if thin:
        big = ndimage.grey_erosion(big, size=(thin, thin))
    sheet = np.zeros((height, width))
    free = (height - big.shape[0], width - big.shape[1])
    top, left = (int(each * random.uniform(0.35, 0.65)) for each in free)
    sheet[top : top + big.shape[0], left : left + big.shape[1]] = big
    return ndimage.rotate(sheet, random.uniform(-8, 8), reshape=False, order=1)


def in_a_line(images, random, height, width, fill=None, thin=0, gaps=(0.12, 0.5), climb=5):
    """Write digits beside one another: of various sizes, not quite level, and all slanted alike.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 28, 28)``, 0 to 255.
    random : numpy.random.Generator
        Draws sizes, gaps, slant and turn.
    height, width : int
        Of the sheet, in pixels.
    fill : float, optional
        Length of the line, as a share of the sheet's width; drawn where it is not given.
    thin : int
        By half as many pixels strokes are thinner than they were written.
    gaps : (float, float)
        Least and largest gap, in heights of a digit.
    climb : float
        By so many degrees the line climbs or falls, at most.

    Returns
    -------
    numpy.ndarray
        ``(height, width)``: how much of each pixel is ink, 0 to 1.
    """
    from scipy import ndimage

    slant, drawn = random.uniform(-0.25, 0.25), []
    for image in images:
        rows, columns = (np.flatnonzero(image.max(axis=axis) > 60) for axis in (1, 0))
        part = np.pad(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] / 255, 2)
        size = 100 * random.uniform(0.8, 1.15) / (rows[-1] + 1 - rows[0])
        big = np.clip((ndimage.zoom(part, size, order=3) - 0.35) * 5, 0, 1)
        big = np.pad(big, ((0, 0), (30, 30)))
        shear = [[1, 0], [slant, 1]]
        big = ndimage.affine_transform(big, shear, (0, -slant * len(big) / 2), order=1)
        columns = np.flatnonzero(big.max(axis=0) > 0.1)
        drawn.append(big[:, columns[0] : columns[-1] + 1])
    spaces = [int(100 * random.uniform(*gaps)) for _ in drawn]
    line = np.zeros((160, sum(one.shape[1] for one in drawn) + sum(spaces[:-1])))
    left = 0
    for one, space in zip(drawn, spaces, strict=True):
        top = int(np.clip((160 - len(one)) / 2 + random.uniform(-8, 8), 0, 160 - len(one)))
        place = line[top : top + len(one), left : left + one.shape[1]]
        np.maximum(place, one, out=place)
        left += one.shape[1] + space
    scale = (fill or random.uniform(0.5, 0.65)) * 1.3 * width / max(line.shape[1], 350)
    line = np.clip((ndimage.zoom(line, scale, order=1) - 0.3) * 2.5, 0, 1)
    if thin:
        line = ndimage.grey_erosion(line, size=(max(thin // 2, 1),) * 2)
    sheet = np.zeros((height, width))
    free = (height - line.shape[0], width - line.shape[1])
    top, left = (max(0, int(each * random.uniform(0.4, 0.6))) for each in free)
    sheet[top : top + line.shape[0], left : left + line.shape[1]] = line
    return ndimage.rotate(sheet, random.uniform(-climb, climb), reshape=False, order=1)


def write(ink, paper=(0.93, 0.92, 0.9), pen=(0.15, 0.16, 0.2)):
    """Return a sheet of paper, written on.

    Parameters
    ----------
    ink : numpy.ndarray
        ``(height, width)``, 0 to 1.
    paper : sequence of float or numpy.ndarray
        Red, green and blue, 0 to 1: of the sheet, or of each pixel.
    pen : sequence of float
        Red, green and blue, 0 to 1.

    Returns
    -------
    numpy.ndarray
        ``(height, width, 3)``, 0 to 1.
    """
    paper, pen = np.broadcast_to(paper, (*ink.shape, 3)), np.array(pen)
    return paper + ink[..., None] * (pen - paper)


def finish(sheet, random, grain=0.015, quality=85):
    """Add the grain of a camera, and pack the picture as a JPEG.

    Parameters
    ----------
    sheet : numpy.ndarray
        ``(height, width, 3)``, 0 to 1.
    random : numpy.random.Generator
        Draws the grain.
    grain : float
        Its standard deviation.
    quality : int
        Of the JPEG, 1 to 95.

    Returns
    -------
    numpy.ndarray
        ``(height, width, 3)``, uint8.
    """
    from PIL import Image

    noisy = sheet + random.normal(0, grain, sheet.shape)
    data = np.clip(noisy * 255, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(data).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def places(shape):
    """Return how far down and across each pixel is, as shares of the picture.

    Parameters
    ----------
    shape : tuple of int
        Height and width, in pixels.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        Each ``(height, width)``, from 0 to nearly 1.
    """
    height, width = shape[:2]
    y, x = np.mgrid[:height, :width]
    return y / height, x / width


def ramp(shape, random):
    """Return a plane from 0 to 1 across a picture, in a random direction.

    Parameters
    ----------
    shape : tuple of int
        Height and width, in pixels.
    random : numpy.random.Generator
        Draws the direction.

    Returns
    -------
    numpy.ndarray
        ``(height, width)``.
    """
    y, x = places(shape)
    angle = random.uniform(0, 2 * np.pi)
    plane = np.cos(angle) * x + np.sin(angle) * y
    return (plane - plane.min()) / (plane.max() - plane.min())


def ruled(sheet_shape, random, squares, pitch, strength, colour=RULES):
    """Return the lines that are printed on a sheet, a little turned.

    Parameters
    ----------
    sheet_shape : tuple of int
        Height and width, in pixels.
    random : numpy.random.Generator
        Draws the turn.
    squares : bool
        Whether there are lines from top to bottom too.
    pitch : float
        From one line to the next, in pixels.
    strength : float
        1 where a line has its full colour.
    colour : sequence of float
        Red, green and blue, 0 to 1.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        How much of a line there is at each pixel, ``(height, width)``; and the colour.
    """
    h, w = sheet_shape
    y, x = np.mgrid[:h, :w].astype(float)
    turn = np.deg2rad(random.uniform(-2, 2))
    across, down = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    lines = np.abs((down % pitch) - pitch / 2) < 1.2
    if squares:
        lines |= np.abs((across % pitch) - pitch / 2) < 1.2
    return lines * strength, np.array(colour)


def photograph(image, random, height=320, width=260):
    """Photograph a digit, or several, on squared paper that lies on a table.

    A blue pen, light that falls off, a shadow with an edge, specks, and the table at the left.

    Parameters
    ----------
    image : numpy.ndarray
        ``(28, 28)``, 0 to 255, or several, ``(n, 28, 28)``.
    random : numpy.random.Generator
        Draws all that differs from one photograph to the next.
    height, width : int
        In pixels; for several digits the sheet lies on its side.

    Returns
    -------
    numpy.ndarray
        ``(height, width, 3)``, or turned, uint8.
    """
    from scipy import ndimage

    fill = 0.62 if image.ndim == 3 else random.uniform(0.35, 0.5)
    ink = strokes(image, random, height, width, fill)
    height, width = ink.shape
    y, x = np.mgrid[:height, :width]
    for _ in range(6):
        down, across = random.uniform(0, height), random.uniform(0, width)
        ink = np.maximum(ink, np.hypot(y - down, x - across) < random.uniform(1, 3))
    lines, colour = ruled(
        ink.shape, random, True, random.uniform(20, 26), random.uniform(0.65, 0.9)
    )
    sheet = write(ink, np.array(PAPER) + lines[..., None] * (colour - PAPER[1]), PEN)
    shadow = ramp(ink.shape, random) > random.uniform(0.4, 0.6)
    shadow = ndimage.gaussian_filter(shadow.astype(float), 4)
    light = (1 - random.uniform(0.4, 0.5) * ramp(ink.shape, random)) * (1 - 0.3 * shadow)
    sheet *= light[..., None]
    sheet[:, : int(random.uniform(0.03, 0.06) * width)] = TABLE
    return finish(sheet, random)
