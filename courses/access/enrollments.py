"""Which enrollments and courses a person may read, of themselves and of others. Deny by default."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Account, BaseType, User
from accounts.models.ids import OneOf
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions, may_on_account
from courses.access.courses import READING, observer_enrollments
from courses.access.enrollment_actions import EnrollmentAction, needed_for
from courses.access.permissions import STAFF_TYPES, held_in, sections_seen, sections_seen_among
from courses.access.profiles import own_keys
from courses.access.sight import Audience, Sight
from courses.models import Course, Enrollment, Section
from courses.models.dates import is_over as whether_over
from courses.models.enrollment import EnrollmentQuerySet
from courses.visibility import Element, Sees


def own_enrollments(user: User) -> EnrollmentQuerySet:
    """Return one's own enrollments; those that name an observed student only while the student is there."""
    seeing = observer_enrollments(user).values("pk")
    return Enrollment.objects.present().filter(Q(associated_user=None) | Q(pk__in=seeing), user=user)


def accounts_of_courses_run_by(user: User) -> QuerySet[Account]:
    """Return the accounts of the courses in which one is active as a teacher, TA or designer, by name."""
    running = own_enrollments(user).filter(type__in=STAFF_TYPES, state=Enrollment.State.ACTIVE)
    courses = Course.objects.present().filter(OneOf(running.values("section__course")))
    return Account.objects.filter(OneOf(courses.values("account"))).order_by("sort_key", "id")


def observed_enrollments(observer: User) -> EnrollmentQuerySet:
    """Return the observed students' own enrollments, in the sections where `observer` sees them."""
    beside = observer_enrollments(observer).filter(associated_user=OuterRef("user"), section=OuterRef("section"))
    return Enrollment.objects.present().students().filter(Exists(beside), state__in=Enrollment.COUNTED)


def enrollments_in_listed_courses(
    enrollments: EnrollmentQuerySet, *, types: Collection[str], is_over: bool | None, states: Collection[str]
) -> EnrollmentQuerySet:
    """Return those of a person's enrollments by which their courses are listed: of these types, in courses in these
    states, and over or not by all dates that count (None: whether they are does not matter).

    Without states, published courses are listed, and to those who run them unpublished ones too. Unless it is asked
    what is over, or for completed courses, only active enrollments count (Canvas's `GET courses`).
    """
    if types:
        enrollments = enrollments.filter(type__in=types)
    if is_over is not None:
        enrollments = enrollments.annotate(over=whether_over()).filter(over=is_over)
    elif Course.State.COMPLETED not in states:
        enrollments = enrollments.filter(state=Enrollment.State.ACTIVE)
    if states:
        return enrollments.filter(section__course__workflow_state__in=states)
    published = Q(section__course__workflow_state=Course.State.AVAILABLE)
    return enrollments.filter(published | Q(type__in=STAFF_TYPES))


def enrollments_of_course(course: Course, *, by: User, sees_people: bool) -> EnrollmentQuerySet:
    """Return the enrollments in `course` that `by` may read: with the People page those it shows, else
    own and observed.
    """
    if sees_people:
        there = Enrollment.objects.filter(section__course=course, section__workflow_state=Section.State.ACTIVE)
        return there.exclude(user__state=User.State.DELETED).within(sections_seen(by, course))
    mine = Q(pk__in=own_enrollments(by).values("pk")) | Q(pk__in=observed_enrollments(by).values("pk"))
    return Enrollment.objects.filter(mine, section__course=course)


def enrollments_of_person(person: User, *, by: User) -> EnrollmentQuerySet | None:
    """Return the enrollments of `person` that `by` may read; None when `by` has nothing to do with this person.

    Staff read those in the courses whose people they see, observers their student's own where they observe.
    """
    if by == person:
        return own_enrollments(person)
    everything = Enrollment.objects.present().filter(user=person)
    if may_on_account(by, Permission.READ_ROSTER, Account.objects.root()):
        return everything
    staff_in = sections_seen_among(everything, by=by)
    if not staff_in and not observer_enrollments(by).filter(associated_user=person).exists():
        return None
    observed = Q(pk__in=observed_enrollments(by).values("pk"))
    return everything.filter(observed | Q(section__in=list(staff_in)))


def course_enrollments(person: User, *, by: User) -> EnrollmentQuerySet | None:
    """Return the enrollments through which a list of `person`'s courses is made for `by`, or None, as
    `enrollments_of_person`.

    Courses that somebody only takes or observes are listed once they are published, and all once they have begun.
    """
    enrollments = enrollments_of_person(person, by=by)
    if enrollments is None:
        return None
    published = Q(section__course__workflow_state__in=Course.READABLE)
    return enrollments.filter(published | Q(type__in=STAFF_TYPES), state__in=READING).begun()


