"""Admin roles in accounts: who is listed, which roles can be given and removed by whom, and what is recorded."""

import pytest
from django.db import transaction

from accounts.domain.admins import (
    admin_roles_of,
    admins_of,
    all_roles_of,
    givable_roles,
    make_admin,
    not_to_give,
    out_of_reach,
    removable,
    remove_admin,
    roles_held_by,
)
from accounts.domain.locks import lock_users
from accounts.errors import Invalid, NotAllowed
from accounts.memory import remembering
from accounts.models import Account, AccountAdmin, Action, AuditEvent, BaseType, Role, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from tests import factories
from tests.accounts.roles import make_helper
from tests.database import statements
from tests.factories import AccountFactory, UserFactory, allow
from tests.racing import meanwhile

GIVE = Permission.MANAGE_ACCOUNT_MEMBERSHIPS
GRADES = Permission.VIEW_ALL_GRADES


def held(user: User, account: Account, role: Role, **fields) -> AccountAdmin:
    return AccountAdmin.objects.create(user=user, account=account, role=role, **fields)


def custom(account: Account, label: str = "Clerk", base_type: str = BaseType.ACCOUNT_MEMBERSHIP, **fields) -> Role:
    return Role.objects.create(account=account, base_type=base_type, label=label, **fields)


# Who has one


def test_the_admins_of_an_account_are_those_of_itself_by_name_without_removed_and_deleted_ones(district):
    people = [UserFactory(name=name) for name in ("Zoe Zorn", "Ann Abel", "Ada Éclair")]
    for person in people:
        held(person, district.school, district.account_admin)
    held(UserFactory(), district.school, district.account_admin, workflow_state="deleted")
    held(UserFactory(state="deleted"), district.school, district.account_admin)
    held(UserFactory(state="suspended", name="Sue Suspended"), district.school, district.account_admin)
    names = [admin.user.name for admin in admins_of(district.school)]
    assert names[:2] == ["Ann Abel", "Ada Éclair"]
    assert names[-1] == "Zoe Zorn"
    assert {*names} == {"Zoe Zorn", "Ann Abel", "Ada Éclair", "Sue Suspended", district.school_admin.name}


def test_listing_admins_with_person_role_and_account_takes_one_statement(district):
    def read() -> None:
        for admin in admins_of(district.school):
            assert admin.user.name
            assert admin.role.label
            assert admin.account.name

    assert statements(read) == 1


def test_the_roles_of_a_person_are_the_active_ones_in_accounts_that_there_are(district):
    person = UserFactory()
    gone = AccountFactory(workflow_state="deleted")
    here = held(person, district.school, district.account_admin)
    above = held(person, district.root, district.account_admin)
    held(person, gone, district.account_admin)
    held(person, district.sibling, district.account_admin, workflow_state="deleted")
    held(UserFactory(), district.school, district.account_admin)
    assert roles_held_by(person) == [above, here], "by the names of the accounts"
    assert roles_held_by(person, within=district.root) == [above, here]
    assert roles_held_by(person, within=district.school) == [here]
    assert roles_held_by(person, within=gone) == []


def test_all_roles_of_people_count_deactivated_roles_and_no_removed_ones(district):
    person, other = UserFactory(), UserFactory()
    retired = custom(district.school, workflow_state="inactive")
    held(person, district.school, retired)
    held(other, district.root, district.account_admin)
    held(other, district.school, district.account_admin, workflow_state="deleted")
    held(UserFactory(), district.root, district.account_admin)
    assert sorted(all_roles_of([person.pk, other.pk])) == sorted(
        [(person.pk, retired.pk, district.school.pk), (other.pk, district.account_admin.pk, district.root.pk)]
    )
    assert all_roles_of([]) == []


def test_the_roles_that_can_be_given_are_the_admin_roles_of_the_account_and_those_above(district):
    made = [custom(district.root, "Above"), custom(district.school, "Here")]
    custom(district.department, "Below")
    custom(district.sibling, "Beside")
    custom(district.school, "Retired", workflow_state="inactive")
    custom(district.school, "Mentor", BaseType.TEACHER)
    membership = Role.objects.built_in(BaseType.ACCOUNT_MEMBERSHIP)
    assert set(admin_roles_of(district.school)) == {district.account_admin, membership, *made}
    assert set(givable_roles(district.school, by=district.school_admin)) == {district.account_admin, membership, *made}


