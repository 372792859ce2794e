"""Settings for all tests."""

from hypothesis import settings

# Same examples in every run: a failure is a change in the code. No deadline: machines differ.
settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")
