"""Lists of people: who is in a course, and who belongs to an account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    When,
)
from django.utils.translation import gettext_lazy as _

from accounts.errors import NotAllowed
from accounts.models import Account, AccountAdmin, BaseType, ObservationLink, Role, User, numbers
from accounts.models.account import with_all_below
from accounts.models.ids import OneOf
from accounts.models.prepared import prepared
from accounts.models.user import UserQuerySet
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions, may_on_account
from accounts.text.collation import EmailKey, LoginKey
from accounts.text.search import NOBODY, Search, begins
from courses.access.courses import course_access
from courses.access.permissions import STAFF_TYPES, course_permissions, sections_seen
from courses.domain.observer_enrollments import by_link
from courses.models import Course, Enrollment, Section
from courses.models.course import CourseQuerySet
from courses.models.enrollment import EnrollmentQuerySet


def searched(
    people: UserQuerySet, words: str, permissions: Collection[Permission], *, known: Q | Exists | None = None
) -> UserQuerySet:
    """Return the people with words in their names that begin with each of these `words`; also those whose login, email
    or SIS id begins with all of it, if the reader may see these.

    Searching by what one may not see would reveal it anyway. `known`: the people of whom more than the name may be
    seen, if that is not everyone.
    """
    if not words:
        return people
    secret = NOBODY
    if Permission.VIEW_USER_LOGINS in permissions:
        secret |= begins("login_id", words, LoginKey) | begins("email", words, EmailKey)
    if Permission.READ_SIS in permissions:
        secret |= begins("sis_user_id", words)
    if known is not None:
        secret &= Q(known)
    return people.searched(Search(words, secret))


def students_in(sections: Iterable[Section]) -> dict[int, list[User]]:
    """Return, by section id, the people who are students there now, by name (one statement)."""
    return _by_name_within(_studying().filter(section__in=list(sections)), lambda one: one.section_id)


def _by_name_within(there: EnrollmentQuerySet, group: Callable[[Enrollment], int]) -> dict[int, list[User]]:
    """Return the people of these enrollments in the groups these are of, each once in a group, by name."""
    found: dict[int, dict[int, User]] = defaultdict(dict)
    for enrollment in there.select_related("user", "section").order_by("user__sort_key", "user"):
        found[group(enrollment)][enrollment.user_id] = enrollment.user
    return {key: list(people.values()) for key, people in found.items()}


def count_students_in(sections: Iterable[Section]) -> dict[int, int]:
    """Return, by section id, how many people are students there now (one statement)."""
    return _counted_within(_studying().filter(section__in=list(sections)), "section")


def _counted_within(there: EnrollmentQuerySet, group: str) -> dict[int, int]:
    return dict(there.order_by().values_list(group).annotate(Count("user", distinct=True)))


def _studying() -> EnrollmentQuerySet:
    there = Enrollment.objects.filter(type=BaseType.STUDENT, state=Enrollment.State.ACTIVE)
    return there.filter(section__workflow_state=Section.State.ACTIVE).exclude(user__state=User.State.DELETED)


def _there(course: Course, by: User) -> EnrollmentQuerySet:
    return Enrollment.objects.present().filter(section__course=course).within(sections_seen(by, course))


class Shown(TextChoices):
    """The people a roster shows, by the state of their enrollments."""

    CURRENT = "current", _("In the course now")
    INACTIVE = "inactive", _("Inactive")
    CONCLUDED = "concluded", _("Concluded")
    ALL = "all", _("Everybody")


STATES = {
    Shown.CURRENT: Enrollment.LIVE,
    Shown.INACTIVE: (Enrollment.State.INACTIVE,),
    Shown.CONCLUDED: (Enrollment.State.COMPLETED,),
}


class Sort(TextChoices):
    """What a roster is sorted by."""

    NAME = "name", _("Name")
    SECTION = "section", _("Section")
    ROLE = "role", _("Role")


# People who run a course come before its students and observers.
BY_ROLE = (BaseType.TEACHER, BaseType.TA, BaseType.DESIGNER, BaseType.STUDENT, BaseType.OBSERVER)
FIRST = {
    Sort.SECTION: Min("section__name"),
    Sort.ROLE: Min(Case(*(When(type=base, then=number) for number, base in enumerate(BY_ROLE)))),
}


@dataclass(frozen=True)
class View:
    """Which people of a course are shown, and in which order."""

    role_id: int | None = None
    section_id: int | None = None
    shown: Shown = Shown.ALL
    sort: Sort = Sort.NAME
    descending: bool = False


def roster(course: Course, view: View | None = None, *, by: User) -> UserQuerySet:
    """Return the people of `course` that `by` sees, and `view` asks for. Of what they are there see roster_lines.py.

    Of people who are not `is_settled`, merely invited so far, only the name may be shown.
    """
    view = view or View()
    there = _there(course, by)
    if view.role_id is not None:
        there = there.filter(role=view.role_id)
    if view.section_id is not None:
        there = there.filter(section=view.section_id)
    if states := STATES.get(view.shown):
        there = there.filter(state__in=states)
    people = User.objects.present().filter(OneOf(there.order_by().values("user")))
    return _in_order(people, there, view)


def settled_in(course: Course, *, by: User) -> Exists:
    """Return, for a queryset of people, whether each has accepted to be where `by` sees the people of `course`.

    Of the others only the name may be seen.
    """
    return Exists(_there(course, by).settled().filter(user=OuterRef("pk")))


def _in_order(people: UserQuerySet, there: EnrollmentQuerySet, view: View) -> UserQuerySet:
    name = ["sort_key", "pk"]
    if view.sort is Sort.NAME and view.descending:
        return people.order_by("-sort_key", "-pk")
    if view.sort is Sort.NAME:
        return people.order_by(*name)
    first = there.filter(user=OuterRef("pk")).order_by().values("user").annotate(first=FIRST[view.sort]).values("first")
    enrollment = F("first_enrollment").desc() if view.descending else F("first_enrollment").asc()
    return people.annotate(first_enrollment=Subquery(first)).order_by(enrollment, *name)


def roles_in(course: Course, *, by: User) -> list[Role]:
    """Return the roles that people have in `course`, among those whom `by` sees."""
    return _roles_in(course) if sections_seen(by, course) is None else list(_roles(_there(course, by)))


@prepared
def _roles_in(course: Course) -> QuerySet[Role]:
    return _roles(Enrollment.objects.present().filter(section__course=course))


def _roles(there: EnrollmentQuerySet) -> QuerySet[Role]:
    return Role.objects.filter(pk__in=there.values("role")).select_related("account").order_by("id")


def teachers_of(course: Course, types: Collection[str] = (BaseType.TEACHER,)) -> UserQuerySet:
    """Return the people who teach `course`, or taught it to its end, in class list order: everyone in it may see their
    names.

    With `types`, the people there with one of these.
    """
    there = _teaching(types).filter(section__course=course)
    return User.objects.present().filter(OneOf(there.values("user"))).by_name()


def _teaching(types: Collection[str]) -> EnrollmentQuerySet:
    there = Enrollment.objects.present().settled().begun().filter(type__in=types)
    there = there.filter(state__in=(Enrollment.State.ACTIVE, Enrollment.State.COMPLETED))
    return there.exclude(user__state=User.State.DELETED)


def teachers_in(courses: Iterable[Course]) -> dict[int, list[User]]:
    """Return, by course id, those whom `teachers_of` returns for each of these courses (one statement)."""
    there = _teaching((BaseType.TEACHER,)).filter(section__course__in=list(courses))
    return _by_name_within(there, lambda one: one.section.course_id)


def told_of_people(courses: Iterable[Course], keys: Mapping[int, Collection[Permission]], *, by: User) -> set[int]:
    """Return the ids of those of these courses of whose teachers and numbers `by` is told: they are in it, or see its
    people by their permissions there, `keys` by course id (one statement).
    """
    own = Enrollment.objects.present().settled().begun().filter(user=by, section__course__in=list(courses))
    return {
        *own.values_list("section__course", flat=True),
        *(pk for pk, held in keys.items() if Permission.READ_ROSTER in held),
    }


def count_students(courses: Iterable[Course]) -> dict[int, int]:
    """Return, by course id, how many people are students there now (one statement)."""
    return _counted_within(_studying().filter(section__course__in=list(courses)), "section__course")


def people_told_of(course: Course, *, by: User) -> tuple[EnrollmentQuerySet, frozenset[Permission]]:
    """Return the enrollments whose people `by` is told of, and what counts for what is said of these.

    Staff see the roster; students those who run the course, by name, and themselves. Raises NotAllowed for others.
    """
    keys = course_permissions(by, course)
    there = Enrollment.objects.filter(section__course=course, section__workflow_state=Section.State.ACTIVE)
    if Permission.READ_ROSTER in keys:
        return there.within(sections_seen(by, course)), keys
    here = course_access(by, course)
    if here is None or not here.is_student:
        raise NotAllowed
    own = Q(user=by, type=BaseType.STUDENT)
    return there.filter(own | Q(user__in=teachers_of(course, STAFF_TYPES), type__in=STAFF_TYPES)), frozenset()


def people_of(account: Account) -> UserQuerySet:
    """Return who belongs to `account`: to the root everyone, otherwise people who have accepted to be in a course of it
    or below.
    """
    everybody = User.objects.present().by_name()
    if account.parent_id is None:
        return everybody.whole()
    there = Enrollment.objects.present().settled()
    there = there.filter(user=OuterRef("pk"), section__course__account__in=with_all_below(account))
    return everybody.filter(Exists(there))


def courses_of(account: Account) -> CourseQuerySet:
    """Return the courses of `account` and of all accounts below it, by name."""
    courses = Course.objects.present().whole()
    if account.parent_id is not None:
        courses = courses.filter(account__in=with_all_below(account))
    return courses.select_related("account", "term").order_by("sort_key", "id")


def searched_courses(courses: CourseQuerySet, words: str, permissions: Collection[Permission]) -> CourseQuerySet:
    """Return the courses with words in name or code that begin with each of these `words`; also those whose SIS id
    begins with all of it, if the reader may see these.
    """
    if not words:
        return courses
    return courses.searched(
        Search(words, begins("sis_course_id", words) if Permission.READ_SIS in permissions else NOBODY)
    )


def findable(account: Account, *, by: User) -> UserQuerySet:
    """Return the people `by` can find when working on `account`: its people, or everyone, if they may see that list."""
    root = Account.objects.root()
    return people_of(root if may_on_account(by, Permission.READ_ROSTER, root) else account)


def known_of_findable(account: Account, *, by: User) -> frozenset[Permission]:
    """Return the permissions that count for what is shown about them: if everyone is found, those in the
    institution.
    """
    keys = account_permissions(by, Account.objects.root())
    return keys if Permission.READ_ROSTER in keys else account_permissions(by, account)


def observers_of(student: User) -> QuerySet[ObservationLink]:
    """Return the links of everyone who observes `student`, with the observers, by name."""
    links = ObservationLink.objects.live().filter(student=student).exclude(observer__state=User.State.DELETED)
    return links.select_related("observer").order_by("observer__sort_key", "observer")


def observed_by(observer: User) -> QuerySet[ObservationLink]:
    """Return the links to everyone whom `observer` observes, with the students, by name."""
    links = ObservationLink.objects.live().filter(observer=observer)
    return links.select_related("student").order_by("student__sort_key", "student")


# The same as lists.
list_observers_of = prepared(observers_of)
list_observed_by = prepared(observed_by)


def links_of(person: User, *, observed: slice, observers: slice) -> tuple[list[ObservationLink], list[ObservationLink]]:
    """Return a part of the list `observed_by(person)` and a part of `observers_of(person)` (one statement)."""
    parts = observed_by(person).values("pk")[observed].union(observers_of(person).values("pk")[observers], all=True)
    found = list(ObservationLink.objects.filter(pk__in=parts).select_related("observer", "student"))
    of_students = [link for link in found if link.observer_id == person.pk]
    of_observers = [link for link in found if link.student_id == person.pk]
    return (
        sorted(of_students, key=lambda link: (link.student.sort_key, link.student_id)),
        sorted(of_observers, key=lambda link: (link.observer.sort_key, link.observer_id)),
    )


def holders_of(role: Role) -> numbers.Number:
    """Return how many people have `role`, in courses or in accounts: of many enrollments, the first are looked at."""
    enrolled = numbers.first(Enrollment.objects.present().filter(role=role))
    admins = AccountAdmin.objects.filter(role=role, workflow_state=AccountAdmin.State.ACTIVE)
    people = User.objects.present().filter(Q(OneOf(enrolled.values("user"))) | Q(OneOf(admins.values("user"))))
    return numbers.Number(people.count(), is_more=numbers.number(enrolled.count()).is_more)


@dataclass(frozen=True)
class ObserverHere:
    """An enrollment of somebody who observes a student, and whether it is there by a link or in its course only."""

    enrollment: Enrollment
    is_by_link: bool


def observers_in(student: User, course: Course, *, by: User) -> list[ObserverHere]:
    """Return the enrollments, as far as `by` sees them, of people who observe `student` in this course, by name.

    Each with `is_by_link`: whether the accounts are linked, or it is this course only.
    """
    seen = sections_seen(by, course)
    found = [one for one in _observing_in(student, course) if seen is None or one.section_id in seen]
    return [ObserverHere(one, one.is_by_link) for one in found]


@prepared
def _observing_in(student: User, course: Course) -> QuerySet[Any]:
    beside = Enrollment.objects.present().filter(section__course=course, associated_user=student)
    beside = beside.annotate(is_by_link=by_link()).exclude(user__state=User.State.DELETED)
    return beside.select_related("user", "section").order_by("user__sort_key", "user", "section__sort_key")
