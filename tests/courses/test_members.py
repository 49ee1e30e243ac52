"""What staff do to one person of a course: ending, coming back, other sections, another role."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid, NotAllowed
from accounts.models import BaseType, ObservationLink, Role
from courses.access.enrollment_actions import EnrollmentAction
from courses.domain.course_observers import link_students
from courses.domain.enrollments import change_states, enroll
from courses.domain.members import carry_out, change_role, members_in, set_sections, watchers_of
from courses.models import Enrollment
from tests.courses.people import as_member, states_of
from tests.factories import (
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
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


# What a member is


def test_a_person_is_one_member_for_each_role(section, teacher):
    helper = Role.objects.create(label="Helper", base_type=BaseType.STUDENT, account=section.course.account)
    other = SectionFactory(course=section.course, name="A first")
    person = EnrollmentFactory(section=section, role=helper).user
    for where in (section, other):
        EnrollmentFactory(section=where, user=person, type=BaseType.TA)
    EnrollmentFactory(user=person)
    members = {each.role: each for each in members_in(section.course, person.pk, by=teacher)}
    assert members.keys() == {role(BaseType.TA), helper}
    assistant, as_helper = members[role(BaseType.TA)], members[helper]
    assert [each.section for each in assistant.enrollments] == [other, section]
    assert [each.section for each in assistant.within(section.pk).enrollments] == [section]
    assert (assistant.runs_course, assistant.is_student, assistant.is_observer) == (True, False, False)
    assert (as_helper.runs_course, as_helper.is_student, as_helper.is_observer) == (False, True, False)
    assert [each.role for each in members_in(section.course, person.pk, helper.pk, by=teacher)] == [helper]
    assert members_in(section.course, UserFactory(state="deleted").pk, by=teacher) == []


@pytest.mark.parametrize(
    ("action", "states", "becomes"),
    [
        (EnrollmentAction.CONCLUDE, {"active", "invited", "creation_pending"}, "completed"),
        (EnrollmentAction.DEACTIVATE, {"active", "invited", "creation_pending"}, "inactive"),
        (EnrollmentAction.REACTIVATE, {"inactive", "completed"}, "active"),
        (EnrollmentAction.REMOVE, {"active", "invited", "creation_pending", "inactive", "completed"}, "deleted"),
    ],
)
def test_each_action_applies_to_some_states_and_an_unanswered_invitation_only_ends(section, action, states, becomes):
    admin = make_admin()
    for state in Enrollment.State:
        person = EnrollmentFactory(section=section, state=state).user
        members = members_in(section.course, person.pk, by=admin)
        if state in states:
            carry_out(members[0], action, by=admin)
            after = "deleted" if state in ("invited", "creation_pending") else becomes
        else:
            after = state
            for member in members:
                with pytest.raises(Invalid, match="this has already been done"):
                    carry_out(member, action, by=admin)
        assert states_of(person) == {(section.pk, BaseType.STUDENT): after}


def test_observers_are_counted_who_see_the_student_in_these_sections_each_once(section, student):
    other = SectionFactory(course=section.course)
    EnrollmentFactory(user=student, section=other)
    pair(UserFactory(), student)
    for state in ("completed", "inactive", "invited", "deleted"):
        EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student, state=state)
    EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=make_student(section))
    pair(UserFactory(), make_student(section))
    assert watchers_of(as_member(student, section)) == 2


# What is refused, and how


def test_the_same_role_again_is_refused_and_says_so(section, teacher, student):
    with pytest.raises(Invalid, match="This person already has this role") as refused:
        change_role(as_member(student, section), role(BaseType.STUDENT), by=teacher)
    assert list(refused.value.errors) == ["role"]
    assert states_of(student) == {(section.pk, BaseType.STUDENT): "active"}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (lambda _section: [], "Choose at least one section. To take someone out of the course, remove them."),
        (lambda section: [section, SectionFactory()], "This section does not belong to this course."),
    ],
)
def test_sections_that_cannot_be_are_refused_with_the_reason(section, teacher, student, wanted, message):
    with pytest.raises(Invalid) as refused:
        set_sections(as_member(student, section), wanted(section), by=teacher)
    assert (list(refused.value.errors), refused.value.message) == (["sections"], message)


def test_only_observers_are_linked_to_students(section, teacher, student):
    with pytest.raises(Invalid, match="Only observers can be linked to students"):
        link_students(as_member(teacher, section), [student.pk], by=make_admin())


# What goes along


def test_new_sections_and_roles_take_consent_dates_and_limit_along(section, teacher):
    other, end = SectionFactory(course=section.course), timezone.now() + timedelta(days=5)
    mine = EnrollmentFactory(
        section=section,
        type=BaseType.TA,
        end_at=end,
        limit_privileges_to_course_section=True,
        accepted_through=Enrollment.Through.PERSON,
    )
    set_sections(as_member(mine.user, section), [other], by=teacher)
    change_role(as_member(mine.user, other), role(BaseType.DESIGNER), by=teacher)
    now = Enrollment.objects.live().get(user=mine.user)
    assert (now.section, now.type, now.end_at) == (other, BaseType.DESIGNER, end)
    assert (now.limit_privileges_to_course_section, now.accepted_at) == (True, mine.accepted_at)
    assert now.accepted_through == Enrollment.Through.PERSON


def test_an_invitation_stays_one_in_other_sections_and_with_another_role(section):
    admin, other = make_admin(section.course.account), SectionFactory(course=section.course)
    invited = EnrollmentFactory(section=section, state="invited").user
    set_sections(as_member(invited, section), [other], by=admin)
    change_role(as_member(invited, other), role(BaseType.TA), by=admin)
    assert states_of(invited) == {
        (section.pk, BaseType.STUDENT): "deleted",
        (other.pk, BaseType.STUDENT): "deleted",
        (other.pk, BaseType.TA): "invited",
    }


def test_the_limit_is_set_and_lifted_in_all_sections_at_once(section):
    admin, other = make_admin(), SectionFactory(course=section.course)
    person = EnrollmentFactory(section=section, type=BaseType.TA).user
    for limit in (True, False):
        set_sections(as_member(person, section), [section, other], by=admin, is_limited=limit)
        there = Enrollment.objects.live().filter(user=person)
        assert set(there.values_list("section", "limit_privileges_to_course_section")) == {
            (section.pk, limit),
            (other.pk, limit),
        }
    set_sections(as_member(person, section), [other], by=admin, is_limited=True)
    set_sections(as_member(person, section), [section, other], by=admin)
    assert as_member(person, section).is_limited


def test_a_new_role_given_by_somebody_limited_is_limited(section):
    for key in ("add_ta_to_course", "remove_student_from_course"):
        allow(BaseType.TEACHER, key)
    limited = EnrollmentFactory(section=section, type=BaseType.TEACHER, limit_privileges_to_course_section=True).user
    student = make_student(section)
    change_role(as_member(student, section), role(BaseType.TA), by=limited)
    assert as_member(student, section).is_limited
    assert not as_member(make_student(section), section).is_limited


def test_of_several_enrollments_that_become_one_the_most_active_decides(section, teacher):
    observer = UserFactory()
    for state in ("completed", "active", "inactive"):
        student = make_student(section)
        EnrollmentFactory(section=section, type=BaseType.OBSERVER, user=observer, associated_user=student, state=state)
    change_role(as_member(observer, section), role(BaseType.TA), by=teacher)
    assert Enrollment.objects.get(user=observer, type=BaseType.TA).state == "active"
    assert not Enrollment.objects.present().filter(user=observer, type=BaseType.OBSERVER).exists()
