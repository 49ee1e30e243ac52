"""Who may do what: defaults, overrides, and how far a role reaches."""

import pytest
from django.db import connection

from accounts.domain.audit import record
from accounts.domain.events import UserCreated
from accounts.domain.roles import set_permission
from accounts.memory import remembering
from accounts.models import COURSE_BASE_TYPES, Account, AccountAdmin, BaseType, FailedTry, Role, RoleOverride, User
from accounts.permissions.registry import AVAILABLE, PERMISSIONS, ROOT_ONLY, Permission, Reach
from accounts.permissions.resolver import account_permissions, administered, may_on_account, permissions_on
from courses.access.permissions import course_permissions, may, permissions_in
from courses.models import Enrollment
from tests.database import statements
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
)

pytestmark = pytest.mark.usefixtures("root")
KEY = Permission.GENERATE_OBSERVER_PAIRING_CODE


def override(account, role: Role, permission: str = KEY, **fields) -> None:
    RoleOverride.objects.create(account=account, role=role, permission=permission, **fields)


@pytest.fixture
def teacher_role(root) -> Role:
    return Role.objects.built_in(BaseType.TEACHER)


@pytest.fixture
def teaching(root) -> Enrollment:
    """A teacher in a course of a department of a school."""
    department = AccountFactory(parent=AccountFactory())
    return EnrollmentFactory(section=SectionFactory(course__account=department), type=BaseType.TEACHER)


def has_it(teaching: Enrollment) -> bool:
    return may(teaching.user, KEY, teaching.section.course)


# Defaults


def test_an_account_admin_may_do_everything(root):
    assert account_permissions(make_admin(), root) == PERMISSIONS.keys()


@pytest.mark.parametrize("base_type", [*COURSE_BASE_TYPES, BaseType.ACCOUNT_MEMBERSHIP])
def test_only_admins_make_pairing_codes_for_others_by_default(root, base_type):
    assert PERMISSIONS[KEY].default == {BaseType.ACCOUNT_ADMIN}
    if base_type in COURSE_BASE_TYPES:
        enrollment = EnrollmentFactory(type=base_type)
        assert not may(enrollment.user, KEY, enrollment.section.course)
    else:
        member = UserFactory()
        AccountAdmin.objects.create(user=member, account=root, role=Role.objects.built_in(base_type))
        assert account_permissions(member, root) == set()


@pytest.mark.parametrize("base_type", [BaseType.STUDENT, BaseType.OBSERVER])
def test_students_and_observers_have_no_permission_at_all(base_type):
    enrollment = EnrollmentFactory(type=base_type)
    assert course_permissions(enrollment.user, enrollment.section.course) == set()


def test_people_without_a_role_may_do_nothing(root):
    somebody = UserFactory()
    assert account_permissions(somebody, root) == set()
    assert course_permissions(somebody, CourseFactory()) == set()


def test_a_teachers_permissions_end_at_the_course(teaching):
    assert may(teaching.user, "read_roster", teaching.section.course)
    assert not may(teaching.user, "read_roster", CourseFactory(account=teaching.section.course.account))
    assert not may(teaching.user, "read_roster", teaching.section.course.account)


def test_an_unknown_permission_is_a_mistake_not_a_no(root):
    with pytest.raises(KeyError):
        may_on_account(make_admin(), "fly", root)
    with pytest.raises(KeyError):
        may(make_admin(), "fly", CourseFactory())


# How far a role reaches


def test_an_admin_of_a_sub_account_reaches_what_is_below_and_nothing_beside_or_above(root):
    school, sibling = AccountFactory(), AccountFactory()
    department = AccountFactory(parent=school)
    admin = make_admin(school)
    assert may_on_account(admin, KEY, school)
    assert may_on_account(admin, KEY, department)
    assert may(admin, KEY, CourseFactory(account=department))
    for account in (root, sibling):
        assert not may_on_account(admin, KEY, account)
        assert not may(admin, KEY, CourseFactory(account=account))
    assert permissions_on(admin, [school, sibling]) == {
        school.pk: PERMISSIONS.keys() - ROOT_ONLY,
        sibling.pk: frozenset(),
    }


def test_what_is_for_the_root_account_only_comes_with_no_role_below_it(root):
    school = AccountFactory()
    override(school, Role.objects.built_in(BaseType.ACCOUNT_ADMIN), "become_user", enabled=True)
    assert not may_on_account(make_admin(school), "become_user", school)
    assert may_on_account(make_admin(), "become_user", root)
    # An admin of the institution has it wherever they are.
    assert may_on_account(make_admin(), "become_user", school)


