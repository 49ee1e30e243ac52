"""Making, renaming and deleting sub-accounts and terms."""

from datetime import UTC, datetime

import pytest

from accounts.domain.accounts import create_sub_account, edit_account, sub_accounts_of
from accounts.errors import Invalid, NotAllowed, Refused
from accounts.models import Account, AccountAdmin, Action, AuditEvent
from courses.domain.accounts import delete_sub_account
from courses.domain.courses import create_course
from courses.domain.terms import delete_term, save_term, terms
from courses.models import Course, Term
from tests.factories import AccountFactory, CourseFactory, UserFactory

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def test_a_sub_account_is_made_renamed_and_deleted(school, root):
    made = create_sub_account(school.account, by=school.account_admin, name=" Lower School ")
    assert (made.name, made.parent, made.default_time_zone) == ("Lower School", school.account, "UTC")
    assert list(sub_accounts_of(school.account)) == [made]
    edit_account(made, by=school.admin, name="Upper School", sis_account_id="U1")
    AccountAdmin.objects.create(user=UserFactory(), account=made, role=school.admin.account_admins.get().role)
    delete_sub_account(made, by=school.account_admin)
    assert not sub_accounts_of(school.account).exists()
    assert not AccountAdmin.objects.filter(account=made, workflow_state="active").exists()
    assert create_sub_account(root, by=school.admin, name="Again", sis_account_id="U1").sis_account_id == "U1"
    actions = AuditEvent.objects.filter(action__startswith="account.").order_by("id").values_list("action", flat=True)
    assert list(actions) == [
        Action.ACCOUNT_CREATED,
        Action.ACCOUNT_CHANGED,
        Action.ACCOUNT_DELETED,
        Action.ACCOUNT_CREATED,
    ]


def test_the_accounts_below_follow_to_another_time_zone(school):
    below = [AccountFactory(parent=school.account, default_time_zone="UTC") for _ in range(2)]
    other = AccountFactory(parent=school.account, default_time_zone="Asia/Tokyo")
    edit_account(school.account, by=school.account_admin, default_time_zone="Europe/Paris")
    zones = dict(Account.objects.values_list("pk", "default_time_zone"))
    assert [zones[account.pk] for account in (school.account, *below)] == ["Europe/Paris"] * 3
    assert zones[other.pk] == "Asia/Tokyo"


def test_two_who_change_the_time_zone_at_once_leave_one_zone(school):
    below = AccountFactory(parent=school.account, default_time_zone="UTC")
    stale = Account.objects.get(pk=school.account.pk)
    edit_account(school.account, by=school.account_admin, default_time_zone="Europe/Paris")
    edit_account(stale, by=school.account_admin, default_time_zone="Asia/Tokyo")
    below.refresh_from_db()
    assert below.default_time_zone == "Asia/Tokyo"


@pytest.mark.parametrize("who", ["student", "teacher", "admin_elsewhere"])
def test_accounts_are_for_those_who_manage_their_settings(school, who):
    by = getattr(school, who)
    for change in (
        lambda: create_sub_account(school.account, by=by, name="X"),
        lambda: edit_account(school.account, by=by, name="X"),
        lambda: delete_sub_account(school.account, by=by),
        lambda: save_term(None, by=by, name="X"),
    ):
        with pytest.raises(NotAllowed):
            change()


def test_nobody_deletes_the_account_they_run_from_within(school):
    Course.objects.update(workflow_state="deleted")
    with pytest.raises(NotAllowed):
        delete_sub_account(school.account, by=school.account_admin)


@pytest.mark.parametrize("given", [{"name": " "}, {"name": "x" * 256}, {"name": "\0"}, {"sis_account_id": "TAKEN"}])
def test_an_account_that_cannot_be_is_refused(school, root, given):
    AccountFactory(sis_account_id="TAKEN")
    for change in (
        lambda: create_sub_account(root, by=school.admin, **{"name": "X", **given}),
        lambda: edit_account(school.account, by=school.admin, **given),
    ):
        with pytest.raises(Invalid):
            change()


def test_an_sis_id_of_an_account_needs_its_own_right(school):
    with pytest.raises(NotAllowed):
        create_sub_account(school.account, by=school.account_admin, name="X", sis_account_id="S")
    with pytest.raises(NotAllowed):
        edit_account(school.account, by=school.account_admin, sis_account_id="S")


