"""Where the runs of the tests have their folders: in memory, where there is enough of it.

Each run makes hundreds of files for its cluster. On some file systems that takes longer than all the rest of its start.
"""

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM = 2 * 2**30
"""Bytes that must be free there: far more than the clusters of all workers take at the same time."""

if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
    # What pytest keeps of the latest runs for people to look at stays on the disk.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)
