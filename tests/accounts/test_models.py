"""What the tables of accounts keep by themselves, whoever writes to them."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import (
    Account,
    AccountAdmin,
    Action,
    AuditEvent,
    BaseType,
    CodeScope,
    ObservationLink,
    Role,
    RoleOverride,
    SelfRegistration,
    User,
)
from tests.factories import AccountFactory, UserFactory

pytestmark = pytest.mark.usefixtures("root")


def test_there_is_one_root_account(root):
    with pytest.raises(IntegrityError, match="one_root_account"), transaction.atomic():
        Account.objects.create(name="Another institution")
    assert Account.objects.root() == root
    child = AccountFactory(parent=root)
    with pytest.raises(IntegrityError, match="one_root_account"):
        Account.objects.filter(pk=child.pk).update(parent=None)


@pytest.mark.parametrize("length", [1, 2, 3, 6])
def test_the_tree_has_no_loops_of_any_length(length):
    top = account = AccountFactory()
    for _ in range(length - 1):
        account = AccountFactory(parent=account)
    with (
        pytest.raises(IntegrityError, match=r"its_own_parent|its own ancestor"),
        transaction.atomic(),
    ):
        Account.objects.filter(pk=top.pk).update(parent=account)
    top.refresh_from_db()
    assert top.parent == Account.objects.root()


def test_an_account_can_be_moved_elsewhere_in_the_tree():
    school, other = AccountFactory(), AccountFactory()
    below = AccountFactory(parent=school)
    below.parent = other
    below.save()
    school.parent = below
    school.save()
    assert Account.objects.get(pk=school.pk).parent.parent == other


def test_a_login_is_taken_in_any_case():
    UserFactory(login_id="Emile@example.org")
    with pytest.raises(IntegrityError, match="login_is_unique_in_any_case"):
        UserFactory(login_id="eMILE@EXAMPLE.ORG")


def test_a_login_is_found_in_any_case():
    user = UserFactory(login_id="Jo@example.org")
    assert User.objects.get_by_natural_key("jO@EXAMPLE.org") == user


def test_a_login_is_not_empty_and_ids_are_unique_but_may_be_absent():
    with pytest.raises(IntegrityError, match="login_is_not_empty"), transaction.atomic():
        UserFactory(login_id="")
    UserFactory(sis_user_id=None, integration_id=None)
    UserFactory(sis_user_id=None, integration_id=None)
    UserFactory(sis_user_id="S1", integration_id="I1")
    for fields in ({"sis_user_id": "S1"}, {"integration_id": "I1"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            UserFactory(**fields)


def test_names_are_filled_in_when_they_are_not_given():
    user = UserFactory(name="Ana Maria Diaz")
    assert (user.short_name, user.sortable_name) == ("Ana Maria Diaz", "Diaz, Ana Maria")
    assert user.discreet_name == "Ana D."
    assert UserFactory(name="Cher").discreet_name == "Cher"
    given = UserFactory(name="Ana Maria Diaz", short_name="Ana", sortable_name="Maria Diaz, Ana")
    assert (given.short_name, given.sortable_name) == ("Ana", "Maria Diaz, Ana")


@pytest.mark.parametrize(
    ("state", "can"),
    [("registered", True), ("pre_registered", True), ("suspended", False), ("deleted", False)],
)
def test_suspended_and_deleted_people_cannot_sign_in(state, can):
    assert UserFactory(state=state).is_active is can


@pytest.mark.parametrize(
    ("field", "constraint"),
    [("self_registration", "self_registration_is_known"), ("code_scope", "code_scope_is_known")],
)
def test_the_database_refuses_unknown_values_of_settings(root, field, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        Account.objects.filter(pk=root.pk).update(**{field: "perhaps"})


def test_a_new_institution_starts_with_pairing_off_and_codes_for_all_courses():
    fresh = Account(name="New")
    assert fresh.self_registration == SelfRegistration.NONE
    assert not fresh.pairing_is_on
    assert fresh.code_scope == CodeScope.ALL


@pytest.mark.parametrize("value", [SelfRegistration.OBSERVER, SelfRegistration.ALL])
def test_pairing_is_on_where_anyone_may_register(value):
    assert Account(self_registration=value).pairing_is_on


def test_observer_and_student_have_one_link_and_nobody_one_with_themselves():
    observer, student = UserFactory(), UserFactory()
    values = {"observer": observer, "student": student, "origin": "api"}
    ObservationLink.objects.create(**values)
    for name, fields in {
        "one_link_for_observer_and_student": {},
        "nobody_observes_oneself_by_link": {"student": observer},
        "link_state_is_known": {"observer": UserFactory(), "state": "asleep"},
        "link_scope_is_known": {"observer": UserFactory(), "scope": "some"},
    }.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            ObservationLink.objects.create(**(values | fields))
    ObservationLink.objects.create(observer=student, student=observer, origin="api")


def test_people_who_are_linked_cannot_be_erased_by_accident():
    link = ObservationLink.objects.create(observer=UserFactory(), student=UserFactory(), origin="api")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="accounts_observationlink"):
            cursor.execute("DELETE FROM accounts_user WHERE id = %s", [link.student_id])


def test_every_base_type_has_one_built_in_role():
    assert Role.objects.filter(account=None).count() == len(BaseType)
    assert Role.objects.built_in(BaseType.TEACHER).name == "TeacherEnrollment"
    Role.objects.make_built_in()
    assert Role.objects.filter(account=None).count() == len(BaseType)
    with pytest.raises(IntegrityError, match="one_built_in_role_of_each_type"):
        Role.objects.create(label="Teacher too", base_type=BaseType.TEACHER)


def test_a_roles_label_is_unique_in_its_account_whatever_its_state_and_capitals(root):
    role = Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=root)
    assert role.name == "Mentor"
    with pytest.raises(IntegrityError, match="role_label_is_unique_in_account"), transaction.atomic():
        Role.objects.create(label="Mentor", base_type=BaseType.TA, account=root)
    Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=AccountFactory())
    role.workflow_state = Role.State.INACTIVE
    role.save()
    with pytest.raises(IntegrityError, match="role_label_is_unique_in_account"), transaction.atomic():
        Role.objects.create(label="MENTOR", base_type=BaseType.OBSERVER, account=root)


def test_one_override_for_account_role_and_permission_and_one_admin_for_user_account_and_role(root):
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    override = {"account": root, "role": role, "permission": "read_sis"}
    admin = {"account": root, "role": role, "user": UserFactory()}
    RoleOverride.objects.create(**override, enabled=True)
    AccountAdmin.objects.create(**admin)
    with (
        pytest.raises(IntegrityError, match="one_override_for_account_role_permission"),
        transaction.atomic(),
    ):
        RoleOverride.objects.create(**override, enabled=False)
    with pytest.raises(IntegrityError, match="one_admin_for_user_account_role"), transaction.atomic():
        AccountAdmin.objects.create(**admin)


def test_what_has_been_recorded_can_be_neither_changed_nor_removed():
    event = AuditEvent.objects.create(action=Action.USER_CREATED, actor=UserFactory())
    for change in (
        lambda: AuditEvent.objects.update(actor=None),
        lambda: AuditEvent.objects.all().delete(),
        lambda: event.delete(),
        lambda: event.save(),
    ):
        with (
            pytest.raises(DatabaseError, match="audit events cannot be changed or removed"),
            transaction.atomic(),
        ):
            change()
    for statement in ("UPDATE accounts_auditevent SET details = '{}'", "DELETE FROM accounts_auditevent"):
        with (
            pytest.raises(DatabaseError, match="audit events cannot be changed or removed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert AuditEvent.objects.get().actor == event.actor


def test_logins_are_unique_in_any_case_beyond_ascii_too():
    UserFactory(login_id="renée@example.org")
    with pytest.raises(IntegrityError, match="login_is_unique_in_any_case"), transaction.atomic():
        UserFactory(login_id="RENÉE@example.org")
