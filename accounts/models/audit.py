"""The record of who did what to whom. The database itself refuses to change or remove a row (accounts/guards.py)."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTransform
from django.utils.translation import gettext_lazy as _

from accounts.models.event import EVENTS, Action, Event, marks_of
from accounts.models.user import User

Kind = TypeVar("Kind", bound=Event)


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def of(self, kind: type[Event], **wanted: Any) -> AuditEventQuerySet:
        """Return the events of this kind whose fields are as wanted, by look-ups such as `course=7` or `state__in=[…]`.

        Raises TypeError for a field that the kind does not have.
        """
        if unknown := {name.partition("__")[0] for name in wanted} - marks_of(kind).keys():
            raise TypeError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
        return self.filter(action=kind.action, **{f"details__{name}": value for name, value in wanted.items()})


class AuditEvent(models.Model):
    """One change: at a moment, by `actor` (on behalf of `acting_for`), about `subject`, with particulars."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    # One of Action. Not declared as choices: every new kind of event would then be a migration.
    action = models.CharField(max_length=48)
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", help_text=_("Empty for the command line.")
    )
    acting_for = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    subject = models.ForeignKey(User, models.PROTECT, null=True, related_name="audit_events")
    # The fields of the event's dataclass: read them by `data` or `read`.
    details = models.JSONField(default=dict)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Links have two people: the student is the subject, and this finds what is about the observer.
            models.Index(
                KeyTransform("observer", "details"),
                name="audit_events_of_observer",
                condition=Q(details__has_key="observer"),
            ),
            # For finding a course's last export before the next one.
            models.Index(
                KeyTransform("course", "details"),
                name="audit_events_of_exports",
                condition=Q(action=Action.CODES_EXPORTED),
            ),
            # The admins' dashboard counts the alerts of a week, in which rosters may have recorded many thousand
            # events.
            models.Index(fields=["at"], name="audit_events_of_alarms", condition=Q(action=Action.GUESSING_NOTICED)),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"

    @property
    def data(self) -> Event | None:
        """The event with its fields; None for a kind that this version does not know."""
        kind = EVENTS.get(self.action)
        return kind.read(self.details) if kind else None

    def read(self, kind: type[Kind]) -> Kind:
        """Return the fields of an event that is known to be of this kind. Raises TypeError for one of another."""
        if self.action != kind.action:
            raise TypeError(f"{self.action} is not {kind.action}")
        return kind.read(self.details)
