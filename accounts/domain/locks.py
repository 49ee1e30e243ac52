"""Locks: the one order in which all are taken, and the two that many rules take.

Two transactions that lock the same things in another order wait for each other, and the database ends one of them.
So each takes what it needs in the order of ORDER, of one table by ascending ids, and looks only then at what it has
locked. A test watches this over all that tests do. What the order cannot prevent, such as a row that two imports
insert, is tried again: config/retries.py.
"""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.advisory_locks import AdvisoryLock
from accounts.errors import Invalid
from accounts.models import Account, ObservationLink, User

# People come first: a lock on a person orders everything that happens to their links, codes and
# enrollments. Then from the large to the small. A code has no rank of its own: it is changed under the lock of its
# student, or alone. The advisory locks are those of accounts/advisory_locks.py.
ORDER = (
    AdvisoryLock.MIGRATION.name,  # by a connection that does nothing else (config/preparation.py)
    "accounts_eventcursor",  # of a reader of events, before all that it does because of them
    "sis_turn",  # of whoever imports, before anything else in each of their transactions (sis/imports/turns.py)
    AdvisoryLock.KEPT_UPLOAD.name,
    AdvisoryLock.TRY.name,
    AdvisoryLock.TREE.name,  # taken by the database whenever accounts are made or moved (accounts/guards.py)
    "accounts_account",
    "accounts_user",
    "accounts_observationlink",
    "courses_term",
    "courses_course",
    "courses_section",
    "courses_enrollment",
    "sis_sisimport",
    AdvisoryLock.EVENTS.name,  # waits for nobody
    AdvisoryLock.FAILURE.name,  # taken when a try has failed, and with nothing after it
)


def lock_users(user_ids: Iterable[int]) -> None:
    """Lock these people's rows until the transaction ends, always in the same order (one statement).

    Without it, a link created while the student is being enrolled elsewhere would miss the new course.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM accounts_user WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [sorted(set(user_ids))],
        )


def lock_with_linked(user: User) -> QuerySet[ObservationLink]:
    """Lock `user` and the students of all active links of `user`, on either side; return these links."""
    links = ObservationLink.objects.filter(Q(observer=user) | Q(student=user), state=ObservationLink.State.ACTIVE)
    lock_users([user.pk, *links.values_list("student_id", flat=True)])
    return links


def hold_account(account: Account) -> None:
    """Keep `account` from being deleted until the transaction ends. Raises Invalid if it has been deleted."""
    held = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    if held.workflow_state != Account.State.ACTIVE:
        raise Invalid({"account": [("invalid", _("This account has been deleted."))]}, of="account")
