"""``python -m lenet_tutorial COMMAND`` does what ``lenet-tutorial COMMAND`` does."""

import sys

from .command.cli import main

if __name__ == "__main__":
    sys.exit(main())
