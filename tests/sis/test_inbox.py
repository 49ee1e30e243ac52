"""Files that other systems put into the inbox are imported by themselves, once each, and only when they are whole."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.utils import timezone

from accounts.models import User
from courses.models import Enrollment, Section
from sis.imports import inbox
from sis.imports.inbox import SETTLED, take_all
from sis.imports.queue import work_off
from sis.imports.schedule import sources_of
from sis.jobs import take_from_inbox
from sis.models import RosterSource, SisImport
from sis.upload.storage import forget_left_behind
from tests.factories import CourseFactory, RootFactory, make_admin
from tests.jobs import forget_all_jobs
from tests.sis.texts import ENROLLMENTS, SECTIONS, people, table


@pytest.fixture
def north(settings, tmp_path, root) -> Path:
    """The folder of a source in the inbox."""
    settings.DATA_DIR, settings.SIS_INBOX = tmp_path / "data", str(tmp_path / "inbox")
    folder = tmp_path / "inbox" / "north"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def take(root) -> Callable[..., list[SisImport]]:
    """`take()` looks into the inbox so many seconds from now, long enough for any file to be whole."""
    return lambda after=SETTLED + 5: take_all(root, now=time.time() + after)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def problem_of(folder: str) -> str:
    return RosterSource.objects.get(name=folder).problem


def problem_of_all() -> list[str]:
    return list(RosterSource.objects.exclude(problem="").values_list("problem", flat=True))


def test_a_file_is_imported_and_gone(north, take, root):
    (north / "users.csv").write_text(people("KIM"))
    (made,) = take()
    assert (made.file_name, made.by, made.workflow_state) == ("users.csv", None, "created")
    assert names(north) == []
    work_off(root)
    assert User.objects.get(sis_user_id="KIM").is_active
    assert take() == []
    assert [(one.key, one.name) for one in sources_of(root)] == [("folder north", "north")]


def test_what_was_wrong_in_a_folder_is_forgotten_when_the_folder_has_gone(north, take, root):
    (north / "users.xlsx").write_text("?")
    take()
    assert problem_of_all() != []
    north.rename(north.parent / ".put-aside")
    take()
    assert (problem_of_all(), [source.problem for source in sources_of(root)]) == ([], [])


def test_not_because_the_inbox_cannot_be_seen_for_a_while(north, take):
    (north / "users.xlsx").write_text("?")
    take()
    north.parent.rename(north.parent.with_name("elsewhere"))
    take()
    assert "neither" in problem_of("north")
    assert "No such file" in problem_of("Inbox")


def test_all_of_it_when_there_is_no_inbox_any_more(north, take, settings):
    (north / "users.xlsx").write_text("?")
    (north.parent / "users.csv").write_text("?")
    take()
    assert len(problem_of_all()) == 2
    settings.SIS_INBOX = ""
    take()
    assert problem_of_all() == []


def test_an_archive_is_imported(north, take, root):
    with ZipFile(north / "night.ZIP", "w") as archive:
        archive.writestr("users.csv", people("KIM"))
    take()
    work_off(root)
    assert User.objects.filter(sis_user_id="KIM").exists()


def test_tables_that_come_together_are_one_import_in_the_order_of_their_kinds(north, take, root):
    CourseFactory(account=root, sis_course_id="C1", workflow_state="available")
    (north / "a-enrollments.csv").write_text(table(ENROLLMENTS, "S1,KIM,student,active"))
    (north / "b-sections.csv").write_text(table(SECTIONS, "S1,C1,A,active"))
    (north / "c-users.csv").write_text(people("KIM"))
    (made,) = take()
    assert made.file_name == "north.zip"
    work_off(root)
    made.refresh_from_db()
    assert (made.workflow_state, Enrollment.objects.count(), Section.objects.count()) == ("imported", 1, 1)


def test_what_is_being_written_is_left_alone_and_so_are_the_tables_beside_it(north, take):
    old = time.time() - 3600
    (north / "users.csv").write_text(people("KIM"))
    (north / "enrollments.csv").write_text("section_id,user")
    os.utime(north / "users.csv", (old, old))
    assert take(after=0) == []
    for unfinished in (".hidden.csv", "big.zip.part", "up.csv.FILEPART", "x.tmp"):
        (north / unfinished).write_text("half")
    assert len(take()) == 1
    assert names(north) == sorted([".hidden.csv", "big.zip.part", "up.csv.FILEPART", "x.tmp"])
    assert not RosterSource.objects.exists()


def test_the_oldest_comes_first(north, take):
    for number, name in enumerate(("b.zip", "a.zip", "c.zip")):
        with ZipFile(north / name, "w") as archive:
            archive.writestr("users.csv", people(f"U{number}"))
        time.sleep(0.02)
    assert [made.file_name for made in take()] == ["b.zip", "a.zip", "c.zip"]


def test_what_cannot_be_taken_stays_and_is_said_until_it_is_gone(north, take, root):
    (north / "users.xlsx").write_text("no table")
    (north / "users.csv").write_text(people("KIM"))
    assert len(take()) == 1, "the rest is taken all the same"
    assert problem_of("north") == "“users.xlsx” is neither a .csv nor a .zip file."
    assert [source.problem for source in sources_of(root)] == [problem_of("north")]
    (north / "users.xlsx").unlink()
    take()
    assert problem_of("north") == ""


def test_a_file_that_is_too_large_is_said(north, take, settings):
    settings.SIS_LARGEST_UPLOAD = 10
    (north / "users.csv").write_text(people("KIM"))
    assert take() == []
    assert "is too large" in problem_of("north")
    assert names(north) == ["users.csv"]


def test_a_link_leads_nowhere(north, take, tmp_path):
    (tmp_path / "secret.csv").write_text(people("EVE"))
    (north / "users.csv").symlink_to(tmp_path / "secret.csv")
    (north.parent / "south").symlink_to(tmp_path)
    assert take() == []
    assert problem_of("north") == "“users.csv” is not a file."


def test_a_file_in_no_folder_is_said(north, take):
    (north.parent / "users.csv").write_text(people("KIM"))
    assert take() == []
    assert "“users.csv” is in no folder" in problem_of("Inbox")


def test_an_inbox_that_is_not_there_is_said(north, take, settings):
    settings.SIS_INBOX = str(north / "nowhere")
    assert take() == []
    assert "No such file or directory" in problem_of("Inbox")


def test_a_folder_that_cannot_be_written_to_is_said_and_imports_nothing(north, take, monkeypatch):
    (north / "users.csv").write_text(people("KIM"))

    def refuse(self, target):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        # As root, which tests may be, everything is allowed.
        patched.setattr(Path, "rename", refuse)
        assert take() == []
    assert (problem_of("north"), SisImport.objects.count()) == (
        "The files cannot be taken from there: Permission denied.",
        0,
    )
    assert len(take()) == 1


def test_a_disk_that_is_full_costs_no_file(north, take, monkeypatch):
    (north / "users.csv").write_text(people("KIM"))
    with monkeypatch.context() as patched:
        patched.setattr(inbox, "create_import", full)
        assert take() == []
    assert (names(north), problem_of("north")) == (
        ["users.csv"],
        "The files cannot be taken from there: No space left on device.",
    )
    assert len(take()) == 1
    assert problem_of("north") == ""


def odd(folder: Path, name: bytes) -> Path:
    """The path of a file whose name is these bytes."""
    return folder / os.fsdecode(name)


def test_a_name_that_is_not_utf_8_is_said_and_keeps_back_no_other_source(north, take, root):
    south = north.parent / "south"
    south.mkdir()
    odd(north, b"Sch\xfcler.txt").write_text("no table")
    (south / "users.csv").write_text(people("KIM"))
    assert [made.file_name for made in take()] == ["users.csv"]
    assert problem_of("north") == "“Sch\ufffdler.txt” is neither a .csv nor a .zip file."
    odd(north.parent, b"Sch\xfcler.txt").write_text("no table")
    take()
    assert "“Sch\ufffdler.txt” is in no folder" in problem_of("Inbox")


def test_tables_whose_names_are_not_utf_8_are_imported_each(north, take, root):
    odd(north, b"Sch\xfcler.csv").write_text(people("KIM"))
    assert len(take()) == 1
    for number, name in enumerate((b"Sch\xfcler.csv", b"Sch\xffler.csv", b"users.csv")):
        odd(north, name).write_text(people(f"U{number}"))
    assert len(take()) == 1
    work_off(root)
    assert set(User.objects.exclude(sis_user_id="").values_list("sis_user_id", flat=True)) >= {"KIM", "U0", "U1", "U2"}
    assert (names(north), problem_of_all()) == ([], [])


@pytest.mark.parametrize("name", [b"Nord-S\xfcd", b"n" * 249])
def test_a_folder_that_no_source_can_be_named_by_is_said_and_keeps_back_no_other(north, take, root, name):
    folder = odd(north.parent, name)
    folder.mkdir()
    (folder / "users.csv").write_text(people("LEE"))
    (north / "users.csv").write_text(people("KIM"))
    assert len(take()) == 1
    assert "Rename the folder" in problem_of("Inbox")
    folder.rename(north.parent / ("n" * 248))
    assert len(take()) == 1
    assert problem_of_all() == []


def test_a_file_whose_name_is_too_long_is_said_and_keeps_back_no_other(north, take):
    (north / ("u" * 251 + ".csv")).write_text(people("LEE"))
    (north / ("u" * 210 + ".csv")).write_text(people("KIM"))
    assert len(take()) == 1
    assert "too long" in problem_of("north")


@pytest.mark.parametrize("name", [b".taking-x", b".taking-x-", b".taking--x", b".taking-\xfc-users.csv"])
def test_a_hidden_file_that_is_called_as_if_it_were_being_taken_is_left_alone(north, take, name):
    odd(north, name).write_text("no table")
    (north / "users.csv").write_text(people("KIM"))
    assert len(take()) == 1
    assert (names(north), problem_of_all()) == ([os.fsdecode(name)], [])


def test_an_error_nobody_thought_of_is_said_and_keeps_back_no_other_source(north, take, monkeypatch, caplog):
    south = north.parent / "south"
    south.mkdir()
    for folder in (north, south):
        (folder / "users.csv").write_text(people("KIM"))

    def fail_in_the_north(folder):
        if folder == north:
            raise ZeroDivisionError

    monkeypatch.setattr(inbox, "_clear_up", fail_in_the_north)
    assert len(take()) == 1
    assert "because of an error" in problem_of("north")
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    assert len(take()) == 1
    assert problem_of_all() == []


def full(*_args, **_kwargs):
    raise OSError(28, "No space left on device")


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("is_stored", [True, False])
def test_after_an_interruption_each_file_is_imported_once(north, take, monkeypatch, is_stored):
    (north / "users.csv").write_text(people("KIM"))
    if is_stored:
        monkeypatch.setattr(Path, "unlink", killed)
    else:
        monkeypatch.setattr(inbox, "create_import", killed)
        monkeypatch.setattr(inbox, "_give_back", lambda *_args: None)
    with pytest.raises(Killed):
        take()
    (left,) = names(north)
    assert left.startswith(".taking-")
    monkeypatch.undo()
    made = take()
    assert (len(made), SisImport.objects.count(), names(north)) == (0 if is_stored else 1, 1, [])


def test_a_file_is_not_lost_although_its_import_was_given_up_before_anything_was_stored(north, take, root):
    claim = uuid.uuid4().hex
    (north / f".taking-{claim}-users.csv").write_text(people("KIM"))
    SisImport.objects.create(
        account=root, workflow_state="initializing", data={"inbox": {"folder": "north", "claim": claim}}
    )
    forget_left_behind(timezone.now() + timedelta(minutes=1))
    assert SisImport.objects.get().workflow_state == "aborted"
    assert [made.file_name for made in take()] == ["users.csv"]
    assert names(north) == []


def killed(*_args, **_kwargs):
    raise Killed


def test_a_file_of_the_same_name_that_came_meanwhile_is_not_lost(north, take, monkeypatch):
    (north / "users.csv").write_text(people("KIM"))

    def come_meanwhile(*_args, **_kwargs):
        (north / "users.csv").write_text(people("LEE"))
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "create_import", come_meanwhile)
        take()
    assert len(names(north)) == 2
    (made,) = take()
    assert made.file_name == "north.zip"


def test_the_brake_measures_each_folder_by_itself(north, take, root):
    (north / "users.csv").write_text(people(*(f"U{number}" for number in range(30))))
    (north.parent / "south").mkdir()
    (north.parent / "south" / "users.csv").write_text(people(*(f"S{number}" for number in range(400))))
    take()
    work_off(root)
    (north / "users.csv").write_text(people(*(f"U{number}" for number in range(30)), status="deleted"))
    (made,) = take()
    work_off(root)
    made.refresh_from_db()
    assert made.was_braked


def test_the_background_job_takes_what_is_whole(transactional_db, settings, tmp_path, monkeypatch):
    RootFactory()
    forget_all_jobs()
    settings.DATA_DIR, settings.SIS_INBOX = tmp_path / "data", str(tmp_path / "inbox")
    north = tmp_path / "inbox" / "north"
    north.mkdir(parents=True)
    (north / "users.csv").write_text(people("KIM"))
    take_from_inbox(0)
    assert (SisImport.objects.count(), names(north)) == (0, ["users.csv"]), "it may not be whole yet"
    monkeypatch.setattr(inbox, "SETTLED", -60)
    take_from_inbox(0)
    assert (SisImport.objects.count(), names(north)) == (1, [])
    forget_all_jobs()


def test_without_an_inbox_nothing_is_looked_for(north, take, settings):
    settings.SIS_INBOX = ""
    (north / "users.csv").write_text(people("KIM"))
    assert take() == []


def test_the_page_of_imports_names_the_folder(north, take, root, client):
    (north / "users.csv").write_text(people("KIM"))
    take()
    client.force_login(make_admin())
    assert "north" in client.get(f"/accounts/{root.pk}/sis_import").content.decode()
