"""sections.csv: the sections of courses."""

from django.utils.translation import gettext_lazy as _

from courses.domain.observer_enrollments import follow_moves
from courses.models import Section
from sis.kinds.audit import Changes, record_changes, record_deleted
from sis.kinds.chunks import Round, put_back_states
from sis.kinds.kind import DATES, BatchMode, Brake, Example, Kind, Record, Restated, Unique
from sis.kinds.sender_limits import refuse_own_moves
from sis.kinds.sql import read_sql

COLUMNS = ("section_id", "course_id", "name", "status", "start_date", "end_date", "integration_id")
NEW = {
    "course_id": "given.new_course",
    "nonxlist_course_id": "given.new_nonxlist",
    "is_default": "given.new_default",
    "name": "given.new_name",
    "workflow_state": "given.after",
    "start_at": "given.new_start",
    "end_at": "given.new_end",
    "integration_id": "given.new_integration",
    "restrict_enrollments_to_section_dates": "given.new_restrict",
    "stuck_sis_fields": "given.new_stuck",
}
CHANGES = Changes(Section, NEW)
SQL = read_sql(
    __file__,
    COLUMNS,
    section_cell=f"c{COLUMNS.index('section_id') + 1}",
    tell=record_changes(CHANGES),
    update=CHANGES.update,
)


def apply(this: Round) -> None:
    """Make, rename, move and delete sections, the last with all who are in them."""
    this.look_up("courses_section")
    refuse_own_moves(this, "given.found", "given.new_course", "given.moves")
    this.lock(SQL["lock"])
    this.lock(SQL["lock_sections"])
    this.execute(SQL["end_enrollments"])
    this.note_changes("CourseSection")
    moved = this.execute(SQL["read_moves"])
    this.execute(SQL["tell"])
    this.execute(SQL["update"])
    follow_moves(moved, by=this.run.by, sis_import=this.run.sis_import_id)
    this.make(
        "CourseSection",
        Section,
        "workflow_state",
        course_id="new_course",
        name="new_name",
        sis_section_id="section_id",
        integration_id="new_integration",
        workflow_state="after",
        start_at="new_start",
        end_at="new_end",
        restrict_enrollments_to_section_dates="new_restrict",
        stuck_sis_fields="new_stuck",
        sis_import_id="%(import)s",
    )


KIND = Kind(
    order=60,
    name="section",
    plural="sections",
    label=_("Sections"),
    recognizes=lambda has: has >= {"section_id", "name"},
    columns=COLUMNS,
    key=("section_id",),
    resolvable=frozenset({"integration_id_taken"}),
    unique=(Unique("integration_id"),),
    restated=Restated(
        "courses_section",
        "sis_section_id",
        {
            "name": "record.name",
            "integration_id": "record.integration_id",
            "start_date": "record.start_at::text",
            "end_date": "record.end_at::text",
        },
        {
            "course_id": "(SELECT sis_course_id FROM courses_course AS home"
            " WHERE home.id = coalesce(record.nonxlist_course_id, record.course_id))",
        },
    ),
    dates=DATES,
    grows=("courses_section",),
    sql=SQL,
    apply=apply,
    messages={},
    example=Example(6, "section_id,course_id,name,status\nBIO1-F26-A,BIO1-F26,Biology I – A,active"),
    record=Record(
        class_name="CourseSection",
        table="courses_section",
        state="workflow_state",
        title="x.name",
        put_back=put_back_states(Section),
    ),
    brake=Brake(5, _("sections"), reads=("section", "course", "term"), sql=SQL.parts["brake"]),
    batch_mode=BatchMode(
        SQL.parts["live_in_batch"],
        SQL.parts["remove_in_batch"],
        people=SQL.parts["people_in_batch"],
        before=(SQL.parts["lock_in_batch"], SQL.parts["end_in_batch"], record_deleted(Section)),
        along={"course": SQL.parts["along_with_course"]},
    ),
)
