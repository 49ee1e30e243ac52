"""Terms, courses and sections, with Canvas's states."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Upper
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, BaseType
from accounts.models.search import SearchedQuerySet
from accounts.models.sis import sis_import_id, stuck_sis_fields
from accounts.text.collation import sort_key
from accounts.text.fields import TOO_LONG, Complaints, Name, SisId, Text
from accounts.text.html import Html
from accounts.text.search import search_words

LONG: Complaints = {"max_length": ("too_long", _("Use at most 255 characters."))}
SIS_ID: Complaints = {**LONG, "unique": ("taken", _("Something else already has this SIS ID."))}


class Term(models.Model):
    """A part of the school year. Courses without one are in the default term."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        DELETED = "deleted", _("Deleted")

    name = Name()
    search_words = search_words("name")
    sort_key = sort_key("name")
    sis_term_id = SisId(
        null=True, complaints={"max_length": TOO_LONG, "unique": ("taken", _("Another term already has this SIS ID."))}
    )
    integration_id = SisId(null=True)
    workflow_state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE, db_default="active")
    start_at = models.DateTimeField(null=True, blank=True)
    end_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=models.functions.Now())
    # By enrollment type: {"StudentEnrollment": {"start_at": …, "end_at": …}}
    date_overrides = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)
    sis_import_id = sis_import_id()
    stuck_sis_fields = stuck_sis_fields()

    def __str__(self) -> str:
        return self.name

    @property
    def dates_by_type(self) -> list[tuple[str, datetime | None, datetime | None]]:
        """The term's dates for single types of enrollment: type, start and end."""
        return [
            (str(BaseType(base).label), *(_moment(dates.get(side)) for side in ("start_at", "end_at")))  # type: ignore[misc]
            for base, dates in sorted(self.date_overrides.items())
        ]


def _moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None


class CourseQuerySet(SearchedQuerySet["Course"]):
    def present(self) -> CourseQuerySet:
        """Return everything that has not been deleted."""
        return self.exclude(workflow_state=Course.State.DELETED)


class Course(models.Model):
    """A course. Students and observers see it once it is published and has begun for them (courses/models/dates.py)."""

    class State(models.TextChoices):
        UNPUBLISHED = "unpublished", _("Unpublished")
        AVAILABLE = "available", _("Published")
        COMPLETED = "completed", _("Concluded")
        DELETED = "deleted", _("Deleted")

    READABLE = (State.AVAILABLE, State.COMPLETED)

    name = Name(complaints=LONG)
    course_code = Text(complaints=LONG)
    search_words = search_words("name", "course_code")
    sort_key = sort_key("name")
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, related_name="courses")
    term = models.ForeignKey(Term, models.PROTECT, null=True, blank=True, db_index=False, related_name="courses")
    sis_course_id = SisId(null=True, complaints=SIS_ID)
    integration_id = SisId(null=True)
    workflow_state = models.CharField(max_length=16, choices=State.choices, default=State.UNPUBLISHED)
    start_at = models.DateTimeField(null=True, blank=True)
    end_at = models.DateTimeField(null=True, blank=True)
    restrict_enrollments_to_course_dates = models.BooleanField(default=False, db_default=False)
    course_format = models.CharField(max_length=16, blank=True, db_default="")
    grade_passback_setting = models.CharField(max_length=16, blank=True, db_default="")
    # Whether of rosters only cross-listings name it: none lists the course itself, or none does so any more. It is like
    # the course that its first section came from, and goes with its last one.
    only_cross_listed = models.BooleanField(default=False, db_default=False)
    sis_import_id = sis_import_id()
    stuck_sis_fields = stuck_sis_fields()
    front_page = Html(blank=True)
    syllabus_body = Html(blank=True)
    apply_group_weights = models.BooleanField(default=False, db_default=False)
    # How percentages become letters, the highest first: [["A", 0.9], ["B", 0.8], …]; see courses/grades.py.
    grading_scheme = models.JSONField(null=True, blank=True)
    # Students and observers see letters instead of numbers, and without a scheme neither.
    restrict_quantitative_data = models.BooleanField(default=False, db_default=False)
    # Students and observers see no totals.
    hide_final_grades = models.BooleanField(default=False, db_default=False)
    # Ids of pages that only staff see: courses/domain/course_tabs.py.
    hidden_tabs = ArrayField(models.CharField(max_length=32), default=list, db_default=Value("{}"), blank=True)
    # Without it, an observer sees that there is the course, and why nothing of it.
    observers_allowed = models.BooleanField(default=True, db_default=True)
    observers_reason = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CourseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(workflow_state__in=["unpublished", "available", "completed", "deleted"]),
                name="course_state_is_known",
            )
        ]
        indexes = [
            models.Index(fields=["account", "sort_key"], name="courses_of_account_by_name"),
            models.Index(fields=["sort_key", "id"], name="courses_by_name"),
            models.Index(fields=["term", "workflow_state"], name="courses_of_term"),
            models.Index(fields=["workflow_state", "sort_key", "id"], name="courses_by_state_and_name"),
            models.Index(OpClass(Upper("sis_course_id"), "text_pattern_ops"), name="courses_by_sis_id"),
            GinIndex(fields=["search_words"], name="courses_by_words"),
            models.Index(
                fields=["id"],
                name="courses_only_cross_listed",
                condition=Q(only_cross_listed=True) & ~Q(workflow_state="deleted"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Section(models.Model):
    """A group of people within a course; every enrollment is in one."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        DELETED = "deleted", _("Deleted")

    course = models.ForeignKey(Course, models.PROTECT, related_name="sections")
    # The course a cross-listed section came from and returns to.
    nonxlist_course = models.ForeignKey(
        Course, models.PROTECT, null=True, blank=True, related_name="sections_elsewhere"
    )
    name = Name(complaints=LONG)
    sort_key = sort_key("name")
    sis_section_id = SisId(null=True, complaints=SIS_ID)
    integration_id = SisId(null=True)
    is_default = models.BooleanField(default=False)
    workflow_state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    start_at = models.DateTimeField(null=True, blank=True)
    end_at = models.DateTimeField(null=True, blank=True)
    restrict_enrollments_to_section_dates = models.BooleanField(default=False, db_default=False)
    sis_import_id = sis_import_id()
    stuck_sis_fields = stuck_sis_fields()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # The default of its own course: a cross-listed section stays the default of the course it came from.
            models.UniqueConstraint(
                models.functions.Coalesce(F("nonxlist_course"), F("course")),
                condition=Q(is_default=True),
                name="one_default_section_in_a_course",
            ),
            models.CheckConstraint(
                condition=~Q(nonxlist_course=F("course")), name="cross_listed_sections_are_in_another_course"
            ),
            # People whose section is not named would be put into it.
            models.CheckConstraint(
                condition=Q(is_default=False) | ~Q(workflow_state="deleted"), name="no_deleted_section_is_the_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name


def default_section(course: Course) -> Section:
    """Return the section for people when none is named; create it on first use."""
    # A cross-listed section is still the default of the course it came from, and not of the one it is in now.
    elsewhere = Section.objects.filter(nonxlist_course=course, is_default=True).select_related("course").first()
    if elsewhere:
        return elsewhere
    section, _made = Section.objects.get_or_create(
        course=course, is_default=True, nonxlist_course=None, defaults={"name": course.name}
    )
    return section
