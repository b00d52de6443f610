"""What a command was given, completed by what the project says in its pyproject.toml."""

from pathlib import Path
from typing import TYPE_CHECKING

from isofuzz.cli.importing import import_from_here
from isofuzz.errors import UsageError

if TYPE_CHECKING:
    from isofuzz.runs.configuration import Configuration
    from isofuzz.runs.profiles import Profile


def configured() -> "Configuration":
    """The project's configuration; from now on targets of the current folder and of the project can be imported."""
    from isofuzz.runs.configuration import read_configuration

    import_from_here()
    return read_configuration(Path.cwd())


def chosen_target(given: str | None, configuration: "Configuration") -> str:
    """The name of the target: as given, else as the project says. Raises UsageError if neither names one."""
    if name := given or configuration.target:
        return name
    from isofuzz.runs.targets import pack_names

    place = configuration.file or "the pyproject.toml of your project"
    raise UsageError(
        f'no TARGET is given; write it after the command, or target = "module:Class" under [tool.isofuzz] in {place}.'
        f" A target to try: {', '.join(pack_names())}; one to begin your own from: isofuzz new NAME"
    )


def chosen_profile(given: str | None, configuration: "Configuration") -> "Profile":
    """How much to do: as given, else as the project says, else a little; with the project's budget."""
    from isofuzz.runs.profiles import DEFAULT

    return configuration.profile_named(given or configuration.profile or DEFAULT)
