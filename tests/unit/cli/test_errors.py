"""What goes wrong in a command, as a message and an exit code."""

import pytest
import typer

from isofuzz.cli.errors import explained
from isofuzz.errors import ServicesUnavailable, UsageError


def ended_by(problem: BaseException, *, traceback: bool = False) -> int:
    with pytest.raises(typer.Exit) as ended, explained(traceback=traceback):
        raise problem
    return ended.value.exit_code


@pytest.mark.parametrize(
    ("problem", "code", "message"),
    [
        (UsageError("write it so"), 2, "isofuzz: write it so\n"),
        (ServicesUnavailable("postgresql://me:hunter2@localhost"), 2, "isofuzz: postgresql://me:***@localhost\n"),
        (KeyboardInterrupt(), 130, "isofuzz: interrupted\n"),
        (
            ZeroDivisionError("by zero"),
            2,
            "isofuzz: a bug in isofuzz itself: ZeroDivisionError: by zero; run it again with --traceback\n",
        ),
    ],
)
def test_one_message_and_no_traceback(
    problem: BaseException, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended_by(problem) == code
    assert capsys.readouterr().err == message


def test_the_traceback_is_redacted_too(capsys: pytest.CaptureFixture[str]) -> None:
    ended_by(ZeroDivisionError("TOKEN=hunter2"), traceback=True)

    said = capsys.readouterr().err
    assert said.startswith("Traceback")
    assert "hunter2" not in said


def test_an_exit_passes() -> None:
    assert ended_by(typer.Exit(3)) == 3
