"""Taking an import back: what it changed the state of returns to the state before (Canvas: restore_states)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.auditing import record
from accounts.errors import Invalid
from accounts.models import Action, ObservationLink, User
from courses.observing import follow, link_all, unlink_all
from sis.models import SisImport, StateChange

# Canvas's class → table and column of the state
TABLES = {
    "Account": ("accounts_account", "workflow_state"),
    "EnrollmentTerm": ("courses_term", "workflow_state"),
    "Course": ("courses_course", "workflow_state"),
    "CourseSection": ("courses_section", "workflow_state"),
    "Pseudonym": ("accounts_user", "state"),
    "Enrollment": ("courses_enrollment", "state"),
    "AccountUser": ("accounts_accountadmin", "workflow_state"),
}
PEOPLE = """
SELECT id FROM accounts_user WHERE id IN (SELECT user_id FROM courses_enrollment WHERE id = ANY(%(ids)s))
ORDER BY id FOR NO KEY UPDATE
"""
PLACES = """
SELECT user_id, section_id FROM courses_enrollment WHERE id = ANY(%(ids)s) AND type = 'StudentEnrollment'
"""
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
        locked.workflow_state, locked.restoring = SisImport.State.RESTORING, {**wanted, **_who(by), "progress": 0}
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
            missed = _put_back_links(change, by) if change.kind == "UserObserver" else _put_back(change)
            missed += wanted.get("missed", 0)
            wanted |= {"progress": number * 100 // len(ids), "last": pk, "missed": missed}
            SisImport.objects.filter(pk=sis_import.pk).update(restoring=wanted)
    in_part = wanted.get("missed") or any(wanted.get(key) for key in KEYS)
    sis_import.workflow_state = SisImport.State.PARTIALLY_RESTORED if in_part else SisImport.State.RESTORED
    sis_import.restoring = {**wanted, "progress": 100}
    sis_import.updated_at = timezone.now()
    sis_import.save(update_fields=["workflow_state", "restoring", "updated_at"])


def _put_back_links(change: StateChange, by: User) -> int:
    """Returns how many links stay as they are. The caller has a transaction.

    That are those that somebody has changed since, and those to some courses only that were ended: which courses they
    opened is not remembered, and all would be too many.
    """
    links = ObservationLink.objects.filter(pk__in=change.records, state=change.after, sis_import_id__isnull=False)
    if change.before == ObservationLink.State.ACTIVE:
        links = links.filter(scope=ObservationLink.Scope.ALL)
    pairs = list(links.values_list("observer_id", "student_id"))
    if change.before == ObservationLink.State.ACTIVE:
        link_all(pairs, origin=ObservationLink.Origin.SIS, by=by)
    else:
        unlink_all(pairs, by=by)
    before = change.before or ObservationLink.State.DELETED
    return ObservationLink.objects.filter(pk__in=change.records).exclude(state=before).count()


def _put_back(change: StateChange) -> int:
    """Returns how many records somebody has changed since, which stay as they are. The caller has a transaction."""
    table, column = TABLES[change.kind]
    values: dict[str, Any] = {"ids": change.records, "before": change.before or "deleted", "after": change.after}
    with connection.cursor() as cursor:
        if change.kind == "Enrollment":
            cursor.execute(PEOPLE, values)
        cursor.execute(
            f"UPDATE {table} SET {column} = %(before)s WHERE id = ANY(%(ids)s) AND {column} = %(after)s RETURNING id",
            values,
        )
        done = [pk for (pk,) in cursor.fetchall()]
        if change.kind == "Enrollment" and done:
            cursor.execute(PLACES, {"ids": done})
            follow(cursor.fetchall(), returned=change.after in ("deleted", "inactive", "completed"))
        again = f"SELECT count(*) FROM {table} WHERE id = ANY(%(ids)s) AND {column} <> %(before)s"
        cursor.execute(again, values)
        return int(cursor.fetchone()[0])
