"""The command line: everything that ``lenet-tutorial`` does, on top of the library."""
