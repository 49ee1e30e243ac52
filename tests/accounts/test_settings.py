"""Changing self registration."""

import pytest
from django.db import IntegrityError

from accounts.domain.accounts import set_self_registration
from accounts.models import Action, AuditEvent, SelfRegistration
from tests.database import refuse_new_rows
from tests.factories import make_admin


def test_a_change_says_who_made_it_and_when(root):
    admin = make_admin()
    set_self_registration(root, "observer", by=admin)
    root.refresh_from_db()
    assert root.self_registration == SelfRegistration.OBSERVER
    assert root.self_registration_changed_by == admin
    assert root.self_registration_changed_at is not None
    event = AuditEvent.objects.get()
    assert (event.action, event.actor) == (Action.SELF_REGISTRATION_CHANGED, admin)
    assert event.details == {"before": "all", "after": "observer"}


def test_what_does_not_change_is_not_recorded(root):
    set_self_registration(root, root.self_registration, by=make_admin())
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("value", ["", "some", "ALL"])
def test_unknown_values_of_settings_are_refused(root, value):
    with pytest.raises(ValueError, match="not a valid SelfRegistration"):
        set_self_registration(root, value, by=make_admin())
    root.refresh_from_db()
    assert root.self_registration == SelfRegistration.ALL


def test_a_change_that_could_not_be_recorded_did_not_happen(root):
    admin = make_admin()
    refuse_new_rows("accounts_auditevent")
    with pytest.raises(IntegrityError, match="out_of_order"):
        set_self_registration(root, "none", by=admin)
    root.refresh_from_db()
    assert root.self_registration == SelfRegistration.ALL
