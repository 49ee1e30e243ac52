"""Lists of courses: which courses of an account are asked for, and in which order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Exists, F, Min, OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.errors import NotAllowed
from accounts.models import Account, BaseType, User
from accounts.models.account import with_all_below
from accounts.models.ids import OneOf
from accounts.permissions.registry import Permission
from accounts.text.search import Search
from courses.domain.people_lists import is_rare, with_roles_of
from courses.domain.rosters import searched_courses
from courses.models import Course, Enrollment, Term
from courses.models.course import CourseQuerySet
from courses.models.enrollment import EnrollmentQuerySet

# What a list can be sorted by: a field of the course, or one that is looked up.
SORTS = {
    "course_name": "sort_key",
    "course_status": "workflow_state",
    "sis_course_id": "sis_course_id",
    "account_name": "account__sort_key",
    "term": "term__sort_key",
    "teacher": "first_teacher",
}


@dataclass(frozen=True)
class CourseList:
    """What is asked of a list of courses; None and empty ask for nothing.

    `words` are searched in names, codes and SIS ids, or with `by_teacher` in the names of teachers.
    """

    states: Collection[str] = ()
    words: str = ""
    by_teacher: bool = False
    terms: Collection[Term] = ()
    accounts: Collection[int] = ()
    teachers: Collection[int] = ()
    has_enrollments: bool | None = None
    types: Collection[str] = ()
    enrollment_states: Collection[str] = ()
    is_published: bool | None = None
    is_completed: bool | None = None
    starts_before: datetime | None = None
    ends_after: datetime | None = None
    sort: str = "course_name"
    descending: bool = False
    # Where nothing is asked of the states: all but deleted.
    usual: Collection[str] = field(default=(Course.State.UNPUBLISHED, Course.State.AVAILABLE, Course.State.COMPLETED))


def courses_listed(account: Account, wanted: CourseList, permissions: Collection[Permission]) -> CourseQuerySet:
    """Return those courses of `account` and of all accounts below it that are asked for, in the order asked for.

    `permissions` are the reader's there. Raises NotAllowed where the answer would give away what they may not see.
    """
    check_may_ask(wanted, permissions)
    courses = Course.objects.filter(workflow_state__in=wanted.states or wanted.usual).whole()
    if account.parent_id is not None:
        courses = courses.filter(account__in=with_all_below(account))
    courses = _named(courses, wanted, permissions).filter(_by_people(wanted), _by_dates(wanted))
    if wanted.terms:
        courses = courses.filter(term__in=wanted.terms)
    if wanted.accounts:
        within = Q(pk__in=wanted.accounts) | Q(ancestors__overlap=list(wanted.accounts))
        courses = courses.filter(account__in=Account.objects.filter(within))
    if wanted.is_published is not None:
        states = {state for state in Course.State if (state == Course.State.AVAILABLE) == wanted.is_published}
        courses = courses.filter(workflow_state__in=states)
    return _in_order(courses.select_related("account", "term"), wanted)


def check_may_ask(wanted: CourseList, permissions: Collection[Permission]) -> None:
    """Raise NotAllowed for what would tell of teachers, or of SIS ids, whom that is not open to."""
    asks_for_teachers = wanted.by_teacher or wanted.teachers or wanted.sort == "teacher"
    if asks_for_teachers and Permission.READ_ROSTER not in permissions:
        raise NotAllowed(_("To list courses by their teachers, you need to see the people of this account."))
    if wanted.sort == "sis_course_id" and Permission.READ_SIS not in permissions:
        raise NotAllowed(_("You cannot see SIS IDs here, so you cannot sort by them."))


def _named(courses: CourseQuerySet, wanted: CourseList, permissions: Collection[Permission]) -> CourseQuerySet:
    if not (wanted.words and wanted.by_teacher):
        return searched_courses(courses, wanted.words, permissions)
    named = User.objects.present().filter(Search(wanted.words).found).order_by()
    return courses.filter(Exists(_taught().filter(user__in=named.values("pk"))))


def _there() -> EnrollmentQuerySet:
    return Enrollment.objects.filter(section__course=OuterRef("pk"), section__workflow_state="active").order_by()


def _taught() -> EnrollmentQuerySet:
    """Return the enrollments of the teachers of a course: of those who have accepted, as everybody there may know."""
    return _there().settled().filter(type=BaseType.TEACHER).exclude(state__in=Enrollment.GONE)


def _by_people(wanted: CourseList) -> Q:
    found = Q()
    present = _there().exclude(state__in=Enrollment.GONE)
    if wanted.has_enrollments is not None:
        found &= Q(Exists(present)) if wanted.has_enrollments else ~Q(Exists(present))
    if wanted.types:
        rare, beside = with_roles_of(wanted.types), ~Q(state__in=Enrollment.GONE)
        found &= _with_one_of(Q(type__in=wanted.types), rare=rare, beside=beside)
    if wanted.enrollment_states:
        states = Q(state__in=wanted.enrollment_states)
        found &= _with_one_of(states, rare=states)
    if wanted.teachers:
        found &= Q(Exists(_taught().filter(user__in=wanted.teachers)))
    return found


def _with_one_of(wanted: Q, *, rare: Q, beside: Q | None = None) -> Q:
    """Return the condition that a course has an enrollment as is `wanted`, and as stands `beside` (one statement).

    Courses with what is rare, by a condition that has an index, are found by it.
    """
    there = Enrollment.objects.filter(wanted, beside or Q(), section__workflow_state="active").order_by()
    if is_rare(Enrollment.objects.filter(rare)):
        return Q(OneOf(there.filter(rare).values("section__course")))
    return Q(Exists(there.filter(section__course=OuterRef("pk"))))


def _by_dates(wanted: CourseList) -> Q:
    """Return the condition on dates: a course without a date of its own has its term's (one statement at most)."""
    found = Q()
    if wanted.is_completed is not None:
        # Looked up first, so that the database knows how many courses are meant.
        over = list(Term.objects.filter(end_at__lt=Now()).values_list("pk", flat=True))
        completed = Q(workflow_state=Course.State.COMPLETED) | Q(term__isnull=False, term__in=over)
        found &= completed if wanted.is_completed else ~completed
    if at := wanted.starts_before:
        found &= Q(start_at__lte=at) | Q(term__start_at__lte=at) | Q(start_at=None, term__start_at=None)
    if at := wanted.ends_after:
        found &= Q(end_at__gte=at) | Q(term__end_at__gte=at) | Q(end_at=None, term__end_at=None)
    return found


def _in_order(courses: CourseQuerySet, wanted: CourseList) -> CourseQuerySet:
    if wanted.sort == "teacher":
        # The index of who is in a section has the roles, too.
        taught = _taught().filter(with_roles_of([BaseType.TEACHER]))
        first = taught.values("section__course").annotate(first=Min("user__sort_key")).values("first")
        courses = courses.annotate(first_teacher=Subquery(first))
    key = SORTS[wanted.sort]
    keys = dict.fromkeys([key, "sort_key", "id"])
    return courses.order_by(*(F(one).desc() if wanted.descending else F(one).asc() for one in keys))


def count_courses(accounts: Collection[Account]) -> dict[int, int]:
    """Return, by account id, how many courses are directly in it, where there are any (one statement)."""
    there = Course.objects.present().filter(account__in=accounts).order_by()
    return dict(there.values_list("account").annotate(Count("pk")))


def count_courses_of_terms(terms: Collection[Term]) -> dict[int, int]:
    """Return, by term id, how many courses are in it, where there are any (one statement)."""
    there = Course.objects.present().filter(term__in=terms).order_by()
    return dict(there.values_list("term").annotate(Count("pk")))
