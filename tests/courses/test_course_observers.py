"""Link to Students: somebody observes students in one course, without a link between the accounts."""

import pytest

from accounts.errors import Invalid, NotAllowed
from accounts.models import BaseType, ObservationLink, Role
from courses.access.enrollment_actions import EnrollmentAction
from courses.domain.course_observers import link_students, observed_in, students_for, unlink_student
from courses.domain.enrollments import enroll
from courses.domain.members import Member, carry_out, members_in
from courses.models import Enrollment
from tests.courses.people import as_member, states_of
from tests.database import statements
from tests.factories import (
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_student,
    make_students,
)
from tests.observing import pair, role

pytestmark = pytest.mark.usefixtures("root")


@pytest.fixture
def watcher(section) -> Member:
    user = EnrollmentFactory(section=section, type=BaseType.OBSERVER).user
    return as_member(user, section)


def test_an_observer_is_linked_beside_the_student_in_every_section_and_in_no_other_course(section, teacher, watcher):
    second, elsewhere = SectionFactory(course=section.course), SectionFactory()
    student = make_student(section, second, elsewhere)
    assert link_students(watcher, [student.pk], by=teacher) == 1
    beside = Enrollment.objects.filter(user=watcher.person, associated_user=student)
    assert set(beside.values_list("section", "state")) == {(section.pk, "active"), (second.pk, "active")}
    assert not ObservationLink.objects.exists()
    enroll(student, SectionFactory(), role(BaseType.STUDENT), by=None)
    assert beside.count() == 2
    assert link_students(watcher, [student.pk], by=teacher) == 0


def test_linking_keeps_to_the_observers_own_role_and_the_students_state(section, teacher):
    mentor = Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=section.course.account)
    user = EnrollmentFactory(section=section, type=BaseType.OBSERVER, role=mentor).user
    ended = EnrollmentFactory(section=section, state="completed").user
    link_students(as_member(user, section), [ended.pk], by=teacher)
    beside = Enrollment.objects.get(associated_user=ended)
    assert (beside.role, beside.state) == (mentor, "completed")


@pytest.mark.parametrize("missing", ["manage_students", "add_observer_to_course"])
def test_linking_takes_both_permissions(section, teacher, watcher, student, missing):
    allow(BaseType.TEACHER, missing, enabled=False)
    with pytest.raises(NotAllowed):
        link_students(watcher, [student.pk], by=teacher)
    assert not observed_in(section.course, watcher.person, 5, by=watcher.person)


@pytest.mark.parametrize("missing", ["manage_students", "remove_observer_from_course"])
def test_unlinking_takes_both_permissions(section, teacher, watcher, student, missing):
    link_students(watcher, [student.pk], by=teacher)
    allow(BaseType.TEACHER, missing, enabled=False)
    with pytest.raises(NotAllowed):
        unlink_student(watcher.person, student, section.course, by=teacher)
    assert observed_in(section.course, watcher.person, 5, by=watcher.person)


def test_only_students_of_the_course_can_be_linked_and_never_oneself(section, teacher, watcher, student):
    inactive = EnrollmentFactory(section=section, state="inactive").user
    itself = EnrollmentFactory(section=section, user=watcher.person).user
    for whom in (make_student(), teacher, inactive, UserFactory(), itself):
        with pytest.raises(Invalid):
            link_students(watcher, [student.pk, whom.pk], by=teacher)
    for ids in ([], [2**62], range(501)):
        with pytest.raises(Invalid):
            link_students(watcher, list(ids), by=teacher)
    assert not observed_in(section.course, watcher.person, 5, by=watcher.person)


def test_two_students_cannot_observe_each_other(section, teacher):
    one, other = make_student(section), make_student(section)
    EnrollmentFactory(user=one, section=section, type=BaseType.OBSERVER)
    EnrollmentFactory(user=other, section=section, type=BaseType.OBSERVER)
    _student, observer = members_in(section.course, one.pk, by=one)
    link_students(observer, [other.pk], by=teacher)
    _student, observer = members_in(section.course, other.pk, by=other)
    with pytest.raises(Invalid, match="each other"):
        link_students(observer, [one.pk], by=teacher)


def test_unlinking_ends_sight_in_this_course_and_a_link_between_accounts_is_not_ended_here(
    section, teacher, watcher, student
):
    other = make_student(section)
    pair(watcher.person, other)
    link_students(watcher, [student.pk], by=teacher)
    seen = {each.student: each.is_by_link for each in observed_in(section.course, watcher.person, 5, by=watcher.person)}
    assert seen == {student: False, other: True}
    assert set(students_for(watcher.person, section.course, by=watcher.person).values_list("pk", "is_linked")) == {
        (student.pk, True),
        (other.pk, True),
    }
    unlink_student(watcher.person, student, section.course, by=teacher)
    with pytest.raises(Invalid, match="whole school"):
        unlink_student(watcher.person, other, section.course, by=teacher)
    with pytest.raises(Invalid):
        unlink_student(watcher.person, student, section.course, by=teacher)
    assert [each.student for each in observed_in(section.course, watcher.person, 5, by=watcher.person)] == [other]


