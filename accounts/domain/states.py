"""What follows when accounts are suspended, ended or brought back: the same by hand and by a roster.

Each function takes the ids of any number of people, and needs the same few statements for all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import F

from accounts.domain.audit import record_many
from accounts.domain.password_reset import forget_addresses
from accounts.domain.tokens import end_tokens
from accounts.models import Action, User

State = User.State
# Somebody's id, and their state before and after.
Change = tuple[int, str, str]


def follow_states(changes: Iterable[Change], *, by: User | None, **details: Any) -> None:
    """End what must not outlive these changes of state, and record each with `details`.

    Whoever is suspended is signed out; whoever is deleted, or was until now, finds nothing of what let them in before.
    Call it in the transaction of the changes.
    """
    people: dict[Action, list[int]] = defaultdict(list)
    shut: set[int] = set()
    for person, before, after in changes:
        if State.DELETED in (before, after) and before != after:
            shut.add(person)
        if action := _action(before, after):
            people[action].append(person)
    shut_out(shut)
    end_sessions(set(people[Action.USER_SUSPENDED]) - shut)
    for action, found in people.items():
        record_many(action, [(person, {}) for person in found], by=by, **details)


def _action(before: str, after: str) -> Action | None:
    if before == after:
        return None
    if after in (State.DELETED, State.SUSPENDED):
        return Action.USER_DELETED if after == State.DELETED else Action.USER_SUSPENDED
    return Action.USER_REACTIVATED if before in (State.DELETED, State.SUSPENDED) else None


def end_sessions(people: Collection[int]) -> None:
    """Sign these people out everywhere; links to choose a password that were sent to them end too."""
    if people:
        User.objects.filter(pk__in=people).update(session_epoch=F("session_epoch") + 1)


def shut_out(people: Collection[int]) -> None:
    """End whatever lets these people in but their password: sessions, access tokens, and links sent by mail."""
    if people:
        end_sessions(people)
        end_tokens(people)
        forget_addresses(people)
