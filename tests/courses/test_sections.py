"""The sections of a course: deleting one, and what goes with it."""

import pytest

from accounts.errors import Invalid
from accounts.models import BaseType
from courses.domain.sections import counted, delete_section, sections_of
from tests.courses.people import states_of
from tests.database import statements
from tests.factories import (
    SectionFactory,
    UserFactory,
    make_admin,
    make_student,
    make_students,
)
from tests.observing import pair

pytestmark = pytest.mark.usefixtures("root")


def test_deleting_a_section_takes_its_enrollments_and_observers_but_nothing_else(section, teacher, student):
    other = SectionFactory(course=section.course)
    both = make_student(section, other)
    pair(observer := UserFactory(), student)
    pair(of_both := UserFactory(), both)
    assert [each.people for each in counted(sections_of(section.course)).order_by("pk")] == [5, 2]
    delete_section(section, by=make_admin())
    assert states_of(student) == {(section.pk, BaseType.STUDENT): "deleted"}
    assert states_of(observer) == {(section.pk, BaseType.OBSERVER): "deleted"}
    assert {pk: state for (pk, _type), state in states_of(of_both).items()} == {
        section.pk: "deleted",
        other.pk: "active",
    }


def test_the_last_section_stays_and_another_becomes_the_default(section, teacher):
    default = SectionFactory(course=section.course, is_default=True)
    delete_section(default, by=teacher)
    section.refresh_from_db()
    assert section.is_default
    with pytest.raises(Invalid, match="at least one"):
        delete_section(section, by=teacher)


def test_deleting_a_section_of_500_takes_as_many_statements_as_one_of_two(teacher):
    def run(count: int) -> int:
        section = SectionFactory()
        SectionFactory(course=section.course)
        make_students(count, section)
        return statements(lambda: delete_section(section, by=admin))

    admin = make_admin()
    assert run(2) == run(500)
