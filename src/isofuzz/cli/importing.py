"""Where targets are imported from."""

import sys
from pathlib import Path


def import_from_here() -> None:
    """Let `module:Class` name a module in the current folder, as `python -m` does, and in the project's folder."""
    from isofuzz.runs.configuration import find_pyproject

    here = Path.cwd()
    project = find_pyproject(here)
    for folder in filter(None, (project and project.parent, here)):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