def test_what_is_in_the_way_of_deleting_is_named(school, root):
    AccountFactory(parent=school.account, name="Annex")
    for number in range(4):
        CourseFactory(account=school.account, name=f"Zoology {number}")
    with pytest.raises(Refused) as refusal:
        delete_sub_account(school.account, by=school.admin)
    for words in ("1 sub-account (Annex)", "5 courses (Biology 7, Zoology 0, Zoology 1, …)"):
        assert words in refusal.value.message
    with pytest.raises(Refused):
        delete_sub_account(root, by=school.admin)
    Course.objects.update(workflow_state="deleted")
    Account.objects.filter(name="Annex").update(workflow_state="deleted")
    delete_sub_account(school.account, by=school.admin)


def test_nothing_is_put_into_a_deleted_account(school):
    gone = AccountFactory(workflow_state="deleted")
    for change in (
        lambda: create_course(gone, by=school.admin, name="X"),
        lambda: create_sub_account(gone, by=school.admin, name="X"),
    ):
        with pytest.raises(Invalid):
            change()


def test_a_term_is_made_dated_and_deleted(school):
    made = save_term(None, by=school.admin, name="Fall", start_at=NOON, sis_term_id="F26")
    undated = save_term(None, by=school.admin, name="Default")
    assert list(terms()) == [made, undated]
    save_term(made, by=school.admin, name="Autumn", end_at=NOON)
    found = Term.objects.get(pk=made.pk)
    assert (found.name, found.start_at, found.end_at, found.sis_term_id) == ("Autumn", None, NOON, "F26")
    delete_term(found, by=school.admin)
    assert list(terms()) == [undated]


def test_a_term_that_is_saved_unchanged_is_not_recorded(school):
    term = save_term(None, by=school.admin, name="Fall", start_at=NOON, sis_term_id="F")
    save_term(term, by=school.admin, name=" Fall ", start_at=NOON)
    assert not AuditEvent.objects.filter(action=Action.TERM_CHANGED).exists()
    save_term(term, by=school.admin, name="Fall")
    assert AuditEvent.objects.filter(action=Action.TERM_CHANGED).count() == 1
    assert Term.objects.get(pk=term.pk).start_at is None


def test_the_page_says_at_once_that_a_term_with_courses_stays(school, root, client):
    term = Term.objects.create(name="Fall")
    client.force_login(school.admin)
    page = f"/accounts/{root.pk}/terms/{term.pk}/delete"
    assert "Delete term" in client.get(page).content.decode()
    Course.objects.filter(pk=school.course.pk).update(term=term)
    shown = client.get(page).content.decode()
    assert "1 course is in this term. Only a term without courses can be deleted." in shown
    assert "Delete term" not in shown


def test_a_term_that_is_used_stays_until_its_courses_are_gone(school):
    term = Term.objects.create(name="Fall")
    Course.objects.filter(pk=school.course.pk).update(term=term)
    with pytest.raises(Refused, match="1 course is in this term"):
        delete_term(term, by=school.admin)
    Course.objects.update(workflow_state="deleted")
    delete_term(term, by=school.admin)
    assert Course.objects.get(pk=school.course.pk).term is None


@pytest.mark.parametrize(
    "given",
    [{"name": ""}, {"name": "x" * 256}, {"start_at": NOON, "end_at": NOON}, {"sis_term_id": "TAKEN"}],
)
def test_a_term_that_cannot_be_is_refused(school, given):
    Term.objects.create(name="Taken", sis_term_id="TAKEN")
    with pytest.raises(Invalid):
        save_term(None, by=school.admin, **{"name": "Fall", **given})


def test_only_the_institutions_admins_change_terms(school):
    with pytest.raises(NotAllowed):
        save_term(None, by=school.account_admin, name="Fall")
    with pytest.raises(NotAllowed):
        delete_term(Term.objects.create(name="Fall"), by=school.account_admin)


def test_what_was_deleted_meanwhile_is_not_deleted_again(school):
    below, term = AccountFactory(parent=school.account), Term.objects.create(name="Fall")
    for delete, one in ((delete_sub_account, below), (delete_term, term)):
        stale = type(one).objects.get(pk=one.pk)
        delete(one, by=school.admin)
        with pytest.raises(Refused, match="has been deleted"):
            delete(stale, by=school.admin)
    for action in (Action.ACCOUNT_DELETED, Action.TERM_DELETED):
        assert AuditEvent.objects.filter(action=action).count() == 1
