import fcntl
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread

import pytest

from isofuzz.services import cache


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache's folder, whoever runs the tests."""
    for place in ("user_cache_path", "site_cache_path"):
        monkeypatch.setattr(f"platformdirs.{place}", lambda name: tmp_path / "cache" / name)
    return tmp_path / "cache" / "isofuzz"


def is_whole(path: Path) -> bool:
    return (path / "whole").exists()


def maker(calls: list[Path]) -> Callable[[Path], None]:
    def make(fresh: Path) -> None:
        calls.append(fresh)
        (fresh / "whole").touch()

    return make


def test_it_is_made_once() -> None:
    calls: list[Path] = []

    first = cache.cached("thing", maker(calls), is_whole)
    second = cache.cached("thing", maker(calls), is_whole)

    assert first == second
    assert is_whole(first)
    assert len(calls) == 1


def test_two_at_once_make_it_once() -> None:
    calls: list[Path] = []
    barrier = Barrier(2)

    def run() -> None:
        barrier.wait()
        cache.cached("thing", maker(calls), is_whole)

    tasks = [Thread(target=run) for _ in range(2)]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()

    assert len(calls) == 1


def test_what_is_broken_is_made_again(home: Path) -> None:
    calls: list[Path] = []
    path = cache.cached("thing", maker(calls), is_whole)
    (path / "whole").unlink()

    assert is_whole(cache.cached("thing", maker(calls), is_whole))
    assert len(calls) == 2


def test_a_failure_leaves_nothing_and_the_remains_of_a_dead_maker_go(home: Path) -> None:
    def fail(fresh: Path) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.cached("thing", fail, is_whole)
    assert {path.name for path in home.iterdir()} == {"thing.lock"}

    (home / "thing.dead").mkdir()
    cache.cached("thing", maker([]), is_whole)
    assert {path.name for path in home.iterdir()} == {"thing.lock", "thing"}


def test_the_lock_is_free_afterwards(home: Path) -> None:
    cache.cached("thing", maker([]), is_whole)

    with (home / "thing.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
