"""When an enrollment begins and ends: the one rule on the dates of enrollment, section, course and term.

For students and their observers, the course is open once all of these have begun, and over as soon as one of them is. A
date that is bound to the enrollments replaces those further out, earlier or later: an enrollment's own two dates, a
section's if it restricts its enrollments to them, then a course's likewise. A term may have other dates for one type of
enrollment. People who run a course prepare it before and grade after: for them only the dates of their own enrollment
count, and those that the term has for their type.

The rule is in the database, as two functions: querysets use it through `begins` and `ends`, plain SQL through `RUNS`.
"""

from __future__ import annotations

from django.db.models import BooleanField, CharField, DateTimeField, ExpressionWrapper, F, Func, Q, Value
from django.db.models.functions import Coalesce, Now
from django.db.models.lookups import LessThanOrEqual

from accounts.models import BaseType

# `latest` of the beginnings and earliest of the ends: PostgreSQL's GREATEST and LEAST skip missing dates.
FUNCTION = """
CREATE FUNCTION courses_{name}(
    type text, own_start timestamptz, own_end timestamptz, section_date timestamptz, section_binds boolean,
    course_date timestamptz, course_binds boolean, term_date timestamptz, by_type jsonb
) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT CASE
    WHEN own_start IS NOT NULL AND own_end IS NOT NULL THEN own_{side}
    WHEN type IN ('TeacherEnrollment', 'TaEnrollment', 'DesignerEnrollment')
        THEN {outermost}(own_{side}, (by_type -> type ->> '{side}_at')::timestamptz)
    WHEN section_binds AND section_date IS NOT NULL THEN {outermost}(own_{side}, section_date)
    WHEN course_binds AND course_date IS NOT NULL THEN {outermost}(own_{side}, section_date, course_date)
    ELSE {outermost}(own_{side}, section_date, course_date,
                     coalesce((by_type -> 'StudentEnrollment' ->> '{side}_at')::timestamptz, term_date))
END $$;
"""
SIDES = {"begins": ("start", "GREATEST"), "ends": ("end", "LEAST")}
SQL = "".join(FUNCTION.format(name=name, side=side, outermost=outermost) for name, (side, outermost) in SIDES.items())
REVERSE = "DROP FUNCTION courses_begins; DROP FUNCTION courses_ends;"

# Whether the enrollment e in the section s of the course c in the term t (which may be none) is running now.
RUNS = " AND ".join(
    f"(courses_{name}(e.type, e.start_at, e.end_at, s.{side}_at, s.restrict_enrollments_to_section_dates,"
    f" c.{side}_at, c.restrict_enrollments_to_course_dates, t.{side}_at, t.date_overrides) {compared} now())"
    " IS NOT FALSE"
    for name, side, compared in (("begins", "start", "<="), ("ends", "end", ">"))
)


def begins(base_type: str | None = None) -> Func:
    """Return, for a queryset of enrollments, when each begins, or null. `base_type`: as if it were one of this type."""
    return _date("begins", "start", base_type)


def ends(base_type: str | None = None) -> Func:
    """Return, for a queryset of enrollments, when each ends, or null, as `begins` does."""
    return _date("ends", "end", base_type)


def _date(name: str, side: str, base_type: str | None) -> Func:
    course = "section__course__"
    return Func(
        Value(base_type, CharField()) if base_type else F("type"),
        F("start_at"),
        F("end_at"),
        F(f"section__{side}_at"),
        F("section__restrict_enrollments_to_section_dates"),
        F(f"{course}{side}_at"),
        F(f"{course}restrict_enrollments_to_course_dates"),
        F(f"{course}term__{side}_at"),
        F(f"{course}term__date_overrides"),
        function=f"courses_{name}",
        output_field=DateTimeField(null=True),
    )


def has_begun() -> Q:
    """Return the enrollments, as a condition, that have begun."""
    return Q(LessThanOrEqual(Coalesce(begins(), Now()), Now()))


def is_over() -> ExpressionWrapper:
    """Return, for a queryset of enrollments, whether each is over, though still readable.

    It is over if it was concluded, or its course was, or once its end has come; for people who run the course also when
    it is over for its students.
    """
    end = Func(ends(), ends(BaseType.STUDENT), function="LEAST", output_field=DateTimeField(null=True))
    ended = Q(Coalesce(LessThanOrEqual(end, Now()), False, output_field=BooleanField()))
    concluded = Q(state="completed") | Q(section__course__workflow_state="completed")
    return ExpressionWrapper(ended | concluded, BooleanField())
