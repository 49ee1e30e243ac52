"""Who may do what with the people of a course."""

import pytest

from accounts.errors import Invalid, NotAllowed
from accounts.memory import remembering
from accounts.models import BaseType, Role
from courses.access.enrollment_actions import (
    EnrollmentAction,
    check,
    check_enrolls,
    course_roles,
    enrollment_permissions,
    find_role,
    needed,
)
from courses.domain.add_people import add_people
from courses.domain.enrollments import enroll
from courses.domain.members import carry_out, change_role, members_in
from courses.models import Enrollment
from tests.courses.people import as_member, states_of
from tests.factories import (
    AccountFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
)
from tests.observing import role

pytestmark = pytest.mark.usefixtures("root")


Action = EnrollmentAction
WORDS = {
    BaseType.STUDENT: "student",
    BaseType.TEACHER: "teacher",
    BaseType.TA: "ta",
    BaseType.DESIGNER: "designer",
    BaseType.OBSERVER: "observer",
}
# What each action takes, with students and observers and with staff: as in docs/permissions.md.
TABLE = {
    Action.ENROLL: ("add_{}_to_course", "add_{}_to_course"),
    Action.REACTIVATE: ("add_{}_to_course", "add_{}_to_course"),
    Action.MOVE: ("manage_students", "add_{}_to_course"),
    Action.CONCLUDE: ("manage_students", "remove_{}_from_course"),
    Action.DEACTIVATE: ("manage_students", "remove_{}_from_course"),
    Action.REMOVE: ("remove_{}_from_course", "remove_{}_from_course"),
}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("base_type", WORDS)
def test_each_action_takes_its_permission_and_no_other(section, teacher, action, base_type):
    with_students, with_staff = TABLE[action]
    wanted = with_students if base_type in (BaseType.STUDENT, BaseType.OBSERVER) else with_staff
    keys = {wanted.format(WORDS[base_type])}
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


def test_with_an_observer_of_a_student_every_action_takes_the_right_to_manage_students_too(section, teacher, student):
    beside = EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student)
    alone = EnrollmentFactory(section=section, type=BaseType.OBSERVER)
    allow(BaseType.TEACHER, "manage_students", enabled=False)
    rights = enrollment_permissions(teacher, section.course)
    for action in (Action.ENROLL, Action.REACTIVATE, Action.REMOVE):
        assert rights.may(action, alone)
        assert not rights.may(action, beside)
        with pytest.raises(NotAllowed, match="“Users - manage students in courses”"):
            check(action, beside, section.course, by=teacher)


class TestWhatIsOfferedIsWhatIsDone:
    def both(self, action: EnrollmentAction, enrollment: Enrollment, by) -> bool:
        """Whether somebody may do it; what pages offer and what the rule lets pass are the same."""
        course = enrollment.section.course
        offered = enrollment_permissions(by, course).may(action, enrollment)
        try:
            check(action, enrollment, course, by=by)
        except NotAllowed:
            assert not offered
            return False
        assert offered
        return True

    @pytest.mark.parametrize("action", Action)
    def test_nothing_is_offered_with_people_of_another_section(self, section, action):
        limited = EnrollmentFactory(section=section, type=BaseType.TEACHER, limit_privileges_to_course_section=True)
        other = SectionFactory(course=section.course)
        own, foreign = (EnrollmentFactory(section=where, state="inactive") for where in (section, other))
        assert self.both(action, own, limited.user)
        assert not self.both(action, foreign, limited.user)

    @pytest.mark.parametrize("action", Action)
    @pytest.mark.parametrize("base_type", WORDS)
    def test_who_would_reach_further_is_not_let_back_in_but_can_be_ended(self, section, action, base_type):
        """They would see all sections, the one who lets them in only their own."""
        limited = EnrollmentFactory(section=section, type=BaseType.TEACHER, limit_privileges_to_course_section=True)
        for key in ("add_teacher_to_course", "add_ta_to_course", "add_designer_to_course"):
            allow(BaseType.TEACHER, key)
        ended = EnrollmentFactory(section=section, type=base_type, state="completed")
        is_staff = base_type in (BaseType.TEACHER, BaseType.TA, BaseType.DESIGNER)
        assert self.both(action, ended, limited.user) is not (action is Action.REACTIVATE and is_staff)
        ended.limit_privileges_to_course_section = True
        assert self.both(action, ended, limited.user)

    def test_a_role_that_allows_more_than_one_has_is_not_let_back_in(self, section, teacher):
        allow(BaseType.TEACHER, "view_all_grades", enabled=False)
        ended = EnrollmentFactory(section=section, type=BaseType.TA, state="inactive")
        assert not self.both(Action.REACTIVATE, ended, teacher)
        assert self.both(Action.REMOVE, ended, teacher)
        assert self.both(Action.REACTIVATE, ended, make_admin())

    def test_ones_own_enrollment_as_a_student_one_ends_no_more_than_that_as_a_teacher(self, section, teacher):
        own = EnrollmentFactory(section=section, user=teacher)
        for action in (Action.CONCLUDE, Action.DEACTIVATE, Action.REMOVE):
            assert not self.both(action, own, teacher)
        assert self.both(Action.MOVE, own, teacher)

    def test_the_page_offers_no_way_back_for_who_would_see_more(self, section, client):
        limited = EnrollmentFactory(section=section, type=BaseType.TEACHER, limit_privileges_to_course_section=True)
        ended = EnrollmentFactory(section=section, type=BaseType.TEACHER, state="completed").user
        client.force_login(limited.user)
        page = client.get(f"/courses/{section.course_id}/users", {"state": "concluded"}).content.decode()
        assert ended.sortable_name in page
        assert f"/users/{ended.pk}/reactivate" not in page
        client.force_login(make_admin())
        page = client.get(f"/courses/{section.course_id}/users", {"state": "concluded"}).content.decode()
        assert f"/users/{ended.pk}/reactivate" in page


