"""A student's work on an assignment, its grade, and what was said about it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.text.html import Html
from courses.models.assignment import Assignment
from courses.models.source import Mirrored, Written


class Submission(Mirrored):
    """One student's work on one assignment, and the grade for it once `posted_at` has come.

    Whether it is late or missing is not kept, but decided by its dates and by what was set by hand: courses/work.py.
    """

    class State(models.TextChoices):
        UNSUBMITTED = "unsubmitted", _("Not submitted")
        SUBMITTED = "submitted", _("Submitted")
        PENDING_REVIEW = "pending_review", _("Waiting for review")
        GRADED = "graded", _("Graded")

    class SetByHand(models.TextChoices):
        """What a teacher or the source said instead of what follows from the dates; extended counts as none."""

        NONE = "none", _("None")
        LATE = "late", _("Late")
        MISSING = "missing", _("Missing")
        EXTENDED = "extended", _("Extended")

    assignment = models.ForeignKey(Assignment, models.CASCADE, db_index=False, related_name="submissions")
    student = models.ForeignKey(User, models.PROTECT, related_name="submissions")
    workflow_state = models.CharField(
        max_length=16, choices=State.choices, default=State.UNSUBMITTED, db_default="unsubmitted"
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(null=True, blank=True)
    # What was handed in, if the source tells.
    submission_type = models.CharField(max_length=32, blank=True, default="", db_default="")
    body = Html(blank=True, default="", db_default="")
    urls = ArrayField(models.CharField(max_length=2048), default=list, db_default=Value("{}"), blank=True)
    excused = models.BooleanField(default=False, db_default=False)
    late_policy_status = models.CharField(
        max_length=16, choices=SetByHand.choices, blank=True, default="", db_default=""
    )
    score = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    # The grade in words where it is more than the score, such as a letter.
    grade = models.CharField(max_length=255, blank=True, default="", db_default="")
    graded_at = models.DateTimeField(null=True, blank=True)
    grader = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, db_index=False, related_name="+")
    posted_at = models.DateTimeField(null=True, blank=True, help_text=_("When the grade was released to the student."))
    updated_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        constraints = [
            *Mirrored.Meta.constraints,
            models.UniqueConstraint(fields=["assignment", "student"], name="one_submission_for_assignment_and_student"),
            models.CheckConstraint(condition=Q(score=None) | Q(score__gte=0), name="score_is_not_negative"),
            models.CheckConstraint(
                condition=Q(workflow_state__in=["unsubmitted", "submitted", "pending_review", "graded"]),
                name="submission_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(late_policy_status__in=["", "none", "late", "missing", "extended"]),
                name="late_policy_status_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} on {self.assignment_id}"

    @property
    def is_posted(self) -> bool:
        """Whether the student (and who observes the student) may see score and comments."""
        return self.posted_at is not None and self.posted_at <= timezone.now()

    @property
    def is_graded(self) -> bool:
        """Whether it has a grade, released or not."""
        return self.score is not None or self.grade != ""


class SubmissionCommentQuerySet(models.QuerySet["SubmissionComment"]):
    def shown(self) -> SubmissionCommentQuerySet:
        """Return those that students and their observers may read once the grade is released."""
        return self.filter(draft=False, anonymous=False)


class SubmissionComment(Written, Mirrored):
    """A remark on somebody's work."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="comments")
    comment = models.TextField()
    draft = models.BooleanField(default=False, db_default=False)
    # Written by another student, whose name nobody is told.
    anonymous = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = SubmissionCommentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = Mirrored.Meta.constraints

    def __str__(self) -> str:
        return f"{self.author_id} on submission {self.submission_id}"
