"""xlists.csv: sections cross-listed into another course, and back."""

from courses.domain.observation_scopes import keep_within_schools, keep_within_scopes
from courses.models import Course
from sis.kinds.chunks import Applier, Round, ids, info, insert, noting_changes, rows, stuck
from sis.kinds.sender_limits import own_places_in, refuse_own_places

# A course that is not there yet is copied from the first section that names it.
CLASH = """
SELECT n, key, true FROM rows r
CROSS JOIN LATERAL (
    SELECT 'section ' || r.section_id
    UNION SELECT 'course ' || r.xlist_course_id
    WHERE NOT EXISTS (SELECT 1 FROM courses_course c WHERE c.sis_course_id = r.xlist_course_id)
) keys(key)
"""

PROBLEM = """
CASE WHEN r.xlist_course_id IS NULL THEN 'no_xlist_course_id'
     WHEN r.section_id IS NULL THEN 'no_section_id'
     WHEN r.status IS NULL OR r.status NOT IN ('active', 'deleted') THEN 'bad_status'
     WHEN %(skip_deletes)s AND r.status = 'deleted' THEN 'skip'
     WHEN r.fault IS NOT NULL THEN split_part(r.fault, ':', 1)
     WHEN s.id IS NULL THEN 'no_section'
     WHEN NOT %(override)s AND 'course' = ANY(s.stuck_sis_fields) THEN 'skip' END
"""

IDS = ids(
    id="coalesce(r.section_id, r.xlist_course_id)",
    section="r.section_id",
    place="r.section_id",
    status="r.status",
    column="split_part(r.fault, ':', 2)",
)

MOVES = """
CASE r.status WHEN 'deleted' THEN s.nonxlist_course_id IS NOT NULL
     ELSE r.xlist_course_id IS DISTINCT FROM (SELECT sis_course_id FROM courses_course c WHERE c.id = s.course_id) END
"""

LOOK_UP = f"""
CREATE TEMP TABLE w ON COMMIT DROP AS
{rows("xlist")}
SELECT r.n, r.row, NULL AS caution, {PROBLEM} AS problem, {IDS} AS ids, {info("xlist")} AS info,
       r.xlist_course_id, r.status, s.id AS section, s.course_id AS course,
       coalesce(s.nonxlist_course_id, s.course_id) AS home,
       CASE r.status WHEN 'deleted' THEN coalesce(s.nonxlist_course_id, s.course_id)
            ELSE (SELECT c.id FROM courses_course c WHERE c.sis_course_id = r.xlist_course_id) END AS target,
       {stuck({"course": MOVES}, "s")} AS new_stuck
FROM rows r
LEFT JOIN LATERAL (SELECT * FROM courses_section x WHERE x.sis_section_id = r.section_id LIMIT 1) s ON true
"""

REVIVE = f"""
WITH revived AS (
    UPDATE courses_course c SET workflow_state = 'unpublished', sis_import_id = %(import)s FROM w
    WHERE c.sis_course_id = w.xlist_course_id AND w.problem IS NULL AND w.status = 'active'
      AND c.workflow_state = 'deleted' RETURNING c.id
)
{noting_changes("Course", "SELECT DISTINCT id, 'deleted', 'unpublished' FROM revived")}
"""

LOCK = """
SELECT u.id FROM accounts_user u WHERE u.id IN (
    SELECT e.user_id FROM courses_enrollment e JOIN w ON w.section = e.section_id WHERE w.problem IS NULL)
ORDER BY u.id FOR NO KEY UPDATE
"""

MOVE = """
UPDATE courses_section s
SET course_id = target.id, nonxlist_course_id = nullif(w.home, target.id), stuck_sis_fields = w.new_stuck,
    sis_import_id = %(import)s
FROM w
CROSS JOIN LATERAL (SELECT c.id FROM courses_course c WHERE c.sis_course_id = w.xlist_course_id AND w.status = 'active'
                    UNION ALL SELECT w.home WHERE w.status = 'deleted') target
WHERE s.id = w.section AND w.problem IS NULL
"""


def apply(this: Round) -> None:
    """Move sections to the courses they are cross-listed into, which are made where they are missing, or home."""
    this.look_up(LOOK_UP, "courses_section", found="w.section")
    refuse_own_places(this, own_places_in("w.section", "w.target", "w.target <> w.course"))
    this.lock(LOCK)
    this.execute(REVIVE)
    made = insert(
        Course,
        "w JOIN courses_course home ON home.id = w.home",
        """WHERE w.problem IS NULL AND w.status = 'active'
           AND NOT EXISTS (SELECT 1 FROM courses_course c WHERE c.sis_course_id = w.xlist_course_id)
           ORDER BY n RETURNING id, workflow_state""",
        name="home.name",
        course_code="home.course_code",
        account_id="home.account_id",
        term_id="home.term_id",
        sis_course_id="w.xlist_course_id",
        workflow_state="'unpublished'",
        start_at="home.start_at",
        end_at="home.end_at",
        restrict_enrollments_to_course_dates="home.restrict_enrollments_to_course_dates",
        sis_import_id="%(import)s",
    )
    this.execute(f"WITH made AS ({made}) {noting_changes('Course', 'SELECT id, NULL, workflow_state FROM made')}")
    this.execute(MOVE)
    moved = this.execute("SELECT section, course FROM w WHERE problem IS NULL")
    keep_within_scopes(section for section, _course in moved)
    keep_within_schools(moved)


XLISTS = Applier("xlist", CLASH, apply)
