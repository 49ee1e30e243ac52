"""What only one can have passes from one record to another within an upload, whichever row comes first."""

from itertools import permutations

import pytest
from django.test import Client

from accounts.domain.tokens import make_token, token_owner
from accounts.models import Account, AuditEvent, User
from courses.models import Course, Section, Term
from sis.imports import runner
from sis.imports.queue import work_off
from sis.models import ChangedId, SisImport
from sis.options import Options
from tests.factories import PASSWORD, UserFactory, make_admin, make_clerk
from tests.sis.conftest import warnings
from tests.sis.texts import USERS, people, table

NIGHTLY = Options(ignore_deletion_brake=True, diffing_data_set_identifier="nightly")


def logins(*names):
    found = User.objects.filter(sis_user_id__in=names or "ABCDE").exclude(state="deleted")
    return dict(found.values_list("sis_user_id", "login_id"))


def rows(**given):
    return table(USERS, *(f"{one},{login},active" for one, login in given.items()))


@pytest.fixture(params=[1, 5000], ids=lambda rows: f"{rows} rows at once")
def any_chunks(request, monkeypatch):
    monkeypatch.setattr(runner, "ROWS_PER_CHUNK", request.param)


@pytest.mark.usefixtures("any_chunks")
class TestLogins:
    @pytest.fixture(autouse=True)
    def _people(self, load):
        load(users=people("A", "B", "C", "D"))

    @pytest.mark.parametrize("order", [*permutations("ABC")], ids="".join)
    @pytest.mark.parametrize(
        "wanted",
        [
            {"A": "new", "B": "a", "C": "c"},
            {"A": "new", "B": "a", "C": "b"},
            {"A": "b", "B": "a", "C": "c"},
            {"A": "b", "B": "c", "C": "a"},
            {"A": "B", "B": "A", "C": "c2"},
        ],
        ids=["passed", "passed on", "swapped", "around", "in other letters"],
    )
    def test_are_what_the_upload_says_in_one_night(self, load, order, wanted):
        made = load(users=rows(**{one: wanted[one] for one in order}))
        assert (warnings(made), logins(*"ABC"), made.data["counts"]["users"]) == ([], wanted, 3)
        assert SisImport.objects.get(pk=made.pk).postponed == []

    @pytest.mark.parametrize("order", [*permutations("ABE")], ids="".join)
    def test_go_to_somebody_new_too(self, load, order):
        wanted = {"A": "b", "B": "b2", "E": "a"}
        before = User.objects.get(sis_user_id="A").pk
        assert warnings(load(users=rows(**{one: wanted[one] for one in order}))) == []
        assert (logins(*"ABE"), User.objects.get(sis_user_id="A").pk) == (wanted, before)

    def test_pass_between_files(self, load):
        assert warnings(load(users=rows(A="b"), more_users=rows(B="a"))) == []
        assert logins("A", "B") == {"A": "b", "B": "a"}

    @pytest.mark.parametrize("options", [NIGHTLY, Options(ignore_deletion_brake=True)], ids=["compared", "not"])
    def test_go_over_from_who_leaves(self, load, options):
        load(users=people("A", "B"), options=options)
        load(users=table(USERS, "B,a,active", *([] if options == NIGHTLY else ["A,a,deleted"])), options=options)
        assert logins("A", "B") == {"B": "a"}

    @pytest.mark.parametrize("row", ["A,b,nonsense", "A,\x07b,active", "A,d,active"])
    def test_stay_with_who_has_them_when_the_row_that_gives_them_away_is_refused(self, load, row):
        before = logins()
        made = load(users=table(USERS, "B,a,active", row, "C,b,active"))
        assert [kind for _row, kind in warnings(made)].count("login_claimed") >= 2
        assert len(warnings(made)) == 3
        assert logins() == before

    def test_stay_with_who_is_not_in_the_upload(self, load):
        other = UserFactory(login_id="x", sis_user_id=None)
        made = load(users=rows(A="x", B="a"))
        assert [kind for _row, kind in warnings(made)] == ["login_claimed", "login_claimed"]
        other.refresh_from_db()
        assert (other.login_id, logins("A", "B")) == ("x", {"A": "a", "B": "b"})

    def test_of_two_who_want_one_the_first_gets_it(self, load):
        made = load(users=rows(B="a", C="a", A="new"))
        assert (warnings(made), logins("A", "B", "C")) == ([(3, "login_claimed")], {"A": "new", "B": "a", "C": "c"})

    def test_of_rows_about_one_person_the_last_counts(self, load):
        header = "user_id,login_id,full_name,status"
        made = load(users=table(header, "B,a,First,active", "B,a,Last,active", "A,new,,active"))
        assert (warnings(made), logins("A", "B")) == ([], {"A": "new", "B": "a"})
        assert User.objects.get(sis_user_id="B").name == "Last"

    def test_that_people_have_chosen_stay(self, load):
        User.objects.filter(sis_user_id="A").update(stuck_sis_fields=["login_id"])
        made = load(users=rows(A="b", B="a"))
        assert warnings(made) == [(2, "login_claimed"), (3, "login_claimed")]
        assert logins("A", "B") == {"A": "a", "B": "b"}

    def test_are_not_taken_from_who_reaches_further_than_the_sender(self, load):
        make_admin(sis_user_id="CHIEF", login_id="chief")
        clerk = make_clerk("import_sis", sis_user_id="CLERK", login_id="clerk")
        made = load(users=rows(CHIEF="a", A="chief", B="b2"), by=clerk)
        assert [kind for _row, kind in warnings(made)] == ["login_claimed", "login_claimed"]
        assert logins("CHIEF", "A", "B") == {"CHIEF": "chief", "A": "a", "B": "b2"}

    def test_bring_no_account_along(self, load):
        for one in "AB":
            person = User.objects.get(sis_user_id=one)
            person.set_password(PASSWORD + one)
            person.save()
        clients = {one: Client() for one in "AB"}
        for one, client in clients.items():
            client.force_login(User.objects.get(sis_user_id=one))
        token = make_token(User.objects.get(sis_user_id="A"), "", by=None)
        load(users=rows(B="a", A="b"))
        for password, one in ((PASSWORD + "A", "A"), (PASSWORD + "B", "B")):
            for login in "ab":
                client = Client()
                client.post("/login/canvas", {"login": login, "password": password})
                is_theirs = logins("A", "B")[one] == login
                owner = str(User.objects.get(sis_user_id=one).pk) if is_theirs else None
                assert client.session.get("_auth_user_id") == owner
        assert token_owner(token).sis_user_id == "A"
        assert clients["A"].get("/").wsgi_request.user.sis_user_id == "A"

    def test_that_pass_are_recorded(self, load):
        made = load(users=rows(B="a", A="b"))
        told = AuditEvent.objects.filter(action="user.changed", details__sis_import=made.pk)
        assert sorted((one.subject.sis_user_id, one.details["fields"]) for one in told) == [
            ("A", ["login_id"]),
            ("B", ["login_id"]),
        ]

    def test_a_dry_run_tells_what_would_pass_and_changes_nothing(self, load):
        before = logins()
        made = load(users=rows(B="a", A="b"), options=Options(dry_run=True))
        assert (warnings(made), logins()) == ([], before)
        assert made.report["users"]["changed"]["count"] == 2


