"""`pytest --nbval` compares pictures too: see scripts/beside_nbval.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))
from beside_nbval import pytest_runtest_call  # noqa: F401
