"""sections.csv: the sections of courses."""

from courses.domain.observation_scopes import keep_within_schools, keep_within_scopes
from courses.models import Section
from sis.kinds.chunks import Applier, Round, free, ids, info, insert, noting_changes, rows, stuck
from sis.kinds.sender_limits import own_places_in, refuse_own_places

CLASH = """
SELECT n, key, true FROM rows r
LEFT JOIN LATERAL (SELECT integration_id AS old_integration FROM courses_section s
                   WHERE s.sis_section_id = r.section_id LIMIT 1) f ON true
CROSS JOIN LATERAL (
    SELECT 'section ' || r.section_id
    UNION SELECT 'integration ' || r.integration_id UNION SELECT 'integration ' || f.old_integration
) keys(key)
"""

PROBLEM = """
CASE WHEN r.section_id IS NULL THEN 'no_section_id'
     WHEN r.course_id IS NULL THEN 'no_course_id'
     WHEN r.status IS NULL OR r.status NOT IN ('active', 'deleted') THEN 'bad_status'
     WHEN r.name IS NULL AND (r.status = 'active' OR f.id IS NULL) THEN 'no_name'
     WHEN %(skip_deletes)s AND r.status = 'deleted' THEN 'skip'
     WHEN r.fault IS NOT NULL THEN split_part(r.fault, ':', 1)
     WHEN c.id IS NULL THEN 'no_course'
     WHEN i.id <> coalesce(f.id, -1) THEN 'integration_id_taken' END
"""

IDS = ids(
    id="r.section_id",
    section="r.section_id",
    place="r.section_id",
    course="r.course_id",
    status="r.status",
    integration_id="r.integration_id",
    column="split_part(r.fault, ':', 2)",
)

# A cross-listed section stays where it is while its row names the course it came from.
MOVES = f"({free('course')} AND f.id IS NOT NULL AND c.id <> coalesce(f.nonxlist_course_id, f.course_id))"

LOOK_UP = f"""
CREATE TEMP TABLE w ON COMMIT DROP AS
{rows("section")}
SELECT r.n, r.row, r.note AS caution, {PROBLEM} AS problem, {IDS} AS ids, {info("section")} AS info,
       r.section_id, f.id AS found, f.workflow_state AS before, r.status AS after, {MOVES} AS moves,
       CASE WHEN {MOVES} OR f.id IS NULL THEN c.id ELSE f.course_id END AS new_course,
       CASE WHEN {MOVES} THEN NULL ELSE f.nonxlist_course_id END AS new_nonxlist,
       f.is_default AND NOT {MOVES} AS new_default,
       CASE WHEN {free("name")} THEN coalesce(r.name, f.name) ELSE f.name END AS new_name,
       CASE WHEN {free("start_at")} THEN r.start_date::timestamptz ELSE f.start_at END AS new_start,
       CASE WHEN {free("end_at")} THEN r.end_date::timestamptz ELSE f.end_at END AS new_end,
       CASE WHEN {free("restrict_enrollments_to_section_dates")} AND (r.start_date IS NOT NULL OR
                r.end_date IS NOT NULL) THEN true
            ELSE coalesce(f.restrict_enrollments_to_section_dates, false) END AS new_restrict,
       CASE WHEN 'integration_id' = ANY(%(given)s) THEN r.integration_id ELSE f.integration_id END AS new_integration,
       {
    stuck(
        {
            "course": f"f.id IS NULL OR {MOVES}",
            "name": "r.name IS NOT NULL AND r.name IS DISTINCT FROM f.name",
            "start_at": "r.start_date::timestamptz IS DISTINCT FROM f.start_at",
            "end_at": "r.end_date::timestamptz IS DISTINCT FROM f.end_at",
            "restrict_enrollments_to_section_dates": "coalesce(r.start_date, r.end_date) IS NOT NULL"
            " AND f.restrict_enrollments_to_section_dates IS NOT TRUE",
        }
    )
} AS new_stuck
FROM rows r
LEFT JOIN LATERAL (SELECT * FROM courses_section s WHERE s.sis_section_id = r.section_id LIMIT 1) f ON true
LEFT JOIN LATERAL (SELECT * FROM courses_section s WHERE s.integration_id = r.integration_id LIMIT 1) i ON true
LEFT JOIN LATERAL (SELECT id FROM courses_course x WHERE x.sis_course_id = r.course_id LIMIT 1) c ON true
"""

UPDATE = """
UPDATE courses_section s
SET course_id = w.new_course, nonxlist_course_id = w.new_nonxlist, is_default = w.new_default, name = w.new_name,
    workflow_state = w.after, start_at = w.new_start, end_at = w.new_end, integration_id = w.new_integration,
    restrict_enrollments_to_section_dates = w.new_restrict, stuck_sis_fields = w.new_stuck, sis_import_id = %(import)s
FROM w WHERE s.id = w.found AND w.problem IS NULL
"""

# Whoever enrolls or links somebody there at this moment holds their row: in the same order as everybody does.
LOCK = """
SELECT u.id FROM accounts_user u WHERE u.id IN (
    SELECT e.user_id FROM courses_enrollment e JOIN w ON w.found = e.section_id
    WHERE w.problem IS NULL AND (w.moves OR (w.after = 'deleted' AND w.before <> 'deleted')))
ORDER BY u.id FOR NO KEY UPDATE
"""

# Then the sections, before what is in them changes: that is the order of accounts/domain/locks.py.
LOCK_SECTIONS = """
SELECT s.id FROM courses_section s JOIN w ON w.found = s.id AND w.problem IS NULL ORDER BY s.id FOR NO KEY UPDATE OF s
"""

END_ENROLLMENTS = f"""
WITH ended AS (
    UPDATE courses_enrollment e SET state = 'deleted', updated_at = now()
    FROM w, courses_enrollment old
    WHERE w.problem IS NULL AND w.after = 'deleted' AND e.section_id = w.found AND old.id = e.id
      AND e.state <> 'deleted' RETURNING e.id, old.state
)
{noting_changes("Enrollment", "SELECT id, state, 'deleted' FROM ended")}
"""


# Which sections move to another course, and from which.
MOVING = """
SELECT w.found, s.course_id FROM w JOIN courses_section s ON s.id = w.found WHERE w.moves AND w.problem IS NULL
"""


def apply(this: Round) -> None:
    """Make, rename, move and delete sections, the last with all who are in them."""
    this.look_up(LOOK_UP, "courses_section")
    refuse_own_places(this, own_places_in("w.found", "w.new_course", "w.moves"))
    this.lock(LOCK)
    this.lock(LOCK_SECTIONS)
    this.execute(END_ENROLLMENTS)
    this.execute(
        noting_changes(
            "CourseSection", "SELECT found, before, after FROM w WHERE found IS NOT NULL AND problem IS NULL"
        )
    )
    moved = this.execute(MOVING)
    this.execute(UPDATE)
    keep_within_scopes(section for section, _course in moved)
    keep_within_schools(moved)
    made = insert(
        Section,
        "w",
        "WHERE found IS NULL AND problem IS NULL ORDER BY n RETURNING id, workflow_state",
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
    this.execute(
        f"WITH made AS ({made}) {noting_changes('CourseSection', 'SELECT id, NULL, workflow_state FROM made')}"
    )


SECTIONS = Applier("section", CLASH, apply)
