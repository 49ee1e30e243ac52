"""Taking an import back: what it changed the state of returns to the state before (Canvas: restore_states).

Only what this import was the last to touch: decisions of people and of later imports stand.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Exists, F, Model, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.admins import not_to_give
from accounts.domain.audit import record, record_many
from accounts.domain.locks import lock_users
from accounts.domain.states import follow_states
from accounts.errors import Invalid
from accounts.models import Account, AccountAdmin, Action, BaseType, ObservationLink, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from courses.access.enrollment_actions import Entry, not_to_enter
from courses.access.further_rights import who_reach_further
from courses.domain.observation import link_all, narrow_all, unlink_all
from courses.domain.observer_enrollments import by_link, follow
from courses.models import Course, Enrollment, Section, Term
from pairing.domain.account_deletion import revoke_codes
from sis.kinds.user_observers import SCOPE
from sis.models import SisImport, StateChange

# Of Canvas's classes those whose records have nothing but a state to put back.
MODELS: dict[str, type[Account | Term | Course | Section]] = {
    "Account": Account,
    "EnrollmentTerm": Term,
    "Course": Course,
    "CourseSection": Section,
}
Record = TypeVar("Record", bound=Model)
KEYS = ("batch_mode", "undelete_only", "unconclude_only")


def why_not_restored(sis_import: SisImport) -> str | None:
    """Why this import cannot be taken back; None when it can."""
    if not sis_import.has_ended or sis_import.started_at is None:
        return _("Only an import that has run and ended can be taken back.")
    if sis_import.options.get("dry_run"):
        return _("A dry run has changed nothing, so there is nothing to take back.")
    if sis_import.workflow_state == SisImport.State.RESTORED:
        return _("This import has been taken back already.")
    if sis_import.ended_at and sis_import.ended_at < timezone.now() - timedelta(days=settings.SIS_KEEP_DAYS):
        return _("This import ended more than {days} days ago; what it changed is remembered no more.").format(
            days=settings.SIS_KEEP_DAYS
        )
    return None


def begin_restoring(
    sis_import: SisImport,
    *,
    by: User,
    batch_mode: bool = False,
    undelete_only: bool = False,
    unconclude_only: bool = False,
) -> None:
    """Have the import taken back by the next worker. Raises Invalid when that makes no sense."""
    if undelete_only and unconclude_only:
        message = _("Please choose one of undelete_only and unconclude_only.")
        raise Invalid({"undelete_only": [("invalid", message)]})
    wanted = {"batch_mode": batch_mode, "undelete_only": undelete_only, "unconclude_only": unconclude_only}
    with transaction.atomic():
        locked = SisImport.objects.select_for_update().get(pk=sis_import.pk)
        if why := why_not_restored(locked):
            raise Invalid({"id": [("invalid", why)]})
        locked.restoring = {**wanted, **_who(by), "was": locked.workflow_state, "progress": 0}
        locked.workflow_state = SisImport.State.RESTORING
        locked.attempts = 0
        locked.save(update_fields=["workflow_state", "restoring", "attempts", "updated_at"])
        record(Action.SIS_IMPORT_RESTORED, by=by, sis_import=locked.pk, wanted=wanted)


def _who(by: User) -> dict[str, int | None]:
    return {"by": by.pk, "actor": by.actor.pk if by.actor else None}


def restore(sis_import: SisImport) -> None:
    """Go through the state changes, the last first, each in a transaction; a second call goes on where one ended."""
    wanted = sis_import.restoring
    by = User.objects.get(pk=wanted["by"])
    by.actor = User.objects.filter(pk=wanted["actor"]).first()
    changes = StateChange.objects.filter(sis_import=sis_import)
    if wanted.get("batch_mode"):
        changes = changes.filter(batch_mode=True)
    if wanted.get("undelete_only"):
        changes = changes.filter(after="deleted").exclude(before="")
    if wanted.get("unconclude_only"):
        changes = changes.filter(after="completed").exclude(before="")
    ids = list(changes.order_by("-pk").values_list("pk", flat=True))
    for number, pk in enumerate(ids, 1):
        if "last" in wanted and pk >= wanted["last"]:
            continue
        change = StateChange.objects.get(pk=pk)
        with transaction.atomic():
            missed = PUT_BACK.get(change.kind, _put_back_records)(change, by) + wanted.get("missed", 0)
            wanted |= {"progress": number * 100 // len(ids), "last": pk, "missed": missed}
            SisImport.objects.filter(pk=sis_import.pk).update(restoring=wanted)
    in_part = wanted.get("missed") or any(wanted.get(key) for key in KEYS)
    sis_import.workflow_state = SisImport.State.PARTIALLY_RESTORED if in_part else SisImport.State.RESTORED
    sis_import.restoring = {**wanted, "progress": 100}
    sis_import.updated_at = timezone.now()
    sis_import.save(update_fields=["workflow_state", "restoring", "updated_at"])


def _put_back_links(change: StateChange, by: User) -> int:
    """Returns how many links stay as they are.

    That are those that somebody has changed since, and those to some courses only that were ended: which courses they
    opened is not remembered, and all would be too many.
    """
    links = ObservationLink.objects.filter(pk__in=change.records)
    returns = change.before == ObservationLink.State.ACTIVE
    lock_users(links.values_list("student_id", flat=True))
    found = links.filter(state=change.after, sis_import_id=change.sis_import_id)
    if returns:
        if not may_on_account(by, Permission.MANAGE_USER_OBSERVERS, Account.objects.root()):
            found = found.exclude(observer__in=_own(by))
        found = found.filter(scope=ObservationLink.Scope.ALL).exclude(observer__state=User.State.DELETED)
        found = found.exclude(student__state=User.State.DELETED)
    ours: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    for link in found:
        ours[link.origin][link.pk] = link.observer_id, link.student_id
    for origin, pairs in ours.items():
        if returns:
            link_all([*pairs.values()], origin=ObservationLink.Origin(origin), by=by)
        else:
            unlink_all([*pairs.values()], by=by)
        # The import may have changed them twice: then it still is who has touched them last. But what returns of
        # what people made is theirs again.
        if origin == ObservationLink.Origin.SIS or not returns:
            links.filter(pk__in=pairs).update(sis_import_id=change.sis_import_id)
    before = change.before or ObservationLink.State.DELETED
    return links.exclude(state=before).count()


def _put_back_scopes(change: StateChange, by: User) -> int:
    """Let links that opened only some courses open no more again; returns how many stay as they are."""
    links = ObservationLink.objects.filter(pk__in=change.records)
    lock_users(links.values_list("student_id", flat=True))
    narrow_all(links.filter(sis_import_id=change.sis_import_id).values_list("pk", flat=True), by=by)
    return links.exclude(scope=change.before).count()


def _put_back_enrollments(change: StateChange, by: User) -> int:
    """Returns how many enrollments stay as they are, counting those of observers that only follow a student."""
    before = change.before or Enrollment.State.DELETED
    there = Enrollment.objects.filter(pk__in=change.records)
    lock_users(pk for pair in there.values_list("user_id", "associated_user_id") for pk in pair if pk)
    ids = list(_not_oneself(_only_touched_by(change, there), before, by).values_list("pk", flat=True))
    there.filter(pk__in=ids).update(state=before, **_consent_of(change))
    there.filter(pk__in=ids).exclude(state=Enrollment.State.COMPLETED).update(completed_at=None)
    done = there.filter(pk__in=ids)
    observed = done.exclude(associated_user=None).values_list("associated_user_id", "section_id")
    follow(observed, returned=False)
    returned = change.after in ("deleted", "inactive", "completed")
    follow(done.students().values_list("user_id", "section_id"), returned=returned)
    return there.exclude(state=before).count()


def _consent_of(change: StateChange) -> dict[str, Any]:
    """What becomes of consent: none to where somebody has not been or was invited, the old one to where they were."""
    if change.before in Enrollment.ACCEPTED:
        through = Case(When(accepted_through="", then=Value("institution")), default=F("accepted_through"))
        return {"accepted_at": Coalesce("accepted_at", Now()), "accepted_through": through}
    return {} if change.before == Enrollment.State.DELETED else {"accepted_at": None, "accepted_through": ""}


def _own(by: User) -> list[int]:
    return [by.pk, by.person_acting.pk]


def _not_oneself(found: QuerySet[Enrollment], before: str, by: User) -> QuerySet[Enrollment]:
    """Without those by which `by` would be staff or an observer again where they could not enroll themselves."""
    own = found.filter(user__in=_own(by)).exclude(type=BaseType.STUDENT)
    if before in Enrollment.GONE:
        return found
    rows = own.values_list("pk", "section__course", "role", "type", "associated_user")
    entries = {pk: Entry(course, role, base, student is not None) for pk, course, role, base, student in rows}
    refused = not_to_enter(set(entries.values()), by=by) if entries else set()
    return found.exclude(pk__in=[pk for pk, entry in entries.items() if entry in refused])


def _only_touched_by(change: StateChange, there: QuerySet[Enrollment]) -> QuerySet[Enrollment]:
    """Those of these enrollments that are as this change left them.

    Many are not stamped with the import, as they ended along with a person or section: they tell by the moment of
    their last update. What returns must do so in any case, while what the import made goes even where it has been
    carried along since. An observer returns by a link in force, or where this very import listed the enrollment and
    no link of the two has ended since; all others follow their students.
    """
    this = change.sis_import_id
    moments = StateChange.objects.filter(sis_import=this, kind="Enrollment").values("created_at")
    untouched = Q(updated_at__in=moments)
    found = there.filter(state=change.after).exclude(sis_import_id__gt=this)
    if change.before in ("", *Enrollment.GONE):
        return found.filter(untouched | Q(sis_import_id=this))
    people = found.exclude(user__state=User.State.DELETED).exclude(associated_user__state=User.State.DELETED)
    ended = ObservationLink.objects.filter(
        observer=OuterRef("user"),
        student=OuterRef("associated_user"),
        state=ObservationLink.State.DELETED,
        updated_at__gte=OuterRef("updated_at"),
    )
    listed = Q(sis_import_id=this) & ~Exists(ended)
    # Nobody observes a student twice in a section: where that has begun again with another role, it stays.
    begun_again = Enrollment.objects.exclude(state__in=Enrollment.GONE).exclude(pk=OuterRef("pk"))
    begun_again = begun_again.filter(
        associated_user=OuterRef("associated_user"), user=OuterRef("user"), section=OuterRef("section")
    )
    people = people.exclude(Exists(begun_again))
    return people.filter(untouched, Q(associated_user=None) | by_link() | listed)


def _put_back_admins(change: StateChange, by: User) -> int:
    """Give and take roles as by hand: none that may do more than `by`, and not one's own. Returns how many stay."""
    before = change.before or AccountAdmin.State.DELETED
    there = AccountAdmin.objects.filter(pk__in=change.records)
    lock_users(there.values_list("user_id", flat=True))
    held = list(there.filter(workflow_state=change.after, sis_import_id=change.sis_import_id).exclude(user=by))
    refused = not_to_give({(admin.role_id, admin.account_id) for admin in held}, by=by)
    ours = [admin for admin in held if (admin.role_id, admin.account_id) not in refused]
    there.filter(pk__in=[admin.pk for admin in ours]).update(workflow_state=before)
    action = Action.ADMIN_CREATED if before == AccountAdmin.State.ACTIVE else Action.ADMIN_REMOVED
    about = [(admin.user_id, {"account": admin.account_id, "role": admin.role_id}) for admin in ours]
    record_many(action, about, by=by)
    return there.exclude(workflow_state=before).count()


