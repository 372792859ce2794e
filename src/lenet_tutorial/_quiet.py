"""Keep TensorFlow's notices out of the notebooks.

TensorFlow writes those of its start straight to file descriptor 2 while it is being imported,
before any logging setting is read, and a notebook stores what it finds there as output of the cell.
"""

import importlib.abc
import importlib.machinery
import logging
import os
import sys
import tempfile

# The notices that say nothing about the reader's program. Every other line is passed on.
NOTICES = (
    "oneDNN custom operations are on",
    "All log messages before absl::InitializeLog() is called",
    "This TensorFlow binary is optimized to use available CPU instructions",
    "To enable the following instructions",
)
# A chapter with several small models asks each for a few answers. TensorFlow takes that for waste.
RETRACING = "triggered tf.function retracing"


def install():
    """Set TensorFlow's log level, and see to it that its import is quiet."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # a value that the reader has set wins
    logger = logging.getLogger("tensorflow")
    if _not_retracing not in logger.filters:
        logger.addFilter(_not_retracing)
    loaded = "tensorflow" in sys.modules
    if not loaded and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _not_retracing(record):
    return RETRACING not in record.getMessage()


class _Finder(importlib.abc.MetaPathFinder):
    """Find TensorFlow as usual, and wrap its loader."""

    def find_spec(self, name, path, target=None):
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)  # needed once
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        try:
            sys.stderr.flush()
            caught = tempfile.TemporaryFile()
            saved = os.dup(2)
        except (AttributeError, OSError, ValueError):  # no stderr, or no room to catch it in
            self.loader.exec_module(module)
            return
        with caught:
            os.dup2(caught.fileno(), 2)
            try:
                self.loader.exec_module(module)
            finally:
                os.dup2(saved, 2)
                os.close(saved)
                caught.seek(0)
                for line in caught.read().decode(errors="replace").splitlines():
                    if not any(notice in line for notice in NOTICES):
                        print(line, file=sys.stderr)

    def __getattr__(self, name):  # resources and the like are asked of the real loader
        return getattr(self.loader, name)
