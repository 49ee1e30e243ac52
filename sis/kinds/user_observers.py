"""user_observers.csv: who observes whom. The links themselves are made and ended by courses/domain/observation.py."""

from collections import defaultdict

from django.utils.translation import gettext_lazy as _

from accounts.domain.locks import lock_users
from accounts.models import Account, ObservationLink, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from courses.access.observation import RULES
from courses.domain.observation import link_all, narrow_all, unlink_all
from sis.kinds.chunks import Round, own
from sis.kinds.kind import Brake, Example, Kind, Record
from sis.kinds.sender_limits import OWN_LINKS, refuse_own
from sis.kinds.sql import read_sql
from sis.models import StateChange

# The class of state changes of links that open more than before; Canvas has no such thing.
SCOPE = "UserObserverScope"

COLUMNS = ("observer_id", "student_id", "status")
SQL = read_sql(__file__, COLUMNS, who_may_observe=RULES.format(course="NULL::bigint"))


def apply(this: Round) -> None:
    """Make, repair and end links."""
    this.lock(SQL["lock"])
    this.look_up("accounts_observationlink", found="link", other_names="true")
    refuse_own(this, "own_link", SQL.parts["own_link"], unless=OWN_LINKS)
    pairs: dict[str, list[tuple[int, int]]] = {"active": [], "deleted": []}
    for status, observer, student in this.execute(SQL["read_pairs"]):
        pairs[status].append((observer, student))
    by, sis_import = this.run.by, this.run.sis_import_id
    unlink_all(pairs["deleted"], by=by, sis_import=sis_import)
    link_all(pairs["active"], origin=ObservationLink.Origin.SIS, by=by, sis_import=sis_import)
    this.execute(SQL["stamp"])
    this.execute(SQL["note_states"])
    this.execute(SQL["note_scopes"])


def put_back_links(change: StateChange, by: User) -> int:
    """Return how many links stay as they are.

    That are those that somebody has changed since, and those to some courses only that were ended: which courses they
    opened is not remembered, and all would be too many.
    """
    links = ObservationLink.objects.filter(pk__in=change.records)
    returns = change.before == ObservationLink.State.ACTIVE
    lock_users(pk for pair in links.values_list("observer_id", "student_id") for pk in pair)
    found = links.filter(state=change.after, sis_import_id=change.sis_import_id)
    if returns:
        if not may_on_account(by, Permission.MANAGE_USER_OBSERVERS, Account.objects.root()):
            found = found.exclude(observer__in=own(by))
        found = found.filter(scope=ObservationLink.Scope.ALL).exclude(observer__state=User.State.DELETED)
        found = found.exclude(student__state=User.State.DELETED)
    ours: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    for link in found:
        ours[link.origin][link.pk] = link.observer_id, link.student_id
    for origin, pairs in ours.items():
        if returns:
            link_all([*pairs.values()], origin=ObservationLink.Origin(origin), by=by, sis_import=change.sis_import_id)
        else:
            unlink_all([*pairs.values()], by=by, sis_import=change.sis_import_id)
        # The import may have changed them twice: then it still is who has touched them last. But what returns of
        # what people made is theirs again.
        if origin == ObservationLink.Origin.SIS or not returns:
            links.filter(pk__in=pairs).update(sis_import_id=change.sis_import_id)
    before = change.before or ObservationLink.State.DELETED
    return links.exclude(state=before).count()


def put_back_scopes(change: StateChange, by: User) -> int:
    """Let links that opened only some courses open no more again; return how many stay as they are."""
    links = ObservationLink.objects.filter(pk__in=change.records)
    lock_users(links.values_list("student_id", flat=True))
    ours = links.filter(sis_import_id=change.sis_import_id).values_list("pk", flat=True)
    narrow_all(ours, by=by, sis_import=change.sis_import_id)
    return links.exclude(scope=change.before).count()


KIND = Kind(
    order=160,
    name="user_observer",
    plural="user_observers",
    label=_("Observer links"),
    recognizes=lambda has: has >= {"observer_id", "student_id"},
    columns=COLUMNS,
    key=("observer_id", "student_id"),
    people=("observer_id", "student_id"),
    by_any_id=("observer_id", "student_id"),
    grows=("accounts_observationlink", "courses_enrollment"),
    sql=SQL,
    apply=apply,
    messages={
        "no_observer": _("An observer_id is missing."),
        "no_student": _("The student_id for observer {observer} is missing."),
        "self": _("User {student} cannot observe themselves."),
        "own_link": _(
            "User {observer} started this import and cannot add themselves as an observer of "
            "{student} without the permission “Users - manage observers”."
        ),
        "unknown_observer": _("The observer {observer} is unknown or deleted. Import the person first."),
        "unknown_student": _("The student {student} is unknown or deleted. Import the person first."),
        "no_link_to_delete": _("Observer {observer} is not linked to student {student}: there is nothing to delete."),
    },
    example=Example(2, "observer_id,student_id,status\nP2001,S1001,active"),
    record=Record(
        class_name="UserObserver",
        table="accounts_observationlink",
        state="state",
        title=(
            "concat_ws(' → ', (SELECT person.name FROM accounts_user AS person WHERE person.id = x.observer_id),"
            " (SELECT person.name FROM accounts_user AS person WHERE person.id = x.student_id))"
        ),
        put_back=put_back_links,
        goes_along=False,
    ),
    put_back_too={SCOPE: put_back_scopes},
    brake=Brake(4, _("observer links"), reads=("user_observer", "user"), sql=SQL.parts["brake"]),
)
