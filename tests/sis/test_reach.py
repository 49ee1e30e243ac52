"""Nobody does by a file to admins and their roles what they may not do by hand."""

import pytest

from accounts.models import AccountAdmin, Action, AuditEvent, BaseType, Role, RoleOverride, User
from accounts.permissions.resolver import account_permissions
from courses.access.act_as import acting_as
from sis.options import Options
from tests.database import statements
from tests.factories import AccountFactory, UserFactory, make_admin, make_clerk
from tests.sis.conftest import warnings
from tests.sis.texts import ADMINS, USERS


@pytest.fixture
def clerk(root):
    """Who may import rosters, and nothing else."""
    return make_clerk("import_sis", sis_user_id="CLERK", login_id="clerk")


def held(sis_id):
    """{the label of each role: its state}"""
    return dict(AccountAdmin.objects.filter(user__sis_user_id=sis_id).values_list("role__label", "workflow_state"))


class TestRoles:
    def test_nobody_makes_themselves_or_others_what_they_could_not_by_hand(self, load, clerk, root):
        UserFactory(sis_user_id="KIM")
        before = account_permissions(clerk, root)
        made = load(by=clerk, admins=f"{ADMINS}\nCLERK,,AccountAdmin,active\nKIM,,AccountAdmin,active")
        assert warnings(made) == [(2, "role_reaches_further"), (3, "role_reaches_further")]
        assert account_permissions(clerk, root) == before
        assert held("KIM") == {}

    def test_nobody_removes_by_a_file_a_role_they_could_not_by_hand(self, load, clerk):
        UserFactory(sis_user_id="KIM")
        load(admins=f"{ADMINS}\nKIM,,AccountAdmin,active")
        made = load(by=clerk, admins=f"{ADMINS}\nKIM,,AccountAdmin,deleted")
        assert warnings(made) == [(2, "role_reaches_further")]
        assert held("KIM") == {"Account Admin": "active"}

    def test_it_takes_the_right_to_add_admins_and_all_that_the_role_may(self, load, root):
        UserFactory(sis_user_id="KIM")
        school = AccountFactory(sis_account_id="HS")
        helper = Role.objects.create(label="Helper", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
        RoleOverride.objects.create(role=helper, account=root, permission="read_roster", enabled=True)
        RoleOverride.objects.create(role=helper, account=school, permission="manage_sections_edit", enabled=True)
        file = f"{ADMINS}\nKIM,,Helper,active\nKIM,HS,Helper,active"
        without = make_clerk("import_sis", "read_roster", sis_user_id="A")
        assert [row for row, _kind in warnings(load(by=without, admins=file))] == [2, 3]
        # Below the root account the role may do more than this one, so neither there nor above.
        some = make_clerk("import_sis", "read_roster", "manage_account_memberships", sis_user_id="B")
        assert [row for row, _kind in warnings(load(by=some, admins=file))] == [2, 3]
        role = AccountAdmin.objects.get(user=some).role
        RoleOverride.objects.create(role=role, account=school, permission="manage_sections_edit", enabled=True)
        assert warnings(load(by=some, admins=file)) == []
        assert AccountAdmin.objects.filter(user__sis_user_id="KIM").count() == 2

    def test_who_acts_as_somebody_has_the_rights_of_that_person(self, load, clerk, admin):
        UserFactory(sis_user_id="KIM")
        made = load(by=acting_as(admin, clerk), admins=f"{ADMINS}\nKIM,,AccountAdmin,active")
        assert (warnings(made), held("KIM")) == ([(2, "role_reaches_further")], {})

    def test_the_command_line_may_all(self, load):
        UserFactory(sis_user_id="KIM")
        made = load(by=None, admins=f"{ADMINS}\nKIM,,AccountAdmin,active")
        assert (warnings(made), held("KIM")) == ([], {"Account Admin": "active"})

    def test_admin_roles_given_by_a_file_are_recorded(self, load, admin):
        kim = UserFactory(sis_user_id="KIM")
        made = load(admins=f"{ADMINS}\nKIM,,AccountAdmin,active")
        load(admins=f"{ADMINS}\nKIM,,AccountAdmin,active")
        load(admins=f"{ADMINS}\nKIM,,AccountAdmin,deleted")
        told = AuditEvent.objects.filter(subject=kim).order_by("id")
        assert [(one.action, one.actor) for one in told] == [
            (Action.ADMIN_CREATED, admin),
            (Action.ADMIN_REMOVED, admin),
        ]
        role = AccountAdmin.objects.get(user=kim)
        assert told[0].details == {"account": role.account_id, "role": role.role_id, "sis_import": made.pk}

    def test_roles_that_end_with_the_person_are_recorded_too(self, load):
        hand = make_admin(sis_user_id="HAND", login_id="hand")
        load(users=f"{USERS}\nHAND,hand,deleted")
        told = AuditEvent.objects.filter(subject=hand).order_by("id")
        assert [one.action for one in told] == [Action.ADMIN_REMOVED, Action.USER_DELETED]

    def test_one_that_somebody_has_taken_away_by_hand_is_no_fault_of_the_file(self, load, admin):
        from_file = UserFactory(sis_user_id="KIM")
        load(admins=f"{ADMINS}\nKIM,,AccountAdmin,active")
        AccountAdmin.objects.filter(user=from_file).update(workflow_state="deleted", sis_import_id=None)
        assert warnings(load(admins=f"{ADMINS}\nKIM,,AccountAdmin,deleted")) == []

    def test_it_costs_the_same_for_any_number_of_people(self, load, admin):
        for number in range(40):
            UserFactory(sis_user_id=f"N{number}")
        load()

        def file(first, last):
            return "\n".join([ADMINS, *(f"N{number},,AccountAdmin,active" for number in range(first, last))])

        few = statements(lambda: load(admins=file(0, 2)))
        assert statements(lambda: load(admins=file(2, 40))) == few
        assert AccountAdmin.objects.filter(user__sis_user_id__startswith="N").count() == 40


class TestPeople:
    HEADER = f"{USERS},full_name,email"
    HAND = "HAND,hand,active,Ina Hand,ina@example.org"

    @pytest.fixture(autouse=True)
    def hand(self, load, root):
        """An Account Admin who has come by a file before."""
        load(users=f"{self.HEADER}\n{self.HAND}")
        hand, role = User.objects.get(sis_user_id="HAND"), Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
        AccountAdmin.objects.create(user=hand, account=root, role=role)
        return hand

    @pytest.mark.parametrize(
        "row",
        [
            "HAND,hand,active,Ina Hand,other@example.org",
            "HAND,other,active,Ina Hand,ina@example.org",
            "HAND,hand,active,Una Hand,ina@example.org",
            "HAND,hand,suspended,Ina Hand,ina@example.org",
            "HAND,hand,deleted,Ina Hand,ina@example.org",
            "OTHER,hand,active,Ina Hand,ina@example.org",
        ],
    )
    def test_one_who_may_do_more_is_not_changed(self, load, clerk, hand, row):
        before = User.objects.filter(pk=hand.pk).values().get()
        wanted = Options(ignore_deletion_brake=True, update_sis_id_if_login_claimed=True)
        made = load(by=clerk, options=wanted, users=f"{self.HEADER}\n{row}\nNEW,new,active,New Person,")
        assert warnings(made) == [(2, "reaches_further")]
        assert User.objects.filter(pk=hand.pk).values().get() == before
        assert held("HAND") == {"Account Admin": "active"}
        assert User.objects.filter(sis_user_id="NEW").exists()

    @pytest.mark.parametrize("password", ["four-old-bicycles", "five-new-bicycles"])
    def test_the_password_of_one_who_may_do_more_is_not_changed(self, load, clerk, hand, password):
        hand.set_password("four-old-bicycles")
        hand.save()
        made = load(by=clerk, users=f"{self.HEADER},password\n{self.HAND},{password}")
        assert warnings(made) == [(2, "reaches_further")]
        hand.refresh_from_db()
        assert hand.check_password("four-old-bicycles")

    def test_a_suspended_one_is_not_let_in_again(self, load, clerk, hand):
        User.objects.filter(pk=hand.pk).update(state="suspended")
        made = load(by=clerk, users=f"{self.HEADER}\n{self.HAND}")
        hand.refresh_from_db()
        assert (warnings(made), hand.state) == ([(2, "reaches_further")], "suspended")

    def test_a_row_that_changes_nothing_is_no_fault(self, load, clerk):
        assert warnings(load(by=clerk, users=f"{self.HEADER}\n{self.HAND}")) == []

    def test_one_who_may_do_more_gets_no_other_ids(self, load, clerk, hand):
        made = load(by=clerk, ids="old_id,new_id,type\nHAND,MINE,user")
        assert warnings(made) == [(2, "reaches_further")]
        User.objects.filter(pk=hand.pk).update(sis_user_id=None)
        made = load(by=clerk, logins=f"user_id,login_id,existing_canvas_user_id\nMINE,hand,{hand.pk}")
        assert warnings(made) == [(2, "reaches_further")]
        hand.refresh_from_db()
        assert hand.sis_user_id is None

    def test_people_who_may_do_no_more_in_accounts_are_changed(self, load, clerk):
        make_clerk("import_sis", sis_user_id="EQUAL", login_id="equal")
        made = load(by=clerk, users=f"{self.HEADER}\nEQUAL,equal,active,Eve Equal,\nCLERK,clerk,active,Cleo Clerk,")
        assert warnings(made) == []
        assert User.objects.get(sis_user_id="EQUAL").name == "Eve Equal"

    def test_one_whose_rights_are_in_another_school_only_may_do_more_there(self, load, clerk):
        make_admin(AccountFactory(), sis_user_id="HEAD", login_id="head")
        made = load(by=clerk, users=f"{self.HEADER}\nHEAD,head,active,Hal Head,")
        assert warnings(made) == [(2, "reaches_further")]

    def test_account_admins_of_the_institution_and_the_command_line_may_all(self, load, hand):
        for number, by in enumerate([make_admin(), None]):
            made = load(by=by, users=f"{self.HEADER}\nHAND,hand,active,Ina {number},")
            assert warnings(made) == []
            hand.refresh_from_db()
            assert hand.name == f"Ina {number}"

    def test_it_costs_them_the_same_for_any_number_of_admins(self, load):
        school = AccountFactory()
        for number in range(24):
            make_admin(school if number % 2 else AccountFactory(), sis_user_id=f"N{number}", login_id=f"n{number}")

        def file(first, last, name):
            return "\n".join([self.HEADER, *(f"N{n},n{n},active,{name} {n}," for n in range(first, last))])

        few = statements(lambda: load(users=file(0, 2, "Few")))
        assert statements(lambda: load(users=file(2, 24, "Many"))) == few
        assert User.objects.filter(name__startswith="Many").count() == 22
