"""Where targets are imported from."""

import sys
from pathlib import Path


def import_from_here() -> None:
    """Let `module:Class` name a module in the current folder, as `python -m` does."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
