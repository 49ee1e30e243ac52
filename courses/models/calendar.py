"""Events of calendars: of a course, of an account for all below it, or somebody's own."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from accounts.text.fields import Name, Text
from accounts.text.html import Html
from courses.models.course import Course
from courses.models.source import Mirrored


class CalendarEventQuerySet(models.QuerySet["CalendarEvent"]):
    def present(self) -> CalendarEventQuerySet:
        """Return everything that has not been deleted, by time; those without a time last."""
        active = self.filter(workflow_state=CalendarEvent.State.ACTIVE)
        return active.order_by(F("start_at").asc(nulls_last=True), "id")


class CalendarEvent(Mirrored):
    """Something that happens, of exactly one of a course, an account and a person; a person's own nobody else sees."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        DELETED = "deleted", _("Deleted")

    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True, db_index=False, related_name="events")
    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, db_index=False, related_name="events")
    owner = models.ForeignKey(User, models.CASCADE, null=True, blank=True, db_index=False, related_name="events")
    title = Name()
    description = Html(blank=True)
    start_at = models.DateTimeField(null=True, blank=True)
    end_at = models.DateTimeField(null=True, blank=True)
    all_day = models.BooleanField(default=False, db_default=False)
    location_name = Text(blank=True, default="", db_default="")
    important = models.BooleanField(default=False, db_default=False)
    workflow_state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE, db_default="active")
    created_at = models.DateTimeField(db_default=models.functions.Now())
    updated_at = models.DateTimeField(db_default=models.functions.Now())

    objects = CalendarEventQuerySet.as_manager()

    class Meta:
        constraints = [
            *Mirrored.Meta.constraints,
            models.CheckConstraint(
                condition=Q(course__isnull=False, account=None, owner=None)
                | Q(course=None, account__isnull=False, owner=None)
                | Q(course=None, account=None, owner__isnull=False),
                name="an_event_is_in_one_calendar",
            ),
            # What happens at a moment starts and ends then.
            models.CheckConstraint(
                condition=Q(end_at=None) | Q(start_at__isnull=False, end_at__gte=F("start_at")),
                name="an_event_does_not_end_before_its_start",
            ),
            models.CheckConstraint(condition=Q(workflow_state__in=["active", "deleted"]), name="event_state_is_known"),
        ]
        indexes = [
            models.Index(fields=["course", "start_at"], condition=~Q(course=None), name="events_of_courses"),
            models.Index(fields=["account", "start_at"], condition=~Q(account=None), name="events_of_accounts"),
            models.Index(fields=["owner", "start_at"], condition=~Q(owner=None), name="events_of_people"),
        ]

    def __str__(self) -> str:
        return self.title
