"""Failed tries at secrets, kept to limit guessing (accounts/domain/rate_limit.py)."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone


class FailedTry(models.Model):
    """One try that failed: a password, a pairing code. `keys` say under what it is counted, such as a network."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    keys = ArrayField(models.TextField())
    # Of a guess at one of many secrets: of how many.
    weight = models.PositiveIntegerField(default=0)

    class Meta:
        # Every try reads it and few write: what waits to be sorted in would be read by each.
        indexes = [GinIndex(fields=["keys"], name="failed_tries_by_key", fastupdate=False)]
        constraints = [models.CheckConstraint(condition=~Q(keys=[]), name="failed_try_is_counted_somewhere")]

    def __str__(self) -> str:
        return f"{', '.join(self.keys)} at {self.at:%Y-%m-%d %H:%M}"
