"""Making courses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.auditing import record
from accounts.errors import Invalid, NotAllowed
from accounts.locking import hold_account
from accounts.models import Account, Action, User
from accounts.permissions import may_on_account, permissions_on
from accounts.sis_ids import check_may_set_sis_ids
from accounts.texts import is_readable, tidied
from courses.enrolling import default_section
from courses.models import Course, Term

PERMISSION = "manage_courses_admin"
LONGEST = 255


def check_may_manage(account: Account, by: User) -> None:
    """Raise NotAllowed unless `by` may manage the courses of `account`."""
    if not may_on_account(by, PERMISSION, account):
        raise NotAllowed(_("To manage courses here you need the permission “Courses - manage” on this account."))


def where_managed(accounts: Iterable[Account], *, by: User) -> set[int]:
    """The ids of those of these accounts whose courses `by` may manage."""
    return {pk for pk, keys in permissions_on(by, accounts).items() if PERMISSION in keys}


def create_course(
    account: Account,
    *,
    by: User,
    name: str,
    course_code: str = "",
    sis_course_id: str = "",
    term: Term | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    restrict_enrollments_to_course_dates: bool = False,
    syllabus_body: str = "",
    publish: bool = False,
) -> Course:
    """Make a course with its default section.

    Raises NotAllowed where `by` may not manage courses or set an SIS id; Invalid for texts too long and ids that are
    taken.
    """
    check_may_manage(account, by)
    name, course_code, sis_course_id = tidied(name), tidied(course_code), tidied(sis_course_id)
    check_may_set_sis_ids(sis_course_id, by=by)
    check_texts("course", {"name": name, "course_code": course_code, "sis_course_id": sis_course_id})
    check_order("course", start_at, end_at)
    try:
        with transaction.atomic():
            hold_account(account)
            course = Course.objects.create(
                account=account,
                name=name,
                course_code=course_code or name,
                sis_course_id=sis_course_id or None,
                term=term,
                start_at=start_at,
                end_at=end_at,
                restrict_enrollments_to_course_dates=restrict_enrollments_to_course_dates,
                syllabus_body=syllabus_body,
                workflow_state=Course.State.AVAILABLE if publish else Course.State.UNPUBLISHED,
            )
            default_section(course)
            record(Action.COURSE_CREATED, by=by, course=course.pk, account=account.pk)
    except IntegrityError:
        raise sis_id_taken("course.sis_course_id") from None
    return course


def check_texts(what: str, texts: dict[str, str]) -> None:
    """Raise Invalid for a (tidied) name with nothing to read in it, and for what is too long."""
    if not is_readable(texts["name"]):
        raise Invalid({f"{what}.name": [("blank", _("Please give a name."))]})
    for field, text in texts.items():
        if len(text) > LONGEST:
            raise Invalid({f"{what}.{field}": [("too_long", _("This may have 255 characters."))]})


def check_order(what: str, start_at: datetime | None, end_at: datetime | None) -> None:
    """Raise Invalid for an end before the start."""
    if start_at and end_at and end_at <= start_at:
        raise Invalid({f"{what}.end_at": [("invalid", _("The end must come after the start."))]})


def sis_id_taken(field: str) -> Invalid:
    """The complaint about an SIS id that something else has."""
    return Invalid({field: [("taken", _("Something else has this SIS id."))]})
