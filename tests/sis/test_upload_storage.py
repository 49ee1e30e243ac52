"""Where uploads are kept: for every machine, and in no database in a form that tells a password."""

import stat
from io import BytesIO

import pytest
from django.db import connection

from sis.imports.intake import create_import
from sis.imports.queue import work_off
from sis.models import SisImport, UploadPart
from sis.options import Options
from sis.upload.parts import PART
from sis.upload.storage import kept_copy, open_stored, opened, store, stored_names, uploads
from tests.database import places_with
from tests.sis.uploads import BrokenOff, keep_in_folder

PASSWORDS = b"user_id,login_id,password,status\nU1,u1,four-old-bicycles,active"


@pytest.fixture
def made(root):
    return SisImport.objects.create(account=root, file_name="users.csv")


@pytest.mark.parametrize("where", ["database", "folder"])
@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART + 5])
def test_an_upload_of_any_size_comes_back_as_it_was(made, settings, tmp_path, where, size):
    if where == "folder":
        keep_in_folder(settings, tmp_path / "kept")
    content = bytes(range(256)) * (size // 256 + 1)
    made.stored_file = store(made, BytesIO(content[:size]))
    assert opened(made).read() == content[:size]
    assert UploadPart.objects.exists() is (where == "database")
    uploads().delete(made.stored_file)
    assert stored_names() == []
    with pytest.raises(FileNotFoundError):
        opened(made)


@pytest.mark.parametrize("where", ["database", "folder"])
def test_nothing_is_left_of_an_upload_that_does_not_arrive_whole(made, settings, tmp_path, where):
    if where == "folder":
        keep_in_folder(settings, tmp_path / "kept")

    with pytest.raises(OSError, match="has gone"):
        store(made, BrokenOff(b"user_id"))
    assert stored_names() == []


def test_the_database_tells_no_password_of_an_upload_that_waits(root):
    made = create_import(root, BytesIO(PASSWORDS), "users.csv", Options(), by=None)
    assert opened(made).read() == PASSWORDS
    assert places_with("bicycles") == []
    work_off(root)
    made.refresh_from_db()
    with kept_copy(made) as kept:
        assert kept.read() == PASSWORDS.replace(b"four-old-bicycles", b"") + b"\n"
    assert places_with("bicycles") == []


def test_a_kept_copy_is_read_although_the_secret_of_the_site_was_changed(root, settings):
    made = create_import(root, BytesIO(PASSWORDS), "users.csv", Options(), by=None)
    work_off(root)
    made.refresh_from_db()
    settings.SECRET_KEY = "another" * 10
    with kept_copy(made) as kept:
        assert kept.read().startswith(b"user_id,login_id")


def test_in_a_folder_nobody_else_may_read_uploads_and_the_database_has_none(root, settings, tmp_path):
    keep_in_folder(settings, tmp_path / "kept")
    made = create_import(root, BytesIO(PASSWORDS), "users.csv", Options(), by=None)
    (file,) = (tmp_path / "kept").glob("*/*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    work_off(root)
    made.refresh_from_db()
    assert made.workflow_state == "imported"
    assert b"bicycles" not in (tmp_path / "kept" / made.stored_file).read_bytes()
    assert not UploadPart.objects.exists()


@pytest.mark.parametrize("options", [Options(), Options(dry_run=True)])
def test_an_import_whose_upload_is_gone_fails_at_once_and_says_what_to_do(root, options):
    made = create_import(root, BytesIO(PASSWORDS), "users.csv", options, by=None)
    uploads().delete(made.stored_file)
    work_off(root)
    made.refresh_from_db()
    assert (made.workflow_state, made.attempts) == ("failed_with_messages", 0)
    assert [error.message for error in made.sis_import_errors.all()] == [
        "The file is no longer stored. Upload it again."
    ]


def test_a_slow_sender_holds_no_transaction_open(transactional_db, made):
    class Slow(BytesIO):
        def read(self, size=-1):
            assert not connection.in_atomic_block
            return super().read(size)

    store(made, Slow(b"user_id,login_id"))


def test_an_upload_that_waited_while_the_secret_was_changed_is_asked_for_again_and_forgotten(root, settings):
    made = create_import(root, BytesIO(PASSWORDS), "users.csv", Options(), by=None)
    settings.SECRET_KEY = "another" * 10
    with pytest.raises(FileNotFoundError):
        opened(made).read()
    work_off(root)
    made.refresh_from_db()
    assert made.workflow_state == SisImport.State.FAILED_WITH_MESSAGES
    assert "Upload it again" in made.sis_import_errors.get().message
    assert stored_names() == []


def test_no_part_is_taken_for_another(made):
    made.stored_file = store(made, BytesIO(b"a" * PART + b"b" * PART))
    first, second = UploadPart.objects.order_by("number")
    UploadPart.objects.filter(pk=first.pk).update(content=second.content)
    with pytest.raises(FileNotFoundError):
        opened(made).read()


def test_no_file_with_a_name_holds_an_upload_while_it_is_read(root, settings, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = create_import(root, BytesIO(PASSWORDS), "users.csv", Options(), by=None)
    with open_stored(made):
        assert [path for path in tmp_path.rglob("*") if path.is_file() and b"bicycles" in path.read_bytes()] == []
