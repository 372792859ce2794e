"""Write under requirements.lock the checksum of what stands in it: the last step of ``make lock``.

So a test notices when a line was changed by hand, or lost one of its hashes.
"""

import hashlib
import sys
from pathlib import Path

MARK = "# sha256 of the lines above: "


def checksum(text):
    """Return the checksum of a lock's lines, without the one that names it."""
    lines = [line for line in text.splitlines() if not line.startswith(MARK)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def is_sealed(text):
    """Return whether a lock is as ``make lock`` wrote it."""
    return text.splitlines()[-1] == MARK + checksum(text)


def seal(text):
    """Return a lock with its checksum in the last line."""
    lines = [line for line in text.splitlines() if not line.startswith(MARK)]
    return "\n".join([*lines, MARK + checksum(text), ""])


if __name__ == "__main__":
    lock = Path(sys.argv[1])
    sealed = seal(lock.read_text(encoding="utf-8"))
    lock.write_text(sealed, encoding="utf-8", newline="\n")