def test_a_helper_gives_only_roles_that_may_do_no_more_than_they_may(district):
    helper, role = make_helper(district.school, GIVE)
    stronger = make_helper(district.school, GIVE, GRADES)[1]
    given = givable_roles(district.school, by=helper)
    assert role in given
    assert stronger not in given
    assert district.account_admin not in given


# Giving


def test_a_role_given_again_by_hand_is_no_longer_a_rosters(district):
    person = UserFactory()
    before = held(person, district.school, district.account_admin, workflow_state="deleted", sis_import_id=7)
    made = make_admin(person, district.account_admin, district.school, by=district.admin)
    made.refresh_from_db()
    assert (made.pk, made.workflow_state, made.sis_import_id) == (before.pk, "active", None)


def test_giving_a_role_that_a_person_has_changes_and_records_nothing(district):
    person = UserFactory()
    before = held(person, district.school, district.account_admin, sis_import_id=7)
    assert make_admin(person, district.account_admin, district.school, by=district.admin) == before
    before.refresh_from_db()
    assert before.sis_import_id == 7
    assert not AuditEvent.objects.exists()


def test_a_role_that_was_given_is_recorded_with_account_and_role(district):
    person = UserFactory()
    made = make_admin(person, district.account_admin, district.school, by=district.admin)
    remove_admin(made, by=district.school_admin)
    about = {"account": district.school.pk, "role": district.account_admin.pk}
    assert [
        (event.action, event.actor, event.subject, event.details) for event in AuditEvent.objects.order_by("id")
    ] == [
        (Action.ADMIN_CREATED, district.admin, person, about),
        (Action.ADMIN_REMOVED, district.school_admin, person, about),
    ]


@pytest.mark.parametrize(
    ("what", "field", "says"),
    [
        ("a deleted person", "user", "This person's account has been deleted."),
        ("a course role", "role", "This account has no such admin role."),
    ],
)
def test_what_cannot_be_given_is_refused_by_the_field_it_is_about(district, what, field, says):
    person = UserFactory(state="deleted" if what == "a deleted person" else "registered")
    role = district.teacher if what == "a course role" else district.account_admin
    with pytest.raises(Invalid, match=says) as refusal:
        make_admin(person, role, district.school, by=district.admin)
    assert (list(refusal.value.errors), refusal.value.of) == ([field], "admin")
    assert not AccountAdmin.objects.filter(user=person).exists()


def test_without_the_permission_nothing_is_told_of_the_person_or_the_role(district):
    gone = UserFactory(state="deleted")
    helper = make_helper(district.school, Permission.READ_ROSTER)[0]
    with pytest.raises(NotAllowed, match="Admins - add / remove"):
        make_admin(gone, district.teacher, district.school, by=helper)


def test_a_person_whose_account_is_being_deleted_becomes_no_admin_meanwhile(transactional_db):
    root = factories.RootFactory()
    admin, person = factories.make_admin(root), UserFactory()
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    with transaction.atomic():
        lock_users([person.pk])
        User.objects.filter(pk=person.pk).update(state="deleted")
        outcome = meanwhile(lambda: make_admin(person, role, root, by=admin))
    (result,) = outcome.result()
    assert isinstance(result, Invalid)
    assert not AccountAdmin.objects.filter(user=person).exists()


def test_no_role_is_given_in_an_account_that_has_been_deleted_meanwhile(district):
    Account.objects.filter(pk=district.department.pk).update(workflow_state="deleted")
    with pytest.raises(Invalid, match="This account has been deleted"):
        make_admin(UserFactory(), district.account_admin, district.department, by=district.admin)
    assert not AccountAdmin.objects.filter(account=district.department).exists()


# Removing


@pytest.mark.parametrize("state", ["active", "inactive"])
def test_a_role_is_removed_only_by_people_who_manage_admins_however_little_it_may_do(district, state):
    role = custom(district.school, workflow_state=state)
    made = held(UserFactory(), district.school, role)
    for by in (UserFactory(), make_helper(district.school, GRADES)[0], make_helper(district.department, GIVE)[0]):
        with pytest.raises(NotAllowed, match="Admins - add / remove"):
            remove_admin(made, by=by)
    made.refresh_from_db()
    assert made.workflow_state == "active"
    remove_admin(made, by=make_helper(district.school, GIVE)[0])


