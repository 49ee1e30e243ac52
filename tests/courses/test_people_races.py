"""Changes to the people of a course at the same moment, on real connections."""

import pytest
from django.db import transaction

from accounts.domain.accounts import edit_account
from accounts.domain.locks import hold_account, lock_users
from accounts.errors import Invalid
from accounts.models import Account, BaseType, ObservationLink, Role, User
from courses.domain.course_observers import link_students
from courses.domain.enrollment_specs import EnrollmentSpec
from courses.domain.enrollments import change_state, change_states, enroll_many
from courses.domain.members import EnrollmentAction, carry_out, members_in
from courses.domain.observation import link
from courses.domain.sections import delete_section
from courses.models import Enrollment, Section
from tests.api import Api
from tests.factories import (
    AccountFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
    make_student,
    make_students,
)
from tests.racing import at_once, meanwhile

State = Enrollment.State
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("raced_root")]


def test_two_who_delete_the_last_two_sections_leave_one():
    first = SectionFactory()
    second, admin = SectionFactory(course=first.course), make_admin()
    outcomes = at_once([lambda: delete_section(first, by=admin), lambda: delete_section(second, by=admin)])
    assert sorted(type(outcome) for outcome in outcomes if isinstance(outcome, Exception)) == [Invalid]
    assert Section.objects.filter(course=first.course, workflow_state="active").count() == 1


def test_the_same_people_are_enrolled_and_ended_by_several_in_any_order():
    section, role = SectionFactory(), Role.objects.built_in(BaseType.STUDENT)
    people = list(User.objects.filter(pk__in=make_students(60, section)))
    there = list(Enrollment.objects.filter(section=section))

    def again(order):
        return lambda: enroll_many([EnrollmentSpec(person, section, role) for person in order], by=None)

    outcomes = at_once(
        [again(people), again(people[::-1]), lambda: change_states(there[::-1], "inactive", by=None)] * 2
    )
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert Enrollment.objects.count() == 60
    assert Enrollment.objects.values("state").distinct().count() == 1


def test_a_change_of_time_zone_waits_for_an_account_below_before_it_holds_one_of_a_higher_id(raced_root):
    below, above = AccountFactory(parent=raced_root), AccountFactory(parent=raced_root)
    Account.objects.filter(pk=below.pk).update(parent=above)
    admin = make_admin()
    with transaction.atomic():
        hold_account(below)
        late = meanwhile(lambda: edit_account(above, by=admin, default_time_zone="Europe/Paris"))
        Account.objects.select_for_update(no_key=True, nowait=True).get(pk=above.pk)
    (changed,) = late.result()
    assert changed.default_time_zone == "Europe/Paris"
    assert Account.objects.get(pk=below.pk).default_time_zone == "Europe/Paris"


@pytest.mark.parametrize("end", [State.DELETED, State.REJECTED])
def test_who_is_removed_or_refuses_while_another_concludes_stays_out(end):
    section, admin = SectionFactory(), make_admin()
    before = State.INVITED if end == State.REJECTED else State.ACTIVE
    enrollment = EnrollmentFactory(section=section, state=before)
    path = f"courses/{section.course_id}/enrollments/{enrollment.pk}"
    api = Api(admin)
    with transaction.atomic():
        lock_users([enrollment.user_id])
        late = meanwhile(lambda: api.delete(path, task="conclude"))
        change_state(enrollment, end, by=enrollment.user)
    (answer,) = late.result()
    assert answer.status_code == 400
    assert Enrollment.objects.get(pk=enrollment.pk).state == end


def test_who_is_linked_while_the_student_is_removed_does_not_see_the_student_after():
    section, admin = SectionFactory(), make_admin()
    student = make_student(section)
    link(UserFactory(), student, origin=ObservationLink.Origin.API, by=None)
    watcher = EnrollmentFactory(section=section, type=BaseType.OBSERVER).user
    (observer,), (member,) = (members_in(section.course, one.pk, by=one) for one in (watcher, student))
    outcomes = at_once(
        [
            lambda: link_students(observer, [student.pk], by=admin),
            lambda: carry_out(member, EnrollmentAction.REMOVE, by=admin),
        ]
    )
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception) and not isinstance(outcome, Invalid)]
    assert set(Enrollment.objects.filter(associated_user=student).values_list("state", flat=True)) == {"deleted"}


def test_a_section_is_not_deleted_with_somebody_who_came_into_it_meanwhile(raced_root):
    student, admin, newcomer = make_student(), make_admin(), UserFactory()
    section = student.enrollments.get().section
    SectionFactory(course=section.course)
    with transaction.atomic():
        lock_users([student.pk])
        late = meanwhile(lambda: delete_section(Section.objects.select_related("course").get(pk=section.pk), by=admin))
        enroll_many([EnrollmentSpec(newcomer, section, Role.objects.built_in(BaseType.STUDENT))], by=None)
    (refusal,) = late.result()
    assert isinstance(refusal, Invalid)
    assert "changed in the meantime" in refusal.message
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"active"}
    assert Section.objects.get(pk=section.pk).workflow_state == "active"
