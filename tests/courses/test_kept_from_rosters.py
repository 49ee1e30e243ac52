"""What staff change of terms, courses and sections is marked, so that the next roster leaves it as it is."""

from datetime import UTC, datetime
from functools import partial

import pytest

from courses.domain.courses import conclude, create_course, delete_course, edit_course, publish, undelete, unpublish
from courses.domain.sections import create_section, edit_section
from courses.domain.terms import save_term
from courses.models import Course, Section, Term
from tests.factories import AccountFactory, CourseFactory, SectionFactory

FALL, WINTER = datetime(2029, 9, 1, tzinfo=UTC), datetime(2029, 12, 1, tzinfo=UTC)


def marked(record) -> list[str]:
    return type(record).objects.get(pk=record.pk).stuck_sis_fields


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        (partial(edit_course, name="Botany"), ["name"]),
        (partial(edit_course, course_code="BOT", start_at=FALL), ["course_code", "start_at"]),
        (partial(edit_course, end_at=WINTER), ["end_at"]),
        (partial(edit_course, restrict_enrollments_to_course_dates=True), ["restrict_enrollments_to_course_dates"]),
        (partial(edit_course, name="Biology", start_at=None), []),
        (conclude, ["status"]),
        (unpublish, ["status"]),
        (publish, []),
        (delete_course, ["status"]),
    ],
)
def test_what_is_changed_of_a_course_is_marked_and_what_stays_is_not(admin, change, fields):
    course = CourseFactory(name="Biology")
    change(course, by=admin)
    assert marked(course) == fields


def test_the_account_and_term_that_a_course_is_moved_to_are_marked(admin, root):
    course, term = CourseFactory(), Term.objects.create(name="Fall")
    edit_course(course, by=admin, account=AccountFactory(), term=term)
    assert marked(course) == ["account", "term"]


def test_marks_add_up(admin):
    course = CourseFactory()
    edit_course(course, by=admin, name="Botany")
    conclude(Course.objects.get(pk=course.pk), by=admin)
    delete_course(Course.objects.get(pk=course.pk), by=admin)
    undelete(Course.objects.get(pk=course.pk), by=admin)
    assert marked(course) == ["name", "status"]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"name": "Period 2"}, ["name"]),
        ({"start_at": FALL, "end_at": WINTER}, ["end_at", "start_at"]),
        ({"restrict_enrollments_to_section_dates": True}, ["restrict_enrollments_to_section_dates"]),
        ({"name": "Period 1", "end_at": None}, []),
    ],
)
def test_what_is_changed_of_a_section_is_marked(admin, change, fields):
    section = SectionFactory(name="Period 1")
    edit_section(section, by=admin, **change)
    assert marked(section) == fields
    assert {getattr(Section.objects.get(pk=section.pk), field) for field in change} == set(change.values())


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"name": "Autumn"}, ["name"]),
        ({"name": "Fall", "end_at": WINTER}, ["end_at"]),
        ({"name": "Fall"}, []),
    ],
)
def test_what_is_changed_of_a_term_is_marked(admin, change, fields):
    term = Term.objects.create(name="Fall")
    save_term(term, by=admin, **change)
    assert marked(term) == fields


def test_what_is_created_by_hand_has_no_marks_yet(admin, root):
    course = create_course(root, by=admin, name="Art", start_at=FALL)
    for record in (course, create_section(course, by=admin, name="A"), save_term(None, by=admin, name="Fall")):
        assert marked(record) == []
