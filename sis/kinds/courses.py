"""courses.csv: courses, where they belong and whether they are open."""

from accounts.models.account_tree import line_of
from courses.domain.courses import PERMISSION
from courses.models import Course
from sis.kinds.chunks import Applier, Round, free, ids, info, insert, noting_changes, rows, stuck
from sis.kinds.sender_limits import refuse_moves

CLASH = """
SELECT n, key, true FROM rows r
LEFT JOIN LATERAL (SELECT integration_id AS old_integration FROM courses_course c
                   WHERE c.sis_course_id = r.course_id LIMIT 1) f ON true
CROSS JOIN LATERAL (
    SELECT 'course ' || r.course_id
    UNION SELECT 'integration ' || r.integration_id UNION SELECT 'integration ' || f.old_integration
) keys(key)
"""

# Custom roles in use that are none of the account the course moves to; nothing when there are none.
STRANGE = f"""
    SELECT string_agg(DISTINCT o.label, ', ') FROM courses_section s
    JOIN courses_enrollment e ON e.section_id = s.id JOIN accounts_role o ON o.id = e.role_id
    WHERE s.course_id = f.id AND e.state NOT IN ('deleted', 'rejected') AND o.account_id <> ALL({line_of("home")})
"""

PROBLEM = f"""
CASE WHEN r.course_id IS NULL THEN 'no_course_id'
     WHEN r.short_name IS NULL THEN 'no_short_name'
     WHEN r.long_name IS NULL THEN 'no_long_name'
     WHEN r.status IS NULL OR r.status NOT IN ('active', 'deleted', 'completed', 'published', 'unpublished')
          THEN 'bad_status'
     WHEN %(skip_deletes)s AND r.status = 'deleted' THEN 'skip'
     WHEN r.course_format NOT IN ('on_campus', 'online', 'blended') THEN 'bad_course_format'
     WHEN r.grade_passback_setting NOT IN ('nightly_sync', 'not_set') THEN 'bad_grade_passback_setting'
     WHEN r.fault IS NOT NULL THEN split_part(r.fault, ':', 1)
     WHEN r.account_id IS NOT NULL AND a.id IS NULL AND b.id IS NULL THEN 'no_account'
     WHEN r.status <> 'deleted' AND home.workflow_state = 'deleted' THEN 'no_account'
     WHEN home.id <> f.account_id AND ({STRANGE}) IS NOT NULL THEN 'strange_roles'
     WHEN i.id <> coalesce(f.id, -1) THEN 'integration_id_taken' END
"""

IDS = ids(
    id="r.course_id",
    status="r.status",
    account="coalesce(r.account_id, home.sis_account_id, home.name)",
    roles=f"CASE WHEN home.id <> f.account_id THEN ({STRANGE}) END",
    integration_id="r.integration_id",
    column="split_part(r.fault, ':', 2)",
    value="coalesce(CASE WHEN r.course_format NOT IN ('on_campus', 'online', 'blended') THEN r.course_format END,"
    " r.grade_passback_setting)",
)

# Once published a course stays so; a concluded one is opened again.
AFTER = """
CASE WHEN r.status IN ('completed', 'deleted') THEN r.status
     WHEN r.status = 'published' THEN 'available'
     WHEN f.workflow_state IN ('available', 'completed') THEN 'available'
     ELSE 'unpublished' END
"""


def _given(column: str) -> str:
    return f"nullif(r.{column}, '<delete>')::timestamptz"


def _date(column: str, field: str) -> str:
    """A blank keeps what is stored; `<delete>` clears it."""
    return f"CASE WHEN {free(field)} AND r.{column} IS NOT NULL THEN {_given(column)} ELSE f.{field} END"


def _date_changes(column: str, field: str) -> str:
    return f"r.{column} IS NOT NULL AND {_given(column)} IS DISTINCT FROM f.{field}"


RESTRICT = "restrict_enrollments_to_course_dates"
GIVES_DATES = f"coalesce({_given('start_date')}, {_given('end_date')}) IS NOT NULL"
PASSBACK = """CASE r.grade_passback_setting WHEN 'not_set' THEN ''
                ELSE coalesce(r.grade_passback_setting, f.grade_passback_setting, '') END"""

# A course that goes may be of an account that is gone.
ACCOUNT = """SELECT id FROM accounts_account x WHERE x.sis_account_id = {0}
                   AND (x.workflow_state = 'active' OR r.status = 'deleted') LIMIT 1"""

