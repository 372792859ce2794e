"""The figures of the book, drawn with matplotlib, by subject: digits, sizes, a network, runs.

Each function takes data and returns a ``matplotlib.figure.Figure``. How all of them look stands in
:mod:`lenet_tutorial.figures.style`.
"""

from .convolution import (
    plot_filtered,
    plot_kernel_rows,
    plot_learning,
    plot_one_value,
    plot_patch,
    plot_sum_over_maps,
    plot_weight_matrices,
)
from .descent import plot_paths, plot_runs
from .digits import plot_mistakes, plot_patches, plot_pixels, plot_samples, worst_mistakes
from .graphs import draw_graph, plot_losses, plot_numbers, plot_pushes, plot_start_and_end
from .inside import (
    draw_architecture,
    draw_residual_block,
    plot_feature_maps,
    plot_kernels,
    plot_layers,
)
from .networks import plot_shapes, plot_sizes, plot_stages, plot_timeline
from .runs import (
    confusion_matrix,
    lines_of,
    plot_confusion,
    plot_exchange,
    plot_history,
    plot_lines,
    plot_refusals,
    plot_spread,
)
from .sizes import (
    draw_output_size,
    draw_receptive_field,
    plot_receptive_fields,
    plot_receptive_growth,
)

__all__ = [
    "confusion_matrix", "draw_architecture", "draw_graph", "draw_output_size",
    "draw_receptive_field", "draw_residual_block", "lines_of", "plot_confusion", "plot_exchange",
    "plot_feature_maps", "plot_filtered", "plot_history", "plot_kernel_rows", "plot_kernels",
    "plot_layers", "plot_learning", "plot_lines", "plot_losses", "plot_mistakes", "plot_numbers",
    "plot_one_value", "plot_patch", "plot_patches", "plot_paths", "plot_pixels", "plot_pushes",
    "plot_receptive_fields", "plot_receptive_growth", "plot_refusals", "plot_runs", "plot_samples",
    "plot_shapes", "plot_sizes", "plot_spread", "plot_stages", "plot_start_and_end",
    "plot_sum_over_maps", "plot_timeline", "plot_weight_matrices", "worst_mistakes",
]  # fmt: skip
