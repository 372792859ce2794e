"""Write tests/shape_cases.csv: output sizes, found by counting places one by one.

The Python and the JavaScript function are both held to this file. It knows nothing of a formula:
a place counts if all weights of the kernel fall on the padded input. So do the zeros of 'same':
they are added, after and before in turn, until the output has as many places as the input has
strides begun.
"""

import csv
import itertools
import sys


def places(size, kernel, stride, dilation, before, after):
    """Count the places of the kernel on the padded input."""
    weights = [dilation * n for n in range(kernel)]
    pixels = range(size + before + after)
    return sum(start + weights[-1] in pixels for start in pixels[::stride])


def same_zeros(size, kernel, stride, dilation):
    """Add zeros one by one, the first after the input, the next before, until enough places fit."""
    wanted = len(range(0, size, stride))
    before = after = 0
    while places(size, kernel, stride, dilation, before, after) < wanted:
        if after > before:
            before += 1
        else:
            after += 1
    return before, after


def main():
    """Write the cases to standard output."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["size", "kernel", "stride", "padding", "dilation", "before", "after", "output"])
    sizes, kernels = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 28, 32), (1, 2, 3, 4, 5, 7)
    paddings = ("valid", "same", 1, 2, 5)
    for size, kernel, stride, padding, dilation in itertools.product(
        sizes, kernels, (1, 2, 3, 5), paddings, (1, 2)
    ):
        if padding == "same":
            before, after = same_zeros(size, kernel, stride, dilation)
        else:
            before = after = 0 if padding == "valid" else padding
        count = places(size, kernel, stride, dilation, before, after)
        out.writerow([size, kernel, stride, padding, dilation, before, after, count])


if __name__ == "__main__":
    main()
