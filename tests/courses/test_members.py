"""What staff do to one person of a course: ending, coming back, other sections, another role."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid, NotAllowed
from accounts.models import BaseType, ObservationLink, Role
from courses.access.enrollment_actions import EnrollmentAction
from courses.domain.enrollments import change_states, enroll
from courses.domain.members import carry_out, change_role, members_in, set_sections, watchers_of
from courses.models import Enrollment
from tests.courses.people import as_member, states_of
from tests.factories import (
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_student,
)
from tests.observing import pair, role

pytestmark = pytest.mark.usefixtures("root")


# Ending and coming back


def test_an_action_is_done_to_all_enrollments_of_that_role_and_to_no_other(section, teacher):
    second, other_course = SectionFactory(course=section.course), SectionFactory()
    student = make_student(section, second, other_course)
    EnrollmentFactory(user=student, section=section, type=BaseType.OBSERVER)
    as_student, as_observer = members_in(section.course, student.pk, by=student)
    assert (as_student.role, as_observer.role) == (role(BaseType.STUDENT), role(BaseType.OBSERVER))
    carry_out(as_student, EnrollmentAction.DEACTIVATE, by=teacher)
    assert states_of(student) == {
        (section.pk, BaseType.STUDENT): "inactive",
        (second.pk, BaseType.STUDENT): "inactive",
        (section.pk, BaseType.OBSERVER): "active",
        (other_course.pk, BaseType.STUDENT): "active",
    }
    with pytest.raises(Invalid):
        carry_out(members_in(section.course, student.pk, by=student)[0], EnrollmentAction.DEACTIVATE, by=teacher)


def test_observers_lose_sight_and_get_it_back_with_the_student(section, teacher, student):
    pair(observer := UserFactory(), student)
    assert watchers_of(as_member(student, section)) == 1
    for action, state in (
        (EnrollmentAction.DEACTIVATE, "inactive"),
        (EnrollmentAction.REACTIVATE, "active"),
        (EnrollmentAction.CONCLUDE, "completed"),
    ):
        carry_out(as_member(student, section), action, by=teacher)
        assert states_of(observer) == {(section.pk, BaseType.OBSERVER): state}
    carry_out(as_member(student, section), EnrollmentAction.REMOVE, by=teacher)
    assert members_in(section.course, student.pk, by=student) == []
    assert states_of(observer) == {(section.pk, BaseType.OBSERVER): "deleted"}


# Sections


def test_somebody_is_put_into_exactly_the_sections_chosen(section, teacher):
    first, second, third = (SectionFactory(course=section.course) for _ in range(3))
    end = timezone.now() + timedelta(days=5)
    student = UserFactory()
    EnrollmentFactory(user=student, section=first, state="inactive")
    EnrollmentFactory(user=student, section=second, end_at=end)
    set_sections(as_member(student, section), [second, third], by=teacher)
    assert {section: state for (section, _type), state in states_of(student).items()} == {
        first.pk: "deleted",
        second.pk: "active",
        third.pk: "active",
    }
    assert Enrollment.objects.get(user=student, section=third).end_at == end


def test_observers_go_along_to_other_sections_those_of_this_course_only_too(section, teacher, student):
    new = SectionFactory(course=section.course)
    pair(parent := UserFactory(), student)
    mentor = UserFactory()
    enroll(mentor, section, role(BaseType.OBSERVER), by=None, associated_user=student)
    set_sections(as_member(student, section), [new], by=teacher)
    for observer in (parent, mentor):
        assert states_of(observer) == {
            (section.pk, BaseType.OBSERVER): "deleted",
            (new.pk, BaseType.OBSERVER): "active",
        }
    assert ObservationLink.objects.count() == 1


def test_sections_are_of_the_course_and_at_least_one(section, teacher, student):
    for wanted in ([], [SectionFactory()], [section, SectionFactory()]):
        with pytest.raises(Invalid):
            set_sections(as_member(student, section), wanted, by=teacher)
    assert states_of(student) == {(section.pk, BaseType.STUDENT): "active"}


def test_an_observer_of_a_student_stays_where_the_student_is(section, teacher, student):
    watcher = UserFactory()
    enroll(watcher, section, role(BaseType.OBSERVER), by=None, associated_user=student)
    with pytest.raises(Invalid):
        set_sections(as_member(watcher, section), [SectionFactory(course=section.course)], by=teacher)


# Roles


def test_a_role_is_changed_in_all_sections_and_the_state_stays(section, teacher):
    second = SectionFactory(course=section.course)
    person = UserFactory()
    EnrollmentFactory(user=person, section=section, type=BaseType.TA)
    EnrollmentFactory(user=person, section=second, type=BaseType.TA, state="completed")
    change_role(as_member(person, section), role(BaseType.DESIGNER), by=teacher)
    assert states_of(person) == {
        (section.pk, BaseType.TA): "deleted",
        (second.pk, BaseType.TA): "deleted",
        (section.pk, BaseType.DESIGNER): "active",
        (second.pk, BaseType.DESIGNER): "completed",
    }


def test_changing_a_role_takes_what_removing_and_adding_take(section, teacher, student):
    for key in ("remove_student_from_course", "add_ta_to_course"):
        allow(BaseType.TEACHER, key, enabled=False)
        with pytest.raises(NotAllowed):
            change_role(as_member(student, section), role(BaseType.TA), by=teacher)
        allow(BaseType.TEACHER, key)
    allow(BaseType.TEACHER, "manage_grades", enabled=False)
    with pytest.raises(NotAllowed, match="more permissions"):
        change_role(as_member(student, section), role(BaseType.TA), by=teacher)
    assert states_of(student) == {(section.pk, BaseType.STUDENT): "active"}


def test_observers_follow_a_student_into_another_role_of_students_and_into_no_other(section, teacher, student):
    pair(observer := UserFactory(), student)
    helper = Role.objects.create(label="Helper", base_type=BaseType.STUDENT, account=section.course.account)
    change_role(as_member(student, section), helper, by=teacher)
    assert states_of(observer) == {(section.pk, BaseType.OBSERVER): "active"}
    change_role(as_member(student, section), role(BaseType.TA), by=teacher)
    assert states_of(observer) == {(section.pk, BaseType.OBSERVER): "deleted"}


def test_an_observer_keeps_their_students_only_as_an_observer(section, teacher):
    watcher, students = UserFactory(), [make_student(section) for _ in range(2)]
    mentor = Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=section.course.account)
    for each in students:
        enroll(watcher, section, role(BaseType.OBSERVER), by=None, associated_user=each)
    change_role(as_member(watcher, section), mentor, by=teacher)
    assert {enrollment.associated_user for enrollment in as_member(watcher, section).enrollments} == set(students)
    change_role(as_member(watcher, section), role(BaseType.TA), by=teacher)
    (enrollment,) = as_member(watcher, section).enrollments
    assert (enrollment.type, enrollment.associated_user) == (BaseType.TA, None)


def test_an_active_enrollment_in_the_new_role_is_not_replaced_by_an_inactive_one(section, teacher):
    person = UserFactory()
    EnrollmentFactory(user=person, section=section, type=BaseType.TA)
    EnrollmentFactory(user=person, section=section, type=BaseType.STUDENT, state="inactive")
    as_student, _as_assistant = members_in(section.course, person.pk, by=person)
    change_role(as_student, role(BaseType.TA), by=teacher)
    assert states_of(person) == {(section.pk, BaseType.TA): "active", (section.pk, BaseType.STUDENT): "deleted"}


def test_an_observer_taken_out_by_hand_does_not_come_back_when_the_role_changes(section, teacher, student):
    pair(observer := UserFactory(), student)
    change_states(Enrollment.objects.filter(user=observer), "deleted", by=teacher)
    helper = Role.objects.create(label="Helper", base_type=BaseType.STUDENT, account=section.course.account)
    change_role(as_member(student, section), helper, by=teacher)
    assert states_of(observer) == {(section.pk, BaseType.OBSERVER): "deleted"}
    change_role(as_member(student, section), role(BaseType.STUDENT), by=teacher)
    assert states_of(observer) == {(section.pk, BaseType.OBSERVER): "deleted"}
    # Who really comes back brings them along.
    carry_out(as_member(student, section), EnrollmentAction.DEACTIVATE, by=teacher)
    carry_out(as_member(student, section), EnrollmentAction.REACTIVATE, by=teacher)
    assert states_of(observer) == {(section.pk, BaseType.OBSERVER): "active"}
