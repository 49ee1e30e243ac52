"""Forms that have been carried out, so that one sent twice makes one thing (accounts/web/sent_forms.py)."""

from django.db import models
from django.utils import timezone


class SentForm(models.Model):
    """One form that was sent and carried out: where it led, and what was said.

    `digest` stands for the form as it was shown, who sent it and what was in it; none of that can be had from it.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    location = models.TextField(default="")
    # Of each message its level and its text.
    messages = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.location} at {self.at:%Y-%m-%d %H:%M}"
