"""What models declare about their fields and constraints, as refusals of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Field, Model, UniqueConstraint
from django.utils.translation import gettext as _

from accounts.errors import Invalid, Record
from accounts.text.fields import Complaint

Errors = dict[str, list[Complaint]]


def problems_with(model: type[Model], values: Mapping[str, Any]) -> Errors:
    """Return by field what the model says of these values: of each the first complaint, nothing where all is well.

    No statement is sent: what somebody else has already is found out when it is saved (`refusing_what_is_taken`).
    """
    others = {field.name for field in model._meta.concrete_fields} - values.keys()
    try:
        model(**values).clean_fields(exclude=others)
    except ValidationError as error:
        return {name: [_complaint(model, name, found[0])] for name, found in error.error_dict.items()}
    return {}


def check(model: type[Model], values: Mapping[str, Any], *, of: Record) -> None:
    """Raise Invalid where the model cannot take these values."""
    if errors := problems_with(model, values):
        raise Invalid(errors, of=of)


def check_order(of: Record, start_at: datetime | None, end_at: datetime | None) -> None:
    """Raise Invalid for an end before the start."""
    if start_at and end_at and end_at <= start_at:
        raise Invalid({"end_at": [("invalid", _("The end must be after the start."))]}, of=of)


@contextmanager
def refusing_what_is_taken(
    model: type[Model], *, of: Record, instead: Mapping[str, Complaint] | None = None, savepoint: bool = True
) -> Iterator[None]:
    """Do something in a transaction; raise Invalid where it breaks what is unique in `model`, by the field it is about.

    `instead` has other complaints than those of the model, by field. What breaks another constraint is a fault of
    ours, and goes on as it is. Without a savepoint the whole transaction ends with the refusal.
    """
    try:
        with transaction.atomic(savepoint=savepoint):
            yield
    except IntegrityError as error:
        found = _unique_in(model).get(broken_constraint(error))
        if found is None:
            raise
        field, complaint = found
        raise Invalid({field: [(instead or {}).get(field, complaint)]}, of=of) from None


def broken_constraint(error: IntegrityError) -> str:
    """Return the database's name of the constraint that an error is about; empty where it is about none."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return (diagnosis and diagnosis.constraint_name) or ""


@cache
def _unique_in(model: type[Model]) -> dict[str, tuple[str, Complaint]]:
    """Return by the database's name of each constraint the field it is about, and what to say."""
    meta = model._meta
    found = {
        # What PostgreSQL calls the constraint of a column that was made unique.
        f"{meta.db_table}_{field.column}_key": (field.name, _complaints(field)["unique"])
        for field in meta.concrete_fields
        if field.unique and "unique" in _complaints(field)
    }
    for constraint in meta.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.violation_error_code:
            complaint = (constraint.violation_error_code, constraint.violation_error_message or "")
            found[constraint.name] = (_fields_of(constraint)[-1], complaint)
    return found


def _fields_of(constraint: UniqueConstraint) -> Sequence[str]:
    if constraint.fields:
        return constraint.fields
    expressions: Sequence[Any] = constraint.expressions
    # F alone stands for a field, and has no parts.
    parts = [part for one in expressions for part in ([one] if isinstance(one, F) else one.flatten())]
    return [part.name for part in parts if isinstance(part, F)]  # type: ignore[attr-defined]


def _complaints(field: Field[Any, Any]) -> Mapping[str, Complaint]:
    found: Mapping[str, Complaint] = getattr(field, "complaints", {})
    return found


def _complaint(model: type[Model], name: str, error: ValidationError) -> Complaint:
    code, message = error.code or "invalid", error.messages[0]
    kind, _message = _complaints(model._meta.get_field(name)).get(code, (code, ""))  # type: ignore[arg-type]
    return kind, message