def _put_back_people(change: StateChange, by: User) -> int:
    """Returns how many people stay as they are: besides those changed since, who reaches further than `by`."""
    before = change.before or User.State.DELETED
    there = User.objects.filter(pk__in=change.records)
    lock_users(change.records)
    refused = who_reach_further(change.records, by=by)
    found = _untouched(there.filter(state=change.after), change).exclude(pk__in={by.pk, *refused})
    ours = list(found.values_list("pk", flat=True))
    there.filter(pk__in=ours).update(state=before)
    follow_states([(pk, change.after, before) for pk in ours], by=by, sis_import=change.sis_import_id)
    if before == User.State.DELETED:
        revoke_codes(ours)
    return there.exclude(state=before).count()


def _put_back_records(change: StateChange, by: User) -> int:
    """Returns how many records stay as they are, because somebody has changed them since."""
    before, there = change.before or "deleted", MODELS[change.kind].objects.filter(pk__in=change.records)
    _untouched(there.filter(workflow_state=change.after), change).update(workflow_state=before)
    return there.exclude(workflow_state=before).count()


def _untouched(found: QuerySet[Record], change: StateChange) -> QuerySet[Record]:
    """Those that no later import has named, and whose state no person has decided on."""
    found = found.filter(sis_import_id=change.sis_import_id)
    if change.sis_import.options.get("override_sis_stickiness"):
        return found
    return found.exclude(stuck_sis_fields__contains=["status"])


# Each puts back one change within the caller's transaction.
PUT_BACK = {
    "UserObserver": _put_back_links,
    SCOPE: _put_back_scopes,
    "Enrollment": _put_back_enrollments,
    "AccountUser": _put_back_admins,
    "Pseudonym": _put_back_people,
}
