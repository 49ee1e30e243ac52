"""What each student has to do: published assignments given to them, with the dates and the state of the work."""

from __future__ import annotations

from django.db import models
from django.db.models import F

from accounts.models import User
from courses.models.assignment import Assignment
from courses.models.course import Course
from courses.models.submission import Submission


class AssignedQuerySet(models.QuerySet["Assigned"]):
    def by_date(self) -> AssignedQuerySet:
        """Return them by the student's due date, those without one last."""
        return self.order_by(F("due_at").asc(nulls_last=True), "assignment")


class Assigned(models.Model):
    """An assignment of a student: their own dates, and whether the work is late, missing or excused.

    The database makes these rows of what is there (a view, courses/work.py), a row for each published assignment and
    each student of its course whom it is given to. `score` and `grade` are there only once they are released; what is
    held back has the submission. Who may read them is for others to ask: courses/access/.
    """

    pk = models.CompositePrimaryKey("assignment_id", "student_id")
    assignment = models.ForeignKey(Assignment, models.DO_NOTHING, related_name="assigned")
    student = models.ForeignKey(User, models.DO_NOTHING, related_name="assigned")
    course = models.ForeignKey(Course, models.DO_NOTHING, related_name="assigned")
    submission = models.ForeignKey(Submission, models.DO_NOTHING, null=True, related_name="+")
    due_at = models.DateTimeField(null=True)
    unlock_at = models.DateTimeField(null=True)
    lock_at = models.DateTimeField(null=True)
    excused = models.BooleanField()
    late = models.BooleanField()
    missing = models.BooleanField()
    # Whether a grade is released.
    is_graded = models.BooleanField()
    score = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    grade = models.CharField(max_length=255)

    objects = AssignedQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "courses_assigned"

    def __str__(self) -> str:
        return f"assignment {self.assignment_id} of {self.student_id}"
