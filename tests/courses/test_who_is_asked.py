"""Who is enrolled at once and who is asked first, by who enrolls them and where they belong already."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import Account, AccountAdmin, BaseType, Role, User
from courses.access.consent import accounts_of, belonging, taken_at_once
from courses.domain.courses import delete_course
from courses.models import Enrollment
from tests.database import statements
from tests.factories import (
    AccountFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_clerk,
    make_student,
)
from tests.observing import pair

Through = Enrollment.Through


def through(person: User, by: User | None) -> str | None:
    """Through what the person is taken at once; None where they are asked."""
    consent = taken_at_once([person.pk], by=by).get(person.pk)
    return consent.through if consent else None


def observer() -> User:
    pair(parent := UserFactory(), make_student())
    Enrollment.objects.filter(user=parent).delete()
    return parent


def observed() -> User:
    student = UserFactory(initial_enrollment_type="student")
    pair(UserFactory(), student)
    return student


def former_admin() -> User:
    person = make_admin(AccountFactory())
    AccountAdmin.objects.filter(user=person).update(workflow_state=AccountAdmin.State.DELETED)
    return person


def of_a_deleted_course() -> User:
    person = make_student()
    delete_course(person.enrollments.get().section.course, by=make_admin())
    return person


BELONGING: dict[str, Callable[[], User]] = {
    "enrolled elsewhere": make_student,
    "concluded elsewhere": lambda: EnrollmentFactory(state="completed").user,
    "inactive elsewhere": lambda: EnrollmentFactory(state="inactive").user,
    "an admin elsewhere": lambda: make_admin(AccountFactory()),
    "an observer by a link": observer,
    "observed by a link": observed,
}
BELONGING_NOWHERE: dict[str, Callable[[], User]] = {
    "new": UserFactory,
    "only invited elsewhere": lambda: EnrollmentFactory(state="invited").user,
    "declined elsewhere": lambda: EnrollmentFactory(state="rejected").user,
    "removed elsewhere": lambda: EnrollmentFactory(state="deleted").user,
    "formerly an admin": former_admin,
    "of a deleted course": of_a_deleted_course,
}


@pytest.mark.parametrize("make", BELONGING.values(), ids=BELONGING)
def test_who_belongs_somewhere_is_asked_by_staff_of_a_course_they_are_not_in(teacher, make):
    person = make()
    assert belonging([person.pk]) == {person.pk}
    assert through(person, teacher) is None
    assert through(person, make_admin(teacher.enrollments.get().section.course.account)) is None


@pytest.mark.parametrize("make", BELONGING_NOWHERE.values(), ids=BELONGING_NOWHERE)
def test_who_belongs_nowhere_is_taken_at_once(teacher, make):
    person = make()
    assert belonging([person.pk]) == set()
    assert through(person, teacher) == Through.STAFF


def test_staff_of_the_whole_institution_and_the_software_itself_take_everybody(root):
    for by in (make_admin(), make_clerk("read_roster"), None):
        for person in (make_student(), UserFactory()):
            assert through(person, by) == Through.INSTITUTION
    assert through(make_student(), make_clerk("manage_students")) is None


@pytest.mark.parametrize("state", ["active", "inactive", "completed"])
def test_staff_take_at_once_whom_they_see_in_a_course(section, teacher, state):
    assert through(EnrollmentFactory(section=section, state=state).user, teacher) == Through.STAFF


def test_staff_who_may_not_see_the_people_of_a_course_do_not_know_them_from_there(section, teacher, student):
    allow(BaseType.TEACHER, "read_roster", enabled=False)
    assert through(student, teacher) is None


def test_who_is_limited_to_a_section_knows_nobody_of_another(section, student):
    other = SectionFactory(course=section.course)
    limited = EnrollmentFactory(section=section, type=BaseType.TEACHER, limit_privileges_to_course_section=True).user
    assert through(student, limited) == Through.STAFF
    assert through(make_student(other), limited) is None


def test_oneself_one_need_not_ask_but_acting_as_somebody_is_no_answer_of_theirs(section, teacher):
    assert through(teacher, teacher) == Through.PERSON
    student = make_student()
    assert through(student, student) == Through.PERSON
    assert through(student, student.acted_by(make_admin(AccountFactory()))) is None


def test_asking_about_many_takes_as_many_statements_as_about_one(teacher):
    def kinds() -> list[int]:
        return [make().pk for make in (*BELONGING.values(), *BELONGING_NOWHERE.values())]

    few, many = kinds(), [*kinds(), *kinds(), *kinds()]
    for_few = statements(lambda: taken_at_once(few, by=teacher))
    assert statements(lambda: taken_at_once(many, by=teacher)) == for_few <= 7


class TestTheAccountsSomebodyBelongsTo:
    def of(self, person: User) -> set[Account]:
        return set(accounts_of(person))

    def test_somebody_of_whom_only_a_courses_staff_vouch_belongs_to_the_institution_as_well(self, root, section):
        enrollment = EnrollmentFactory(section=section, accepted_through=Through.STAFF)
        assert self.of(enrollment.user) == {section.course.account, root}
        for word in (Through.PERSON, Through.INSTITUTION, Through.LINK):
            Enrollment.objects.filter(pk=enrollment.pk).update(accepted_through=word)
            assert self.of(enrollment.user) == {section.course.account}

    def test_who_belongs_nowhere_belongs_to_the_institution(self, root):
        assert self.of(UserFactory()) == {root}
        assert self.of(EnrollmentFactory(state="invited").user) == {root}

    def test_roles_held_now_and_before_count(self, root):
        school = AccountFactory()
        role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
        person = UserFactory()
        AccountAdmin.objects.create(user=person, account=school, role=role, workflow_state="deleted")
        assert school in self.of(person)