class TestRoles:
    def test_the_reason_names_each_permission_that_is_lacking(self, section, teacher):
        for key in ("view_all_grades", "manage_grades"):
            allow(BaseType.TEACHER, key, enabled=False)
        with pytest.raises(NotAllowed) as refused:
            check_enrolls(role(BaseType.TA), section.course, by=teacher)
        assert "You lack: “Grades - edit”, “Grades - view all grades”." in refused.value.message
        allow(BaseType.TEACHER, "add_student_to_course", enabled=False)
        with pytest.raises(NotAllowed) as refused:
            check_enrolls(role(BaseType.STUDENT), section.course, by=teacher, state="inactive")
        assert refused.value.message == "To do this, you need in this course: “Users - add students in courses”."

    def test_roles_stand_in_the_order_of_what_they_are_and_custom_ones_by_name_after_them(self, section, root):
        account = section.course.account
        for label, base, owner in (
            ("Zoo guide", BaseType.STUDENT, root),
            ("Aide", BaseType.TA, account),
            ("Mentor", BaseType.STUDENT, account),
        ):
            Role.objects.create(label=label, base_type=base, account=owner)
        Role.objects.create(label="Office", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=account)
        Role.objects.create(label="Elsewhere", base_type=BaseType.STUDENT, account=AccountFactory())
        Role.objects.create(label="Old", base_type=BaseType.STUDENT, account=account, workflow_state="inactive")
        assert [one.label for one in course_roles(section.course)] == [
            *("Student", "Teacher", "TA", "Designer", "Observer"),
            *("Mentor", "Zoo guide", "Aide"),
        ]

    @pytest.mark.parametrize(
        ("asked", "label"),
        [
            ({}, "Student"),
            ({"base_type": "TaEnrollment"}, "TA"),
            ({"name": "TeacherEnrollment"}, "Teacher"),
            ({"name": "Mentor"}, "Mentor"),
            ({"name": "Mentor", "base_type": "ObserverEnrollment"}, "Mentor"),
            ({"name": "Mentor", "base_type": "StudentEnrollment"}, None),
            ({"name": "mentor"}, None),
            ({"name": "Old"}, None),
            ({"name": "Elsewhere"}, None),
            ({"name": "AccountAdmin"}, None),
            ({"role_id": 0}, None),
        ],
    )
    def test_a_role_is_found_by_name_or_type_among_those_of_the_course(self, section, asked, label):
        account = section.course.account
        Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=account)
        Role.objects.create(label="Old", base_type=BaseType.OBSERVER, account=account, workflow_state="inactive")
        Role.objects.create(label="Elsewhere", base_type=BaseType.OBSERVER, account=AccountFactory())
        if label:
            assert find_role(section.course, **asked).label == label
            return
        with pytest.raises(Invalid, match="This course has no such role") as refused:
            find_role(section.course, **asked)
        assert (list(refused.value.errors), refused.value.of) == (["role"], "enrollment")

    def test_an_id_counts_before_a_name(self, section):
        mentor = Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=section.course.account)
        assert find_role(section.course, role_id=mentor.pk, name="TaEnrollment") == mentor
