"""What is recorded about a person, as sentences: each kind of event brings its own (the `events` of each app).

It stands above accounts because events speak of courses too. No event holds a pairing code, password or token.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts.models import Action, AuditEvent, User
from accounts.models.audit import EVENTS, Event, Named, Person, Shown, Text, marks_of
from accounts.permissions.registry import Permission

# Only people who manage observers learn who observes whom.
OBSERVERS = Permission.MANAGE_USER_OBSERVERS
PERSON: Named = Person.__metadata__[0]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Line:
    """One line of a history: when, what in one sentence, on whose behalf if not one's own, and by which roster."""

    at: datetime
    sentence: str
    on_behalf_of: str
    sis_import: int | None = None


def events_of(person: User, keys: Collection[Permission]) -> QuerySet[AuditEvent]:
    """Return what `person` did and what was done to them, newest first, as far as a reader with `keys` may know.

    Of a roster that they imported it has only that they did: what it did to others stands in the history of those.
    """
    events = AuditEvent.objects.order_by()
    if OBSERVERS not in keys:
        events = events.exclude(action__in=[kind.action for kind in EVENTS.values() if kind.is_about_observing])
    # Each kind uses its own index. With OR, the database would read all events, newest first.
    kinds = [
        events.filter(subject=person),
        events.by_hand().filter(actor=person),
        events.by_hand().filter(acting_for=person),
        events.filter(details__has_key="observer", details__observer=person.pk),
    ]
    return kinds[0].union(*kinds[1:]).order_by("-id")


def lines(events: Iterable[AuditEvent]) -> list[Line]:
    """Return the events as sentences, with the names of everything in them (one statement for any number)."""
    told = [(event, event.data) for event in events]
    names = _Names(told)
    return [_line(event, data, names) for event, data in told]


def _line(event: AuditEvent, data: Event | None, names: _Names) -> Line:
    who = names.of(PERSON, event.actor_id) or _("The system")
    behalf = str(names.of(PERSON, event.acting_for_id))
    if data is None:
        # A kind of event newer than this version.
        return Line(event.at, f"{who}: {_label(event.action)}.", behalf)
    words = {"who": who, "subject": names.of(PERSON, event.subject_id) or PERSON.otherwise}
    words |= dict(_words(data, names))
    own = event.actor_id is not None and event.actor_id == (data.own_of or event.subject_id)
    return Line(event.at, str(data.told(own=own)) % words, behalf, getattr(data, "sis_import", None))


def _words(data: Event, names: _Names) -> Iterator[tuple[str, Text]]:
    """Yield what a sentence can say of the fields of an event."""
    for field, mark in marks_of(type(data)).items():
        value = getattr(data, field)
        if isinstance(mark, Named):
            yield mark.word or field, names.of(mark, value) or mark.otherwise
        else:
            yield field, mark.show(value) if isinstance(mark, Shown) else value


def _label(action: str) -> str:
    return str(Action(action).label) if action in Action.values else action


class _Names:
    """The names of everything that some events mention."""

    def __init__(self, told: Iterable[tuple[AuditEvent, Event | None]]) -> None:
        ids: dict[tuple[str, str], set[int]] = defaultdict(set)
        for event, data in told:
            people = {event.actor_id, event.acting_for_id, event.subject_id}
            ids[PERSON.model, PERSON.field] |= {pk for pk in people if pk}
            for field, mark in marks_of(type(data)).items() if data else ():
                if isinstance(mark, Named) and (pk := getattr(data, field)):
                    ids[mark.model, mark.field].add(pk)
        self._names = _names_of(ids)

    def of(self, mark: Named, pk: int | None) -> Text:
        """Return the name of this record; empty where there is none."""
        return self._names.get((mark.model, mark.field), {}).get(pk, "") if pk else ""


def _names_of(wanted: Mapping[tuple[str, str], Collection[int]]) -> dict[tuple[str, str], dict[int, str]]:
    """Return, by model and field, the names of these records (one statement)."""
    named = [
        apps.get_model(model)
        ._default_manager.filter(pk__in=ids)
        .order_by()
        .values_list(Value(model, TextField()), Value(field, TextField()), "pk", Cast(field, TextField()))
        for (model, field), ids in wanted.items()
        if ids
    ]
    found: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for model, field, pk, name in named[0].union(*named[1:], all=True) if named else ():
        found[model, field][pk] = name
    return found
