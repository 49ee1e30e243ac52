"""Who sees what of a course. Deny by default: without a CourseAccess there is no course to see.

Students and observers see a course once it is published and has begun for them; an observer sees, besides what is for
everybody, the observed student's own grades and comments, and never another student's (reference: visibility).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import BooleanField, Exists, Expression, ExpressionWrapper, OuterRef, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, BaseType, ObservationLink, User
from accounts.models.ids import OneOf
from accounts.models.prepared import prepared
from accounts.models.user import UserQuerySet
from accounts.permissions.registry import Permission
from courses.access.permissions import course_permissions
from courses.models import Course, Enrollment
from courses.models.dates import is_over
from courses.models.enrollment import EnrollmentQuerySet

# Concluded enrollments keep reading; inactive ones do not.
READING = (Enrollment.State.ACTIVE, Enrollment.State.COMPLETED)
RUNNING_COURSES = frozenset(
    {Permission.READ_COURSE_LIST, Permission.READ_ROSTER, Permission.MANAGE_COURSE_CONTENT, Permission.VIEW_ALL_GRADES}
)


class Part(TextChoices):
    """The view of a course for a person who has several roles in it."""

    STAFF = "staff", _("Staff")
    LEARNING = "learning", _("Student or observer")


@dataclass(frozen=True)
class CourseAccess:
    """What a person is in one course: staff, a student, an observer of some students there, or several of these."""

    course: Course
    types: frozenset[str]
    permissions: frozenset[Permission]
    observed: tuple[User, ...] = ()
    # Whether it is over for the reader, who can still read it.
    is_over: bool = False
    # The view for people with several roles in it: the staff view, unless they choose otherwise.
    part: Part = Part.STAFF

    @property
    def is_staff(self) -> bool:
        """Whether the course is open to them before it is published: they help run it."""
        return bool(self.permissions & RUNNING_COURSES)

    @property
    def has_several_parts(self) -> bool:
        """Whether they help run it, and are also its student or observe one there."""
        return self.is_staff and (self.is_student or bool(self.observed))

    @property
    def learns(self) -> bool:
        """Whether they see it as a student or an observer does."""
        return not self.is_staff or (self.has_several_parts and self.part is Part.LEARNING)

    @property
    def observes_nobody(self) -> bool:
        """Whether they were added only as an observer, without a student."""
        return self.types == {BaseType.OBSERVER} and not self.observed and not self.is_staff

    @property
    def is_student(self) -> bool:
        return BaseType.STUDENT in self.types

    @property
    def sees_people(self) -> bool:
        """Whether they may open the People page: observers and students may not."""
        return Permission.READ_ROSTER in self.permissions

    @property
    def sees_drafts(self) -> bool:
        """Whether they see unpublished assignments."""
        return Permission.MANAGE_COURSE_CONTENT in self.permissions and not self.learns


def followed(reader: User, access: CourseAccess) -> list[User]:
    """Return whose work the reader sees there as student or observer: their own first. Nobody's in the staff view."""
    if not access.learns:
        return []
    return [*([reader] if access.is_student else []), *access.observed]


def observer_enrollments(observer: User) -> EnrollmentQuerySet:
    """Return the enrollments through which `observer` sees a student who really is (or was) in that section."""
    student_there = Enrollment.objects.students().filter(
        user=OuterRef("associated_user"), section=OuterRef("section"), state__in=Enrollment.COUNTED
    )
    return (
        Enrollment.objects.present()
        .filter(Exists(student_there), user=observer, type=BaseType.OBSERVER, state__in=READING)
        .exclude(associated_user__state=User.State.DELETED)
    )


def observed_students(observer: User) -> UserQuerySet:
    """Return the students `observer` sees in at least one course, in class list order."""
    return User.objects.filter(OneOf(observer_enrollments(observer).values("associated_user"))).by_name()


# The same as a list.
list_observed_students = prepared(observed_students)


def students_followed(observer: User) -> UserQuerySet:
    """Return those students, and the students `observer` is linked to who are in no course (yet), in
    class list order.
    """
    linked = ObservationLink.objects.live().filter(observer=observer).values("student")
    seen = observer_enrollments(observer).values("associated_user")
    return User.objects.filter(OneOf(seen.union(linked))).by_name()


# The same as a list.
list_students_followed = prepared(students_followed)


def is_enrolled(user: User) -> bool:
    """Return whether `user` takes, teaches or runs any course, readable or not."""
    return Enrollment.objects.present().live().filter(user=user).exclude(type=BaseType.OBSERVER).exists()


def observes(user: User) -> Expression:
    """Return, for use in a query, whether `user` observes anyone: every page asks for its navigation."""
    linked = ObservationLink.objects.live().filter(observer=user)
    return ExpressionWrapper(Exists(linked) | Exists(observer_enrollments(user)), BooleanField())


def courses_by_student(observer: User) -> dict[int, list[Course]]:
    """Return, by student id, the open courses in which `observer` sees each student (one statement)."""
    found: dict[int, dict[int, Course]] = defaultdict(dict)
    for enrollment in _open_to(observer):
        if enrollment.associated_user_id:
            found[enrollment.associated_user_id][enrollment.section.course_id] = enrollment.section.course
    return {student: list(courses.values()) for student, courses in found.items()}


@prepared
def _open_to(observer: User) -> EnrollmentQuerySet:
    """Return the enrollments in open courses through which `observer` sees a student, by course."""
    found = observer_enrollments(observer).open().select_related("section__course")
    # A list of courses shows none of their long texts.
    found = found.defer("section__course__front_page", "section__course__syllabus_body")
    return found.order_by("section__course__sort_key", "section__course__id")


def schools_of(student: User) -> list[str]:
    """Return the names of the accounts whose courses `student` takes now."""
    enrollments = Enrollment.objects.present().live().students().settled().filter(user=student)
    accounts = Account.objects.filter(courses__in=enrollments.values("section__course"))
    return list(accounts.distinct().order_by("sort_key").values_list("name", flat=True))


def course_access(user: User, course: Course) -> CourseAccess | None:
    """Return what `user` is in `course`; None if the course does not exist for them (five statements at most)."""
    if course.workflow_state == Course.State.DELETED or not user.is_active:
        return None
    rows = _reading_in(user, course)
    types = {base_type for base_type, student, _over in rows if student is None}
    observed = tuple(_observed_in(user, course))
    if observed:
        types.add(BaseType.OBSERVER)
    seen = {None, *(student.pk for student in observed)}
    over = [over for _type, student, over in rows if student in seen] or [
        course.workflow_state == Course.State.COMPLETED
    ]
    found = CourseAccess(course, frozenset(types), course_permissions(user, course), observed, all(over))
    if found.is_staff or (types and course.workflow_state in Course.READABLE):
        return found
    return None


@prepared
def _reading_in(user: User, course: Course) -> QuerySet[Enrollment, tuple[str, int | None, bool]]:
    """Return the enrollments in `course` with which `user` can read: type, whom it observes, and whether it is over."""
    mine = Enrollment.objects.present().filter(user=user, section__course=course, state__in=READING).begun()
    return mine.annotate(over=is_over()).values_list("type", "associated_user", "over")


@prepared
def _observed_in(observer: User, course: Course) -> UserQuerySet:
    """Return the students whom `observer` sees in `course`."""
    through = observer_enrollments(observer).filter(section__course=course).begun()
    return User.objects.filter(OneOf(through.values("associated_user"))).by_name()