def test_who_lost_sight_with_a_student_who_was_away_is_linked_again(section, teacher, watcher, student):
    link_students(watcher, [student.pk], by=teacher)
    carry_out(as_member(student, section), EnrollmentAction.DEACTIVATE, by=teacher)
    carry_out(as_member(student, section), EnrollmentAction.REACTIVATE, by=teacher)
    (seen,) = observed_in(section.course, watcher.person, 5, by=watcher.person)
    assert (seen.student, seen.enrollment.state) == (student, "inactive")
    (offered,) = students_for(watcher.person, section.course, by=watcher.person)
    assert not offered.is_linked
    assert link_students(watcher, [student.pk], by=teacher) == 1
    (seen,) = observed_in(section.course, watcher.person, 5, by=watcher.person)
    assert seen.enrollment.state == "active"


def test_a_link_limited_to_another_course_is_not_what_lets_one_see_here(section, teacher, watcher, student):
    elsewhere = SectionFactory()
    EnrollmentFactory(user=student, section=elsewhere)
    pair(watcher.person, student, course=elsewhere.course)
    link_students(watcher, [student.pk], by=teacher)
    assert [each.is_by_link for each in observed_in(section.course, watcher.person, 5, by=watcher.person)] == [False]
    unlink_student(watcher.person, student, section.course, by=teacher)
    assert states_of(watcher.person)[elsewhere.pk, BaseType.OBSERVER] == "active"


def test_linking_100_students_takes_as_many_statements_as_one(section, teacher, watcher):
    one, *many = make_students(101, section)
    few = statements(lambda: link_students(watcher, [one], by=teacher))
    assert statements(lambda: link_students(watcher, many, by=teacher)) == few


@pytest.mark.parametrize("state", ["invited", "creation_pending", "inactive", "rejected", "deleted"])
def test_nobody_is_linked_to_a_student_who_has_not_agreed_or_is_away(section, teacher, watcher, state):
    whom = EnrollmentFactory(section=section, state=state).user
    assert whom not in students_for(watcher.person, section.course, by=teacher)
    with pytest.raises(Invalid, match="Some of these people are not students of this course"):
        link_students(watcher, [whom.pk], by=teacher)


def test_oneself_is_not_offered_even_as_a_student_there(section, teacher, watcher, student):
    EnrollmentFactory(section=section, user=watcher.person)
    assert list(students_for(watcher.person, section.course, by=teacher)) == [student]


def test_the_reasons_say_how_many_to_choose(section, teacher, watcher):
    for ids, reason in (
        ([], "Choose at least one student."),
        (make_students(501, section), "Choose at most 500 students at once."),
    ):
        with pytest.raises(Invalid) as refused:
            link_students(watcher, ids, by=teacher)
        assert (list(refused.value.errors), refused.value.message) == (["student"], reason)


def test_only_those_who_are_new_are_counted_as_linked(section, teacher, watcher, student):
    assert link_students(watcher, [student.pk], by=teacher) == 1
    assert link_students(watcher, [student.pk, make_student(section).pk], by=teacher) == 1


def test_two_who_are_not_linked_here_cannot_be_unlinked(section, teacher, watcher, student):
    with pytest.raises(Invalid, match="These two are not linked in this course"):
        unlink_student(watcher.person, student, section.course, by=teacher)
    link_students(watcher, [student.pk], by=teacher)
    with pytest.raises(Invalid, match="These two are not linked in this course"):
        unlink_student(watcher.person, student, SectionFactory().course, by=make_admin())


def test_each_student_is_listed_once_by_name_with_an_active_enrollment_if_there_is_one(section, teacher, watcher):
    other = SectionFactory(course=section.course)
    last, first = make_student(section, other, name="Zoe Zorn"), make_student(section, name="Ann Able")
    link_students(watcher, [last.pk, first.pk], by=teacher)
    Enrollment.objects.filter(user=watcher.person, associated_user=last, section=section).update(state="inactive")
    seen = observed_in(section.course, watcher.person, 5, by=teacher)
    assert [(each.student, each.enrollment.section) for each in seen] == [(first, section), (last, other)]
    assert [each.student for each in observed_in(section.course, watcher.person, 1, by=teacher)] == [first]
