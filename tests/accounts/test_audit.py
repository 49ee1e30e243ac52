"""The record of who did what to whom."""

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.domain.audit import record, record_many
from accounts.models import Action, AuditEvent
from tests.database import statements
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_an_event_says_when_who_did_what_to_whom():
    actor, subject = UserFactory(), UserFactory()
    before = timezone.now()
    record(Action.LINK_MADE, by=actor, subject=subject, observer=7, scope="all")
    event = AuditEvent.objects.get()
    assert before <= event.at <= timezone.now()
    assert (event.action, event.actor, event.subject) == (Action.LINK_MADE, actor, subject)
    assert event.details == {"observer": 7, "scope": "all"}
    assert event.acting_for is None


def test_what_nobody_signed_in_did_has_no_actor():
    record(Action.ADMIN_CREATED, by=None)
    event = AuditEvent.objects.get()
    assert (event.actor, event.subject, event.details) == (None, None, {})


def test_the_newest_event_comes_first():
    record(Action.USER_CREATED, by=None)
    record(Action.TOKEN_CREATED, by=None)
    assert [event.action for event in AuditEvent.objects.all()] == [Action.TOKEN_CREATED, Action.USER_CREATED]


def test_an_event_goes_with_the_change_it_is_about():
    with transaction.atomic():
        record(Action.USER_CREATED, by=None)
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()


def test_the_same_change_of_many_is_recorded_for_each_in_order_with_one_statement():
    actor, other, people = UserFactory(), UserFactory(), UserFactory.create_batch(3)
    other.actor = actor
    about = [(person.pk, {"number": number, "text": "ä\\{"}) for number, person in enumerate(people)]
    assert statements(lambda: record_many(Action.ENROLLMENT_CHANGED, about, by=other)) == 1
    events = list(AuditEvent.objects.order_by("id"))
    assert [(event.subject_id, event.details) for event in events] == about
    assert {(event.actor, event.acting_for) for event in events} == {(actor, other)}