@pytest.mark.parametrize("base_type", COURSE_BASE_TYPES)
def test_no_override_gives_a_role_what_it_cannot_be_given(root, base_type):
    section = SectionFactory()
    user = EnrollmentFactory(section=section, type=base_type).user
    for key in PERMISSIONS:
        override(root, Role.objects.built_in(base_type), key, enabled=True)
    assert course_permissions(user, section.course) == AVAILABLE[base_type]
    assert not course_permissions(user, section.course) & {"become_user", "manage_role_overrides", "manage_sis"}


def test_students_cannot_be_given_anything_yet():
    assert AVAILABLE[BaseType.STUDENT] == frozenset()
    assert AVAILABLE[BaseType.OBSERVER] == {KEY}


@pytest.mark.parametrize("key", PERMISSIONS)
def test_every_permission_is_explained_and_given_by_default_only_where_it_can_be(key):
    permission = PERMISSIONS[key]
    assert permission.label
    assert permission.does
    assert permission.default <= permission.available
    assert BaseType.ACCOUNT_ADMIN in permission.default
    if permission.reach is not Reach.COURSE:
        assert not permission.available & set(COURSE_BASE_TYPES)


@pytest.mark.parametrize("state", [User.State.SUSPENDED, User.State.DELETED])
def test_suspended_and_deleted_people_may_do_nothing(root, teaching, state):
    admin = make_admin(state=state)
    assert account_permissions(admin, root) == set()
    teaching.user.state = state
    assert course_permissions(teaching.user, teaching.section.course) == set()


@pytest.mark.parametrize("state", [state for state in Enrollment.State.values if state != "active"])
def test_only_an_active_enrollment_gives_permissions(teaching, state):
    section, teacher = teaching.section, teaching.user
    teaching.delete()
    EnrollmentFactory(user=teacher, section=section, type=BaseType.TEACHER, state=state)
    assert course_permissions(teacher, section.course) == set()


def test_a_role_that_was_taken_away_or_is_inactive_gives_nothing(root):
    admin = make_admin()
    AccountAdmin.objects.update(workflow_state=AccountAdmin.State.DELETED)
    assert account_permissions(admin, root) == set()
    assert administered(admin) == []
    retired = Role.objects.create(
        label="Old", base_type=BaseType.ACCOUNT_ADMIN, account=root, workflow_state=Role.State.INACTIVE
    )
    other = UserFactory()
    AccountAdmin.objects.create(user=other, account=root, role=retired)
    assert account_permissions(other, root) == set()


def test_the_accounts_that_a_person_administers_are_those_where_they_hold_a_role(root):
    school = AccountFactory()
    AccountFactory(parent=school)
    assert administered(make_admin(school)) == [school]


# Overrides


@pytest.mark.parametrize("height", [0, 1, 2])
def test_a_permission_can_be_turned_on_in_any_account_above_the_course(teaching, teacher_role, height):
    account = teaching.section.course.account
    for _ in range(height):
        account = account.parent
    override(account, teacher_role, enabled=True)
    assert has_it(teaching)
    assert course_permissions(teaching.user, teaching.section.course) >= {KEY, "read_roster"}


def test_a_permission_can_be_turned_off(teaching, teacher_role):
    override(teaching.section.course.account, teacher_role, "read_roster", enabled=False)
    assert not may(teaching.user, "read_roster", teaching.section.course)


def test_an_override_elsewhere_changes_nothing(teaching, teacher_role):
    override(AccountFactory(), teacher_role, enabled=True)
    override(AccountFactory(parent=teaching.section.course.account), teacher_role, enabled=True)
    override(teaching.section.course.account, Role.objects.built_in(BaseType.TA), enabled=True)
    assert not has_it(teaching)


def test_the_nearest_override_decides(root, teaching, teacher_role):
    department = teaching.section.course.account
    override(root, teacher_role, enabled=True)
    override(department.parent, teacher_role, enabled=False)
    assert not has_it(teaching)
    override(department, teacher_role, enabled=True)
    assert has_it(teaching)


@pytest.mark.parametrize("enabled", [True, False])
def test_a_locked_override_cannot_be_undone_below(root, teaching, teacher_role, enabled):
    override(root, teacher_role, enabled=enabled, locked=True)
    override(teaching.section.course.account, teacher_role, enabled=not enabled)
    assert has_it(teaching) is enabled


def test_a_lock_alone_keeps_the_default(root, teaching, teacher_role):
    override(root, teacher_role, enabled=None, locked=True)
    override(teaching.section.course.account, teacher_role, enabled=True)
    assert not has_it(teaching)


def test_a_lock_binds_one_role_and_one_permission(root, teaching, teacher_role):
    override(root, teacher_role, enabled=False, locked=True)
    override(root, Role.objects.built_in(BaseType.TA), enabled=True)
    override(teaching.section.course.account, teacher_role, "add_ta_to_course", enabled=False)
    assert not may(teaching.user, "add_ta_to_course", teaching.section.course)
    ta = EnrollmentFactory(section=teaching.section, type=BaseType.TA)
    assert has_it(ta)


