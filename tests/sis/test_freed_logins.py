"""The login of somebody whom a roster has deleted is free, on every entrance; and nothing of theirs comes with it."""

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.domain.registration import NewUser, register
from accounts.domain.users import edit_user
from accounts.models import AccessToken, ObservationLink, User
from courses.domain.observation import link
from courses.models import Enrollment
from pairing.domain.account_deletion import delete_user
from pairing.domain.sign_up import sign_up
from sis.imports.queue import work_off
from sis.imports.restore import begin_restoring
from sis.options import Options
from tests.api import Api
from tests.factories import PASSWORD, CodeFactory, SectionFactory, UserFactory, make_student
from tests.sis.conftest import warnings
from tests.sis.texts import USERS, table

LOGIN = "pat@example.org"
OTHER_PASSWORD = "another-long-word"


@pytest.fixture
def pat(load):
    """Somebody with a session, a token and a child here, whom a roster has deleted since."""
    kim = make_student(SectionFactory(), sis_user_id="KIM")
    pat = UserFactory(name="Pat Parent", login_id=LOGIN, email=LOGIN, sis_user_id="PAT", password=PASSWORD)
    link(pat, kim, origin=ObservationLink.Origin.CODE, by=None)
    load(users=table(USERS, f"PAT,{LOGIN},deleted"))
    pat.refresh_from_db()
    assert pat.state == User.State.DELETED
    return pat


def signing_up(**more):
    return NewUser(name="Pat Other", login_id="PAT@example.org", password=OTHER_PASSWORD, terms_of_use=True, **more)


def by_staff(admin):
    return register(signing_up(), by=admin)


def by_page(admin):
    return edit_user(UserFactory(name="Pat Other"), by=admin, login_id="PAT@example.org")


class TestSomebodyElseGetsIt:
    def test_by_signing_up_with_a_code_and_nothing_of_the_old_account_comes_with_it(self, pat):
        lee = make_student(SectionFactory())
        CodeFactory(student=lee, text="abcdef")
        new = sign_up(signing_up(initial_enrollment_type="observer"), "abcdef", network="192.0.2.1")
        assert new.pk != pat.pk
        assert list(new.observee_links.values_list("student", flat=True)) == [lee.pk]
        assert set(Enrollment.objects.filter(user=new).values_list("associated_user", flat=True)) == {lee.pk}
        assert not AccessToken.objects.filter(user=new).exists()
        pat.refresh_from_db()
        assert (pat.state, pat.login_id) == (User.State.DELETED, LOGIN)

    @pytest.mark.parametrize("way", [by_staff, by_page])
    def test_by_staff(self, pat, admin, way):
        assert way(admin).pk != pat.pk

    def test_by_the_api(self, pat, admin):
        answer = Api(admin).post("accounts/self/users", user={"name": "Pat Other"}, pseudonym={"unique_id": LOGIN})
        assert answer.status_code == 200
        assert answer.json()["id"] != pat.pk

    def test_by_a_roster(self, pat, load):
        made = load(users=table(USERS, f"NEW,{LOGIN},active"))
        assert warnings(made) == []
        assert User.objects.get(sis_user_id="NEW").pk != pat.pk

    def test_and_signs_in_with_it_while_the_old_password_opens_nothing(self, pat):
        new = register(signing_up())
        for password, found in ((OTHER_PASSWORD, new), (PASSWORD, None)):
            client = Client()
            client.post("/login/canvas", {"login": LOGIN, "password": password})
            assert client.session.get("_auth_user_id") == (str(found.pk) if found else None)
        assert authenticate(None, username=LOGIN, password=PASSWORD) is None

    def test_and_is_who_is_meant_by_it(self, pat, admin):
        new = register(signing_up())
        assert Api(admin).get(f"users/sis_login_id:{LOGIN}").json()["id"] == new.pk


