"""What somebody may do in a course, and with whom: by enrollments there and roles above, and as long as these hold."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AccountAdmin, BaseType, Role, User
from accounts.permissions.registry import Permission
from courses.access.permissions import Held, course_permissions, held_in, may, permissions_in, sections_seen
from courses.models import Course, Enrollment, Section
from tests.database import statements
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_clerk,
)

ROSTER, GRADES, LOGINS = Permission.READ_ROSTER, Permission.MANAGE_GRADES, Permission.VIEW_USER_LOGINS
LIMIT = "limit_privileges_to_course_section"


class TestWhileItHolds:
    @pytest.mark.parametrize("state", Enrollment.State)
    def test_only_an_active_enrollment_allows_anything(self, section, state):
        person = EnrollmentFactory(section=section, type=BaseType.TEACHER, state=state).user
        assert bool(course_permissions(person, section.course)) is (state == "active")

    @pytest.mark.parametrize(
        "end",
        [
            lambda section, _person: Section.objects.filter(pk=section.pk).update(workflow_state="deleted"),
            lambda section, _person: Course.objects.filter(pk=section.course_id).update(workflow_state="deleted"),
            lambda _section, person: person.enrollments.update(end_at=timezone.now() - timedelta(hours=1)),
            lambda _section, person: person.enrollments.update(start_at=timezone.now() + timedelta(hours=1)),
            lambda _section, person: Role.objects.filter(account__isnull=False).update(workflow_state="inactive"),
        ],
        ids=["section deleted", "course deleted", "over", "not begun", "role deactivated"],
    )
    def test_it_ends_with_what_it_rests_on(self, section, end):
        coach = Role.objects.create(label="Coach", base_type=BaseType.TEACHER, account=section.course.account)
        person = EnrollmentFactory(section=section, type=BaseType.TEACHER, role=coach).user
        assert ROSTER in course_permissions(person, section.course)
        end(section, person)
        assert course_permissions(person, section.course) == frozenset()

    @pytest.mark.parametrize("state", [User.State.SUSPENDED, User.State.DELETED])
    def test_who_is_suspended_or_deleted_may_nothing_and_sees_nobody(self, section, teacher, state):
        admin = make_admin()
        for person in (teacher, admin):
            person.state = state
            person.save()
            (held,) = held_in(person, [section.course]).values()
            assert (held.keys, held.sections) == (frozenset(), frozenset())


class TestWhereItComesFrom:
    def test_roles_in_accounts_above_count_and_those_beside_or_below_do_not(self, root):
        school = AccountFactory()
        course = CourseFactory(account=AccountFactory(parent=school))
        for account, counts in ((root, True), (school, True), (course.account, True), (AccountFactory(), False)):
            assert (ROSTER in course_permissions(make_admin(account), course)) is counts
        assert ROSTER not in course_permissions(make_admin(AccountFactory(parent=course.account)), course)

    def test_several_roles_add_up(self, section):
        clerk = make_clerk("view_user_logins", account=section.course.account)
        assert course_permissions(clerk, section.course) == {LOGINS}
        EnrollmentFactory(section=section, user=clerk, type=BaseType.DESIGNER)
        keys = course_permissions(clerk, section.course)
        assert LOGINS in keys
        assert Permission.MANAGE_COURSE_CONTENT in keys
        assert GRADES not in keys

    def test_what_the_account_of_the_course_changes_of_a_role_counts_there(self, teacher, section):
        allow(BaseType.TEACHER, "manage_grades", section.course.account, enabled=False)
        assert GRADES not in course_permissions(teacher, section.course)
        other = EnrollmentFactory(user=teacher, type=BaseType.TEACHER).section.course
        assert GRADES in course_permissions(teacher, other)

    def test_an_admin_role_that_ended_counts_no_longer(self, section):
        admin = make_admin()
        AccountAdmin.objects.filter(user=admin).update(workflow_state="deleted")
        assert course_permissions(admin, section.course) == frozenset()

    def test_one_question_serves_for_courses_and_accounts_and_an_unknown_key_is_a_fault(self, teacher, section):
        assert may(teacher, ROSTER, section.course)
        assert not may(teacher, ROSTER, section.course.account)
        assert may(make_admin(), ROSTER, section.course.account)
        with pytest.raises(KeyError):
            may(teacher, "read_everything", section.course)


class TestWithWhom:
    def test_limited_enrollments_add_up_and_one_without_the_limit_opens_all(self, section):
        second, third = (SectionFactory(course=section.course) for _ in range(2))
        person = EnrollmentFactory(section=section, type=BaseType.TA, **{LIMIT: True}).user
        EnrollmentFactory(section=second, user=person, type=BaseType.TEACHER, **{LIMIT: True})
        assert sections_seen(person, section.course) == {section.pk, second.pk}
        EnrollmentFactory(section=third, user=person, type=BaseType.STUDENT)
        assert sections_seen(person, section.course) == {section.pk, second.pk}
        EnrollmentFactory(section=third, user=person, type=BaseType.DESIGNER)
        assert sections_seen(person, section.course) is None

    def test_who_sees_the_people_of_the_account_is_limited_by_no_enrollment(self, section):
        for key, seen in (("read_roster", None), ("read_course_list", {section.pk})):
            clerk = make_clerk(key, account=section.course.account)
            EnrollmentFactory(section=section, user=clerk, type=BaseType.TEACHER, **{LIMIT: True})
            assert sections_seen(clerk, section.course) == seen

    @pytest.mark.parametrize(
        ("mine", "theirs", "further"),
        [
            ((set(), None), ({ROSTER}, None), False),
            (({ROSTER}, None), ({ROSTER}, None), False),
            (({ROSTER, GRADES}, None), ({ROSTER}, None), True),
            (({ROSTER}, {1}), ({ROSTER}, None), False),
            (({ROSTER}, None), ({ROSTER}, {1}), True),
            (({ROSTER}, {1}), ({ROSTER}, {1, 2}), False),
            (({ROSTER}, {1, 3}), ({ROSTER}, {1, 2}), True),
            ((set(), {3}), ({ROSTER}, {1}), False),
            (({GRADES}, {1}), ({ROSTER}, None), True),
        ],
    )
    def test_one_exceeds_another_by_a_permission_or_by_a_person(self, mine, theirs, further):
        one, other = (
            Held(frozenset(keys), None if sections is None else frozenset(sections))
            for keys, sections in (mine, theirs)
        )
        assert one.exceeds(other) is further

    def test_the_people_of_a_section_are_seen_with_the_roster_and_within_the_limit(self):
        for keys, sections, seen in (({ROSTER}, None, True), ({ROSTER}, {1}, True), ({ROSTER}, {2}, False)):
            held = Held(frozenset(keys), None if sections is None else frozenset(sections))
            assert held.sees_people_of(1) is seen
        assert not Held(frozenset({GRADES}), None).sees_people_of(1)


def test_permissions_in_many_courses_take_as_many_statements_as_in_one(root):
    person = UserFactory()
    courses = []
    for number in range(6):
        section = SectionFactory(course__account=AccountFactory())
        EnrollmentFactory(user=person, section=section, type=BaseType.TEACHER if number % 2 else BaseType.STUDENT)
        courses.append(section.course)
    one = statements(lambda: permissions_in(person, courses[:2]))
    assert statements(lambda: permissions_in(person, courses)) == one == 1
    found = permissions_in(person, courses)
    assert [ROSTER in found[course.pk] for course in courses] == [False, True] * 3
