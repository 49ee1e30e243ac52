"""The record of who did what to whom."""

import ast
import re
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.domain.audit import record, record_many
from accounts.domain.events import AdminCreated, PasswordChanged, TokenCreated, UserCreated
from accounts.models import Action, AuditEvent
from accounts.models.audit import EVENTS, Event, Named, marks_of
from courses.domain.events import EnrollmentChanged
from pairing.domain.events import CodeRedeemed, CodesExported
from tests.database import statements
from tests.events import example
from tests.factories import UserFactory
from tests.test_architecture import APPS, HOUSE, modules, parsed

pytestmark = pytest.mark.django_db
KINDS = pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.__name__)


def test_an_event_says_when_who_did_what_to_whom():
    actor, subject = UserFactory(), UserFactory()
    before = timezone.now()
    record(CodeRedeemed(observer=7, code=3), by=actor, subject=subject)
    event = AuditEvent.objects.get()
    assert before <= event.at <= timezone.now()
    assert (event.action, event.actor, event.subject) == (Action.CODE_REDEEMED, actor, subject)
    assert event.details == {"observer": 7, "code": 3}
    assert event.acting_for is None


def test_what_nobody_signed_in_did_has_no_actor():
    record(UserCreated(), by=None)
    event = AuditEvent.objects.get()
    assert (event.actor, event.subject, event.details) == (None, None, {})


def test_the_newest_event_comes_first():
    record(UserCreated(), by=None)
    record(TokenCreated("sync"), by=None)
    assert [event.action for event in AuditEvent.objects.all()] == [Action.TOKEN_CREATED, Action.USER_CREATED]


def test_an_event_goes_with_the_change_it_is_about():
    with transaction.atomic():
        record(UserCreated(), by=None)
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()


def test_many_changes_of_any_kind_are_recorded_in_order_with_one_statement():
    actor, other, people = UserFactory(), UserFactory(), UserFactory.create_batch(3)
    other = other.acted_by(actor)
    about: list[tuple[int, Event]] = [(person.pk, TokenCreated(f"ä\\{{{person.pk}")) for person in people]
    about.append((other.pk, PasswordChanged(tokens_ended=2)))
    assert statements(lambda: record_many(about, by=other)) == 1
    events = list(AuditEvent.objects.order_by("id"))
    assert [(event.subject_id, event.data) for event in events] == about
    assert {(event.actor, event.acting_for) for event in events} == {(actor, other)}


def test_every_kind_of_event_has_exactly_one_dataclass():
    assert set(EVENTS) == set(Action)
    with pytest.raises(TypeError, match="has a dataclass already"):
        type("Again", (Event,), {}, action=Action.USER_CREATED)


@KINDS
@pytest.mark.parametrize("is_full", [True, False])
def test_what_is_written_is_read_back(kind, is_full):
    event = example(kind, is_full=is_full)
    record(event, by=None)
    stored = AuditEvent.objects.get()
    assert (stored.data, stored.read(kind), stored.action) == (event, event, kind.action)


@KINDS
def test_what_an_event_need_not_say_is_left_out(kind):
    assert None not in [example(kind, is_full=False).as_details().get(name, 0) for name in optional(kind)]


def optional(kind: type[Event]) -> set[str]:
    return set(marks_of(kind)) - example(kind, is_full=False).as_details().keys()


def used() -> set[str]:
    """Every name that the code of the apps uses outside the modules in which events are declared."""
    where = [module for module in modules(*APPS) if module.name != "events.py"]
    return {node.id for module in where for node in ast.walk(parsed(module)) if isinstance(node, ast.Name)}


def test_every_kind_of_event_is_recorded_somewhere():
    assert {kind.__name__ for kind in EVENTS.values()} - used() == set()


def test_no_code_knows_the_keys_of_an_event_by_heart():
    allowed = {Path("accounts/models/audit.py"), Path("accounts/domain/audit.py"), Path("accounts/models/audit.py")}
    knowing = {
        module
        for module in modules(*APPS)
        if re.search(r"\.details\b|\bdetails__(?!observer|has_key)\w|\"details\"", (HOUSE / module).read_text())
    }
    assert knowing <= allowed


@KINDS
def test_every_sentence_speaks_of_fields_that_the_event_has(kind):
    said = {mark.word or name if isinstance(mark, Named) else name for name, mark in marks_of(kind).items()}
    sentences = {str(example(kind).told(own=own)) for own in (True, False)} | {str(kind.sentence)}
    spoken_of = {word for sentence in sentences for word in re.findall(r"%\((\w+)\)s", sentence)}
    assert all(sentences)
    assert spoken_of <= {"who", "subject", *said}


def test_an_event_is_read_as_what_it_is():
    record(AdminCreated(account=1), by=None)
    with pytest.raises(TypeError, match=r"admin.created is not codes.exported"):
        AuditEvent.objects.get().read(CodesExported)


def test_events_are_found_by_their_fields():
    for section in (1, 2):
        record(EnrollmentChanged(5, section, "StudentEnrollment", None, "active"), by=None)
    assert AuditEvent.objects.of(EnrollmentChanged, section=2).get().read(EnrollmentChanged).section == 2
    with pytest.raises(TypeError, match="no field room"):
        AuditEvent.objects.of(EnrollmentChanged, room=2)


def test_an_unknown_field_is_an_error_to_the_type_check_too() -> None:
    """The comments say what mypy must complain of: it complains of those that are not needed."""
    with pytest.raises(TypeError):
        CodeRedeemed(observer=7, code=3, course=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        CodeRedeemed(observer=7)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        CodeRedeemed(observer=7, code=3).student  # type: ignore[attr-defined] # noqa: B018
