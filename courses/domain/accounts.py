"""Delete an empty sub-account; and what ends in courses and accounts when a person's account is deleted."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.domain.accounts import check_may_manage, sub_accounts_of
from accounts.domain.audit import record
from accounts.domain.events import AccountDeleted
from accounts.domain.sis_fields import stick
from accounts.errors import NotPossible
from accounts.models import Account, AccountAdmin, User
from accounts.models.numbers import Number, count
from courses.domain.observation import unlink_person
from courses.domain.observation_events import ENROLLMENTS, author, returned
from courses.models import Course

NAMED = 3


def what_is_in_the_way(account: Account) -> str | None:
    """Return why `account` cannot be deleted, as a sentence that names what is in it; None if it is empty."""
    if account.parent_id is None:
        return _("The root account cannot be deleted.")
    below = list(sub_accounts_of(account).values_list("name", flat=True))
    courses = Course.objects.present().filter(account=account).order_by("sort_key", "id")
    inside = list(courses.values_list("name", flat=True)[: NAMED + 1])
    if not below and not inside:
        return None
    number = Number(len(inside)) if len(inside) <= NAMED else count(courses)
    parts = []
    if below:
        text = ngettext("%(number)s sub-account (%(names)s)", "%(number)s sub-accounts (%(names)s)", len(below))
        parts.append(text % {"number": len(below), "names": _named(below)})
    if inside:
        text = ngettext("%(number)s course (%(names)s)", "%(number)s courses (%(names)s)", number.counted)
        parts.append(text % {"number": number, "names": _named(inside)})
    return _("Only an empty account can be deleted. %(account)s still has %(what)s.") % {
        "account": account.name,
        "what": "; ".join(parts),
    }


def _named(names: list[str]) -> str:
    return ", ".join([*names[:NAMED], *(["…"] if len(names) > NAMED else [])])


def delete_sub_account(account: Account, *, by: User) -> None:
    """Delete an empty sub-account; the admin roles in it end. Raises NotAllowed, and Refused if it is not empty.

    Rosters find it by its SIS id, and leave it deleted; people may give that to another account.
    """
    with transaction.atomic():
        # Creating a course or an account in it locks this row too: accounts.domain.locks.hold_account.
        now = Account.objects.select_for_update().get(pk=account.pk)
        if now.workflow_state == Account.State.DELETED:
            raise NotPossible(_("This account has been deleted."))
        check_may_manage(account, by)
        if account.parent:
            check_may_manage(account.parent, by)
        if reason := what_is_in_the_way(account):
            raise NotPossible(reason)
        now.workflow_state = Account.State.DELETED
        stick(now, ["status"])
        now.save(update_fields=["workflow_state", "stuck_sis_fields"])
        held = AccountAdmin.objects.filter(account=account)
        held.update(workflow_state=AccountAdmin.State.DELETED, sis_import_id=None)
        record(AccountDeleted(account.pk, account.name), by=by)


END_ALL = f"""
WITH changed AS (
    UPDATE courses_enrollment e SET state = 'deleted', updated_at = now()
    WHERE e.user_id = %(user)s AND e.state <> 'deleted' RETURNING {returned("e")}
), told AS ({ENROLLMENTS})
SELECT count(*) FROM changed
"""  # noqa: S608 built from constants


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
    with connection.cursor() as cursor:
        cursor.execute(END_ALL, {"user": user.pk, **author(by)})
        (enrollments,) = cursor.fetchone()
    roles = AccountAdmin.objects.filter(user=user, workflow_state=AccountAdmin.State.ACTIVE)
    ended = roles.update(workflow_state=AccountAdmin.State.DELETED, sis_import_id=None)
    return Ended(links, enrollments, ended)