LOOK_UP = f"""
CREATE TEMP TABLE w ON COMMIT DROP AS
{rows("course")}
SELECT r.n, r.row, r.note AS caution, {PROBLEM} AS problem, {IDS} AS ids, {info("course")} AS info,
       r.course_id, f.id AS found, f.workflow_state AS before,
       CASE WHEN {free("status")} THEN {AFTER} ELSE f.workflow_state END AS after,
       CASE WHEN {free("name")} THEN r.long_name ELSE f.name END AS new_name,
       CASE WHEN {free("course_code")} THEN r.short_name ELSE f.course_code END AS new_code,
       home.id AS new_account, f.account_id AS old_account,
       CASE WHEN {free("term")} THEN coalesce(t.id, f.term_id) ELSE f.term_id END AS new_term,
       {_date("start_date", "start_at")} AS new_start,
       {_date("end_date", "end_at")} AS new_end,
       CASE WHEN {free(RESTRICT)} AND {GIVES_DATES} THEN true ELSE coalesce(f.{RESTRICT}, false) END AS new_restrict,
       CASE WHEN 'course_format' = ANY(%(given)s) THEN coalesce(r.course_format, '')
            ELSE coalesce(f.course_format, '') END AS new_format,
       CASE WHEN {free("grade_passback_setting")} THEN {PASSBACK}
            ELSE coalesce(f.grade_passback_setting, '') END AS new_passback,
       CASE WHEN 'integration_id' = ANY(%(given)s) THEN r.integration_id ELSE f.integration_id END AS new_integration,
       {
    stuck(
        {
            "name": "r.long_name IS DISTINCT FROM f.name",
            "course_code": "r.short_name IS DISTINCT FROM f.course_code",
            "start_at": _date_changes("start_date", "start_at"),
            "end_at": _date_changes("end_date", "end_at"),
            RESTRICT: f"{GIVES_DATES} AND f.{RESTRICT} IS NOT TRUE",
            "term": "t.id IS NOT NULL AND t.id IS DISTINCT FROM f.term_id",
            "account": "home.id IS DISTINCT FROM f.account_id",
            "grade_passback_setting": f"{PASSBACK} IS DISTINCT FROM coalesce(f.grade_passback_setting, '')",
            "status": f"{AFTER} IS DISTINCT FROM f.workflow_state",
        }
    )
} AS new_stuck
FROM rows r
LEFT JOIN LATERAL (SELECT * FROM courses_course c WHERE c.sis_course_id = r.course_id LIMIT 1) f ON true
LEFT JOIN LATERAL (SELECT * FROM courses_course c WHERE c.integration_id = r.integration_id LIMIT 1) i ON true
LEFT JOIN LATERAL ({ACCOUNT.format("r.account_id")}) a ON true
LEFT JOIN LATERAL ({ACCOUNT.format("r.fallback_account_id")}) b ON true
LEFT JOIN LATERAL (SELECT * FROM accounts_account x WHERE x.id =
                   CASE WHEN {free("account")} THEN coalesce(a.id, b.id, f.account_id, %(root)s) ELSE f.account_id END
                   LIMIT 1) home ON true
LEFT JOIN LATERAL (SELECT id FROM courses_term x WHERE x.sis_term_id = r.term_id LIMIT 1) t ON true
"""

MOVES = """
SELECT n, old_account, new_account FROM w WHERE problem IS NULL AND found IS NOT NULL AND new_account <> old_account
"""

UPDATE = """
UPDATE courses_course c
SET name = w.new_name, course_code = w.new_code, account_id = w.new_account, term_id = w.new_term,
    workflow_state = w.after, start_at = w.new_start, end_at = w.new_end, integration_id = w.new_integration,
    restrict_enrollments_to_course_dates = w.new_restrict, course_format = w.new_format,
    grade_passback_setting = w.new_passback, stuck_sis_fields = w.new_stuck, sis_import_id = %(import)s
FROM w WHERE c.id = w.found AND w.problem IS NULL
"""


def apply(this: Round) -> None:
    """Make, change, publish, conclude and delete courses."""
    this.look_up(LOOK_UP, "courses_course")
    refuse_moves(this, MOVES, PERMISSION)
    this.execute(
        noting_changes("Course", "SELECT found, before, after FROM w WHERE found IS NOT NULL AND problem IS NULL")
    )
    this.execute(UPDATE)
    made = insert(
        Course,
        "w",
        "WHERE found IS NULL AND problem IS NULL ORDER BY n RETURNING id, workflow_state",
        name="new_name",
        course_code="new_code",
        account_id="new_account",
        term_id="new_term",
        sis_course_id="course_id",
        integration_id="new_integration",
        workflow_state="after",
        start_at="new_start",
        end_at="new_end",
        restrict_enrollments_to_course_dates="new_restrict",
        course_format="new_format",
        grade_passback_setting="new_passback",
        stuck_sis_fields="new_stuck",
        sis_import_id="%(import)s",
    )
    this.execute(f"WITH made AS ({made}) {noting_changes('Course', 'SELECT id, NULL, workflow_state FROM made')}")


COURSES = Applier("course", CLASH, apply)
