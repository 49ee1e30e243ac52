"""Putting back what an import changed, as kinds share it: only what it was the last to touch."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

from accounts.models import Account, User
from courses.models import Course, Section, Term
from sis.kinds.kind import PutBack
from sis.models import StateChange

Record = TypeVar("Record", bound=Model)


def put_back_states(model: type[Account | Term | Course | Section]) -> PutBack:
    """Return how the states of records are put back that have nothing but a state."""

    def put_back(change: StateChange, by: User) -> int:
        before, there = change.before or "deleted", model.objects.filter(pk__in=change.records)
        of_the_import(model, change).update(workflow_state=before)
        return there.exclude(workflow_state=before).count()

    return put_back


def of_the_import(model: type[Record], change: StateChange) -> QuerySet[Record]:
    """Return the records of a change that are as it left them."""
    there = model._default_manager.filter(pk__in=change.records, workflow_state=change.after)
    return untouched(there, change)


def untouched(found: QuerySet[Record], change: StateChange) -> QuerySet[Record]:
    """Return those that no later import has named, and whose state no person has decided on."""
    found = found.filter(sis_import_id=change.sis_import_id)
    if change.sis_import.options.get("override_sis_stickiness"):
        return found
    return found.exclude(stuck_sis_fields__contains=["status"])


def own(by: User) -> list[int]:
    """Return the ids of those who act: whoever acts as somebody gains by both."""
    return [by.pk, by.person_acting.pk]
