"""The small package that the chapters of the LeNet tutorial share.

Each module can be read in one sitting, and imports point one way::

    shapes <- models <- training
    tables, figures and datasets look on

What a chapter teaches stands in the chapter itself. Here stands what two chapters share, and
what only supports a picture.
"""

from . import _kernel, _quiet

_kernel.install()  # before any chapter draws
_quiet.install()  # before any chapter imports Keras

__version__ = "0.1.0"
