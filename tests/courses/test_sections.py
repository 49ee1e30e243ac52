"""The sections of a course: creating, editing and deleting them, and the default one."""

from datetime import UTC, datetime

import pytest

from accounts.errors import Invalid, NotAllowed
from accounts.models import AuditEvent, BaseType
from courses.domain.sections import (
    counted,
    create_section,
    delete_section,
    edit_section,
    sections_of,
    sections_open_to,
)
from courses.models import Enrollment, Section
from courses.models.course import default_section
from tests.api import Api
from tests.courses.people import states_of
from tests.database import statements
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_student,
    make_students,
)
from tests.observing import pair

pytestmark = pytest.mark.usefixtures("root")
FALL, WINTER = datetime(2029, 9, 1, tzinfo=UTC), datetime(2029, 12, 1, tzinfo=UTC)


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


class TestCreatingAndEditing:
    def test_a_section_is_created_with_what_is_given_and_each_change_recorded(self, section, teacher):
        made = create_section(section.course, by=teacher, name=" Evening ", start_at=FALL, end_at=WINTER)
        made.refresh_from_db()
        assert (made.name, made.sis_section_id, made.start_at, made.end_at) == ("Evening", None, FALL, WINTER)
        assert not made.is_default
        edit_section(made, by=teacher, name="Late", end_at=None)
        made.refresh_from_db()
        assert (made.name, made.start_at, made.end_at) == ("Late", FALL, None)
        delete_section(made, by=teacher)
        events = AuditEvent.objects.filter(action__startswith="section.").order_by("id")
        about = {"course": section.course_id, "section": made.pk}
        assert [(event.action, event.actor, event.details) for event in events] == [
            ("section.created", teacher, {**about, "name": "Evening"}),
            ("section.changed", teacher, {**about, "name": "Late"}),
            ("section.deleted", teacher, {**about, "name": "Late"}),
        ]

    @pytest.mark.parametrize(
        ("given", "field", "message"),
        [
            ({"name": " "}, "name", "Enter a name."),
            ({"name": "x" * 256}, "name", "Use at most 255 characters."),
            ({"sis_section_id": "TAKEN"}, "sis_section_id", "Something else already has this SIS ID."),
            ({"start_at": WINTER, "end_at": FALL}, "end_at", "The end must be after the start."),
        ],
    )
    def test_a_section_that_cannot_be_says_which_field_and_why(self, section, given, field, message):
        SectionFactory(sis_section_id="TAKEN")
        admin = make_admin()
        before = set(Section.objects.values_list("pk", "name", "start_at"))
        for change in (
            lambda: create_section(section.course, by=admin, **{"name": "A", **given}),
            lambda: edit_section(Section.objects.get(pk=section.pk), by=admin, **given),
        ):
            with pytest.raises(Invalid) as refused:
                change()
            assert (list(refused.value.errors), refused.value.of) == ([field], "section")
            assert refused.value.message == message
        assert set(Section.objects.values_list("pk", "name", "start_at")) == before

    def test_a_sis_id_is_set_changed_and_taken_only_with_the_right_to_sis_data(self, section, teacher):
        with pytest.raises(NotAllowed, match="SIS Data - manage"):
            create_section(section.course, by=teacher, name="A", sis_section_id="S")
        admin = make_admin()
        made = create_section(section.course, by=admin, name="A", sis_section_id=" S ")
        assert made.sis_section_id == "S"
        for sis_id in ("T", ""):
            with pytest.raises(NotAllowed, match="SIS Data - manage"):
                edit_section(Section.objects.get(pk=made.pk), by=teacher, sis_section_id=sis_id)
        edit_section(Section.objects.get(pk=made.pk), by=teacher, sis_section_id="S", name="B")
        assert edit_section(made, by=admin, sis_section_id="").sis_section_id is None

    @pytest.mark.parametrize(
        ("key", "change"),
        [
            ("manage_sections_add", lambda section, by: create_section(section.course, by=by, name="A")),
            ("manage_sections_edit", lambda section, by: edit_section(section, by=by, name="A")),
            ("manage_sections_delete", lambda section, by: delete_section(section, by=by)),
        ],
    )
    def test_each_change_needs_its_own_permission_in_this_course(self, section, teacher, key, change):
        SectionFactory(course=section.course)
        for by in (EnrollmentFactory(type=BaseType.TEACHER).user, make_admin(AccountFactory())):
            with pytest.raises(NotAllowed, match="you need in this course"):
                change(section, by)
        allow(BaseType.TEACHER, key, enabled=False)
        with pytest.raises(NotAllowed, match="“Course Sections - "):
            change(section, teacher)
        allow(BaseType.TEACHER, key)
        change(section, teacher)

    def test_who_is_limited_to_a_section_changes_that_one_and_creates_none(self, section):
        limited = EnrollmentFactory(
            section=section, type=BaseType.TEACHER, limit_privileges_to_course_section=True
        ).user
        other = SectionFactory(course=section.course)
        for change in (
            lambda: create_section(section.course, by=limited, name="A"),
            lambda: edit_section(other, by=limited, name="A"),
            lambda: delete_section(other, by=limited),
        ):
            with pytest.raises(NotAllowed, match="only see and change your own sections"):
                change()
        assert edit_section(section, by=limited, name="Mine").name == "Mine"
        assert list(sections_open_to(limited, section.course)) == [section]
        assert list(sections_open_to(make_admin(), section.course).order_by("pk")) == [section, other]


class TestLists:
    def test_each_person_in_a_section_is_counted_once_and_nobody_who_is_gone(self, section):
        for state in Enrollment.State:
            EnrollmentFactory(section=section, state=state)
        twice = make_student(section)
        EnrollmentFactory(section=section, user=twice, type=BaseType.TA)
        (found,) = counted(sections_of(section.course))
        assert found.people == 6

    def test_deleted_sections_are_not_listed_and_names_are_in_order(self, section):
        course = section.course
        for name in ("b", "Ä", "C"):
            SectionFactory(course=course, name=name)
        SectionFactory(course=course, name="gone", workflow_state="deleted")
        section.delete()
        assert [each.name for each in sections_of(course)] == ["Ä", "b", "C"]


class TestTheDefaultSection:
    def test_it_is_found_where_it_was_cross_listed_to_and_not_taken_for_that_courses_own(self, section):
        home = CourseFactory(name="Home")
        away = SectionFactory(course=section.course, nonxlist_course=home, is_default=True, name="Away")
        assert default_section(home) == away
        own = default_section(section.course)
        assert own not in (away, section)
        assert (own.course, own.name, own.is_default) == (section.course, section.course.name, True)

    def test_people_whose_section_is_not_named_come_into_it(self, section):
        row = (
            Api(make_admin())
            .post(f"courses/{section.course_id}/enrollments", enrollment={"user_id": UserFactory().pk})
            .json()
        )
        assert Section.objects.get(pk=row["course_section_id"]).is_default


def test_deleting_a_section_that_is_not_the_default_leaves_the_default(section, teacher):
    default, other = (SectionFactory(course=section.course, name=name, is_default=name == "Z") for name in "ZA")
    delete_section(section, by=teacher)
    assert list(Section.objects.filter(is_default=True)) == [default]
    delete_section(default, by=make_admin())
    assert list(Section.objects.filter(is_default=True)) == [other]