class EnrollmentAccess:
    """What one reader may know about some enrollments, computed for all of them at once (four statements).

    The enrollments must come with their `section.course`.
    """

    def __init__(self, reader: User, enrollments: Iterable[Enrollment]) -> None:
        self._reader = reader
        enrollments = list(enrollments)
        sections = {enrollment.section for enrollment in enrollments}
        self._held = held_in(reader, {section.course for section in sections})
        # The enrollments whose grades families read: in courses that are open to them.
        own = Enrollment.objects.present().open().filter(user=reader, section__in=sections, state__in=READING)
        followed = own.filter(Q(type=BaseType.STUDENT) | Q(pk__in=observer_enrollments(reader).values("pk")))
        self._settled = self._settled_among(enrollments)
        student = Coalesce("associated_user", "user")
        rows = followed.annotate(student=student, over=whether_over()).values_list("student", "section", "over")
        self._followed = {(followed_student, section): over for followed_student, section, over in rows}

    def keys(self, enrollment: Enrollment) -> frozenset[Permission]:
        """Return the permissions that count for what is shown about the enrolled person."""
        if enrollment.user_id == self._reader.pk:
            return own_keys(self._reader)
        if self.is_unsettled(enrollment):
            return frozenset()
        return self._keys(enrollment)

    def is_unsettled(self, enrollment: Enrollment) -> bool:
        """Return whether the reader may know only the person's name from it."""
        return not _is_settled(enrollment) and not self._knows(enrollment.user_id, enrollment)

    def keys_of_course(self, enrollment: Enrollment) -> frozenset[Permission]:
        """Return the permissions that count for what is shown about the course and section of this enrollment."""
        return self._keys(enrollment)

    def keys_of_observed(self, enrollment: Enrollment) -> frozenset[Permission]:
        """Return the permissions that count for what is shown about the student this enrollment observes."""
        return self._keys(enrollment) if self._knows(enrollment.associated_user_id, enrollment) else frozenset()

    def grades(self, enrollment: Enrollment) -> bool:
        """Return whether the grades of this (student's) enrollment may be read."""
        is_followed = (enrollment.user_id, enrollment.section_id) in self._followed
        return is_followed or Permission.VIEW_ALL_GRADES in self.keys(enrollment)

    def total(self, enrollment: Enrollment) -> Sees:
        """Return how much may be read of the total of this (student's) enrollment."""
        if Permission.VIEW_ALL_GRADES in self.keys(enrollment):
            return Sees.YES
        over = self._followed.get((enrollment.user_id, enrollment.section_id))
        if over is None:
            return Sees.NO
        audience = Audience.STUDENT if enrollment.user_id == self._reader.pk else Audience.LINKED
        sight = Sight(enrollment.section.course, audience, over)
        return Sees.NO if sight.sees(Element.TOTAL) is Sees.NO else sight.sees(Element.SCORE)

    def sees_held_back(self, enrollment: Enrollment) -> bool:
        """Return whether grades of this (student's) enrollment may be read before they are released."""
        keys = self._keys(enrollment) if _is_settled(enrollment) else frozenset()
        return enrollment.user_id != self._reader.pk and Permission.MANAGE_GRADES in keys

    def removes(self, enrollment: Enrollment) -> bool:
        """Return whether the reader may remove this enrollment: what courses/access/enrollment_actions.py checks.

        The enrollment must come with the account of its course.
        """
        keys = needed_for(EnrollmentAction.REMOVE, enrollment)
        if enrollment.user_id == self._reader.pk:
            return keys <= account_permissions(self._reader, enrollment.section.course.account)
        return keys <= self._keys(enrollment)

    def _keys(self, enrollment: Enrollment) -> frozenset[Permission]:
        return self._held[enrollment.section.course_id].over(enrollment.section_id)

    def _settled_among(self, enrollments: Iterable[Enrollment]) -> set[tuple[int, int]] | None:
        """Return who has accepted to be in which course, where that matters; None if the reader knows everyone."""
        shown = [each for each in enrollments if each.user_id != self._reader.pk and self._keys(each)]
        asked, found = set[tuple[int, int]](), set[tuple[int, int]]()
        for each in shown:
            course = each.section.course_id
            (found if _is_settled(each) else asked).add((each.user_id, course))
            if each.associated_user_id:
                asked.add((each.associated_user_id, course))
        asked -= found
        if not asked:
            return found
        if may_on_account(self._reader, Permission.READ_ROSTER, Account.objects.root()):
            return None
        people, courses = zip(*asked, strict=True)
        there = Enrollment.objects.present().settled().filter(user__in=people, section__course__in=courses)
        rows = there.values_list("user", "section__course", "section")
        return found | {(user, course) for user, course, section in rows if self._held[course].sees_people_of(section)}

    def _knows(self, person: int | None, enrollment: Enrollment) -> bool:
        return self._settled is None or (person, enrollment.section.course_id) in self._settled


def _is_settled(enrollment: Enrollment) -> bool:
    return enrollment.accepted_at is not None and enrollment.state not in Enrollment.GONE
