"""One file for each bug, whole or not at all, for its owner's eyes only."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from isofuzz.cases.case import Case
from isofuzz.cases.store import CaseStore, case_files, read_case
from isofuzz.errors import CaseUnreadable, UsageError


@pytest.fixture
def store(tmp_path: Path) -> CaseStore:
    return CaseStore(tmp_path / "kept" / "cases")


def test_what_is_kept_is_read_back(store: CaseStore, case: Case) -> None:
    assert read_case(store.keep(case).path) == case


def test_the_folder_is_made_when_the_first_case_is_kept(store: CaseStore, case: Case) -> None:
    assert not store.folder.exists()
    assert store.keep(case).path.parent == store.folder


def test_only_its_owner_can_read_a_case(store: CaseStore, case: Case) -> None:
    umask = os.umask(0)
    try:
        path = store.keep(case).path
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_text_that_utf_8_cannot_carry_is_kept(store: CaseStore, case: Case) -> None:
    strange = replace(case, explanation="a\udfffb")
    assert read_case(store.keep(strange).path) == strange


class TestNames:
    def test_a_file_is_named_for_what_it_shows(self, store: CaseStore, case: Case) -> None:
        assert store.path_of(case).name.startswith("chat-list-without-owner-crossing-list-threads-")
        assert store.path_of(case).suffix == ".json"

    def test_the_same_bug_is_the_same_file(self, store: CaseStore, case: Case) -> None:
        again = replace(case, steps_found=3, violation=replace(case.violation, at=1, text="other", serial=4))
        assert again.fingerprint == case.fingerprint
        assert store.keep(again).path == store.keep(case).path
        assert list(case_files(store.folder)) == [store.path_of(case)]

    def test_another_bug_is_another_file(self, store: CaseStore, case: Case) -> None:
        other = replace(case, violation=replace(case.violation, writer="post"))
        assert store.keep(other).path != store.keep(case).path

    def test_another_target_or_defect_is_another_file(self, store: CaseStore, case: Case) -> None:
        cases = (case, replace(case, defect=None), replace(case, target="notes"), replace(case, defect="other"))
        assert len({store.path_of(each) for each in cases}) == 4

    def test_no_target_leads_out_of_the_folder(self, store: CaseStore, case: Case) -> None:
        hostile = replace(case, target="../../etc/passwd:Class", defect="/../x y\n")
        path = store.keep(hostile).path
        assert path.parent == store.folder
        assert set(path.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")

    def test_a_file_name_is_short_enough_for_every_file_system(self, store: CaseStore, case: Case) -> None:
        path = store.keep(replace(case, target="a/very/long/path/" * 40 + "chat.py:Chat")).path
        assert len(path.name) < 200


class TestCrash:
    def test_the_old_case_stays_if_the_new_one_cannot_take_its_place(
        self, store: CaseStore, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = store.keep(case).path

        def crash(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", crash)
        unkept = store.keep(replace(case, steps_found=1))
        assert unkept.case.steps_found == 1
        assert unkept.unkept == f"it could not be written to {path}: No space left on device"
        assert read_case(path) == case
        assert list(store.folder.iterdir()) == [path]

    def test_an_interruption_leaves_no_half_of_a_file(
        self, store: CaseStore, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = store.keep(case).path

        def interrupt(_: int) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.keep(replace(case, steps_found=1))
        assert read_case(path) == case
        assert list(store.folder.iterdir()) == [path]


class TestFolder:
    def test_a_place_that_is_no_folder(self, tmp_path: Path, case: Case) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(UsageError, match=r"cannot be kept in .*Not a directory.*; name another folder with --out"):
            CaseStore(tmp_path / "file" / "cases").open()

    def test_a_folder_that_may_not_be_written(
        self, store: CaseStore, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By a refusal from the system call: a superuser, whom tests may run as, is refused nothing by modes."""

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("tempfile.TemporaryFile", refuse)
        with pytest.raises(UsageError, match=r"\(Permission denied\); name another folder with --out"):
            store.open()

    def test_what_a_killed_run_began_to_write_is_removed_in_time(self, store: CaseStore) -> None:
        store.open()
        old, young = store.folder / ".case-old", store.folder / ".case-young"
        for begun in (old, young):
            begun.write_text("{")
        os.utime(old, (0, 0))

        store.open()

        assert list(store.folder.iterdir()) == [young]

    def test_what_another_run_finishes_meanwhile_is_no_obstacle(self, store: CaseStore) -> None:
        """Listed and gone again: a link to nothing looks the same."""
        store.open()
        (store.folder / ".case-gone").symlink_to("nothing")

        store.open()

    def test_the_own_folder_is_hidden_from_git_and_another_is_not(self, tmp_path: Path) -> None:
        CaseStore(tmp_path / ".isofuzz" / "cases").open()
        CaseStore(tmp_path / "tests" / "cases").open()

        assert (tmp_path / ".isofuzz" / ".gitignore").read_text() == "*\n"
        assert sorted(each.name for each in tmp_path.iterdir()) == [".isofuzz", "tests"]
        assert list((tmp_path / "tests" / "cases").iterdir()) == []

    def test_files_come_by_name(self, store: CaseStore, case: Case) -> None:
        kept = {store.keep(replace(case, target=name)).path for name in ("c", "a", "b")}
        (store.folder / "notes.txt").write_text("not a case")
        assert list(case_files(store.folder)) == sorted(kept)

    def test_a_file_stands_for_itself(self, store: CaseStore, case: Case) -> None:
        path = store.keep(case).path
        assert list(case_files(path)) == [path]

    def test_an_empty_folder_is_no_case(self, tmp_path: Path) -> None:
        with pytest.raises(CaseUnreadable, match=r"holds no case: there is no \.json file in it"):
            list(case_files(tmp_path))


class TestReading:
    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(CaseUnreadable, match=r"case\.json cannot be read: No such file or directory"):
            read_case(tmp_path / "case.json")

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(CaseUnreadable, match=r"cannot be read: Is a directory"):
            read_case(tmp_path)

    def test_a_file_that_is_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "case.json").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(CaseUnreadable, match=r"is not an isofuzz case: it is no UTF-8 text"):
            read_case(tmp_path / "case.json")

    def test_a_case_that_was_cut(self, store: CaseStore, case: Case) -> None:
        path = store.keep(case).path
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(CaseUnreadable, match=f"{path} is no complete JSON"):
            read_case(path)
