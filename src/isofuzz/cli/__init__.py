"""The command line: from arguments to a run, and from what it concludes to an exit code."""

import signal

from isofuzz.cli.app import app
from isofuzz.cli.errors import FAILED
from isofuzz.cli.interrupts import interrupted_by
from isofuzz.cli.outlet import drop_what_nobody_reads, output_failed


def main() -> None:
    """The command `isofuzz`."""
    drop_what_nobody_reads()
    with interrupted_by(signal.SIGINT, signal.SIGTERM):
        try:
            app(prog_name="isofuzz")
        except SystemExit as ended:
            if output_failed() and not ended.code:
                raise SystemExit(FAILED) from None
            raise
