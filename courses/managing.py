"""Changes to enrollments that somebody asks for one at a time: who may, as what, and in which section."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import COURSE_BASE_TYPES, BaseType, Role, User
from accounts.tree import above
from courses.enrolling import default_section
from courses.models import Course, Enrollment, Section
from courses.visibility import READING

# Teachers may put in and take out these; everybody else is put in by who manages courses.
BY_TEACHERS = (BaseType.STUDENT, BaseType.OBSERVER)
MANAGING = frozenset({"manage_students", "manage_courses_admin"})


def permission_for(base_type: str) -> str:
    """The permission it takes in the course to enroll somebody as this type, or to change that."""
    return "manage_students" if base_type in BY_TEACHERS else "manage_courses_admin"


def find_role(course: Course, *, role_id: int | None = None, name: str = "", base_type: str = "") -> Role:
    """The course role meant: by id, by name (a custom one's label, a built-in one's type), or by type alone.

    A custom role must belong to the course's account or one above. Raises Invalid.
    """
    accounts = [course.account_id, *(account.pk for account in above(course.account))]
    roles = list(Role.objects.filter(workflow_state=Role.State.ACTIVE, base_type__in=COURSE_BASE_TYPES))
    usable = [role for role in roles if role.account_id is None or role.account_id in accounts]
    if role_id is not None:
        found = [role for role in usable if role.pk == role_id]
    else:
        found = [role for role in usable if role.name == (name or base_type or BaseType.STUDENT)]
    if not found or (base_type and found[0].base_type != base_type):
        raise Invalid({"role": [("invalid", _("There is no such role in this course."))]})
    return found[0]


def section_for(course: Course, section: Section | None, student: User | None) -> Section:
    """Where to enroll somebody: in `section`, else where `student`, whom they observe, is, else by default.

    An observer sees a student only beside whom they stand. Raises Invalid.
    """
    if section and section.course_id != course.pk:
        raise Invalid({"course_section_id": [("invalid", _("This section is not of this course."))]})
    if student is None:
        return section or default_section(course)
    there = Enrollment.objects.present().students().filter(user=student, section__course=course)
    if section:
        there = there.filter(section=section)
    found = there.filter(state__in=(*Enrollment.LIVE, *READING)).select_related("section__course").first()
    if found is None:
        raise Invalid({"associated_user_id": [("invalid", _("This person is not a student here."))]})
    return found.section
