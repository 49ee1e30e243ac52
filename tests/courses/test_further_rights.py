"""People with more permissions than oneself: who counts as one, for acting as somebody and for changing accounts."""

import pytest

from accounts.models import AccountAdmin, BaseType, Role, User
from courses.access.accounts import reaches_further, who_reach_further
from courses.models import Course, Section
from tests.database import statements
from tests.factories import EnrollmentFactory, SectionFactory, UserFactory, allow, make_admin, make_clerk


@pytest.fixture
def desk(root) -> User:
    """Somebody with a right in the institution that no course role has."""
    return make_clerk("manage_user_logins")


@pytest.mark.parametrize(
    ("state", "further"),
    [
        ("active", True),
        ("inactive", True),
        ("invited", False),
        ("creation_pending", False),
        ("completed", False),
        ("rejected", False),
        ("deleted", False),
    ],
)
def test_who_teaches_or_could_be_reactivated_to_teach_reaches_further(desk, state, further):
    teacher = EnrollmentFactory(type=BaseType.TEACHER, state=state).user
    assert reaches_further(teacher, desk) is further


@pytest.mark.parametrize(
    ("base_type", "further"),
    [
        (BaseType.TEACHER, True),
        (BaseType.TA, True),
        (BaseType.DESIGNER, True),
        (BaseType.STUDENT, False),
        (BaseType.OBSERVER, False),
    ],
)
def test_only_roles_that_allow_something_reach_further(desk, base_type, further):
    assert reaches_further(EnrollmentFactory(type=base_type).user, desk) is further


@pytest.mark.parametrize("gone", ["section", "course"])
def test_a_role_in_what_was_deleted_reaches_nowhere(desk, gone):
    enrollment = EnrollmentFactory(type=BaseType.TEACHER)
    if gone == "section":
        Section.objects.update(workflow_state="deleted")
    else:
        Course.objects.update(workflow_state="deleted")
    assert not reaches_further(enrollment.user, desk)


def test_colleagues_reach_as_far_as_each_other_and_one_with_less_does_not_reach_a_teacher(section, teacher, assistant):
    colleague = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    assert not reaches_further(colleague, teacher)
    assert reaches_further(teacher, assistant)
    elsewhere = EnrollmentFactory(type=BaseType.TEACHER).user
    assert reaches_further(elsewhere, teacher)


def test_a_suspended_admin_and_a_deactivated_role_count_because_both_can_come_back(desk, root):
    admin = make_admin(state=User.State.SUSPENDED)
    assert reaches_further(admin, desk)
    role = Role.objects.create(label="Office", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
    role.overrides.create(account=root, permission="read_roster", enabled=True)
    clerk = UserFactory()
    held = AccountAdmin.objects.create(user=clerk, account=root, role=role)
    Role.objects.filter(pk=role.pk).update(workflow_state=Role.State.INACTIVE)
    assert reaches_further(clerk, desk)
    held.workflow_state = AccountAdmin.State.DELETED
    held.save()
    assert not reaches_further(clerk, desk)


def test_of_many_those_are_named_who_reach_further_whatever_their_role_is_in(desk, section):
    allow(BaseType.OBSERVER, "generate_observer_pairing_code")
    student, teacher = EnrollmentFactory(section=section).user, EnrollmentFactory(type=BaseType.TEACHER).user
    observer, admin = EnrollmentFactory(section=section, type=BaseType.OBSERVER).user, make_admin()
    people = {student.pk, teacher.pk, observer.pk, admin.pk, desk.pk}
    assert who_reach_further(people, by=desk) == {teacher.pk, observer.pk, admin.pk}
    assert who_reach_further(people, by=admin) == set()
    assert who_reach_further([], by=desk) == set()


def test_asking_about_people_in_many_courses_takes_as_many_statements_as_in_one(root):
    admin = make_admin()
    few = [EnrollmentFactory(type=BaseType.TEACHER).user.pk]
    many = [EnrollmentFactory(type=BaseType.TEACHER, section=SectionFactory()).user.pk for _ in range(10)]
    for_few = statements(lambda: who_reach_further(few, by=admin))
    assert statements(lambda: who_reach_further(many, by=admin)) == for_few
