"""terms.csv: terms, and the dates they have for one type of enrollment."""

from django.utils.translation import gettext_lazy as _

from courses.models import Term
from sis.kinds.audit import Changes, record_changes
from sis.kinds.chunks import Round, put_back_states
from sis.kinds.kind import DATES, Example, Going, Kind, Record, Restated, Unique
from sis.kinds.sql import STATES, any_of, read_sql, set_columns

COLUMNS = ("term_id", "name", "status", "start_date", "end_date", "integration_id", "date_override_enrollment_type")
TYPES = {
    "studentenrollment": "StudentEnrollment",
    "teacherenrollment": "TeacherEnrollment",
    "taenrollment": "TaEnrollment",
    "designerenrollment": "DesignerEnrollment",
}
NEW = {
    "name": "given.new_name",
    "start_at": "given.new_start",
    "end_at": "given.new_end",
    "workflow_state": "given.after",
    "integration_id": "given.new_integration",
    "stuck_sis_fields": "given.new_stuck",
}
# Not where a date cannot be read: without one, the type would be free of the dates that it has.
NEW_DATES = {
    "date_overrides": (
        "CASE WHEN starts_with(given.caution, 'bad_date') THEN record.date_overrides ELSE "
        "(record.date_overrides - given.type) || CASE WHEN given.status = 'deleted' THEN '{}'::jsonb ELSE "
        "jsonb_build_object(given.type, jsonb_build_object('start_at', given.start_date, 'end_at', given.end_date)) END"
        " END"
    )
}
CHANGES = Changes(Term, NEW, "given.type IS NULL")
SQL = read_sql(
    __file__,
    COLUMNS,
    new_dates=set_columns(NEW_DATES),
    tell=record_changes(CHANGES),
    update=CHANGES.update,
    tell_dates=record_changes(Changes(Term, NEW_DATES, "given.type IS NOT NULL")),
    known_types=any_of(TYPES),
    type_of_word=" ".join(f"WHEN '{word}' THEN '{name}'" for word, name in TYPES.items()),
)


def apply(this: Round) -> None:
    """Make, change and delete terms."""
    this.look_up("courses_term")
    this.execute(SQL["note_changes"])
    this.execute(SQL["tell"])
    this.execute(SQL["update"])
    this.execute(SQL["tell_dates"])
    this.execute(SQL["override_dates"])
    this.make(
        "EnrollmentTerm",
        Term,
        "workflow_state",
        name="new_name",
        sis_term_id="term_id",
        integration_id="new_integration",
        workflow_state="after",
        start_at="new_start",
        end_at="new_end",
        stuck_sis_fields="new_stuck",
        sis_import_id="%(import)s",
    )


KIND = Kind(
    order=30,
    name="term",
    plural="terms",
    label=_("Terms"),
    recognizes=lambda has: has >= {"term_id", "name"},
    columns=COLUMNS,
    key=("term_id", "date_override_enrollment_type"),
    dates=DATES,
    allowed={"bad_status": STATES, "bad_override_type": tuple(TYPES.values())},
    going=Going.AFTER_ALL_FILES,
    resolvable=frozenset({"integration_id_taken"}),
    unique=(Unique("integration_id"),),
    restated=Restated(
        "courses_term",
        "sis_term_id",
        {
            "name": "record.name",
            "integration_id": "record.integration_id",
            "start_date": "record.start_at::text",
            "end_date": "record.end_at::text",
        },
    ),
    sql=SQL,
    apply=apply,
    messages={
        "no_term_id": _("A term_id is missing."),
        "no_override_term": _("Dates for an enrollment type need an existing term; {id} does not exist."),
        "bad_override_type": _("“{type}” is not an enrollment type that can have dates in term {id}. Use {words}."),
        "term_in_use": _("Term {id} still has active courses, and was not deleted."),
    },
    example=Example(4, "term_id,name,status,start_date,end_date\nF26,Autumn 2026,active,2026-08-15,2026-12-18"),
    record=Record(
        class_name="EnrollmentTerm",
        table="courses_term",
        state="workflow_state",
        title="x.name",
        put_back=put_back_states(Term),
    ),
)