def test_a_role_loses_its_permissions_within_the_request_that_removes_it(district):
    person = UserFactory()
    made = held(person, district.school, district.account_admin)
    with remembering():
        assert account_permissions(person, district.school)
        assert remove_admin(made, by=district.admin).workflow_state == "deleted"
        assert not account_permissions(person, district.school)


def test_removing_a_role_twice_is_recorded_once(district):
    made = held(UserFactory(), district.school, district.account_admin, sis_import_id=7)
    for _ in range(2):
        remove_admin(made, by=district.admin)
    made.refresh_from_db()
    assert (made.workflow_state, made.sis_import_id) == ("deleted", None)
    assert AuditEvent.objects.count() == 1


def test_people_who_manage_admins_may_remove_a_deactivated_role_whatever_it_could_do(district):
    retired = custom(district.school, workflow_state="inactive")
    retired.overrides.create(account=district.school, permission=GRADES, enabled=True)
    helper = make_helper(district.school, GIVE)[0]
    made = held(UserFactory(), district.school, retired)
    assert removable([made], by=helper) == {made.pk}
    remove_admin(made, by=helper)
    Role.objects.filter(pk=retired.pk).update(workflow_state="active")
    made = held(UserFactory(), district.school, Role.objects.get(pk=retired.pk))
    assert removable([made], by=helper) == set()
    with pytest.raises(NotAllowed, match="do not have"):
        remove_admin(made, by=helper)


def test_a_refused_removal_of_ones_own_last_role_leaves_the_role_and_no_record(district):
    only = district.school_admin.account_admins.get()
    with pytest.raises(NotAllowed, match="your own last admin role"):
        remove_admin(only, by=district.school_admin)
    only.refresh_from_db()
    assert only.workflow_state == "active"
    assert not AuditEvent.objects.exists()


def test_an_admin_may_give_up_a_role_while_another_above_leaves_them_the_permission(district):
    second = held(district.admin, district.school, district.account_admin)
    remove_admin(second, by=district.admin)
    assert GIVE in account_permissions(district.admin, district.school)


def test_of_two_admins_who_remove_each_other_at_once_one_stays(transactional_db):
    root = factories.RootFactory()
    one, other = factories.make_admin(root), factories.make_admin(root)
    with transaction.atomic():
        remove_admin(other.account_admins.get(), by=one)
        outcome = meanwhile(lambda: remove_admin(one.account_admins.get(), by=other))
    (result,) = outcome.result()
    assert isinstance(result, NotAllowed)
    assert [admin.user for admin in admins_of(root)] == [one]


# What rosters must not give for somebody


def test_a_role_is_out_of_reach_where_it_allows_what_the_person_may_not_do_there(district):
    helper, role = make_helper(district.root, GIVE, GRADES, where=district.school)
    within = {(role.pk, district.school.pk), (role.pk, district.department.pk)}
    beyond = {
        (role.pk, district.root.pk),
        (role.pk, district.sibling.pk),
        (district.account_admin.pk, district.school.pk),
    }
    assert out_of_reach(within | beyond, by=helper) == beyond
    assert out_of_reach(within, by=district.school_admin) == set()
    allow(BaseType.ACCOUNT_ADMIN, GRADES, district.department, enabled=False)
    assert out_of_reach(within, by=district.school_admin) == within, "below the school counts too"


def test_nothing_is_out_of_reach_when_nothing_is_wanted(district):
    assert out_of_reach([], by=UserFactory()) == set()
    assert not_to_give([], by=UserFactory()) == set()


def test_a_role_that_allows_nothing_is_still_not_to_give_without_the_permission_to_give(district):
    empty = custom(district.school)
    pair = (empty.pk, district.school.pk)
    stranger, helper = UserFactory(), make_helper(district.school, GIVE)[0]
    assert out_of_reach([pair], by=stranger) == set()
    assert not_to_give([pair], by=stranger) == {pair}
    assert not_to_give([pair], by=helper) == set()
    assert not_to_give([pair, (empty.pk, district.sibling.pk)], by=helper) == {(empty.pk, district.sibling.pk)}


def test_for_people_who_may_do_all_of_it_everywhere_any_number_takes_the_same_statements(district):
    pairs = [(custom(district.root, f"Clerk {number}").pk, AccountFactory().pk) for number in range(6)]
    few = statements(lambda: out_of_reach(pairs[:1], by=district.admin))
    assert statements(lambda: out_of_reach(pairs, by=district.admin)) == few
