"""terms.csv: terms, and the dates they have for one type of enrollment."""

from courses.models import Term
from sis.kinds.chunks import Applier, Round, free, ids, info, insert, noting_changes, rows, stuck

CLASH = """
SELECT n, key, true FROM rows r
LEFT JOIN LATERAL (SELECT integration_id AS old_integration FROM courses_term t
                   WHERE t.sis_term_id = r.term_id LIMIT 1) f ON true
CROSS JOIN LATERAL (
    SELECT 'term ' || r.term_id
    UNION SELECT 'integration ' || r.integration_id UNION SELECT 'integration ' || f.old_integration
) keys(key)
"""

TYPES = {
    "studentenrollment": "StudentEnrollment",
    "teacherenrollment": "TeacherEnrollment",
    "taenrollment": "TaEnrollment",
    "designerenrollment": "DesignerEnrollment",
}
KNOWN_TYPE = f"lower(r.date_override_enrollment_type) IN ({', '.join(map(repr, TYPES))})"

PROBLEM = f"""
CASE WHEN r.term_id IS NULL THEN 'no_term_id'
     WHEN r.status IS NULL OR r.status NOT IN ('active', 'deleted') THEN 'bad_status'
     WHEN r.name IS NULL AND r.date_override_enrollment_type IS NULL THEN 'no_name'
     WHEN %(skip_deletes)s AND r.status = 'deleted' THEN 'skip'
     WHEN r.fault IS NOT NULL THEN split_part(r.fault, ':', 1)
     WHEN r.date_override_enrollment_type IS NOT NULL AND f.id IS NULL THEN 'no_override_term'
     WHEN r.date_override_enrollment_type IS NOT NULL AND NOT {KNOWN_TYPE} THEN 'bad_override_type'
     WHEN r.date_override_enrollment_type IS NOT NULL THEN NULL
     WHEN i.id <> coalesce(f.id, -1) THEN 'integration_id_taken'
     WHEN r.status = 'deleted' AND EXISTS (
         SELECT 1 FROM courses_course c WHERE c.term_id = f.id AND c.workflow_state <> 'deleted') THEN 'term_in_use' END
"""

IDS = ids(
    id="r.term_id",
    status="r.status",
    type="r.date_override_enrollment_type",
    integration_id="r.integration_id",
    column="split_part(r.fault, ':', 2)",
)

DATES_FREE = f"({free('start_at')} AND {free('end_at')})"

LOOK_UP = f"""
CREATE TEMP TABLE w ON COMMIT DROP AS
{rows("term")}
SELECT r.n, r.row, r.note AS caution, {PROBLEM} AS problem, {IDS} AS ids, {info("term")} AS info,
       r.term_id, r.start_date::timestamptz AS start_date, r.end_date::timestamptz AS end_date, r.status,
       CASE lower(r.date_override_enrollment_type)
           {" ".join(f"WHEN {word!r} THEN {name!r}" for word, name in TYPES.items())} END AS type,
       f.id AS found, f.workflow_state AS before, r.status AS after,
       CASE WHEN {free("name")} THEN r.name ELSE f.name END AS new_name,
       CASE WHEN {DATES_FREE} THEN r.start_date::timestamptz ELSE f.start_at END AS new_start,
       CASE WHEN {DATES_FREE} THEN r.end_date::timestamptz ELSE f.end_at END AS new_end,
       CASE WHEN 'integration_id' = ANY(%(given)s) THEN r.integration_id ELSE f.integration_id END AS new_integration,
       {
    stuck(
        {
            "name": "r.name IS DISTINCT FROM f.name",
            "start_at": "r.start_date::timestamptz IS DISTINCT FROM f.start_at",
            "end_at": "r.end_date::timestamptz IS DISTINCT FROM f.end_at",
        }
    )
} AS new_stuck
FROM rows r
LEFT JOIN LATERAL (SELECT * FROM courses_term t WHERE t.sis_term_id = r.term_id LIMIT 1) f ON true
LEFT JOIN LATERAL (SELECT * FROM courses_term t WHERE t.integration_id = r.integration_id LIMIT 1) i ON true
"""

UPDATE = """
UPDATE courses_term t
SET name = w.new_name, start_at = w.new_start, end_at = w.new_end, workflow_state = w.after,
    integration_id = w.new_integration, stuck_sis_fields = w.new_stuck, sis_import_id = %(import)s
FROM w WHERE t.id = w.found AND w.problem IS NULL AND w.type IS NULL
"""

OVERRIDE = """
UPDATE courses_term t
SET date_overrides = (t.date_overrides - w.type) || CASE WHEN w.status = 'deleted' THEN '{}'::jsonb
        ELSE jsonb_build_object(w.type, jsonb_build_object('start_at', w.start_date, 'end_at', w.end_date)) END
FROM w WHERE t.id = w.found AND w.problem IS NULL AND w.type IS NOT NULL
"""


def apply(this: Round) -> None:
    """Make, change and delete terms."""
    this.look_up(LOOK_UP, "courses_term")
    changes = "SELECT found, before, after FROM w WHERE found IS NOT NULL AND problem IS NULL AND type IS NULL"
    this.execute(noting_changes("EnrollmentTerm", changes))
    this.execute(UPDATE)
    this.execute(OVERRIDE)
    made = insert(
        Term,
        "w",
        "WHERE found IS NULL AND problem IS NULL ORDER BY n RETURNING id, workflow_state",
        name="new_name",
        sis_term_id="term_id",
        integration_id="new_integration",
        workflow_state="after",
        start_at="new_start",
        end_at="new_end",
        stuck_sis_fields="new_stuck",
        sis_import_id="%(import)s",
    )
    this.execute(
        f"WITH made AS ({made}) {noting_changes('EnrollmentTerm', 'SELECT id, NULL, workflow_state FROM made')}"
    )


TERMS = Applier("term", CLASH, apply)
