"""What happens to a course after it is created: edited, published, concluded, deleted and restored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.domain.locks import hold_account, lock_users
from accounts.domain.roles import roles_of
from accounts.domain.sis_fields import check_may_set_sis_ids, stick
from accounts.domain.validation import check, check_order, refusing_what_is_taken
from accounts.errors import Invalid, NotAllowed, NotPossible
from accounts.models import Account, BaseType, Role, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account, permissions_on
from accounts.text.names import tidied
from courses.domain.enrollments import changed_meanwhile
from courses.domain.events import CourseChanged, CourseCreated, CourseDeleted
from courses.domain.locks import hold_term
from courses.domain.observation_events import ENROLLMENTS, EVENTS, author, courses_return, returned
from courses.models import Course, Enrollment, Submission, Term
from courses.models.course import default_section
from courses.models.enrollment import EnrollmentQuerySet

State = Course.State
# Changes what becomes of a course, by somebody: publish, unpublish, conclude, delete_course, undelete.
ChangeOfState = Callable[..., object]
SIS_IDS = ("sis_course_id", "integration_id")
SHORT_TEXTS = frozenset({"name", "course_code", *SIS_IDS})


def edit_course(course: Course, *, by: User, **wanted: Any) -> Course:
    """Change any of name, course_code, sis_course_id, integration_id, account, term, course_format, syllabus_body,
    start_at, end_at, and whether these dates bind (restrict_enrollments_to_course_dates).

    What is not given stays; None empties a date or the term. To move the course, `by` must manage the courses of both
    accounts. Raises NotAllowed, Invalid.
    """
    check_may_manage(course.account, by)
    with transaction.atomic():
        # The course's account too: later steps of the same transaction lock it again.
        _hold_accounts(course, wanted)
        if wanted.get("term"):
            hold_term(wanted["term"])
        held = Course.objects.select_for_update(of=("self",), no_key=True).select_related("account", "term")
        course = held.get(pk=course.pk)
        changed = {field: value for field, value in _tidied(wanted).items() if getattr(course, field) != value}
        for field, value in changed.items():
            setattr(course, field, value)
        check(Course, {field: getattr(course, field) for field in SHORT_TEXTS}, of="course")
        check_order("course", course.start_at, course.end_at)
        if "account" in changed:
            check_may_manage(course.account, by)
            there = Enrollment.objects.exclude(state__in=Enrollment.GONE).filter(section__course=course)
            check_roles_are_known_in(course.account, there)
        if changed.keys() & set(SIS_IDS):
            check_may_set_sis_ids("changed", by=by)
        if changed:
            _save(course, changed, by)
    return course


def check_roles_are_known_in(account: Account, enrollments: EnrollmentQuerySet) -> None:
    """Raise Invalid if one of these enrollments has a custom role that is not one of the account that they move to:
    overrides set elsewhere do not apply to it.
    """
    known = roles_of(account, states=Role.State.values)
    strange = Role.objects.filter(pk__in=enrollments.values("role")).exclude(pk__in=known.order_by().values("pk"))
    if labels := ", ".join(f"“{label}”" for label in strange.order_by("label").values_list("label", flat=True)):
        message = _("Not moved: people there have roles that do not exist in that account: %(roles)s.")
        raise Invalid({"account": [("invalid", message % {"roles": labels})]}, of="course")


def _tidied(wanted: dict[str, Any]) -> dict[str, Any]:
    kept = {field: tidied(value) if field in SHORT_TEXTS else value for field, value in wanted.items()}
    kept |= {field: kept[field] or None for field in SIS_IDS if field in kept}
    if kept.get("course_code") == "":
        del kept["course_code"]
    return kept


def _save(course: Course, changed: dict[str, Any], by: User) -> None:
    with refusing_what_is_taken(Course, of="course"):
        course.save(update_fields=stick(course, changed))
    record(CourseChanged(course.pk, fields=sorted(changed)), by=by)


def publish(course: Course, *, by: User) -> None:
    """Open a course to its students and observers; a concluded one reopens. Raises NotAllowed."""
    _set_state(course, State.AVAILABLE, by)


def unpublish(course: Course, *, by: User) -> None:
    """Close a course to its students and observers, unless work is graded. Raises NotAllowed, Refused."""
    check_may_manage(course.account, by)
    if has_grades(course):
        raise NotPossible(_("Work in this course has been graded, so you cannot unpublish it. You can conclude it."))
    _set_state(course, State.UNPUBLISHED, by)


def has_grades(course: Course) -> bool:
    """Return whether any work in the course has been graded."""
    return Submission.objects.filter(assignment__course=course, score__isnull=False).exists()


def conclude(course: Course, *, by: User) -> None:
    """Close a course to changes; its people can still read it. Raises NotAllowed."""
    _set_state(course, State.COMPLETED, by)


def undelete(course: Course, *, by: User) -> None:
    """Restore a deleted course, unpublished and without people, who must be enrolled again.

    Raises NotAllowed, and Invalid if its account has been deleted.
    """
    check_may_manage(course.account, by)
    if course.workflow_state == State.DELETED:
        _set_state(course, State.UNPUBLISHED, by)


def _set_state(course: Course, state: str, by: User) -> None:
    check_may_manage(course.account, by)
    with transaction.atomic():
        hold_account(course.account)
        held = Course.objects.select_for_update(no_key=True).values_list("workflow_state", "account")
        before, account_id = held.get(pk=course.pk)
        if (before == State.DELETED and state != State.UNPUBLISHED) or account_id != course.account_id:
            raise changed_meanwhile()
        course.workflow_state = state
        if before != state:
            stick(course, ["status"])
            course.save(update_fields=["workflow_state", "stuck_sis_fields"])
            if before == State.DELETED:
                courses_return([course.pk], by=by)
            record(CourseChanged(course.pk, before=before, state=state), by=by)


def edit_and_change_state(course: Course, change: ChangeOfState | None, *, by: User, **wanted: Any) -> Course:
    """Change a course, as `edit_course` does, and then what becomes of it, such as `publish` or `delete_course`.

    Both happen, or neither if one is refused. Without a change of state the course is edited whatever is wanted, so
    that nobody learns of a course that they may not change.
    """
    check_may_manage(course.account, by)
    with transaction.atomic():
        if change is delete_course and wanted:
            # The locks of both, in the order of all locks; each takes its own again.
            _hold_accounts(course, wanted)
            _lock_students(course)
        if wanted or change is None:
            course = edit_course(course, by=by, **wanted)
        if change:
            change(course, by=by)
    return course


def _hold_accounts(course: Course, wanted: dict[str, Any]) -> None:
    """Lock the account of a course and the one it moves to."""
    accounts = {account.pk: account for account in (course.account, wanted.get("account")) if account}
    for _pk, account in sorted(accounts.items()):
        hold_account(account)


def _lock_students(course: Course) -> None:
    """Lock the students, as for every change of their enrollments: a link created meanwhile waits, and then finds the
    course gone.
    """
    lock_users(Enrollment.objects.students().filter(section__course=course).values_list("user_id", flat=True))


def is_over(course: Course) -> bool:
    """Return whether a course was concluded, or the end that binds it, its own or its term's, has come."""
    end = course.end_at if course.restrict_enrollments_to_course_dates or not course.term else course.term.end_at
    return course.workflow_state == State.COMPLETED or (end is not None and end <= timezone.now())


