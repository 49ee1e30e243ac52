"""What rows that a roster import may have created carry besides their own facts."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Value


def sis_import_id() -> models.BigIntegerField[Any, Any]:
    """Return the last roster import that named this row. A plain number: an app above keeps the imports."""
    return models.BigIntegerField(null=True, blank=True, editable=False)


def stuck_sis_fields() -> ArrayField[Any, Any]:
    """Return the fields that a person has edited; imports leave them alone (accounts/domain/sis_fields.py)."""
    return ArrayField(models.CharField(max_length=64), default=list, db_default=Value("{}"), blank=True)
