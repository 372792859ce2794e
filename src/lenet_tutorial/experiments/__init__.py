"""What ``make results`` computes: one module for each chapter that has long runs, named after it.

Each module holds its recipes as readable values, the function that makes one run, and a dictionary
``EXPERIMENTS`` of :class:`lenet_tutorial.experiments.run.Experiment`, by the name of the file.
"""

from . import (
    as_published_1998,
    beyond_one_machine,
    how_far_lenet_goes_one_epoch,
    how_far_lenet_goes_small,
    how_far_lenet_goes_strongest,
    in_code_1989,
    in_code_1989_zip_codes,
    lenet_from_nothing,
    reading_a_whole_number,
    training_faster_and_better,
    training_with_keras,
    what_came_after,
    when_training_fails,
    why_it_works,
    why_it_works_five_nets,
)

EXPERIMENTS = {
    **lenet_from_nothing.EXPERIMENTS,
    **training_with_keras.EXPERIMENTS,
    **training_faster_and_better.EXPERIMENTS,
    **as_published_1998.EXPERIMENTS,
    **when_training_fails.EXPERIMENTS,
    **why_it_works.EXPERIMENTS,
    **why_it_works_five_nets.EXPERIMENTS,
    **in_code_1989.EXPERIMENTS,
    **what_came_after.EXPERIMENTS,
    **in_code_1989_zip_codes.EXPERIMENTS,
    **beyond_one_machine.EXPERIMENTS,
    **reading_a_whole_number.EXPERIMENTS,
    **how_far_lenet_goes_one_epoch.EXPERIMENTS,
    **how_far_lenet_goes_small.EXPERIMENTS,
    **how_far_lenet_goes_strongest.EXPERIMENTS,
}
