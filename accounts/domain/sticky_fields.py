"""What a person has edited, roster imports leave alone: the fields of a record that have become stuck."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class FromRoster(Protocol):
    """A record that an import may have made: an account, person, term, course, section or enrollment."""

    stuck_sis_fields: list[str]


def stick(record: FromRoster, changed: Iterable[str]) -> list[str]:
    """Mark the changed fields of `record` as edited by a person; returns the fields to save with them.

    Called by every rule that edits a record which a roster may have made. A name that no roster sets does no harm.
    """
    fields = list(changed)
    record.stuck_sis_fields = sorted({*record.stuck_sis_fields, *fields})
    return [*fields, "stuck_sis_fields"]
