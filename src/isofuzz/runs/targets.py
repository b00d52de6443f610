"""Targets by name: a pack, `module:Class`, or `path/to/file.py:Class`."""

import importlib
import importlib.util
import os
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from isofuzz.errors import UsageError
from isofuzz.runs.misspelt import meant
from isofuzz.target.base import Target

GROUP = "isofuzz.packs"


def find_target(name: str) -> type[Target]:
    """The target class of this name; raises UsageError that says what there is and how to write it."""
    if ":" not in name:
        return _checked(name, _pack(name).load())
    place, _, qualname = name.rpartition(":")
    if not (place.endswith(".py") or _is_dotted(place)):
        raise UsageError(f"{place!r} is no module; write your target as module:Class or path/to/file.py:Class")
    found: object = _module_from_file(Path(place)) if place.endswith(".py") else _module(place)
    for part in qualname.split("."):
        if not hasattr(found, part):
            raise UsageError(
                f"{place} has no class {qualname!r}; write `{place}:` and the name of your Target subclass"
            )
        found = getattr(found, part)
    return _checked(name, found)


def pack_names() -> list[str]:
    """The packs that are installed."""
    return sorted(pack.name for pack in entry_points(group=GROUP))


def name_of(target: type[Target]) -> str:
    """The name under which another process finds this class."""
    for pack in entry_points(group=GROUP):
        if pack.value == f"{target.__module__.removesuffix('.target')}:{target.__qualname__}":
            return pack.name
    file = getattr(sys.modules.get(target.__module__), "__file__", None)
    if file and not _is_importable(target.__module__, file):
        place, here = Path(file), Path.cwd()  # within the project it is the same on every machine
        return f"{place.relative_to(here) if place.is_relative_to(here) else place}:{target.__qualname__}"
    return f"{target.__module__}:{target.__qualname__}"


def means(name: str, target: type[Target]) -> bool:
    """Is the class what somebody called so, from whichever folder of the project, by its module or by its file?

    Nothing is imported for that: a module and a file are known by the end of the path of the class's own file.
    """
    place, _, qualname = name.rpartition(":")
    if not place:
        return name == name_of(target)
    file = getattr(sys.modules.get(target.__module__), "__file__", None)
    if not file or qualname != target.__qualname__:
        return False
    if place.endswith(".py"):
        return _ends_with(Path(file), Path(place))
    module = Path(*place.split("."))
    return _ends_with(Path(file), module.with_suffix(".py")) or _ends_with(Path(file), module / "__init__.py")


def _ends_with(file: Path, end: Path) -> bool:
    if end.is_absolute():
        return file.absolute() == end
    return file.absolute().parts[-len(end.parts) :] == end.parts


def _pack(name: str) -> EntryPoint:
    packs = {pack.name: pack for pack in entry_points(group=GROUP)}
    if name not in packs:
        raise UsageError(
            f"there is no pack {name!r}{_meant_instead(name)}; write your target as module:Class, for example "
            f"tests.chat:Chat, or one of the packs: {', '.join(pack_names())}"
        )
    return packs[name]


def _meant_instead(name: str) -> str:
    """What was perhaps meant by what is no pack, in parentheses: another pack, a file, a class after a dot."""
    if nearest := meant(name, pack_names()):
        return nearest
    file = f"{name.removesuffix('.py')}.py"
    if name == file or os.path.isfile(file):  # noqa: PTH113 - of a name too long for a file, Path.is_file raises
        return f" (did you mean {file}:Class?)"
    place, _, last = name.rpartition(".")
    return f" (did you mean {place}:{last}?)" if _is_dotted(place) and last.isidentifier() else ""


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _checked(name: str, found: object) -> type[Target]:
    if not (isinstance(found, type) and issubclass(found, Target)):
        raise UsageError(f"{name} is no subclass of isofuzz.Target but {found!r}")
    return found


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name and (name == missing.name or name.startswith(f"{missing.name}.")):
            if name in pack_names():
                raise UsageError(
                    f"there is no module {name!r}, but there is a pack: write {name}, without the colon"
                ) from None
            raise UsageError(
                f"there is no module {name!r}; run from the folder that holds it, or write the path of its file: "
                "path/to/file.py:Class"
            ) from None
        raise UsageError(f"{name} cannot be imported: it imports {missing.name!r}, which is not installed") from missing
    except (Exception, SystemExit) as problem:  # the user's module may raise anything at import
        raise UsageError(f"{name} cannot be imported: {type(problem).__name__}: {problem}") from problem


def _module_from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"there is no file {path}; write path/to/file.py:Class")
    sys.path.insert(0, str(path.parent.absolute()))  # what stands beside it can be imported, as with `python file.py`
    name = f"isofuzz_target_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as problem:  # the user's module may raise anything at import
        raise UsageError(f"{path} cannot be imported: {type(problem).__name__}: {problem}") from problem
    return module


def _is_importable(module: str, file: str) -> bool:
    """Would another process find this file under this name? What is imported here already does not say so."""
    place = Path(*module.split("."))
    return any(
        Path(file) in (folder / place.with_suffix(".py"), folder / place / "__init__.py")
        for folder in (Path(entry).absolute() for entry in sys.path)
    )
