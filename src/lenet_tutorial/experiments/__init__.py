"""What ``make results`` computes: one module for each chapter that has long runs.

Each module holds its recipes as readable values, the function that makes one run, and a dictionary
``EXPERIMENTS`` of :class:`lenet_tutorial.results.Experiment`, by the name of the file.
"""

from . import as_published_1998 as published
from . import beyond_one_machine as beyond
from . import in_code_1989 as zip1989
from . import training_faster_and_better as faster
from . import training_with_keras as changes
from . import why_it_works as why

EXPERIMENTS = {
    **changes.EXPERIMENTS,
    **faster.EXPERIMENTS,
    **published.EXPERIMENTS,
    **why.EXPERIMENTS,
    **zip1989.EXPERIMENTS,
    **beyond.EXPERIMENTS,
}
