"""What has been tried: failed attempts at secrets, kept to limit guessing (accounts/domain/rate_limit.py), and forms
that were processed, so that a form sent twice creates one thing (accounts/web/sent_forms.py).
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone


class FailedTry(models.Model):
    """One failed attempt at a password or a pairing code. `keys` are what it is counted under, such as a network."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    keys = ArrayField(models.TextField())
    # For a guess at one of many secrets: how many.
    weight = models.PositiveIntegerField(default=0)

    class Meta:
        # Every attempt reads it and few write: each read would have to scan the list of pending entries.
        indexes = [GinIndex(fields=["keys"], name="failed_tries_by_key", fastupdate=False)]
        constraints = [models.CheckConstraint(condition=~Q(keys=[]), name="failed_try_is_counted_somewhere")]

    def __str__(self) -> str:
        return f"{', '.join(self.keys)} at {self.at:%Y-%m-%d %H:%M}"


class SentForm(models.Model):
    """One form that was sent and processed: where it led, and its message.

    `digest` identifies the form as it was shown, its sender and its content; none of these can be recovered from it.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    location = models.TextField(default="")
    # The level and the text of each message.
    messages = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.location} at {self.at:%Y-%m-%d %H:%M}"
