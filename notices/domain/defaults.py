"""What new observers are told of before they choose: a reader of who begins to observe whom.

Links are made by codes, by staff, by the API and by rosters with thousands in a chunk. None of them knows of alerts:
the events they write are read here, and a chunk of a roster costs nothing more.
"""

from __future__ import annotations

from django.db import transaction

from accounts.domain.audit import advance, read_events
from courses.domain.events import ObservingBegan
from notices.domain.thresholds import give_defaults

READER = "alert defaults"
AT_A_TIME = 5_000


def give_new_observers_defaults() -> None:
    """Turn the defaults on for everybody who has begun to observe somebody since the last time."""
    while _give_next() == AT_A_TIME:
        pass


def _give_next() -> int:
    """Read the next events; return how many there were (a transaction of a fixed number of statements)."""
    with transaction.atomic():
        events = read_events(READER, AT_A_TIME)
        began = [event for event in events if event.action == ObservingBegan.action and event.subject_id]
        give_defaults([(event.read(ObservingBegan).observer, event.subject_id or 0) for event in began])
        advance(READER, events)
    return len(events)
