"""How far each reader of events has come."""

from django.db import models


class EventCursor(models.Model):
    """A reader of the record, and the id of the last event it is done with: accounts/domain/event_readers.py."""

    reader = models.CharField(max_length=64, unique=True)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.reader}: {self.position}"
