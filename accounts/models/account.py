"""The account tree: one root account (the institution) and its sub-accounts; up and down it.

Each account keeps the ids of those above it, from the root down, in `ancestors`; the database writes them
(accounts/guards.py). An object that was read before somebody moved the account still has the old ones, so the functions
here ask the database.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.db.models import BigIntegerField, F, Func, Q, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from accounts.advisory_locks import AdvisoryLock, hold
from accounts.memory import once, read_from, remember, remembered, tell
from accounts.models.sis import sis_import_id, stuck_sis_fields
from accounts.text.collation import sort_key
from accounts.text.fields import TOO_LONG, Name, SisId, Text
from accounts.text.search import search_words


class SelfRegistration(models.TextChoices):
    """Who may create an account for themselves, in Canvas's words; anything but none turns pairing on."""

    NONE = "none", _("Nobody")
    OBSERVER = "observer", _("Observer accounts only")
    ALL = "all", _("All account types")


class CodeScope(models.TextChoices):
    """What a code created on a course's People page opens (design, rule 5)."""

    ALL = "all", _("All of the student's courses")
    COURSE = "course", _("That course only")


ROOT = "root account"


class AccountManager(models.Manager["Account"]):
    def root(self) -> Account:
        """Return the institution's root account, which nearly every request needs, and looks up once. Raises
        DoesNotExist before set-up.
        """
        return Account.from_db(self.db, Account.columns(), once(ROOT, self._look_up_root))

    def _look_up_root(self) -> Sequence[Any]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(Account.columns())} FROM accounts_account WHERE parent_id IS NULL")  # noqa: S608
            if found := cursor.fetchone():
                return found
        raise Account.DoesNotExist

    def root_is(self, values: Sequence[Any]) -> None:
        """Say for the rest of the request which account is the root: one with these values in its columns."""
        tell(ROOT, values)


