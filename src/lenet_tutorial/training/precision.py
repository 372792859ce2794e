"""Which number format is faster on this machine: float32, or bfloat16 in the layers."""

import functools
import time

#: What is timed: the convolution C3 on a batch, with 16 maps below and 32 above.
IMAGES, KERNEL = (64, 12, 12, 16), (5, 5, 16, 32)
#: How many times as fast bfloat16 must be. A small gain is not worth the coarser numbers, and may
#: be another program's doing.
WORTH = 1.1


@functools.lru_cache(maxsize=1)
def faster_dtype():
    """Time a convolution in float32 and in bfloat16, and name the policy that is worth taking.

    A processor with circuits for products in bfloat16 gains from it; one without them may lose,
    because each number has to be turned into another before and after. The measurement takes about
    a tenth of a second, and is made once in a process.

    Returns
    -------
    str
        'float32' or 'mixed_bfloat16', as ``keras.config.set_dtype_policy`` takes it.
    """
    try:
        took = convolution_seconds()
    except Exception:  # a library that knows the format by name, and has no convolution in it
        return "float32"
    return "mixed_bfloat16" if took["bfloat16"] * WORTH < took["float32"] else "float32"


def convolution_seconds(times=20):
    """Return the shortest time of a convolution in each format.

    Parameters
    ----------
    times : int
        How often each is timed, in turn, after a first call that does not count.

    Returns
    -------
    dict of float
        Seconds, by the format.
    """
    import numpy as np
    from keras import ops

    took = {"float32": [], "bfloat16": []}
    operands = {dtype: [ops.ones(shape, dtype) for shape in (IMAGES, KERNEL)] for dtype in took}
    for _ in range(times + 1):
        for dtype, (images, kernel) in operands.items():
            began = time.perf_counter()
            maps = ops.conv(images, kernel, data_format="channels_last")
            np.asarray(ops.convert_to_numpy(maps[0, 0, 0]))  # wait until it is there
            took[dtype].append(time.perf_counter() - began)
    return {dtype: min(seconds[1:]) for dtype, seconds in took.items()}
