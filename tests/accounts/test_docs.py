"""docs/permissions.md says what the code says."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.management.commands import permissions_table
from accounts.permissions.docs import written_into
from accounts.permissions.registry import PERMISSIONS

DOCUMENT = Path("docs/permissions.md")
MARKS = "<!-- table of defaults -->\nold\n<!-- end -->\nby hand\n<!-- each permission -->\n<!-- end -->\n"


def test_the_document_is_what_the_code_says():
    assert DOCUMENT.read_text() == written_into(DOCUMENT.read_text()), "Run manage.py permissions_table."


def test_every_permission_has_its_row_and_its_explanation():
    text = DOCUMENT.read_text()
    for permission in PERMISSIONS.values():
        assert f"\n| {permission.label} | **on** |" in text
        assert f"\n### {permission.label}\n\n{permission.does}\n" in text
        assert f"- key: `{permission}`" in text


def test_a_row_says_which_roles_have_the_permission_can_have_it_and_cannot():
    assert (
        "| Users - generate observer pairing codes for students | **on** | off | off | off | off | off | – |"
        in DOCUMENT.read_text()
    )


def test_only_what_stands_between_the_marks_is_written():
    written = written_into(MARKS)
    assert "\nby hand\n" in written
    assert "old" not in written
    assert written_into(written) == written


def test_the_command_writes_the_file_and_checks_it(tmp_path, monkeypatch):
    file = tmp_path / "permissions.md"
    file.write_text(MARKS)
    monkeypatch.setattr(permissions_table, "FILE", file)
    with pytest.raises(CommandError):
        call_command("permissions_table", "--check")
    assert file.read_text() == MARKS
    call_command("permissions_table")
    assert file.read_text() == written_into(MARKS)
    call_command("permissions_table", "--check")
