"""The command line: from arguments to a run, and from what it concludes to an exit code."""

import signal
import sys
from io import TextIOWrapper

from isofuzz.cli.app import app
from isofuzz.cli.interrupts import interrupted_by


def main() -> None:
    """The command `isofuzz`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 must not cost the report
    with interrupted_by(signal.SIGINT, signal.SIGTERM):
        app(prog_name="isofuzz")
