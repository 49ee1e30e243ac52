"""xlists.csv: sections cross-listed into another course, and back."""

from django.db.models import CASCADE, ManyToOneRel
from django.utils.translation import gettext_lazy as _

from accounts.domain.audit import record_in_sql
from courses.domain.events import CourseChanged, CourseDeleted, SectionChanged
from courses.domain.observation_events import courses_return
from courses.domain.observer_enrollments import follow_moves
from courses.models import Course
from sis.kinds.audit import differs, names_of_changed, told
from sis.kinds.chunks import Round
from sis.kinds.kind import Example, Kind, Restated
from sis.kinds.sender_limits import refuse_own_moves
from sis.kinds.sql import read_sql, set_columns

COLUMNS = ("xlist_course_id", "section_id", "status")
# What a course that a cross-listing makes has of the one that the section comes from.
OF_HOME = (
    *("name", "course_code", "account_id", "term_id", "start_at", "end_at"),
    "restrict_enrollments_to_course_dates",
)
LIKE_HOME = {column: f"given.{column}" for column in OF_HOME}
# What is in a course, and would go with it.
CONTENT = [
    one.related_model._meta.db_table
    for one in Course._meta.get_fields(include_hidden=True)
    if isinstance(one, ManyToOneRel) and one.on_delete is CASCADE
]
SQL = read_sql(
    __file__,
    COLUMNS,
    tell_moved=record_in_sql(told(SectionChanged, "moved WHERE course_id <> was_in")),
    tell_revived=record_in_sql(told(CourseChanged, "revived")),
    is_filled=" OR ".join(f"EXISTS (SELECT FROM {table} AS x WHERE x.course_id = course.id)" for table in CONTENT),
    home_columns=set_columns(LIKE_HOME),
    home_differs=differs(LIKE_HOME),
    home_fields=names_of_changed(LIKE_HOME),
    tell_like_home=record_in_sql(told(CourseChanged, "differing")),
    tell_ended=record_in_sql(told(CourseDeleted, "empty")),
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
        sis_course_id="given.xlist_course_id",
        workflow_state="'unpublished'",
        only_cross_listed="true",
        sis_import_id="%(import)s",
        **{column: f"home.{column}" for column in OF_HOME},
    )
    this.execute(SQL["move"])
    moved = this.execute(SQL["read_moved"])
    follow_moves(moved, by=this.run.by, sis_import=this.run.sis_import_id)


def settle(this: Round) -> None:
    """Have the courses that only cross-listings name be like those that their sections came from, and end the empty."""
    this.execute(SQL["follow_homes"])
    this.execute(SQL["end_empty"])


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
    settle=settle,
    settles=frozenset({"course", "section", "xlist"}),
    messages={"no_xlist_course_id": _("An xlist_course_id is missing for section {id}.")},
    example=Example(8, "xlist_course_id,section_id,status\nSCI-F26,BIO1-F26-A,active"),
)
