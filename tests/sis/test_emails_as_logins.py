"""Whoever has no username in a roster signs in with their email address; but no address opens somebody's account."""

import io
from zipfile import ZipFile

import pytest

from accounts.models import ObservationLink, User
from sis.imports.intake import create_import
from sis.imports.queue import work_off
from sis.options import Options
from tests.factories import PASSWORD, UserFactory, make_admin
from tests.sis.conftest import warnings
from tests.sis.oneroster import manifest
from tests.sis.texts import USERS, table

PEOPLE = "sourcedId,status,dateLastModified,enabledUser,role,username,givenName,familyName,email,agentSourcedIds"
KIM = "KIM,,,true,student,kim,Kim,Lee,,PAT"


class TestOneRoster:
    # Links in force are read on a connection of their own.
    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture
    def send(self, raced_root, settings, tmp_path):
        settings.DATA_DIR = tmp_path
        by = make_admin(sis_user_id="ROOT")

        def send(*people, mode="bulk", **options):
            upload = io.BytesIO()
            with ZipFile(upload, "w") as archive:
                archive.writestr("users.csv", table(PEOPLE, *people))
                archive.writestr("manifest.csv", manifest("1.1", users=mode))
            upload.seek(0)
            made = create_import(
                raced_root, upload, "roster.zip", Options(ignore_deletion_brake=True, **options), by=by
            )
            work_off(raced_root)
            made.refresh_from_db()
            return made

        return send

    @pytest.mark.parametrize("role", ["parent", "guardian", "relative", "teacher"])
    def test_a_person_without_a_username_is_here_under_their_address(self, send, role):
        made = send(KIM, f"PAT,,,true,{role},,Pat,Lee,Pat@example.org,")
        assert [kind for _row, kind in warnings(made) if kind == "no_login_id"] == []
        pat = User.objects.get(sis_user_id="PAT")
        assert (pat.login_id, pat.email, pat.state) == ("Pat@example.org", "Pat@example.org", "registered")
        assert not pat.has_usable_password()
        assert ObservationLink.objects.filter(observer=pat, state="active").count() == (role != "teacher")

    def test_no_student_is_for_it_may_be_a_parents_address(self, send):
        made = send("KIM,,,true,student,,Kim,Lee,pat@example.org,PAT", "PAT,,,true,parent,,Pat,Lee,pat@example.org,")
        assert (2, "no_login_id") in warnings(made)
        assert User.objects.get(login_id="pat@example.org").sis_user_id == "PAT"

    def test_a_username_counts_before_the_address(self, send):
        send("PAT,,,true,parent,pat,Pat,Lee,pat@example.org,")
        assert User.objects.get(sis_user_id="PAT").login_id == "pat"

    def test_without_either_the_message_says_what_is_missing(self, send):
        assert (2, "no_login_id") in warnings(send("PAT,,,true,parent,,Pat,Lee,,"))

    @pytest.mark.parametrize("options", [{}, {"update_sis_id_if_login_claimed": True}])
    def test_no_account_is_taken_over_by_its_address(self, send, options):
        """Whoever signed up with somebody's address must not get their children by the next roster."""
        stranger = UserFactory(login_id="pat@example.org", sis_user_id=None, password=PASSWORD)
        made = send(KIM, "PAT,,,true,parent,,Pat,Lee,PAT@example.org,", **options)
        assert (3, "login_is_email") in warnings(made)
        told = made.sis_import_errors.get(kind="login_is_email").message
        assert all(word in told for word in ("PAT", "PAT@example.org", str(stranger.pk)))
        assert not ObservationLink.objects.exists()
        stranger.refresh_from_db()
        assert stranger.sis_user_id is None

    def test_nor_one_of_another_id(self, send):
        UserFactory(login_id="pat@example.org", sis_user_id="OTHER")
        made = send(KIM, "PAT,,,true,parent,,Pat,Lee,pat@example.org,", update_sis_id_if_login_claimed=True)
        assert (3, "login_claimed") in warnings(made)
        assert User.objects.get(login_id="pat@example.org").sis_user_id == "OTHER"

    def test_once_the_school_has_said_that_it_is_theirs_it_is(self, send):
        known = UserFactory(login_id="pat@example.org", sis_user_id="PAT")
        made = send(KIM, "PAT,,,true,parent,,Pat,Lee,pat@example.org,")
        assert "login_is_email" not in dict(warnings(made)).values()
        assert ObservationLink.objects.get(state="active").observer == known

    def test_whoever_goes_needs_no_login_to_go(self, send):
        send(KIM, "PAT,,,true,parent,pat,Pat,Lee,,")
        made = send("PAT,tobedeleted,2026-01-01,,parent,,,,,", mode="delta")
        assert "no_login_id" not in dict(warnings(made)).values()
        assert User.objects.get(sis_user_id="PAT").state == "deleted"


def test_a_row_that_deletes_somebody_known_needs_no_login(load):
    load(users=table(USERS, "PAT,pat,active"))
    made = load(users=table(USERS, "PAT,,deleted", "KIM,,deleted"))
    assert warnings(made) == [(3, "no_login_id")]
    pat = User.objects.get(sis_user_id="PAT")
    assert (pat.state, pat.login_id) == ("deleted", "pat")
