"""Images and labels: what a network is given, checked, and prepared as its paper did it."""

import numpy as np


def check_images(images, size=None):
    """Return images as float32 ``(n, height, width, 1)``, or say what is wrong with them.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, h, w)`` or ``(n, h, w, 1)``, of numbers.
    size : int, optional
        The side in pixels that the images must have.

    Raises
    ------
    ValueError
        If the array has the wrong number of axes or the wrong side, is empty, is not of numbers,
        or holds NaN or infinity.
    """
    images = np.asarray(images)
    if images.dtype == bool or not np.issubdtype(images.dtype, np.number):
        raise ValueError(f"images must be numbers, got dtype {images.dtype}")
    if np.iscomplexobj(images):
        raise ValueError("images must be real numbers, got complex ones")
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4 or images.shape[-1] != 1:
        raise ValueError(
            f"images must have shape (n, height, width) or (n, height, width, 1), "
            f"got {images.shape}"
        )
    if len(images) == 0:
        raise ValueError("there are no images: the first axis has length 0")
    if size is not None and images.shape[1:3] != (size, size):
        raise ValueError(
            f"images must be {size}×{size} pixels, got {images.shape[1]}×{images.shape[2]}"
        )
    images = images.astype(np.float32)
    if not np.isfinite(images).all():
        raise ValueError("images hold NaN or infinity")
    return images


def check_labels(labels, count=None, classes=10):
    """Return labels as an integer array ``(n,)``, or say what is wrong with them.

    Parameters
    ----------
    labels : numpy.ndarray
        ``(n,)``, whole numbers from 0 to ``classes - 1``.
    count : int, optional
        The number of labels there must be: one for each image.
    classes : int
        Number of classes.

    Raises
    ------
    ValueError
        If the array has another shape, is not of whole numbers, or a label is out of range.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise ValueError(f"labels must have shape (n,), got {labels.shape}")
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels must be whole numbers, got dtype {labels.dtype}")
    if count is not None and len(labels) != count:
        raise ValueError(f"there are {count} images and {len(labels)} labels")
    wrong = labels[(labels < 0) | (labels >= classes)]
    if len(wrong):
        raise ValueError(f"labels must be 0 to {classes - 1}, got {wrong[0]}")
    return labels.astype(np.int64)


def prepare(images, input_size=28):
    """Turn uint8 digits into what a network takes: values 0 … 1, one channel, padded to size.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 28, 28)``, uint8.
    input_size : {28, 32}
        Side of the network's input in pixels; 32 puts two background pixels on each side.

    Returns
    -------
    numpy.ndarray
        ``(n, input_size, input_size, 1)``, float32, 0 to 1.

    Raises
    ------
    ValueError
        If the images are not uint8 of 28×28, or the input size is neither 28 nor 32.
    """
    if isinstance(input_size, float) or input_size not in (28, 32):
        raise ValueError(f"input_size must be 28 or 32, got {input_size!r}")
    if np.asarray(images).dtype != np.uint8:
        raise ValueError(
            f"images must be uint8, 0 to 255, got {np.asarray(images).dtype}: "
            "were they divided by 255 before?"
        )
    images = check_images(images, size=28) / np.float32(255)
    border = (int(input_size) - 28) // 2
    return np.pad(images, ((0, 0), (border, border), (border, border), (0, 0)))


def prepare_1998(images):
    """Turn uint8 digits into what the network of 1998 takes: 32×32, −0.1 to 1.175.

    The values of background and ink are those of LeCun et al. (1998, section II-B), who chose them
    for a mean of about 0.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 28, 28)``, uint8.

    Returns
    -------
    numpy.ndarray
        ``(n, 32, 32, 1)``, float32.

    Raises
    ------
    ValueError
        If the images are not uint8 of 28×28.
    """
    return prepare(images, 32) * np.float32(1.275) - np.float32(0.1)


def prepare_1989(images):
    """Turn uint8 digits into what the network of 1989 takes: 16×16, −1 to 1.

    Each digit's box of ink is scaled so that its longer side fills the 16 pixels, and put into the
    middle; the proportions stay (LeCun et al. 1989, section 2.1). Each pixel of the result is the
    mean of the area that it covers.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, 28, 28)``, uint8.

    Returns
    -------
    numpy.ndarray
        ``(n, 16, 16, 1)``, float32.

    Raises
    ------
    ValueError
        If the images are not uint8 of 28×28.
    """
    images = prepare(images)[..., 0]
    small = np.zeros((len(images), 16, 16), np.float32)
    for number, image in enumerate(images):
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        if len(rows) == 0:  # an empty image stays empty
            continue
        side = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
        down = area_weights((rows[0] + rows[-1] + 1 - side) / 2, side, 28, 16)
        across = area_weights((columns[0] + columns[-1] + 1 - side) / 2, side, 28, 16)
        small[number] = down @ image @ across.T
    return (2 * small - 1)[..., np.newaxis]


def area_weights(start, length, pixels, parts, dtype=np.float32):
    """Return by how much each pixel counts in the means of the equal parts of a stretch.

    A row of pixels times the transposed matrix is that row scaled: each new pixel is the mean of
    the old ones that it covers, as far as it covers them.

    Parameters
    ----------
    start : float
        Where the stretch begins, in pixels; outside the row lies nothing.
    length : float
        Length of the stretch, in pixels.
    pixels : int
        Pixels in the row.
    parts : int
        New pixels that the stretch becomes.
    dtype : type
        Of the result.

    Returns
    -------
    numpy.ndarray
        ``(parts, pixels)``; each line adds up to 1 where the stretch lies inside the row.
    """
    edges = start + length / parts * np.arange(parts + 1)
    left, right = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    pixel = np.arange(pixels)
    overlap = np.minimum(right, pixel + 1) - np.maximum(left, pixel)
    return np.maximum(overlap, 0).astype(dtype) * dtype(parts / length)
