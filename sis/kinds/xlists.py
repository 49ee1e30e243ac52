"""xlists.csv: sections cross-listed into another course, and back."""

from django.utils.translation import gettext_lazy as _

from accounts.domain.audit import record_in_sql
from courses.domain.events import CourseChanged, SectionChanged
from courses.domain.observation_events import courses_return
from courses.domain.observer_enrollments import follow_moves
from courses.models import Course
from sis.kinds.audit import told
from sis.kinds.chunks import Round
from sis.kinds.kind import Example, Kind, Restated
from sis.kinds.sender_limits import refuse_own_moves
from sis.kinds.sql import read_sql

COLUMNS = ("xlist_course_id", "section_id", "status")
SQL = read_sql(
    __file__,
    COLUMNS,
    tell_moved=record_in_sql(told(SectionChanged, "moved WHERE course_id <> was_in")),
    tell_revived=record_in_sql(told(CourseChanged, "revived")),
)


def apply(this: Round) -> None:
    """Move sections to the courses they are cross-listed into, which are made where they are missing, or home."""
    this.look_up("courses_section", found="section")
    refuse_own_moves(this, "given.section", "given.target", "given.target <> given.course")
    this.lock(SQL["lock"])
    back = [pk for (pk,) in this.execute(SQL["revive_courses"])]
    courses_return(back, by=this.run.by, sis_import=this.run.sis_import_id)
    this.make(
        "Course",
        Course,
        "workflow_state",
        "looked_up AS given JOIN courses_course AS home ON home.id = given.home",
        "given.problem IS NULL AND given.status = 'active' AND NOT EXISTS ("
        "SELECT 1 FROM courses_course AS course WHERE course.sis_course_id = given.xlist_course_id)",
        name="home.name",
        course_code="home.course_code",
        account_id="home.account_id",
        term_id="home.term_id",
        sis_course_id="given.xlist_course_id",
        workflow_state="'unpublished'",
        start_at="home.start_at",
        end_at="home.end_at",
        restrict_enrollments_to_course_dates="home.restrict_enrollments_to_course_dates",
        sis_import_id="%(import)s",
    )
    this.execute(SQL["move"])
    moved = this.execute(SQL["read_moved"])
    follow_moves(moved, by=this.run.by, sis_import=this.run.sis_import_id)


KIND = Kind(
    order=70,
    name="xlist",
    plural="xlists",
    label=_("Cross-listings"),
    recognizes=lambda has: has >= {"xlist_course_id", "section_id"},
    columns=COLUMNS,
    key=("section_id",),
    restated=Restated(
        "courses_section",
        "sis_section_id",
        {},
        {"xlist_course_id": "(SELECT sis_course_id FROM courses_course AS target WHERE target.id = record.course_id)"},
    ),
    sql=SQL,
    apply=apply,
    messages={"no_xlist_course_id": _("An xlist_course_id is missing for section {id}.")},
    example=Example(8, "xlist_course_id,section_id,status\nSCI-F26,BIO1-F26-A,active"),
)
