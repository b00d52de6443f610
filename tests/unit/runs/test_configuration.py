"""The table `[tool.isofuzz]`: what it may say, and what is answered to whatever else it says."""

from datetime import date
from pathlib import Path

import pytest

from isofuzz.errors import UsageError
from isofuzz.runs.accepting import Acceptance, AcceptList
from isofuzz.runs.configuration import Configuration, find_pyproject, read_configuration
from isofuzz.runs.profiles import PROFILES

KNOWN = "crossing:foreign:Room:history:post:Body"
WHOLE = f"""
[project]
name = "chat"

[tool.other]
key = 1

[tool.isofuzz]
target = "tests.chat:Chat"
profile = "ci"
accept = [
  {{fingerprint = "{KNOWN}", reason = "waits for the new router", until = 2027-01-31}},
  {{fingerprint = "delivery:echoed:Room:Feed", reason = "an old client needs it", until = "2026-12-31"}},
]

[tool.isofuzz.budgets.dev]
programs = 5
steps = 8
seconds = 2.5
findings = 2
shrink_seconds = 3

[tool.isofuzz.budgets.ci]
seconds = 600
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "pyproject.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_all_of_it_is_read(tmp_path: Path) -> None:
    file = written(tmp_path, WHOLE)

    assert read_configuration(tmp_path) == Configuration(
        file=file,
        target="tests.chat:Chat",
        profile="ci",
        accept=(
            Acceptance(KNOWN, "waits for the new router", date(2027, 1, 31)),
            Acceptance("delivery:echoed:Room:Feed", "an old client needs it", date(2026, 12, 31)),
        ),
        budgets={
            "dev": {"programs": 5, "steps": 8, "seconds": 2.5, "findings": 2, "shrink_seconds": 3},
            "ci": {"seconds": 600},
        },
    )


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'\n", "tool = 3\n", "[tool.isofuzz]\n"])
def test_saying_nothing_is_fine(tmp_path: Path, text: str) -> None:
    file = written(tmp_path, text)
    assert read_configuration(tmp_path) == Configuration(file=file)


class TestPlace:
    def test_the_nearest_file_upwards_is_the_one(self, tmp_path: Path) -> None:
        above = written(tmp_path, "[tool.isofuzz]\ntarget = 'above:Chat'\n")
        inner = tmp_path / "inner"
        deep = inner / "deep"
        deep.mkdir(parents=True)
        assert find_pyproject(deep) == above
        assert read_configuration(deep).target == "above:Chat"
        nearer = written(inner, "[tool.isofuzz]\ntarget = 'nearer:Chat'\n")
        assert find_pyproject(deep) == nearer
        assert read_configuration(deep).target == "nearer:Chat"
        assert read_configuration(deep).folder == inner

    def test_a_relative_folder_has_parents_too(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        written(tmp_path, "[tool.isofuzz]\nprofile = 'ci'\n")
        (tmp_path / "inner").mkdir()
        monkeypatch.chdir(tmp_path / "inner")
        assert read_configuration(Path()).profile == "ci"

    def test_a_file_of_a_target_is_meant_from_where_it_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written(tmp_path, "[tool.isofuzz]\ntarget = 'tests/chat.py:Chat'\n")
        (tmp_path / "inner").mkdir()
        monkeypatch.chdir(tmp_path)
        assert read_configuration(tmp_path).target == "tests/chat.py:Chat"
        monkeypatch.chdir(tmp_path / "inner")
        assert read_configuration(tmp_path / "inner").target == f"{tmp_path}/tests/chat.py:Chat"


class TestReplayedFirst:
    def test_without_a_file_it_is_looked_for_from_the_root(self, tmp_path: Path) -> None:
        assert Configuration().replayed_first(tmp_path) == tmp_path / "tests" / "isolation_cases"

    def test_with_one_it_is_looked_for_beside_that(self, tmp_path: Path) -> None:
        written(tmp_path, "[tool.isofuzz]\n")
        (tmp_path / "inner").mkdir()
        folder = read_configuration(tmp_path / "inner").replayed_first(tmp_path / "inner")
        assert folder == tmp_path / "tests" / "isolation_cases"

    def test_it_can_be_named_from_where_the_file_is(self, tmp_path: Path) -> None:
        written(tmp_path, "[tool.isofuzz]\nreplay = 'kept/cases'\n")
        (tmp_path / "kept" / "cases").mkdir(parents=True)
        assert read_configuration(tmp_path).replayed_first(Path("/elsewhere")) == tmp_path / "kept" / "cases"


class TestBudgets:
    def test_they_override_what_they_name_and_nothing_else(self, tmp_path: Path) -> None:
        written(tmp_path, WHOLE)
        configuration = read_configuration(tmp_path)
        dev, ci = configuration.profile_named("dev"), configuration.profile_named("isofuzz-ci")
        assert (dev.programs, dev.steps, dev.seconds, dev.findings, dev.shrink_seconds) == (5, 8, 2.5, 2, 3)
        assert (ci.seconds, ci.programs) == (600, PROFILES["ci"].programs)
        assert configuration.profile_named("nightly") is not None

    def test_the_profiles_themselves_stay_as_they_are(self, tmp_path: Path) -> None:
        written(tmp_path, WHOLE)
        read_configuration(tmp_path).profile_named("dev")
        assert Configuration().profile_named("dev") == PROFILES["dev"]
        assert PROFILES["dev"].programs == 40

    def test_an_unknown_profile_is_refused(self) -> None:
        with pytest.raises(UsageError, match="there is no profile 'huge'"):
            Configuration().profile_named("huge")


class TestAccepting:
    ENTRY = Acceptance(KNOWN, "known", date(2027, 1, 31))

    @pytest.mark.parametrize("today", [date(2026, 1, 1), date(2027, 1, 31)])
    def test_until_its_last_day_it_silences(self, today: date) -> None:
        accept = AcceptList((self.ENTRY,), today)
        assert accept.silences(KNOWN) is self.ENTRY
        assert accept.lapsed() == ()

    def test_from_the_day_after_it_silences_nothing_and_that_is_told(self) -> None:
        accept = AcceptList((self.ENTRY,), date(2027, 2, 1))
        assert accept.silences(KNOWN) is None
        assert accept.lapsed() == (self.ENTRY,)

    def test_only_that_finding_is_silenced(self) -> None:
        assert AcceptList((self.ENTRY,), date(2026, 1, 1)).silences(f"{KNOWN}s") is None
        assert AcceptList().silences(KNOWN) is None


ENTRY = f'fingerprint = "{KNOWN}", reason = "known", until = 2027-01-31'
MISTAKES = {
    "a misspelt key": (
        "profle = 'ci'",
        "tool.isofuzz: there is no key 'profle' (did you mean 'profile'?); the keys are",
    ),
    "an unknown key": (
        "zebra = 1",
        "tool.isofuzz: there is no key 'zebra'; the keys are target, profile, replay, accept, budg",
    ),
    "a folder of cases that is no text": (
        "replay = true",
        "tool.isofuzz.replay: true is not a text that says something; write a folder of cases, for example",
    ),
    "a folder of cases that is not there": ("replay = 'nowhere'", "tool.isofuzz.replay: there is no folder "),
    "a target that is no text": (
        "target = 3",
        "tool.isofuzz.target: 3 is not a text that says something; write the name",
    ),
    "an empty target": ("target = ' '", "tool.isofuzz.target: ' ' is not a text that says something"),
    "an unknown profile": (
        "profile = 'nighly'",
        "there is no profile 'nighly' (did you mean 'nightly'?); write one of",
    ),
    "a profile that is no text": ("profile = true", "tool.isofuzz.profile: true is not a text"),
    "an accept list that is none": (
        "accept = 'all'",
        "tool.isofuzz.accept: it is no list; write accept = [{fingerprint",
    ),
    "an entry that is no table": (
        "accept = ['all']",
        "tool.isofuzz.accept[0]: 'all' is no table; write {fingerprint =",
    ),
    "an entry without a reason": (
        f'accept = [{{fingerprint = "{KNOWN}", until = 2027-01-31}}]',
        "tool.isofuzz.accept[0]: it has no reason; write all three, {fingerprint =",
    ),
    "an empty entry": ("accept = [{}]", "it has no fingerprint and no reason and no until; write all three"),
    "an entry with more": (f"accept = [{{{ENTRY}, untill = 1}}]", "there is no key 'untill' (did you mean 'until'?)"),
    "a title for a fingerprint": (
        f"accept = [{{{ENTRY.replace(KNOWN, 'history showed a user')}}}]",
        "tool.isofuzz.accept[0].fingerprint: 'history showed a user' is none; write the fingerprint as reports show it",
    ),
    "an empty reason": (
        f"accept = [{{{ENTRY.replace('known', '')}}}]",
        "tool.isofuzz.accept[0].reason: '' is not a text that says something; write in a sentence why this may be",
    ),
    "a date that is none": (
        f"accept = [{{{ENTRY.replace('2027-01-31', 'false')}}}]",
        "tool.isofuzz.accept[0].until: false is no date; write the last day, until = 2027-01-31",
    ),
    "a date in words": (
        f"accept = [{{{ENTRY.replace('2027-01-31', repr('next year'))}}}]",
        "tool.isofuzz.accept[0].until: 'next year' is no date",
    ),
    "a date with a time": (
        f"accept = [{{{ENTRY.replace('2027-01-31', '2027-01-31T12:00:00Z')}}}]",
        "tool.isofuzz.accept[0].until: 2027-01-31 12:00:00+00:00 is no date",
    ),
    "an entry twice": (f"accept = [{{{ENTRY}}}, {{{ENTRY}}}]", f"tool.isofuzz.accept[1]: {KNOWN} is accepted twice"),
    "budgets that are no table": ("budgets = 3", "tool.isofuzz.budgets: 3 is no table; write a table for each profile"),
    "a budget of an unknown profile": (
        "budgets.dve = {seconds = 1}",
        "tool.isofuzz.budgets: there is no profile 'dve' (did you mean 'dev'?); the profiles are dev, ci, nightly",
    ),
    "a budget that is no table": ("budgets.dev = 60", "tool.isofuzz.budgets.dev: 60 is no table; write what differs"),
    "an unknown budget": ("budgets.dev = {second = 1}", "tool.isofuzz.budgets.dev: there is no key 'second' (did you"),
    "a text for a number": (
        "budgets.dev = {seconds = '60'}",
        "tool.isofuzz.budgets.dev.seconds: '60' is not a number of seconds above 0; write for example seconds = 60",
    ),
    "no programs": ("budgets.dev = {programs = 0}", "budgets.dev.programs: 0 is not a whole number of at least 1"),
    "half a step": ("budgets.dev = {steps = 1.5}", "tool.isofuzz.budgets.dev.steps: 1.5 is not a whole number"),
    "a truth for a number": (
        "budgets.dev = {findings = true}",
        "tool.isofuzz.budgets.dev.findings: true is not a whole",
    ),
    "time that runs backwards": (
        "budgets.dev = {shrink_seconds = -1}",
        "shrink_seconds: -1 is not a number of seconds",
    ),
    "endless time": (
        "budgets.dev = {seconds = inf}",
        "tool.isofuzz.budgets.dev.seconds: inf is not a number of seconds",
    ),
    "time that is no number": ("budgets.dev = {seconds = nan}", "budgets.dev.seconds: nan is not a number of seconds"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_with_file_and_key_and_what_to_write(tmp_path: Path, what: str) -> None:
    line, message = MISTAKES[what]
    file = written(tmp_path, f"[tool.isofuzz]\n{line}\n")
    with pytest.raises(UsageError) as refused:
        read_configuration(tmp_path)
    assert str(refused.value).startswith(f"{file}: tool.isofuzz")
    assert message in str(refused.value)


def test_the_table_itself_must_be_one(tmp_path: Path) -> None:
    file = written(tmp_path, "[tool]\nisofuzz = 'chat'\n")
    with pytest.raises(UsageError) as refused:
        read_configuration(tmp_path)
    assert str(refused.value) == f"{file}: tool.isofuzz: 'chat' is no table; write [tool.isofuzz] and keys below it"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[tool.isofuzz]\ntarget tests.chat:Chat\n", "(at line 2, column 8)"),
        ("[tool.isofuzz]\n\ntarget = 'tests", "(at line 3, the end)"),
        ("[tool.isofuzz]\nprofile = 'ci'\nprofile = 'dev'\n", "line 3"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, text: str, place: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        read_configuration(tmp_path)
    assert str(refused.value).startswith(f"{file} is not valid TOML: ")
    assert place in str(refused.value)


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(b"[tool.isofuzz]\ntarget = '\xff'\n")
    with pytest.raises(UsageError) as refused:
        read_configuration(tmp_path)
    assert str(refused.value) == f"{file} is no UTF-8 text, as TOML must be: save it as UTF-8"
