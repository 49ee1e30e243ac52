"""Find people, courses, sections, terms and enrollments by an id or one of the school's ids. Each raises Http404.

Logins and SIS ids can be guessed, ids tell nothing: a caller who may not read a person does not learn from a login or
SIS id that the person exists. The answer is the same as if they did not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import reduce
from operator import or_

from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api import lookups
from accounts.api.endpoints import ApiRequest
from accounts.api.ids import condition
from accounts.errors import Invalid, NotAllowed, Refused
from accounts.models import COURSE_BASE_TYPES, Account, Role, User
from accounts.permissions.resolver import account_permissions
from courses.access.courses import CourseAccess, course_access
from courses.access.permissions import course_permissions
from courses.access.profiles import known_about
from courses.domain.rosters import findable
from courses.domain.terms import terms
from courses.models import Course, Enrollment, Section, Term


def person(request: ApiRequest, text: str) -> User:
    """Return a person who is not deleted: by `self` or id; by SIS id or login only one the caller may read. Raises
    Http404.
    """
    found = lookups.person(request, text)
    if _is_secret(request, found, text):
        raise Http404
    return found


@contextmanager
def hide_existence(request: ApiRequest, found: User, text: str) -> Iterator[None]:
    """Answer, within this context, a refusal with 404 where `person` does: for actions that need another permission
    than reading.
    """
    try:
        yield
    except Refused:
        if _is_secret(request, found, text):
            raise Http404 from None
        raise


def check_belongs(request: ApiRequest, home: Account, found: User) -> None:
    """Raise Http404 for a person who is not of this account, as far as the caller goes by it."""
    if not findable(home, by=request.user).filter(pk=found.pk).exists():
        raise Http404


def _is_secret(request: ApiRequest, found: User, text: str) -> bool:
    return ":" in text and known_about(found, by=request.user) is None


def _knows(request: ApiRequest, found: Course) -> bool:
    """Return whether the caller may know that the course exists: they are or were in it, or have permissions there."""
    if account_permissions(request.user, found.account) or course_permissions(request.user, found):
        return True
    return Enrollment.objects.present().filter(user=request.user, section__course=found).exists()


def course(request: ApiRequest, text: str) -> Course:
    """Return a course that has not been deleted, with account and term; by a SIS id only one that the
    caller may know.
    """
    wanted = condition(text, {"sis_course_id": "sis_course_id", "sis_integration_id": "integration_id"})
    found = Course.objects.present().select_related("account", "term").filter(**wanted).first()
    if found is None or (":" in text and not _knows(request, found)):
        raise Http404
    return found


def access(request: ApiRequest, text: str) -> CourseAccess:
    """Return what the caller is in a course. Raises NotAllowed where that is nothing."""
    found = course_access(request.user, course(request, text))
    if found is None:
        raise NotAllowed
    return found


def deleted_course(request: ApiRequest, text: str) -> Course:
    """Return a course that has been deleted, to restore it."""
    wanted = condition(text, {"sis_course_id": "sis_course_id", "sis_integration_id": "integration_id"})
    deleted = Course.objects.filter(workflow_state=Course.State.DELETED).select_related("account", "term")
    found = deleted.filter(**wanted).first()
    if found is None or (":" in text and not _knows(request, found)):
        raise Http404
    return found


def section(request: ApiRequest, text: str) -> Section:
    """Return a section that has not been deleted, with its course; by a SIS id only one that the caller may know."""
    wanted = condition(text, {"sis_section_id": "sis_section_id", "sis_integration_id": "integration_id"})
    present = Section.objects.filter(
        workflow_state=Section.State.ACTIVE, course__in=Course.objects.present()
    ).select_related("course__account")
    found = present.filter(**wanted).first()
    if found is None or (":" in text and not _knows(request, found.course)):
        raise Http404
    return found


def term(text: str) -> Term:
    """Return a term that has not been deleted."""
    found = terms().filter(**condition(text, {"sis_term_id": "sis_term_id"})).first()
    if found is None:
        raise Http404
    return found


def terms_named(texts: Collection[str]) -> list[Term]:
    """Return these terms, by number or `sis_term_id:…`, with one statement. Raises Http404 if one is missing."""
    wanted = [condition(text, {"sis_term_id": "sis_term_id"}) for text in texts]
    found = list(terms().filter(reduce(or_, (Q(**one) for one in wanted)))) if wanted else []
    known = {("pk", term.pk) for term in found} | {("sis_term_id", term.sis_term_id) for term in found}
    if not all(known.issuperset(one.items()) for one in wanted):
        raise Http404
    return found


def roles(names: Collection[str], parameter: str) -> set[int]:
    """Return the ids of the course roles of these names: a built-in role's type, or custom ones' label.

    One statement. Raises Invalid, at this parameter, for a name that no role has.
    """
    called = Q(account=None, base_type__in=names) | Q(account__isnull=False, label__in=names)
    found = list(Role.objects.filter(called, base_type__in=COURSE_BASE_TYPES))
    if missing := set(names) - {role.name for role in found}:
        message = _("There is no such role: %(names)s.") % {"names": ", ".join(f"“{name}”" for name in sorted(missing))}
        raise Invalid({parameter: [("inclusion", message)]})
    return {role.pk for role in found}


def enrollment(here: Course, text: str) -> Enrollment:
    """Return an enrollment in this course that has not been deleted, with what its body needs."""
    found = (
        Enrollment.objects.present()
        .filter(section__course=here, **condition(text, {}))
        .select_related(*WITH_ENROLLMENT)
        .first()
    )
    if found is None:
        raise Http404
    return found


# What courses.api.bodies.enrollment_body reads.
WITH_ENROLLMENT = ("user", "section__course__account", "role", "associated_user")
