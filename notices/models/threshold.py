"""What observers want to be told of a student."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class AlertType(models.TextChoices):
    """What an alert is about. Canvas's words, and no others: its app for iOS refuses a whole list for one more."""

    ASSIGNMENT_MISSING = "assignment_missing", _("Work is missing")
    ASSIGNMENT_GRADE_HIGH = "assignment_grade_high", _("A grade is above")
    ASSIGNMENT_GRADE_LOW = "assignment_grade_low", _("A grade is below")
    COURSE_GRADE_HIGH = "course_grade_high", _("A course total is above")
    COURSE_GRADE_LOW = "course_grade_low", _("A course total is below")
    COURSE_ANNOUNCEMENT = "course_announcement", _("A course announcement is posted")
    INSTITUTION_ANNOUNCEMENT = "institution_announcement", _("The school announces something")


# By each type that has a percentage, the one that must lie on the other side of it.
OPPOSITES = {
    AlertType.ASSIGNMENT_GRADE_HIGH: AlertType.ASSIGNMENT_GRADE_LOW,
    AlertType.ASSIGNMENT_GRADE_LOW: AlertType.ASSIGNMENT_GRADE_HIGH,
    AlertType.COURSE_GRADE_HIGH: AlertType.COURSE_GRADE_LOW,
    AlertType.COURSE_GRADE_LOW: AlertType.COURSE_GRADE_HIGH,
}
HIGH = (AlertType.ASSIGNMENT_GRADE_HIGH, AlertType.COURSE_GRADE_HIGH)
# Lists, not the types themselves: migrations keep what stands here.
OF_GRADES = ["assignment_grade_high", "assignment_grade_low", "course_grade_high", "course_grade_low"]
OTHERS = ["assignment_missing", "course_announcement", "institution_announcement"]


class ThresholdQuerySet(models.QuerySet["ObserverAlertThreshold"]):
    def active(self) -> ThresholdQuerySet:
        """Return those that have not been turned off."""
        return self.filter(workflow_state=ObserverAlertThreshold.State.ACTIVE)


class ObserverAlertThreshold(models.Model):
    """That `observer` wants to be told of something about `student`; of a grade, beyond which percentage.

    One that is turned off keeps its row and its id, and is the same one when it is turned on again.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        DELETED = "deleted", _("Removed")

    observer = models.ForeignKey(User, models.CASCADE, db_index=False, related_name="alert_thresholds")
    student = models.ForeignKey(User, models.CASCADE, related_name="+")
    alert_type = models.CharField(max_length=32, choices=AlertType.choices)
    # In percent.
    threshold = models.PositiveSmallIntegerField(null=True, blank=True)
    workflow_state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE, db_default="active")
    created_at = models.DateTimeField(db_default=models.functions.Now())
    updated_at = models.DateTimeField(db_default=models.functions.Now())

    objects = ThresholdQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["observer", "student", "alert_type"], name="one_threshold_of_a_type_for_a_student"
            ),
            models.CheckConstraint(
                condition=Q(alert_type__in=OF_GRADES, threshold__isnull=False, threshold__gte=0, threshold__lte=100)
                | Q(alert_type__in=OTHERS, threshold=None),
                name="thresholds_of_grades_are_percentages",
            ),
            models.CheckConstraint(
                condition=Q(workflow_state__in=["active", "deleted"]), name="threshold_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.observer_id} about {self.student_id}: {self.alert_type}"

    @property
    def is_active(self) -> bool:
        return self.workflow_state == self.State.ACTIVE
