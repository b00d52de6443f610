"""Whatever people write by mistake, they are told what is wrong and what to write; nobody sees a traceback."""

import shlex
import socket
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

Isofuzz = Any

MADE_BY_RUNNING = {"__pycache__", ".isofuzz", ".hypothesis"}
LONG = {"{deep}": "[" * 100_000, "{huge}": "9" * 100_000}
"""What is too long to be written down in the table."""


@dataclass(frozen=True)
class Bad:
    """One row of the table."""

    what: str
    run: str
    says: list[str]
    files: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    on: str = "stderr"


def read_table() -> list[Bad]:
    rows = tomllib.loads(Path(__file__).with_name("table.toml").read_text(encoding="utf-8"))["bad"]
    return [Bad(**{"variables" if name == "with" else name: value for name, value in row.items()}) for row in rows]


TABLE = read_table()


@pytest.fixture
def ports() -> Iterator[dict[str, str]]:
    """A port where nothing listens, and one where something says hello and hangs up, as a mail server would."""
    with socket.socket() as silent, socket.create_server(("127.0.0.1", 0)) as talker:
        silent.bind(("127.0.0.1", 0))

        def talk() -> None:
            while True:
                try:
                    accepted, _ = talker.accept()
                except OSError:
                    return  # the test is over
                with accepted:
                    accepted.sendall(b"220 mail.example ready\r\n")
                    accepted.recv(100)

        talking = Thread(target=talk)
        talking.start()
        yield {"{silent}": str(silent.getsockname()[1]), "{talker}": str(talker.getsockname()[1])}
        talker.shutdown(socket.SHUT_RDWR)
        talking.join(timeout=10)


def content(folder: Path) -> dict[str, bytes]:
    """Everything in the folder but what any run makes."""
    files = {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}
    return {name: file.read_bytes() for name, file in files.items() if not MADE_BY_RUNNING & set(Path(name).parts)}


def replaced(text: str, replacements: Mapping[str, str]) -> str:
    for name, value in replacements.items():
        text = text.replace(name, value)
    return text


def test_the_table_is_whole() -> None:
    assert len({bad.what for bad in TABLE}) == len(TABLE) >= 40
    assert all(bad.says for bad in TABLE)


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: bad.what)
def test_a_mistake_is_answered(isofuzz: Isofuzz, folder: Path, ports: dict[str, str], bad: Bad) -> None:
    for name, text in bad.files.items():
        (folder / name).write_text(LONG.get(text, text))
    before = content(folder)

    done = isofuzz(*shlex.split(replaced(bad.run, ports)), **bad.variables)

    assert done.returncode == 2, done.stdout + done.stderr
    told = getattr(done, bad.on)
    for words in bad.says:
        assert replaced(words, ports) in told
    if bad.on == "stderr":
        assert done.stdout == ""
        assert told.lstrip().startswith(("isofuzz: ", "Usage: isofuzz", "╭─ Error")), told
    assert content(folder) == before