def test_an_override_can_spare_the_account_itself(root):
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    school = AccountFactory()
    admin = make_admin()
    override(root, role, enabled=False, applies_to_self=False)
    assert may_on_account(admin, KEY, root)
    assert not may_on_account(admin, KEY, school)


def test_an_override_can_spare_the_accounts_below(root):
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    school = AccountFactory()
    admin = make_admin()
    override(root, role, enabled=False, applies_to_descendants=False, locked=True)
    assert not may_on_account(admin, KEY, root)
    assert may_on_account(admin, KEY, school)
    override(school, role, "read_sis", enabled=False)
    assert not may_on_account(admin, "read_sis", school)


def test_people_with_several_roles_may_do_what_any_of_them_allows(teaching):
    course = teaching.section.course
    helper = Role.objects.create(label="Pairing help", base_type=BaseType.OBSERVER, account=course.account)
    override(course.account, helper, enabled=True)
    override(course.account, helper, "read_roster", enabled=False)
    EnrollmentFactory(user=teaching.user, section=teaching.section, type=BaseType.OBSERVER, role=helper)
    assert course_permissions(teaching.user, course) >= {KEY, "read_roster"}


def test_permissions_of_admin_and_course_roles_add_up(teaching, teacher_role):
    school = teaching.section.course.account.parent
    membership = Role.objects.built_in(BaseType.ACCOUNT_MEMBERSHIP)
    override(school, membership, enabled=True)
    assert not has_it(teaching)
    AccountAdmin.objects.create(user=teaching.user, account=school, role=membership)
    assert course_permissions(teaching.user, teaching.section.course) >= {KEY, "read_roster"}


def test_an_override_of_something_that_is_no_permission_is_ignored(root):
    override(root, Role.objects.built_in(BaseType.ACCOUNT_ADMIN), "fly", enabled=True)
    assert account_permissions(make_admin(), root) == PERMISSIONS.keys()


# Statements


def test_asking_takes_one_statement_however_many_accounts_levels_roles_and_overrides_there_are(root):
    admin = make_admin()
    account = root
    for number in range(10):
        account = AccountFactory(parent=account)
        role = Role.objects.create(label=f"Helper {number}", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
        AccountAdmin.objects.create(user=admin, account=account, role=role)
        override(account, role, enabled=True)
    assert statements(lambda: account_permissions(admin, account)) == 1
    assert statements(lambda: list(permissions_on(admin, Account.objects.all()))) == 2
    courses = [CourseFactory(account=account), *(CourseFactory() for _ in range(20))]
    assert statements(lambda: permissions_in(admin, courses)) == 1
    assert statements(lambda: course_permissions(admin, courses[0])) == 1
    assert all(keys == PERMISSIONS.keys() for keys in permissions_in(admin, courses).values())


def test_within_a_request_a_course_and_all_accounts_above_it_cost_one_statement_together(root):
    school = AccountFactory(parent=AccountFactory())
    course = CourseFactory(account=school)
    admin = make_admin(school)

    def ask():
        with remembering():
            for _again in range(3):
                course_permissions(admin, course)
                account_permissions(admin, school)
                account_permissions(admin, root)

    assert statements(ask) == 1


def test_what_is_remembered_is_forgotten_with_any_change(root):
    admin = make_admin()
    with remembering():
        assert may_on_account(admin, KEY, root)
        set_permission(Role.objects.built_in(BaseType.ACCOUNT_ADMIN), root, KEY, {"enabled": False}, by=admin)
        assert not may_on_account(admin, KEY, root)


def test_writing_to_a_table_that_permissions_are_read_from_forgets_what_is_remembered(root):
    admin, course = make_admin(), CourseFactory()
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    with remembering():
        assert may_on_account(admin, KEY, root)
        RoleOverride.objects.create(account=root, role=role, permission=KEY, enabled=False)
        assert not may_on_account(admin, KEY, root)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM accounts_roleoverride")
        assert may_on_account(admin, KEY, root)
        teacher = UserFactory()
        assert "read_roster" not in course_permissions(teacher, course)
        EnrollmentFactory(user=teacher, section__course=course, type=BaseType.TEACHER)
        assert "read_roster" in course_permissions(teacher, course)


def test_writing_to_any_other_table_leaves_permissions_remembered(root):
    admin = make_admin()
    with remembering():
        may_on_account(admin, KEY, root)
        record(UserCreated(), by=admin)
        FailedTry.objects.create(keys=["x"])
        assert statements(lambda: may_on_account(admin, KEY, root)) == 0


def test_permissions_of_one_person_are_not_remembered_for_another(root):
    with remembering():
        assert may_on_account(make_admin(), KEY, root)
        assert not may_on_account(UserFactory(), KEY, root)
