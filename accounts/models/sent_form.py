"""Processed forms, so that a form sent twice creates one thing (accounts/web/sent_forms.py)."""

from django.db import models
from django.utils import timezone


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
