"""What follows when accounts are suspended, ended or restored: the same by hand and by a roster.

Each function takes the ids of any number of people, and needs the same few statements for all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import F

from accounts.domain.audit import record_many
from accounts.domain.events import StateChanged, UserDeleted, UserReactivated, UserSuspended
from accounts.domain.password_reset import forget_addresses
from accounts.domain.tokens import end_tokens
from accounts.models import User

State = User.State
# A person's id, and their state before and after.
Change = tuple[int, str, str]


def follow_states(changes: Iterable[Change], *, by: User | None, sis_import: int | None = None) -> None:
    """End what must not outlive these changes of state, and record each with `details`.

    A suspended person is signed out; a person who is deleted, or was until now, finds nothing of what let them in
    before. Call it in the transaction of the changes.
    """
    people: dict[type[StateChanged], list[int]] = defaultdict(list)
    shut: set[int] = set()
    for person, before, after in changes:
        if State.DELETED in (before, after) and before != after:
            shut.add(person)
        if kind := _kind(before, after):
            people[kind].append(person)
    shut_out(shut)
    end_sessions(set(people[UserSuspended]) - shut)
    record_many([(person, kind(sis_import)) for kind, found in people.items() for person in found], by=by)


def _kind(before: str, after: str) -> type[StateChanged] | None:
    if before == after:
        return None
    if after in (State.DELETED, State.SUSPENDED):
        return UserDeleted if after == State.DELETED else UserSuspended
    return UserReactivated if before in (State.DELETED, State.SUSPENDED) else None


def end_sessions(people: Collection[int]) -> None:
    """Sign these people out everywhere; void the password links sent to them."""
    if people:
        User.objects.filter(pk__in=people).update(session_epoch=F("session_epoch") + 1)


def shut_out(people: Collection[int]) -> None:
    """End everything that lets these people in except their password: sessions, access tokens, and emailed links."""
    if people:
        end_sessions(people)
        end_tokens(people)
        forget_addresses(people)
