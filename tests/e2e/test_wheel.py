"""The wheel as its users get it: everything is in it, and it works from any folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.e2e


def done(*command: str | Path, cwd: Path, status: int = 0) -> str:
    """What a command said that ended as it should."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ISOFUZZ"))}
    ended = subprocess.run(
        [*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, timeout=400, check=False
    )
    assert ended.returncode == status, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation")
    done(*build, "--outdir", folder, cwd=ROOT)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a fresh environment with the wheel in it, and beside it what this environment has installed."""
    folder = tmp_path_factory.mktemp("environment")
    done(sys.executable, "-m", "venv", "--without-pip", folder, cwd=ROOT)
    [packages] = (folder / "lib").glob("python*/site-packages")
    others = folder / "others"  # all but isofuzz itself, which is installed from this checkout
    others.mkdir()
    for package in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if "isofuzz" not in package.name and package.suffix != ".pth":
            (others / package.name).symlink_to(package)
    (packages / "others.pth").write_text(f"{others}\n")
    done(folder / "bin" / "python", "-m", "pip", "install", "--no-deps", "--no-index", wheel, cwd=folder)
    return folder / "bin"


def test_the_wheel_holds_both_packages_and_what_goes_with_them(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [entry_points] = [archive.read(name).decode() for name in names if name.endswith("entry_points.txt")]
    for root, package in ((ROOT / "src", "isofuzz"), (ROOT / "strategies", "isofuzz_packs")):
        modules = {str(module.relative_to(root)) for module in (root / package).rglob("*.py")}
        assert modules <= set(names)
    assert "isofuzz/py.typed" in names
    assert {f"isofuzz/cli/templates/{name}.py.txt" for name in ("target", "test")} <= set(names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    for line in (
        "isofuzz = isofuzz.cli:main",
        "isofuzz = isofuzz.pytest_plugin",
        "chat = isofuzz_packs.chat:Chat",
        "chat-processes = isofuzz_packs.chat:ChatProcesses",
    ):
        assert line in entry_points.splitlines()


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"isofuzz", "isofuzz_packs"}


def test_it_is_imported_from_where_it_was_installed(installed: Path, tmp_path: Path) -> None:
    program = "import isofuzz, isofuzz_packs.chat as chat; print(isofuzz.__file__, chat.__file__)"
    places = done(installed / "python", "-c", program, cwd=tmp_path).split()
    assert all(Path(place).is_relative_to(installed.parent) for place in places)


def test_it_tells_its_version(installed: Path, tmp_path: Path) -> None:
    assert done(installed / "isofuzz", "--version", cwd=tmp_path).strip() == "isofuzz 0.1.0"


def test_it_finds_a_leak_and_replays_it(installed: Path, tmp_path: Path) -> None:
    told = done(installed / "isofuzz", "run", "chat", "--defect", "list-without-owner", cwd=tmp_path, status=1)
    assert "list_threads" in told
    [case] = (tmp_path / ".isofuzz" / "cases").glob("*.json")
    assert "STILL LEAKS" in done(installed / "isofuzz", "replay", case, cwd=tmp_path, status=1)


def test_it_finds_nothing_in_a_system_that_isolates(installed: Path, tmp_path: Path) -> None:
    # Small, for a whole run of the chat takes a minute.
    shutil.copy(ROOT / "tests" / "integration" / "cli" / "notes.py", tmp_path)
    told = done(installed / "isofuzz", "run", "notes:Notes", cwd=tmp_path)
    assert "isolated" in told.lower()
    assert list((tmp_path / ".isofuzz" / "cases").glob("*.json")) == []
