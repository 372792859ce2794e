"""What ``make results`` computes: one module for each chapter that has long runs.

Each module holds its recipes as readable values, the function that makes one run, and a dictionary
``EXPERIMENTS`` of :class:`lenet_tutorial.results.Experiment`, by the name of the file.
"""

from . import beyond, changes, faster, published, why, zip1989

EXPERIMENTS = {
    **changes.EXPERIMENTS,
    **faster.EXPERIMENTS,
    **published.EXPERIMENTS,
    **why.EXPERIMENTS,
    **zip1989.EXPERIMENTS,
    **beyond.EXPERIMENTS,
}