@dataclass(frozen=True)
class Inside:
    """How many people a course has, of the kinds that matter before it is deleted."""

    enrollments: int
    students: int
    observers: int
    graded: int


def what_is_inside(course: Course) -> Inside:
    """Return the numbers to show before a course is deleted (two statements)."""
    enrollments = Enrollment.objects.present().filter(section__course=course)
    by_type = dict(enrollments.order_by().values_list("type").annotate(Count("id")))
    graded = Submission.objects.filter(assignment__course=course, score__isnull=False).count()
    students, observers = by_type.get(BaseType.STUDENT, 0), by_type.get(BaseType.OBSERVER, 0)
    return Inside(sum(by_type.values()), students, observers, graded)


END_ALL = f"""
WITH changed AS (
    UPDATE courses_enrollment e SET state = 'deleted', updated_at = now()
    FROM courses_section s
    WHERE s.id = e.section_id AND s.course_id = %(course)s AND e.state <> 'deleted' RETURNING {returned("e")}
), told AS ({EVENTS}), told_too AS ({ENROLLMENTS})
SELECT count(*) FROM changed
"""  # noqa: S608 built from constants


def delete_course(course: Course, *, by: User) -> int:
    """Delete a course: every enrollment in it ends, the observers' with the students'. Return how many did.

    No account and no link changes; submitted and graded work stays with the course. Raises NotAllowed.
    """
    check_may_manage(course.account, by)
    with transaction.atomic(), connection.cursor() as cursor:
        _lock_students(course)
        held = Course.objects.select_for_update(no_key=True).values_list("workflow_state", flat=True)
        before = held.get(pk=course.pk)
        if before == State.DELETED:
            return 0
        cursor.execute(END_ALL, {"course": course.pk, **author(by)})
        (ended,) = cursor.fetchone()
        course.workflow_state = State.DELETED
        stick(course, ["status"])
        course.save(update_fields=["workflow_state", "stuck_sis_fields"])
        record(CourseDeleted(course.pk, course.name, before, enrollments=ended), by=by)
    return ended


PERMISSION = Permission.MANAGE_COURSES_ADMIN


def check_may_manage(account: Account, by: User) -> None:
    """Raise NotAllowed unless `by` may manage the courses of `account`."""
    if not may_on_account(by, PERMISSION, account):
        raise NotAllowed(_("To manage courses here, you need the permission “Courses - manage” in this account."))


def where_managed(accounts: Iterable[Account], *, by: User) -> set[int]:
    """Return the ids of those of these accounts whose courses `by` may manage."""
    return {pk for pk, keys in permissions_on(by, accounts).items() if PERMISSION in keys}


def create_course(
    account: Account,
    *,
    by: User,
    name: str,
    course_code: str = "",
    sis_course_id: str = "",
    integration_id: str = "",
    course_format: str = "",
    term: Term | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    restrict_enrollments_to_course_dates: bool = False,
    syllabus_body: str = "",
    publish: bool = False,
) -> Course:
    """Create a course with its default section.

    Raises NotAllowed if `by` may not manage courses or set a SIS id; Invalid for texts that are too long and ids in
    use.
    """
    check_may_manage(account, by)
    ids = {"sis_course_id": sis_course_id, "integration_id": integration_id}
    texts = _tidied({"name": name, **ids, "course_code": course_code})
    check_may_set_sis_ids(texts["sis_course_id"], texts["integration_id"], by=by)
    check(Course, texts, of="course")
    check_order("course", start_at, end_at)
    with refusing_what_is_taken(Course, of="course"):
        hold_account(account)
        if term:
            hold_term(term)
        course = Course.objects.create(
            account=account,
            **{"course_code": texts["name"], **texts},
            term=term,
            start_at=start_at,
            end_at=end_at,
            restrict_enrollments_to_course_dates=restrict_enrollments_to_course_dates,
            course_format=course_format,
            syllabus_body=syllabus_body,
            workflow_state=Course.State.AVAILABLE if publish else Course.State.UNPUBLISHED,
        )
        default_section(course)
        record(CourseCreated(course.pk, account.pk), by=by)
    return course
