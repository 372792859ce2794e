"""A whole number, read from a line of digits: three ways."""
