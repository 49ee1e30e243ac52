"""What rosters and people may set of the same records: who may change the ids that the student information system uses,
and the fields that imports leave alone because a person has edited them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from django.db.models import Model
from django.utils.translation import gettext as _

from accounts.errors import NotAllowed
from accounts.models import Account, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account

PERMISSION = Permission.MANAGE_SIS


def check_may_set_sis_ids(*ids: str | None, by: User | None) -> None:
    """Raise NotAllowed if one of `ids` is given and `by` (None: the command line) may not set it."""
    if any(ids) and by is not None and not may_on_account(by, PERMISSION, Account.objects.root()):
        raise NotAllowed(_("To set a SIS ID, you need the permission “SIS Data - manage” in the root account."))


def free_id(model: type[Model], field: str, sis_id: str | None) -> None:
    """Take an id from a deleted record that has it: a person gives it to another one of its kind."""
    if sis_id:
        model._default_manager.filter(**{field: sis_id, "workflow_state": "deleted"}).update(**{field: None})


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
