"""What a person has edited, roster imports leave alone: the fields of a record that have become stuck."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class FromRoster(Protocol):
    """A record that an import may have made: an account, person, term, course, section or enrollment."""

    stuck_sis_fields: list[str]


def stuck(record: FromRoster, fields: Iterable[str]) -> list[str]:
    """Mark these fields of `record` as edited by a person; returns the record's stuck fields, which the caller saves.

    Call it from every rule that edits such a field for somebody, and save `stuck_sis_fields` with the field itself.
    """
    record.stuck_sis_fields = sorted({*record.stuck_sis_fields, *fields})
    return record.stuck_sis_fields
