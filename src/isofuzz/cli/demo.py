"""`isofuzz demo`: what isofuzz does, shown on the reference chat in less than a minute."""

import typer

from isofuzz.cli.errors import explained
from isofuzz.cli.options import Traceback


def demo(traceback: Traceback = False) -> None:
    """See it work: a leak is planted in a small chat, found, shrunk, explained and replayed; then the healthy chat.

    Nothing needs to be installed or configured. Exit code 0 when all of that happened.
    """
    with explained(traceback=traceback):
        from isofuzz.cli.demonstration import Demonstration

        raise typer.Exit(Demonstration().show())
