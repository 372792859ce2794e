"""Training a network: one run, its recipes, its backups, and runs on several workers."""

from ..outputs import judge
from .fit import answers, error_rate, split_validation, train
from .seeds import set_seed

__all__ = ["answers", "error_rate", "judge", "set_seed", "split_validation", "train"]
