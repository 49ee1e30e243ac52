"""Roster imports leave alone what a person has edited: the fields of a record that have become sticky."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class FromRoster(Protocol):
    """A record that an import may have created: an account, person, term, course, section or enrollment."""

    stuck_sis_fields: list[str]


def stick(record: FromRoster, changed: Iterable[str]) -> list[str]:
    """Mark the changed fields of `record` as edited by a person; return the fields to save with them.

    Every rule that edits a record which a roster may have created calls this. A name that no roster sets does no harm.
    """
    fields = list(changed)
    record.stuck_sis_fields = sorted({*record.stuck_sis_fields, *fields})
    return [*fields, "stuck_sis_fields"]
