"""What the database refuses whoever writes to it, beyond tests/accounts/test_models.py: row by row."""

from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.db.utils import DataError
from django.utils import timezone

from accounts.domain.audit import record
from accounts.domain.events import UserCreated
from accounts.models import (
    AccessToken,
    Account,
    AccountAdmin,
    AuditEvent,
    BaseType,
    EventCursor,
    FailedTry,
    ObservationLink,
    Role,
    RoleOverride,
    SentForm,
    User,
)
from tests.factories import AccountFactory, UserFactory

pytestmark = pytest.mark.usefixtures("root")


def refused(constraint: str):
    return pytest.raises(IntegrityError, match=rf"\"{constraint}\"")


@pytest.mark.parametrize("percent", [101, 1_000])
def test_the_deletion_brake_is_a_percentage(root, percent):
    with refused("sis_deletion_brake_is_a_percentage"), transaction.atomic():
        Account.objects.update(sis_deletion_brake=percent)
    with refused("accounts_account_sis_deletion_brake_check"), transaction.atomic():
        Account.objects.update(sis_deletion_brake=-1)
    assert Account.objects.update(sis_deletion_brake=0) == Account.objects.update(sis_deletion_brake=100) == 1


def test_no_condition_of_any_table_is_checked_twice():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, pg_get_constraintdef(oid), array_agg(conname::text ORDER BY conname)"
            " FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
            " GROUP BY 1, 2 HAVING count(*) > 1"
        )
        assert cursor.fetchall() == []


@pytest.mark.parametrize("base_type", ["", "Teacher", "teacherenrollment"])
def test_a_role_is_of_a_kind_that_there_is(root, base_type):
    with refused("role_base_type_is_known"):
        Role.objects.create(account=root, label="Odd", base_type=base_type)


def test_a_built_in_role_and_a_custom_one_of_the_same_kind_stand_side_by_side(root):
    assert Role.objects.create(account=root, label="Teacher too", base_type=BaseType.TEACHER).pk
    for role in Role.objects.filter(account=None):
        with refused("one_built_in_role_of_each_type"), transaction.atomic():
            Role.objects.create(label="Another", base_type=role.base_type)


def test_roles_of_one_account_do_not_share_a_name_so_that_each_can_be_activated_again(root):
    Role.objects.create(account=root, label="Old", base_type=BaseType.TA, workflow_state="inactive")
    with refused("role_label_is_unique_in_account"):
        Role.objects.create(account=root, label="old", base_type=BaseType.TA)


def test_a_token_has_a_digest_of_its_own_and_goes_with_its_person():
    person = UserFactory()
    AccessToken.objects.create(user=person, digest=b"x" * 32)
    with refused("accounts_accesstoken_digest_key"), transaction.atomic():
        AccessToken.objects.create(user=UserFactory(), digest=b"x" * 32)
    person.delete()
    assert not AccessToken.objects.exists()


def test_a_form_that_was_sent_stands_there_once():
    SentForm.objects.create(digest="x")
    with refused("accounts_sentform_pkey"):
        SentForm.objects.create(digest="x")


def test_a_reader_of_events_has_one_cursor():
    EventCursor.objects.create(reader="notices")
    with refused("accounts_eventcursor_reader_key"):
        EventCursor.objects.create(reader="notices")


def test_a_failure_is_counted_under_something():
    with refused("failed_try_is_counted_somewhere"):
        FailedTry.objects.create(keys=[])


def test_a_permission_that_is_longer_than_any_is_not_stored(root):
    with pytest.raises(DataError):
        RoleOverride.objects.create(account=root, role=Role.objects.first(), permission="x" * 65, enabled=True)


@pytest.mark.parametrize("state", ["", "ACTIVE", "gone"])
def test_a_link_is_in_a_state_that_there_is(state):
    with refused("link_state_is_known"):
        ObservationLink.objects.create(observer=UserFactory(), student=UserFactory(), origin="api", state=state)


# What keeps a record from being deleted


@pytest.mark.parametrize("what", ["admin role", "observer", "student", "event about them", "event by them"])
def test_a_person_with_a_past_cannot_be_erased(root, what):
    person = UserFactory()
    if what == "admin role":
        AccountAdmin.objects.create(user=person, account=root, role=Role.objects.built_in(BaseType.ACCOUNT_ADMIN))
    elif what == "observer":
        ObservationLink.objects.create(observer=person, student=UserFactory(), origin="api", state="deleted")
    elif what == "student":
        ObservationLink.objects.create(observer=UserFactory(), student=person, origin="api")
    else:
        about = what == "event about them"
        record(UserCreated(), by=None if about else person, subject=person if about else None)
    with pytest.raises(ProtectedError):
        person.delete()
    assert User.objects.filter(pk=person.pk).exists()


def test_an_account_with_roles_admins_or_accounts_below_cannot_be_erased(root):
    school = AccountFactory()
    with pytest.raises(ProtectedError):
        root.delete()
    role = Role.objects.create(account=school, label="Mentor", base_type=BaseType.TA)
    with pytest.raises(ProtectedError):
        school.delete()
    role.delete()
    school.delete()


def test_the_person_who_changed_self_registration_may_be_erased_and_the_setting_stays(root):
    person = UserFactory()
    Account.objects.update(self_registration_changed_by=person)
    person.delete()
    root.refresh_from_db()
    assert root.self_registration_changed_by is None


# What is filled in by itself


def test_a_new_row_is_active_and_not_a_rosters(root):
    person = User.objects.create(login_id="mia", name="Mia Lake")
    link = ObservationLink.objects.create(observer=person, student=UserFactory(), origin="api")
    admin = AccountAdmin.objects.create(user=person, account=root, role=Role.objects.first())
    assert (person.state, person.session_epoch, person.stuck_sis_fields) == ("registered", 0, [])
    assert (link.state, link.scope) == ("active", "all")
    assert {row.sis_import_id for row in (person, link, admin, root)} == {None}
    assert (root.sis_deletion_brake, root.code_scope, root.default_time_zone) == (10, "all", "UTC")


def test_events_are_stamped_by_the_database_with_the_moment_of_the_statement():
    before = timezone.now()
    record(UserCreated(), by=None)
    record(UserCreated(), by=None)
    later, earlier = AuditEvent.objects.all()
    assert before < earlier.at < later.at, "not the beginning of the transaction"


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (Account(name="North"), "North"),
        (Role(label="Mentor"), "Mentor"),
        (User(short_name="Mia"), "Mia"),
        (EventCursor(reader="notices", position=7), "notices: 7"),
        (ObservationLink(observer_id=1, student_id=2), "1 observes 2"),
        (AccountAdmin(user_id=1, account_id=2), "1 on 2"),
        (RoleOverride(account_id=2, role_id=3, permission="read_sis", enabled=True), "3 read_sis in 2: True"),
        (AccessToken(purpose="sync", user=User(short_name="Mia")), "sync of Mia"),
        (FailedTry(keys=["a", "b"], at=datetime(2026, 11, 30, 12, 5)), "a, b at 2026-11-30 12:05"),
        (SentForm(location="/x", at=datetime(2026, 11, 30, 12, 5)), "/x at 2026-11-30 12:05"),
        (AuditEvent(action="user.created", at=datetime(2026, 11, 30, 12, 5)), "2026-11-30 12:05 user.created"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_row_says_what_it_is_about_in_a_shell_and_never_a_secret(row, text):
    assert str(row) == text