FILES = {
    "users": (User, "sis_user_id", "user_id,integration_id,login_id,status", "{0},{1},{0},active"),
    "accounts": (
        Account,
        "sis_account_id",
        "account_id,parent_account_id,integration_id,name,status",
        "{0},,{1},x,active",
    ),
    "terms": (Term, "sis_term_id", "term_id,integration_id,name,status", "{0},{1},x,active"),
    "courses": (Course, "sis_course_id", "course_id,integration_id,short_name,long_name,status", "{0},{1},x,x,active"),
    "sections": (Section, "sis_section_id", "section_id,integration_id,course_id,name,status", "{0},{1},K,x,active"),
}


@pytest.mark.parametrize("kind", FILES)
class TestIntegrationIds:
    @pytest.fixture
    def send(self, kind, load):
        model, sis_id, header, row = FILES[kind]
        if kind == "sections":
            load(courses="course_id,short_name,long_name,status\nK,k,K,active")

        def send(options=NIGHTLY, **given):
            made = load(options=options, **{kind: table(header, *(row.format(*one) for one in given.items()))})
            state = "state" if kind == "users" else "workflow_state"
            found = model.objects.filter(**{f"{sis_id}__in": "ABC"}).exclude(**{state: "deleted"})
            return warnings(made), dict(found.values_list(sis_id, "integration_id"))

        return send

    @pytest.mark.parametrize("order", ["ABC", "CBA"])
    @pytest.mark.parametrize(
        "wanted",
        [{"A": "4", "B": "1", "C": "2"}, {"A": "2", "B": "1", "C": "3"}, {"A": "2", "B": "3", "C": "1"}],
        ids=["passed on", "swapped", "around"],
    )
    def test_are_what_the_upload_says_in_one_night(self, send, order, wanted):
        send(A="1", B="2", C="3")
        assert send(**{one: wanted[one] for one in order}) == ([], wanted)

    def test_go_over_from_what_leaves(self, send):
        send(A="1", B="2")
        assert send(B="1") == ([], {"B": "1"})

    def test_go_over_from_what_has_left(self, send):
        send(A="1", B="2")
        send(B="2")
        assert send(B="1") == ([], {"B": "1"})

    def test_stay_where_they_are_when_the_record_is_no_part_of_the_upload(self, send, load):
        send(A="1", B="2")
        other = Options(ignore_deletion_brake=True, diffing_data_set_identifier="other")
        found, now = send(other, C="1")
        assert (len(found), now) == (1, {"A": "1", "B": "2"})


def test_rows_that_name_a_person_by_the_integration_id_mean_the_one_who_has_it_now(load):
    header = "user_id,integration_id,login_id,status"
    load(options=NIGHTLY, users=table(header, "A,1,a,active", "B,2,b,active"))
    load(options=NIGHTLY, users=table(header, "A,2,a,active", "B,1,b,active"))
    changed = ChangedId.objects.filter(kind="user integration").values_list("before", flat=True)
    assert sorted(changed) == ["1", "2"]


def test_what_waits_is_applied_after_an_interruption(load, root, monkeypatch):
    """The process dies when the other rows of the kind are applied."""
    load(users=people("A", "B", "C"))
    carry_out, died = runner.Import._apply_postponed, []

    def dies(self, files, waiting):
        if not died:
            died.append(waiting)
            raise KeyboardInterrupt
        carry_out(self, files, waiting)

    monkeypatch.setattr(runner.Import, "_apply_postponed", dies)
    with pytest.raises(KeyboardInterrupt):
        load(users=rows(A="b", C="c2", B="a"))
    work_off(root)
    assert logins("A", "B", "C") == {"A": "b", "B": "a", "C": "c2"}