def test_no_two_people_who_are_here_have_one_login(pat):
    register(signing_up())
    for name in (LOGIN, "PAT@example.org", "p\u0430t@example.org"):
        with pytest.raises(IntegrityError, match="login_is_unique"), transaction.atomic():
            UserFactory(login_id=name)
    with pytest.raises(IntegrityError, match="login_is_unique"), transaction.atomic():
        User.objects.filter(pk=pat.pk).update(state=User.State.REGISTERED)


def test_many_deleted_people_may_have_had_one_login(load):
    for name in ("A", "B", "C"):
        load(users=table(USERS, f"{name},one,active"))
        assert warnings(load(users=table(USERS, f"{name},one,deleted"))) == []
    assert User.objects.filter(login_id="one", state="deleted").count() == 3
    assert authenticate(None, username="one", password=PASSWORD) is None


def test_one_deleted_by_hand_leaves_the_login_too(admin):
    first = UserFactory(login_id=LOGIN, password=PASSWORD)
    delete_user(first, by=admin)
    assert register(signing_up()).pk != first.pk


class TestComingBack:
    """Whoever comes back finds their login gone, and nobody is put out of it."""

    @pytest.fixture
    def new(self, pat):
        return register(signing_up())

    @pytest.mark.parametrize("status", ["active", "suspended"])
    def test_by_a_roster_is_refused_with_the_name_of_the_holder(self, pat, new, load, status):
        made = load(users=table(USERS, f"PAT,{LOGIN},{status}"))
        assert warnings(made) == [(2, "login_claimed")]
        assert str(new.pk) in made.sis_import_errors.get().message
        pat.refresh_from_db()
        assert pat.state == User.State.DELETED
        assert authenticate(None, username=LOGIN, password=OTHER_PASSWORD) == new

    def test_by_a_roster_with_another_login_works(self, pat, new, load):
        assert warnings(load(users=table(USERS, "PAT,pat2,active"))) == []
        pat.refresh_from_db()
        assert (pat.state, pat.login_id) == (User.State.REGISTERED, "pat2")

    @pytest.mark.parametrize("row", [f"PAT,{LOGIN},active", "PAT,pat2,active"])
    def test_by_a_roster_that_may_not_change_the_old_login_is_refused(self, pat, new, load, row):
        User.objects.filter(pk=pat.pk).update(stuck_sis_fields=["login_id"])
        made = load(users=table(USERS, row))
        assert warnings(made) == [(2, "login_claimed")]
        assert LOGIN in made.sis_import_errors.get().message
        if "pat2" in row:
            again = load(
                options=Options(ignore_deletion_brake=True, override_sis_stickiness=True), users=table(USERS, row)
            )
            assert warnings(again) == []

    def test_of_two_rows_of_one_file_the_first_gets_it(self, pat, load):
        made = load(users=table(USERS, f"NEW,{LOGIN},active", f"PAT,{LOGIN},active"))
        assert warnings(made) == [(3, "login_claimed")]

    def test_by_taking_the_import_back_is_told_and_leaves_the_new_account_alone(self, root, admin, load):
        load(users=table(USERS, "KIM,kim,active", "LEE,lee,active"))
        made = load(users=table(USERS, "KIM,kim,deleted", "LEE,lee,deleted"))
        new = UserFactory(login_id="KIM", sis_user_id="NEW", password=OTHER_PASSWORD)
        begin_restoring(made, by=admin)
        work_off(root)
        made.refresh_from_db()
        assert made.workflow_state == "partially_restored"
        states = dict(User.objects.filter(sis_user_id__in=["KIM", "LEE", "NEW"]).values_list("sis_user_id", "state"))
        assert states == {"KIM": "deleted", "LEE": "registered", "NEW": "registered"}
        [told] = made.sis_import_errors.filter(kind="login_taken_since")
        assert all(word in told.message for word in ("KIM", "NEW", "kim"))
        assert made.warning_count == 1
        assert authenticate(None, username="kim", password=OTHER_PASSWORD) == new
