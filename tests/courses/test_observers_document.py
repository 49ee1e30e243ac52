"""docs/observers.md says what the table of courses/visibility.py says."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from courses.domain.observer_guide import written_into
from courses.management.commands import observers_table
from courses.visibility import TABLE, Switch

DOCUMENT = Path("docs/observers.md")
MARKS = "<!-- table of elements -->\nold\n<!-- end -->\nby hand\n<!-- settings -->\n<!-- end -->\n"


def test_the_document_is_what_the_code_says():
    text = DOCUMENT.read_text()
    assert text == written_into(text), "Run manage.py observers_table."
    for row in TABLE.values():
        assert f"\n| {row.what} | {row.linked.label} | {row.alone.label} | " in text
    for switch in Switch:
        assert f"\n| `{switch.value}` | " in text


def test_the_command_writes_the_file_and_checks_it(tmp_path, monkeypatch):
    file = tmp_path / "observers.md"
    file.write_text(MARKS)
    monkeypatch.setattr(observers_table, "FILE", file)
    with pytest.raises(CommandError):
        call_command("observers_table", "--check")
    call_command("observers_table")
    assert "\nby hand\n" in file.read_text()
    assert "old" not in file.read_text()
    call_command("observers_table", "--check")
