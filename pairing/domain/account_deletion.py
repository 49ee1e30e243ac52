"""Delete a person's account with everything that depends on it. It is in this app because active pairing
codes end too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.domain.events import UserDeleted
from accounts.domain.locks import lock_with_linked
from accounts.domain.users import shut_out
from accounts.errors import NotAllowed
from accounts.models import User
from courses.domain.accounts import leave_everything
from pairing.models import PairingCode


@dataclass(frozen=True)
class WhatGoes:
    """What ends when an account is deleted, in numbers."""

    enrollments: int
    observed: int
    observers: int
    admin_roles: int
    codes: int
    tokens: int

    @property
    def anything(self) -> bool:
        """Whether anything ends."""
        return any(vars(self).values())


# UNION counts a person once who observes both by a link and in a course. One round trip for six counts.
COUNT = """
SELECT (SELECT count(*) FROM courses_enrollment WHERE user_id = %(user)s AND state NOT IN ('deleted', 'rejected')),
       (SELECT count(*) FROM (
            SELECT student_id FROM accounts_observationlink WHERE observer_id = %(user)s AND state = 'active'
            UNION SELECT associated_user_id FROM courses_enrollment
            WHERE user_id = %(user)s AND associated_user_id IS NOT NULL AND state NOT IN ('deleted', 'rejected')) o),
       (SELECT count(*) FROM (
            SELECT observer_id FROM accounts_observationlink WHERE student_id = %(user)s AND state = 'active'
            UNION SELECT user_id FROM courses_enrollment
            WHERE associated_user_id = %(user)s AND state NOT IN ('deleted', 'rejected')) o),
       (SELECT count(*) FROM accounts_accountadmin WHERE user_id = %(user)s AND workflow_state = 'active'),
       (SELECT count(*) FROM pairing_pairingcode
        WHERE student_id = %(user)s AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now()),
       (SELECT count(*) FROM accounts_accesstoken WHERE user_id = %(user)s AND revoked_at IS NULL)
"""


def what_goes(user: User) -> WhatGoes:
    """Return the numbers to show before an account is deleted (one statement)."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"user": user.pk})
        return WhatGoes(*cursor.fetchone())


def delete_user(user: User, *, by: User) -> None:
    """Delete an account: enrollments, links, admin roles, active codes, sessions and access tokens end right away.

    The person's work, grades and history stay. The login and SIS ids become free for someone else. The caller has
    checked whether `by` may do this to the person (courses/access/accounts.py). Raises NotAllowed for one's own
    account.
    """
    if user in (by, by.person_acting):
        raise NotAllowed(_("You cannot delete your own account."))
    with transaction.atomic():
        lock_with_linked(user)
        codes = revoke_codes([user.pk])
        ended = leave_everything(user, by=by)
        user.refresh_from_db()
        if user.state == User.State.DELETED:
            return
        shut_out([user.pk])
        event = UserDeleted(
            links=ended.links,
            enrollments=ended.enrollments,
            admin_roles=ended.admin_roles,
            codes=codes,
            login_id=user.login_id,
            sis_user_id=user.sis_user_id,
            integration_id=user.integration_id,
        )
        User.objects.filter(pk=user.pk).update(
            state=User.State.DELETED,
            sis_user_id=None,
            integration_id=None,
            sis_import_id=None,
        )
        user.further_sis_ids.all().delete()
        user.refresh_from_db()
        record(event, by=by, subject=user)


def revoke_codes(students: Iterable[int]) -> int:
    """End the active codes of these students, whose accounts end; return how many (one statement)."""
    return PairingCode.objects.open().filter(student__in=students).update(revoked_at=timezone.now())
