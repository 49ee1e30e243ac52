"""Who observes whom."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models.sis import sis_import_id
from accounts.models.user import User


class LinkQuerySet(models.QuerySet["ObservationLink"]):
    def live(self) -> LinkQuerySet:
        """Return the active links between people who are not deleted."""
        return self.filter(state=ObservationLink.State.ACTIVE).exclude(student__state=User.State.DELETED)


class ObservationLink(models.Model):
    """`observer` follows `student`. courses/domain/observation.py derives what that opens."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        DELETED = "deleted", _("Removed")

    class Origin(models.TextChoices):
        CODE = "code", _("Pairing code")
        CREDENTIALS = "credentials", _("The student's login")
        API = "api", _("API")
        SIS = "sis", _("SIS import")
        STAFF = "staff", _("The school")

    class Scope(models.TextChoices):
        ALL = "all", _("All courses")
        COURSES = "courses", _("Some courses")

    observer = models.ForeignKey(User, models.PROTECT, db_index=False, related_name="observee_links")
    student = models.ForeignKey(User, models.PROTECT, related_name="observer_links")
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    origin = models.CharField(max_length=16, choices=Origin.choices)
    scope = models.CharField(max_length=16, choices=Scope.choices, default=Scope.ALL)
    sis_import_id = sis_import_id()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = LinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["observer", "student"], name="one_link_for_observer_and_student"),
            models.CheckConstraint(condition=~Q(observer=F("student")), name="nobody_observes_oneself_by_link"),
            models.CheckConstraint(condition=Q(state__in=["active", "deleted"]), name="link_state_is_known"),
            models.CheckConstraint(condition=Q(scope__in=["all", "courses"]), name="link_scope_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.observer_id} observes {self.student_id}"

    @property
    def scope_label(self) -> str | Promise:
        """What it opens in a few words: what `get_scope_display` says, which takes long in a list of many."""
        return self.Scope(self.scope).label
