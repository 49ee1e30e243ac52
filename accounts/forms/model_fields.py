"""Fields of forms, as long and as required as those of the models they are for."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import Model


def form_field(model: type[Model], name: str, **wanted: Any) -> forms.Field:
    """Return a form's field for this field of a model; `wanted` as for any field. An empty text stays an empty text."""
    made = model._meta.get_field(name).formfield(**{"empty_value": "", **wanted})  # type: ignore[union-attr]
    return cast(forms.Field, made)


def max_length_of(model: type[Model], name: str) -> int:
    """Return how long the texts of this field of a model may be."""
    return cast(int, model._meta.get_field(name).max_length)  # type: ignore[union-attr]