class Account(models.Model):
    """An institution (the root account) or a part of it, such as a school."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        DELETED = "deleted", _("Deleted")

    name = Name()
    search_words = search_words("name")
    sort_key = sort_key("name")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="sub_accounts")
    # The ids of the accounts above, the root first. The database writes them: see accounts/models/account.py.
    ancestors = ArrayField(models.BigIntegerField(), editable=False, db_default=Value("{}"))
    sis_account_id = SisId(
        null=True,
        complaints={"max_length": TOO_LONG, "unique": ("taken", _("Another account already has this SIS ID."))},
    )
    integration_id = SisId(null=True)
    workflow_state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    default_time_zone = models.CharField(max_length=64, default="UTC")
    terms_of_use = models.TextField(blank=True)
    # The contact for students' questions about observers: a name, an office, an address. Empty: that of the account
    # above.
    links_office = Text(blank=True, default="", db_default="", complaints={"max_length": TOO_LONG})
    # The next ones, to the brake, are read from the root account only.
    self_registration = models.CharField(max_length=16, choices=SelfRegistration.choices, default=SelfRegistration.NONE)
    self_registration_changed_at = models.DateTimeField(null=True, blank=True)
    self_registration_changed_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    code_scope = models.CharField(max_length=16, choices=CodeScope.choices, default=CodeScope.ALL)
    # The settings of what observers see that stand other than by default: SCHOOL in courses/visibility.py.
    observer_switches = ArrayField(models.CharField(max_length=64), default=list, db_default=Value("{}"), blank=True)
    # In percent: a roster import that would remove more of the active people, courses, links … than this stops.
    sis_deletion_brake = models.PositiveSmallIntegerField(default=10, db_default=10)
    sis_import_id = sis_import_id()
    stuck_sis_fields = stuck_sis_fields()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AccountManager()

    class Meta:
        constraints = [
            # Longer loops are kept out by a trigger: see accounts/guards.py.
            models.CheckConstraint(condition=~Q(id=F("parent")), name="account_is_not_its_own_parent"),
            models.UniqueConstraint(
                models.functions.Coalesce(F("parent"), -1, output_field=models.BigIntegerField()),
                condition=Q(parent=None),
                name="one_root_account",
            ),
            models.CheckConstraint(
                condition=Q(self_registration__in=SelfRegistration.values), name="self_registration_is_known"
            ),
            models.CheckConstraint(condition=Q(sis_deletion_brake__lte=100), name="sis_deletion_brake_is_a_percentage"),
            models.CheckConstraint(condition=Q(code_scope__in=CodeScope.values), name="code_scope_is_known"),
        ]
        # What stands below an account is looked up by it.
        indexes = [GinIndex(fields=["ancestors"], name="accounts_by_ancestor")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    @cache
    def columns(cls) -> list[str]:
        """Return the names of the columns, in the order of the fields."""
        return [field.attname for field in cls._meta.concrete_fields]

    def values(self) -> list[Any]:
        """Return what stands in the columns."""
        return [getattr(self, column) for column in self.columns()]

    @property
    def pairing_is_on(self) -> bool:
        """Whether pairing codes can be created and used at all (root account)."""
        return self.self_registration != SelfRegistration.NONE


read_from(Account)


UPWARDS_OF = "upwards"

# SQL: the accounts from each of %(accounts)s upwards, as up(start_id, id, depth); at depth 0 stands the account itself.
UPWARDS = """
WITH up(start_id, id, depth) AS (
    SELECT start.id, step.id, cardinality(start.ancestors) + 1 - step.number
    FROM accounts_account start
    CROSS JOIN LATERAL unnest(start.ancestors || start.id) WITH ORDINALITY AS step(id, number)
    WHERE start.id = ANY(%(accounts)s)
)
"""

# The depth orders the way from the root down; ids do not, because accounts can move.
LINE = """
SELECT a.* FROM accounts_account start
CROSS JOIN LATERAL unnest(start.ancestors || start.id) WITH ORDINALITY AS step(id, number)
JOIN accounts_account a ON a.id = step.id
WHERE start.id = %s ORDER BY step.number
"""


class Unnest(Func):
    """The ids in a column of many, a row for each."""

    function = "unnest"
    output_field = BigIntegerField()
    set_returning = True


def line_of(alias: str) -> str:
    """Return SQL for the ids from the root down to the account with this alias: `x = ANY({line_of("a")})`."""
    return f"({alias}.ancestors || {alias}.id)"


def with_all_below(account: Account) -> QuerySet[Account, int]:
    """Return the ids of `account` and of every active account below it, for use within another query."""
    below = Q(ancestors__contains=[account.pk], workflow_state=Account.State.ACTIVE)
    return Account.objects.filter(Q(pk=account.pk) | below).values_list("pk", flat=True)


def is_within(account: Account, other: Account) -> bool:
    """Return whether `account`, just read, is among `with_all_below(other)`."""
    return account == other or (other.pk in account.ancestors and account.workflow_state == Account.State.ACTIVE)


def with_all_above(account: Account) -> Q:
    """Return the condition that `account`, a column of this name, is this account or one above it."""
    up = Account.objects.filter(pk=account.pk).values_list(Unnest("ancestors"), flat=True)
    return Q(account=account) | Q(account__in=up)


def line_to(account_id: int) -> list[Account]:
    """Return the accounts from the root down to this one; none if there is no such account (one statement)."""
    found = list(Account.objects.raw(LINE, [account_id]))
    if found:
        Account.objects.root_is(found[0].values())
    return found


def above(account: Account) -> list[Account]:
    """Return the accounts above `account`, the root first (one statement)."""
    return line_to(account.pk)[:-1]


def upwards(accounts: Collection[int]) -> dict[int, list[int]]:
    """Return, by account id, the ids of each of these and of all above it, the root last (one statement at most)."""
    known = remembered(UPWARDS_OF, None, accounts)
    if missing := set(accounts) - known.keys():
        found = Account.objects.filter(pk__in=missing).values_list("pk", "ancestors")
        more = {pk: [pk, *reversed(ancestors)] for pk, ancestors in found}
        remember(UPWARDS_OF, None, more)
        known |= more
    return known


def hold_tree() -> None:
    """Let nobody else make or move accounts until the transaction ends.

    The database takes this lock whenever that is done. Take it first where other locks are held when it happens.
    """
    hold(AdvisoryLock.TREE, 0)
