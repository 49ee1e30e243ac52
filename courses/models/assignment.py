"""Work to hand in: assignments, their groups, the dates that some students have, and grading periods."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.text.fields import Name
from accounts.text.html import Html
from courses.models.course import Course, Section, Term
from courses.models.source import Mirrored

# Work handed in online, in Canvas's words: only such is missing because nothing was handed in.
HANDED_IN_ONLINE = (
    *("online_text_entry", "online_url", "online_upload", "media_recording", "student_annotation"),
    *("online_quiz", "discussion_topic"),
)
SUBMISSION_TYPES = (*HANDED_IN_ONLINE, "on_paper", "none", "external_tool", "not_graded", "attendance", "wiki_page")


def no_submission_type() -> list[str]:
    """Return what an assignment has of which nothing else is said."""
    return ["none"]


class AssignmentGroup(Mirrored):
    """A heading for assignments of a course, with what it weighs in the total if the course weighs its groups."""

    course = models.ForeignKey(Course, models.CASCADE, db_index=False, related_name="assignment_groups")
    name = Name()
    position = models.PositiveIntegerField(default=1, db_default=1)
    weight = models.DecimalField(max_digits=6, decimal_places=2, default=0, db_default=0)

    class Meta:
        constraints = [
            *Mirrored.Meta.constraints,
            models.CheckConstraint(condition=Q(weight__gte=0), name="weight_is_not_negative"),
            # What an assignment's group and course refer to together: see courses/guards.py.
            models.UniqueConstraint(fields=["course", "id"], name="group_is_of_one_course"),
        ]

    def __str__(self) -> str:
        return self.name


TERM = Coalesce(F("term"), 0, output_field=models.BigIntegerField())


class GradingPeriod(Mirrored):
    """A part of a term with a total of its own: of the work due after its start and until its end.

    Periods without a term are those of the default term. Work without a due date belongs to the last period.
    """

    term = models.ForeignKey(Term, models.CASCADE, null=True, blank=True, related_name="grading_periods")
    title = Name()
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    # Until when grades can be changed; without it, until the end.
    close_at = models.DateTimeField(null=True, blank=True)
    weight = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)

    class Meta:
        constraints = [
            *Mirrored.Meta.constraints,
            models.CheckConstraint(condition=Q(start_at__lt=F("end_at")), name="period_starts_before_its_end"),
            models.CheckConstraint(condition=Q(weight=None) | Q(weight__gte=0), name="period_weight_is_not_negative"),
            # A range of one number stands for the term: comparing numbers as such here needs an extension.
            ExclusionConstraint(
                name="periods_of_a_term_do_not_overlap",
                expressions=[
                    (Func(TERM, TERM, Value("[]"), function="int8range"), "&&"),
                    (Func(F("start_at"), F("end_at"), Value("(]"), function="tstzrange"), "&&"),
                ],
                deferrable=models.Deferrable.IMMEDIATE,
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def present(self) -> AssignmentQuerySet:
        """Return everything that has not been deleted."""
        return self.exclude(workflow_state=Assignment.State.DELETED)

    def published(self) -> AssignmentQuerySet:
        """Return what is published, by its due date; those without one last."""
        return self.filter(workflow_state=Assignment.State.PUBLISHED).by_date()

    def given_to_all(self) -> AssignmentQuerySet:
        """Return what is not for some students only."""
        return self.filter(only_visible_to_overrides=False)

    def by_date(self) -> AssignmentQuerySet:
        return self.order_by(F("due_at").asc(nulls_last=True), "id")


class Assignment(Mirrored):
    """Work to hand in. Its own dates hold for whoever has no others (AssignmentDate)."""

    class State(models.TextChoices):
        UNPUBLISHED = "unpublished", _("Unpublished")
        PUBLISHED = "published", _("Published")
        DELETED = "deleted", _("Deleted")

    class Grading(models.TextChoices):
        """How a grade is shown."""

        POINTS = "points", _("Points")
        PERCENT = "percent", _("Percent")
        LETTER_GRADE = "letter_grade", _("Letter")
        GPA_SCALE = "gpa_scale", _("GPA scale")
        PASS_FAIL = "pass_fail", _("Complete or incomplete")
        NOT_GRADED = "not_graded", _("Not graded")

    course = models.ForeignKey(Course, models.CASCADE, db_index=False, related_name="assignments")
    group = models.ForeignKey(AssignmentGroup, models.PROTECT, null=True, blank=True, related_name="assignments")
    name = Name()
    description = Html(blank=True)
    position = models.PositiveIntegerField(default=1, db_default=1)
    submission_types = ArrayField(
        models.CharField(max_length=32), default=no_submission_type, db_default=Value("{none}")
    )
    grading_type = models.CharField(max_length=16, choices=Grading.choices, default=Grading.POINTS, db_default="points")
    points_possible = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    unlock_at = models.DateTimeField(null=True, blank=True)
    lock_at = models.DateTimeField(null=True, blank=True)
    # Given only to the students and sections that have dates of their own; in Canvas's words, dates are overrides.
    only_visible_to_overrides = models.BooleanField(default=False, db_default=False)
    omit_from_final = models.BooleanField(default=False, db_default=False)
    # Whether grades wait until somebody releases them all, instead of being released as they are given.
    post_manually = models.BooleanField(default=False, db_default=False)
    workflow_state = models.CharField(
        max_length=16, choices=State.choices, default=State.UNPUBLISHED, db_default="unpublished"
    )
    created_at = models.DateTimeField(db_default=models.functions.Now())
    updated_at = models.DateTimeField(db_default=models.functions.Now())

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            *Mirrored.Meta.constraints,
            models.CheckConstraint(
                condition=Q(points_possible=None) | Q(points_possible__gte=0), name="points_possible_is_not_negative"
            ),
            models.CheckConstraint(condition=~Q(submission_types=[]), name="assignment_says_how_it_is_handed_in"),
            models.CheckConstraint(
                condition=Q(unlock_at=None) | Q(lock_at=None) | Q(unlock_at__lt=F("lock_at")),
                name="assignment_unlocks_before_it_locks",
            ),
            models.CheckConstraint(
                condition=Q(workflow_state__in=["unpublished", "published", "deleted"]),
                name="assignment_state_is_known",
            ),
        ]
        indexes = [models.Index(fields=["course", "due_at"], name="assignments_by_due_date")]

    def __str__(self) -> str:
        return self.name

    @property
    def published(self) -> bool:
        return self.workflow_state == self.State.PUBLISHED

    @property
    def assignment(self) -> Assignment:
        """Itself: lists show assignments and the work of a student alike."""
        return self


class AssignmentDate(Mirrored):
    """The dates that a section or a student has for an assignment, all three in place of the assignment's own.

    A student's own come first, then those of their sections, of several the latest due date; none is later than any.
    """

    assignment = models.ForeignKey(Assignment, models.CASCADE, db_index=False, related_name="dates")
    section = models.ForeignKey(Section, models.CASCADE, null=True, blank=True, related_name="+")
    student = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+")
    due_at = models.DateTimeField(null=True, blank=True)
    unlock_at = models.DateTimeField(null=True, blank=True)
    lock_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *Mirrored.Meta.constraints,
            models.CheckConstraint(
                condition=Q(section=None, student__isnull=False) | Q(section__isnull=False, student=None),
                name="a_date_is_a_sections_or_a_students",
            ),
            models.UniqueConstraint(
                fields=["assignment", "section", "student"], nulls_distinct=False, name="one_date_for_each"
            ),
            models.CheckConstraint(
                condition=Q(unlock_at=None) | Q(lock_at=None) | Q(unlock_at__lt=F("lock_at")),
                name="a_date_unlocks_before_it_locks",
            ),
        ]

    def __str__(self) -> str:
        return f"assignment {self.assignment_id} for section {self.section_id}, student {self.student_id}"
