"""What observers have been told of."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from courses.grades import plain
from courses.models import AccountNotification, Assignment, Course, DiscussionTopic
from notices.models.threshold import AlertType, ObserverAlertThreshold

# Lists, not the types themselves: migrations keep what stands here.
OF_ASSIGNMENTS = ["assignment_missing", "assignment_grade_high", "assignment_grade_low"]
OF_COURSES = ["course_grade_high", "course_grade_low"]


class ObserverAlert(models.Model):
    """That `observer` was told of one thing about `student`: which, in the columns for its type.

    Its title is put together when it is read, in the reader's language. Whether it may still be read is asked then, too
    (notices/domain/alerts.py).
    """

    class State(models.TextChoices):
        UNREAD = "unread", gettext_lazy("New")
        READ = "read", gettext_lazy("Read")
        DISMISSED = "dismissed", gettext_lazy("Dismissed")

    observer = models.ForeignKey(User, models.CASCADE, db_index=False, related_name="alerts")
    student = models.ForeignKey(User, models.CASCADE, db_index=False, related_name="+")
    threshold = models.ForeignKey(ObserverAlertThreshold, models.CASCADE, related_name="alerts")
    alert_type = models.CharField(max_length=32, choices=AlertType.choices)
    # All but the announcements of the institution are about something in a course.
    course = models.ForeignKey(Course, models.CASCADE, null=True, related_name="+")
    assignment = models.ForeignKey(Assignment, models.CASCADE, null=True, related_name="+")
    topic = models.ForeignKey(DiscussionTopic, models.CASCADE, null=True, related_name="+")
    notification = models.ForeignKey(AccountNotification, models.CASCADE, null=True, related_name="+")
    # Of grades: the percentage that crossed the threshold, which may have changed since.
    percent = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    workflow_state = models.CharField(max_length=16, choices=State.choices, default=State.UNREAD, db_default="unread")
    action_date = models.DateTimeField(default=timezone.now, db_default=models.functions.Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["observer", "student", "assignment"],
                condition=Q(alert_type="assignment_missing"),
                name="missing_work_is_told_once",
            ),
            models.UniqueConstraint(
                fields=["observer", "student", "topic"],
                condition=Q(alert_type="course_announcement"),
                name="course_announcements_are_told_once",
            ),
            models.UniqueConstraint(
                fields=["observer", "student", "notification"],
                condition=Q(alert_type="institution_announcement"),
                name="institution_announcements_are_told_once",
            ),
            models.CheckConstraint(
                condition=Q(alert_type__in=OF_ASSIGNMENTS, course__isnull=False, assignment__isnull=False)
                | Q(alert_type__in=OF_COURSES, course__isnull=False)
                | Q(alert_type="course_announcement", course__isnull=False, topic__isnull=False)
                | Q(alert_type="institution_announcement", course=None, notification__isnull=False),
                name="an_alert_is_about_something",
            ),
            models.CheckConstraint(
                condition=Q(workflow_state__in=["unread", "read", "dismissed"]), name="alert_state_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["observer", "student", "-id"], name="alerts_newest_first"),
            models.Index(fields=["action_date"], name="alerts_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.observer_id} about {self.student_id}: {self.alert_type}"

    @property
    def title(self) -> str:
        """What happened, in one sentence, in the reader's language."""
        code = (self.course.course_code or self.course.name) if self.course else ""
        match self.alert_type:
            case AlertType.ASSIGNMENT_MISSING:
                return _("Assignment missing: %(name)s in %(code)s") % {"name": self.assignment, "code": code}
            case AlertType.ASSIGNMENT_GRADE_HIGH | AlertType.ASSIGNMENT_GRADE_LOW:
                named = {"grade": self.shown_percent, "name": self.assignment, "code": code}
                return _("Assignment graded: %(grade)s on %(name)s in %(code)s") % named
            case AlertType.COURSE_GRADE_HIGH | AlertType.COURSE_GRADE_LOW:
                return _("Course grade: %(percent)s in %(code)s") % {"percent": self.shown_percent, "code": code}
            case AlertType.COURSE_ANNOUNCEMENT:
                return _("Course announcement: “%(title)s” in %(code)s") % {"title": self.topic, "code": code}
            case _other:
                return _("Institution announcement: “%(subject)s”") % {"subject": self.notification}

    @property
    def shown_percent(self) -> str:
        """The percentage as it is written: 91.5 %."""
        return "" if self.percent is None else f"{plain(self.percent)} %"
