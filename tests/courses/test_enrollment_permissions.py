"""Who may do what with the people of a course."""

import pytest

from accounts.errors import NotAllowed
from accounts.models import BaseType, Role
from accounts.permissions.resolver import remembering
from courses.access.enrollment_actions import EnrollmentAction, check, check_enrolls, enrollment_permissions, needed
from courses.domain.add_people import add_people
from courses.domain.enrollments import enroll
from courses.domain.members import carry_out, change_role, members_in
from courses.models import Enrollment
from tests.courses.people import as_member, states_of
from tests.factories import (
    AccountFactory,
    EnrollmentFactory,
    UserFactory,
    allow,
    make_admin,
)
from tests.observing import role

pytestmark = pytest.mark.usefixtures("root")


@pytest.mark.parametrize(
    ("action", "base_type", "keys"),
    [
        (EnrollmentAction.ENROLL, BaseType.TA, {"add_ta_to_course"}),
        (EnrollmentAction.REACTIVATE, BaseType.STUDENT, {"add_student_to_course"}),
        (EnrollmentAction.REMOVE, BaseType.STUDENT, {"remove_student_from_course"}),
        (EnrollmentAction.CONCLUDE, BaseType.STUDENT, {"manage_students"}),
        (EnrollmentAction.DEACTIVATE, BaseType.OBSERVER, {"manage_students"}),
        (EnrollmentAction.MOVE, BaseType.STUDENT, {"manage_students"}),
        (EnrollmentAction.CONCLUDE, BaseType.TEACHER, {"remove_teacher_from_course"}),
        (EnrollmentAction.DEACTIVATE, BaseType.DESIGNER, {"remove_designer_from_course"}),
        (EnrollmentAction.MOVE, BaseType.TA, {"add_ta_to_course"}),
    ],
)
def test_each_action_takes_its_permission_and_no_other(section, teacher, action, base_type, keys):
    assert needed(action, base_type) == keys
    enrollment = EnrollmentFactory(section=section, type=base_type)
    check(action, enrollment, section.course, by=teacher)
    assert enrollment_permissions(teacher, section.course).may(action, enrollment)
    for key in keys:
        allow(BaseType.TEACHER, key, enabled=False)
        with pytest.raises(NotAllowed):
            check(action, enrollment, section.course, by=teacher)
        assert not enrollment_permissions(teacher, section.course).may(action, enrollment)
        allow(BaseType.TEACHER, key)


def test_concluding_an_inactive_person_lets_them_read_again_and_takes_the_right_to_that(section, teacher):
    ended = EnrollmentFactory(section=section, state="inactive")
    check(EnrollmentAction.CONCLUDE, ended, section.course, by=teacher)
    allow(BaseType.TEACHER, "add_student_to_course", enabled=False)
    with pytest.raises(NotAllowed):
        check(EnrollmentAction.CONCLUDE, ended, section.course, by=teacher)
    check(EnrollmentAction.CONCLUDE, EnrollmentFactory(section=section), section.course, by=teacher)


def test_a_custom_role_counts_as_what_it_is_at_bottom(section, assistant):
    monitor = Role.objects.create(label="Monitor", base_type=BaseType.STUDENT, account=section.course.account)
    coach = Role.objects.create(label="Coach", base_type=BaseType.TEACHER, account=section.course.account)
    check_enrolls(monitor, section.course, by=assistant)
    with pytest.raises(NotAllowed):
        check_enrolls(coach, section.course, by=assistant)
    assert monitor in enrollment_permissions(assistant, section.course).roles_to_give()
    assert coach not in enrollment_permissions(assistant, section.course).roles_to_give()


def test_nobody_takes_themselves_out_unless_they_could_come_back(section, teacher):
    mine = as_member(teacher, section)
    for action in (EnrollmentAction.CONCLUDE, EnrollmentAction.DEACTIVATE, EnrollmentAction.REMOVE):
        with pytest.raises(NotAllowed, match="yourself"):
            carry_out(mine, action, by=teacher)
        assert not enrollment_permissions(teacher, section.course).may(action, mine.enrollments[0])
    with pytest.raises(NotAllowed, match="yourself"):
        change_role(mine, role(BaseType.TA), by=teacher)
    admin = make_admin()
    EnrollmentFactory(section=section, type=BaseType.TEACHER, user=admin)
    carry_out(as_member(admin, section), EnrollmentAction.REMOVE, by=admin)
    assert not members_in(section.course, admin.pk, by=admin)


def test_what_one_may_counts_only_in_the_course_where_one_may_it(section, student):
    elsewhere = EnrollmentFactory(type=BaseType.TEACHER).user
    for by in (elsewhere, make_admin(AccountFactory()), student, UserFactory()):
        for action in (EnrollmentAction.CONCLUDE, EnrollmentAction.DEACTIVATE, EnrollmentAction.REMOVE):
            with pytest.raises(NotAllowed):
                carry_out(as_member(student, section), action, by=by)
        with pytest.raises(NotAllowed):
            add_people(section.course, [by], role(BaseType.STUDENT), section, by=by)
    assert states_of(student) == {(section.pk, BaseType.STUDENT): "active"}


def test_a_change_of_permissions_within_a_request_counts_at_once(section, teacher):
    with remembering():
        add_people(section.course, [UserFactory()], role(BaseType.TEACHER), section, by=teacher)
        Enrollment.objects.filter(user=teacher).update(state="deleted")
        add_people(section.course, [], role(BaseType.TEACHER), section, by=make_admin())
        enroll(UserFactory(), section, role(BaseType.STUDENT), by=None)
        with pytest.raises(NotAllowed):
            add_people(section.course, [UserFactory()], role(BaseType.TEACHER), section, by=teacher)
