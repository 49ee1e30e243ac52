"""Leaving for good: what ends in courses and accounts when a person's account is deleted. Set-based throughout."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models.functions import Now

from accounts.models import AccountAdmin, User
from courses.domain.observation import unlink_person
from courses.models import Enrollment

State = Enrollment.State


class Ended(NamedTuple):
    """How many of each somebody had."""

    links: int
    enrollments: int
    admin_roles: int


def leave_everything(user: User, *, by: User | None) -> Ended:
    """End all enrollments, links (in both directions) and admin roles of `user`; return how many of each.

    The student's observers leave the courses with them. Call it first inside a transaction, as it takes the locks.
    """
    links = unlink_person(user, by=by)
    remaining = Enrollment.objects.filter(user=user).exclude(state=State.DELETED)
    enrollments = remaining.update(state=State.DELETED, updated_at=Now())
    roles = AccountAdmin.objects.filter(user=user, workflow_state=AccountAdmin.State.ACTIVE)
    ended = roles.update(workflow_state=AccountAdmin.State.DELETED, sis_import_id=None)
    return Ended(links, enrollments, ended)
