"""What is told to many: announcements and discussions of a course, and announcements of the institution."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import BaseType, User
from accounts.text.fields import Name
from accounts.text.html import Html
from courses.models.course import Course, Section
from courses.models.enrollment import Enrollment
from courses.models.source import Mirrored, Written


class DiscussionTopicQuerySet(models.QuerySet["DiscussionTopic"]):
    def present(self) -> DiscussionTopicQuerySet:
        """Return everything that has not been deleted."""
        return self.exclude(workflow_state=DiscussionTopic.State.DELETED)

    def announcements(self) -> DiscussionTopicQuerySet:
        return self.filter(is_announcement=True)

    def posted(self, now: datetime | None = None) -> DiscussionTopicQuerySet:
        """Return the published ones whose time has come, newest first."""
        active = self.filter(workflow_state=DiscussionTopic.State.ACTIVE, posted_at__lte=now or timezone.now())
        return active.order_by("-posted_at", "-id")

    def told_to(self, students: Iterable[User]) -> DiscussionTopicQuerySet:
        """Return what is for the whole course, or for a section that one of `students` is in."""
        named = DiscussionTopic.sections.through.objects.filter(discussiontopic=OuterRef("pk"))
        there = Enrollment.objects.students().exclude(state__in=Enrollment.GONE).filter(user__in=list(students))
        return self.filter(~Exists(named) | Exists(named.filter(section__in=there.values("section"))))


class DiscussionTopic(Written, Mirrored):
    """An announcement, or the prompt of a discussion; for the whole course, or for some of its sections only.

    One whose `posted_at` is to come is posted then.
    """

    class State(models.TextChoices):
        UNPUBLISHED = "unpublished", _("Unpublished")
        ACTIVE = "active", _("Published")
        DELETED = "deleted", _("Deleted")

    course = models.ForeignKey(Course, models.CASCADE, db_index=False, related_name="discussion_topics")
    is_announcement = models.BooleanField(default=True, db_default=True)
    title = Name()
    message = Html(blank=True)
    posted_at = models.DateTimeField(default=timezone.now)
    sections = models.ManyToManyField(Section, blank=True, related_name="+")
    workflow_state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE, db_default="active")
    created_at = models.DateTimeField(db_default=models.functions.Now())
    updated_at = models.DateTimeField(db_default=models.functions.Now())

    objects = DiscussionTopicQuerySet.as_manager()

    class Meta:
        constraints = [
            *Mirrored.Meta.constraints,
            models.CheckConstraint(
                condition=Q(workflow_state__in=["unpublished", "active", "deleted"]), name="topic_state_is_known"
            ),
        ]
        indexes = [models.Index(fields=["course", "-posted_at"], name="topics_newest_first")]

    def __str__(self) -> str:
        return self.title


class AccountNotificationQuerySet(models.QuerySet["AccountNotification"]):
    def running(self) -> AccountNotificationQuerySet:
        """Return those that have begun and are not over, the newest first."""
        now = models.functions.Now()
        return self.filter(start_at__lte=now, end_at__gt=now).order_by("-start_at", "-id")

    def told_to(self, types: Iterable[str]) -> AccountNotificationQuerySet:
        """Return what is for everybody, or for one of these base types of roles."""
        return self.filter(Q(roles=[]) | Q(roles__overlap=list(types)))

    def not_closed_by(self, user: User) -> AccountNotificationQuerySet:
        return self.exclude(Exists(ClosedNotification.objects.filter(notification=OuterRef("pk"), user=user)))


class AccountNotification(Mirrored):
    """An announcement of the institution to all, or to those with roles of some base types, from when until when."""

    class Icon(models.TextChoices):
        WARNING = "warning", _("Warning")
        INFORMATION = "information", _("Information")
        QUESTION = "question", _("Question")
        ERROR = "error", _("Error")
        CALENDAR = "calendar", _("Calendar")

    author = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    subject = Name()
    message = Html(blank=True)
    icon = models.CharField(max_length=16, choices=Icon.choices, default=Icon.INFORMATION, db_default="information")
    # Base types; empty: everybody.
    roles = ArrayField(
        models.CharField(max_length=32, choices=BaseType.choices), default=list, db_default=Value("{}"), blank=True
    )
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=models.functions.Now())

    objects = AccountNotificationQuerySet.as_manager()

    class Meta:
        constraints = [
            *Mirrored.Meta.constraints,
            models.CheckConstraint(condition=Q(start_at__lt=F("end_at")), name="notification_starts_before_its_end"),
        ]
        indexes = [models.Index(fields=["end_at"], name="notifications_by_end")]

    def __str__(self) -> str:
        return self.subject


class ClosedNotification(models.Model):
    """That a person has closed an announcement of the institution, for themselves."""

    notification = models.ForeignKey(AccountNotification, models.CASCADE, db_index=False, related_name="closed")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notification", "user"], name="notification_is_closed_once")]

    def __str__(self) -> str:
        return f"notification {self.notification_id} closed by {self.user_id}"
