"""What a course contains. Texts are plain; a blank line starts a paragraph."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from courses.models.course import Course


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def posted(self, now: datetime | None = None) -> AnnouncementQuerySet:
        """Return those whose time has come, newest first."""
        return self.filter(posted_at__lte=now or timezone.now()).order_by("-posted_at", "-id")


class Announcement(models.Model):
    """Word from the teacher to everybody in the course."""

    course = models.ForeignKey(Course, models.CASCADE, db_index=False, related_name="announcements")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    title = models.CharField(max_length=255)
    message = models.TextField()
    posted_at = models.DateTimeField(default=timezone.now)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["course", "-posted_at"], name="announcements_newest_first")]

    def __str__(self) -> str:
        return self.title


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def published(self) -> AssignmentQuerySet:
        """Return what students and observers see, by due date; those without one last."""
        return self.filter(published=True).order_by(models.F("due_at").asc(nulls_last=True), "id")


class Assignment(models.Model):
    """Work to hand in."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="assignments")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    points_possible = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    published = models.BooleanField(default=False)

    objects = AssignmentQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class Submission(models.Model):
    """One student's work on one assignment, and the grade for it once `posted_at` has come."""

    assignment = models.ForeignKey(Assignment, models.CASCADE, db_index=False, related_name="submissions")
    student = models.ForeignKey(User, models.PROTECT, related_name="submissions")
    submitted_at = models.DateTimeField(null=True, blank=True)
    score = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    posted_at = models.DateTimeField(null=True, blank=True, help_text=_("When the grade was released to the student."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "student"], name="one_submission_for_assignment_and_student"),
            models.CheckConstraint(condition=Q(score=None) | Q(score__gte=0), name="score_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} on {self.assignment_id}"

    @property
    def is_posted(self) -> bool:
        """Whether the student (and who observes the student) may see score and comments."""
        return self.posted_at is not None and self.posted_at <= timezone.now()


class SubmissionComment(models.Model):
    """A remark on somebody's work."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="comments")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    comment = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.author_id} on submission {self.submission_id}"
