"""Texts and names that come from anywhere, shown in one line."""


def printable(text):
    """Return a text with what can't be printed in it, as a line break, written as escapes.

    Parameters
    ----------
    text : object
        What ``str`` makes of it counts.

    Returns
    -------
    str
    """
    return "".join(one if one.isprintable() else _escape(one) for one in str(text))


def _escape(character):
    if 0xDC80 <= ord(character) <= 0xDCFF:  # a byte of a file name that is no UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def shown(path, most=200):
    """Return a path or a name as one line that can be written anywhere.

    Parameters
    ----------
    path : path
        What can't be printed in it, as a line break or half of a character, becomes an escape.
    most : int or None
        A longer one loses its middle; None keeps everything.

    Returns
    -------
    str
    """
    text = printable(path)
    if most is None or len(text) <= most:
        return text
    return f"{text[: most // 2]}...{text[-most // 2 :]}"
