"""``python -m lenet_tutorial COMMAND`` does what ``lenet-tutorial COMMAND`` does."""

from .command.cli import program

if __name__ == "__main__":
    program()
