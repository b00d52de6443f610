"""What a shell offers when somebody presses Tab. It comes at once or not at all, and never as an error.

The shell asks by running the command with `_ISOFUZZ_COMPLETE` set, and shows what is printed.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress

import typer


def targets() -> list[str]:
    """The packs. A module of one's own is for the shell's own completion of files."""
    from isofuzz.runs.targets import pack_names

    return pack_names()


def profiles() -> list[str]:
    """The profiles."""
    from isofuzz.runs.profiles import PROFILES

    return list(PROFILES)


def oracles() -> list[str]:
    """The oracles."""
    from isofuzz.oracles.violation import Oracle

    return [oracle.value for oracle in Oracle]


def defects(context: typer.Context) -> list[tuple[str, str]]:
    """The leaks that can be planted in the target that stands on the line, else in the project's."""
    from isofuzz.cli.configured import chosen_target, configured
    from isofuzz.runs.targets import find_target

    # The option that is being completed has no value yet; that ends parsing before the arguments get their names.
    given = context.params.get("target") or next(iter(context.args), None)
    with _whatever_happens():
        return list(find_target(chosen_target(given, configured())).defects.items())
    return []


@contextmanager
def _whatever_happens() -> Iterator[None]:
    """A target's module is anybody's code: what it prints and raises does not reach the shell."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), suppress(Exception, SystemExit):
        yield
