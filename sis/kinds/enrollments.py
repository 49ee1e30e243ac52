"""enrollments.csv: who is in which section, as what. Observers follow: courses/domain/observer_enrollments.py."""

from accounts.domain.role_names import BEGINNINGS, MEANINGS, WORDS
from accounts.models.account_tree import line_of
from courses.access.observation import RULES
from courses.domain.observer_enrollments import follow
from courses.models import Enrollment, Section
from sis.kinds.chunks import Applier, Round, free, ids, info, insert, noting_changes, rows, stuck
from sis.kinds.sender_limits import refuse_own_places
from sis.kinds.staging import WAS_ADDED

# Whom the row names, and where: used to see what clashes, to lock, and to look everything up.
PEOPLE = """
LEFT JOIN LATERAL (
    SELECT x.id, x.state FROM accounts_user x
    WHERE x.integration_id = r.user_integration_id OR (r.user_integration_id IS NULL AND x.sis_user_id = r.user_id)
    LIMIT 1
) u ON true
LEFT JOIN LATERAL (SELECT x.id FROM accounts_user x WHERE x.sis_user_id = r.associated_user_id LIMIT 1) o ON true
"""
PLACES = """
LEFT JOIN LATERAL (SELECT * FROM courses_section x WHERE x.sis_section_id = r.section_id LIMIT 1) gs ON true
LEFT JOIN LATERAL (SELECT * FROM courses_course x WHERE x.sis_course_id = r.course_id LIMIT 1) gc ON true
"""
DEFAULT = """
LEFT JOIN LATERAL (
    SELECT * FROM courses_section x
    WHERE r.section_id IS NULL AND coalesce(x.nonxlist_course_id, x.course_id) = gc.id AND x.is_default LIMIT 1
) ds ON true
"""

# Rows about one student in one place come one after the other, as do those that look at the rest of the course.
# Where a chunk names places by section and by course, or people by either id, what they stand for is looked up first.
CLASH = """
SELECT n, concat_ws(' ', coalesce(s.id::text, r.section_id, 'course ' || r.course_id), one), true
FROM rows r
CROSS JOIN LATERAL (SELECT count(user_integration_id) > 0 AS people,
                           count(section_id) NOT IN (0, count(*)) AS places FROM rows) mixed
LEFT JOIN LATERAL (SELECT x.id FROM accounts_user x
                   WHERE mixed.people AND (x.integration_id = r.user_integration_id
                                           OR (r.user_integration_id IS NULL AND x.sis_user_id = r.user_id))
                   LIMIT 1) u ON true
LEFT JOIN LATERAL (SELECT x.id FROM accounts_user x WHERE mixed.people AND x.sis_user_id = r.associated_user_id
                   LIMIT 1) o ON true
LEFT JOIN LATERAL (
    SELECT x.id FROM courses_section x WHERE mixed.places AND x.sis_section_id = r.section_id
    UNION ALL
    SELECT x.id FROM courses_course c JOIN courses_section x ON coalesce(x.nonxlist_course_id, x.course_id) = c.id
    WHERE mixed.places AND r.section_id IS NULL AND c.sis_course_id = r.course_id AND x.is_default
    LIMIT 1
) s ON true
CROSS JOIN unnest(ARRAY[coalesce(u.id::text, r.user_id, r.user_integration_id),
                        coalesce(o.id::text, r.associated_user_id)]) one
WHERE one IS NOT NULL
UNION ALL
SELECT n, 'in courses ' || coalesce(r.user_id, r.user_integration_id), r.status = 'deleted_last_completed'
FROM rows r WHERE EXISTS (SELECT 1 FROM rows WHERE status = 'deleted_last_completed')
"""

LOCK = f"""
{rows("enrollment")}
SELECT u.id FROM accounts_user u
WHERE u.id IN (SELECT unnest(ARRAY[u.id, o.id]) FROM rows r {PEOPLE})
ORDER BY u.id FOR NO KEY UPDATE
"""

MAKE_DEFAULT_SECTIONS = f"""
{rows("enrollment")},
wanting AS (
    SELECT DISTINCT gc.id, gc.name FROM rows r {PEOPLE} {PLACES} {DEFAULT}
    WHERE r.section_id IS NULL AND gc.id IS NOT NULL AND gc.workflow_state <> 'deleted' AND ds.id IS NULL
      AND u.id IS NOT NULL AND r.status IN (
          'active', 'deleted', 'completed', 'inactive', 'deleted_last_completed')
)
"""

# The words of built-in roles always mean these, whatever roles there are (accounts/domain/role_names.py).
MEANT = " ".join(f"WHEN '{word}' THEN '{base.value}'" for word, base in MEANINGS.items())
BEGUN = " ".join(f"WHEN lower(asked.role) LIKE '{WORDS[base]}%%' THEN '{base.value}'" for base in BEGINNINGS)
# The roles of an account are those made there or above, and the built-in ones; the nearest of a name counts.
ROLES = f"""
asked AS (
    SELECT DISTINCT gc.account_id, r.role, r.role_id FROM placed r JOIN courses_course gc ON gc.id = r.course
),
usable(id, label, base_type, account_id, depth) AS (
    SELECT x.id, x.label, x.base_type, a.id, cardinality(a.ancestors) - cardinality(owner.ancestors)
    FROM accounts_account a
    JOIN accounts_role x ON x.account_id = ANY({line_of("a")})
    JOIN accounts_account owner ON owner.id = x.account_id
    WHERE a.id IN (SELECT account_id FROM asked)
      AND x.workflow_state = 'active' AND x.base_type NOT IN ('AccountAdmin', 'AccountMembership')
),
roles AS (
    SELECT asked.account_id, asked.role, asked.role_id, chosen.* FROM asked
    CROSS JOIN LATERAL (
        SELECT id AS role_pk, base_type FROM (
            SELECT x.id, x.base_type, 1 AS rank, 0 AS depth FROM accounts_role x
            WHERE x.id::text = asked.role_id AND x.workflow_state = 'active'
              AND x.base_type NOT IN ('AccountAdmin', 'AccountMembership')
              AND (x.account_id IS NULL
                   OR EXISTS (SELECT 1 FROM usable WHERE usable.id = x.id AND usable.account_id = asked.account_id))
            UNION ALL
            SELECT x.id, x.base_type, 2, 0 FROM accounts_role x
            WHERE x.account_id IS NULL AND x.base_type = CASE lower(asked.role) {MEANT} END
            UNION ALL
            SELECT usable.id, usable.base_type, 3, usable.depth FROM usable
            WHERE usable.account_id = asked.account_id AND usable.label = asked.role
            UNION ALL
            SELECT x.id, x.base_type, 4, 0 FROM accounts_role x
            WHERE x.account_id IS NULL AND x.base_type = CASE {BEGUN} END
        ) fitting ORDER BY rank, depth LIMIT 1
    ) chosen
)
"""

# What vanished from a data set ends; what has ended already must not be opened again, be it as completed.
OVER = (
    f"""(r.{WAS_ADDED} AND (f.state IN ('deleted', 'rejected') OR (f.state = 'inactive' AND r.status <> 'deleted')))"""
)

PROBLEM = f"""
CASE WHEN r.course_id IS NULL AND r.section_id IS NULL THEN 'no_place'
     WHEN r.user_id IS NULL AND r.user_integration_id IS NULL THEN 'no_user'
     WHEN r.status IS NULL OR r.status NOT IN ('active', 'deleted', 'completed', 'inactive', 'deleted_last_completed')
          THEN 'bad_status'
     WHEN %(skip_deletes)s AND r.status IN ('deleted', 'deleted_last_completed') THEN 'skip'
     WHEN r.fault IS NOT NULL THEN split_part(r.fault, ':', 1)
     WHEN r.root_account IS NOT NULL THEN 'other_root_account'
     WHEN r.person IS NULL THEN 'user_not_found'
     WHEN r.given_section IS NULL AND r.given_course IS NULL THEN 'no_place_exists'
     WHEN r.section_id IS NOT NULL AND r.given_section IS NULL THEN 'no_section'
     WHEN r.course_id IS NOT NULL AND r.given_course IS NULL THEN 'no_course'
     WHEN r.given_course NOT IN (r.course, r.home) THEN 'unrelated'
     WHEN k.role_pk IS NULL THEN 'bad_role'
     WHEN k.base_type = 'ObserverEnrollment' AND r.associated_user_id IS NOT NULL AND r.other IS NULL
          THEN 'no_associated_user'
     WHEN f.state = 'deleted' AND r.person_state = 'deleted' AND r.status = 'active' THEN 'enroll_deleted_user'
     WHEN k.base_type = 'ObserverEnrollment' AND r.other = r.person THEN 'invalid_enrollment'
     WHEN {OVER} THEN 'skip'
     WHEN r.section IS NULL OR (r.status IN ('active', 'inactive') AND r.place_is_gone
          AND r.person_state <> 'deleted') THEN 'invalid_enrollment' END
"""

IDS = ids(
    id="coalesce(r.user_id, r.user_integration_id)",
    user="coalesce(r.user_id, r.user_integration_id)",
    course="r.course_id",
    section="r.section_id",
    place="coalesce(r.section_id, r.course_id)",
    role="coalesce(r.role, r.role_id)",
    status="r.status",
    associated="r.associated_user_id",
    observer="coalesce(r.user_id, r.user_integration_id)",
    student="r.associated_user_id",
    root_account="r.root_account",
    column="split_part(r.fault, ':', 2)",
    reason="CASE WHEN r.other = r.person THEN 'self' ELSE 'deleted_place' END",
)

DATES_FREE = f"({free('start_at')} AND {free('end_at')})"
LAST = "r.status = 'deleted_last_completed'"

LOOK_UP = f"""
CREATE TEMP TABLE w ON COMMIT DROP AS
{rows("enrollment")},
placed AS (
    SELECT r.*, u.id AS person, u.state AS person_state, o.id AS other, gs.id AS given_section, gc.id AS given_course,
           s.id AS section, coalesce(s.course_id, gc.id) AS course, coalesce(s.nonxlist_course_id, s.course_id) AS home,
           s.workflow_state = 'deleted' OR c.workflow_state = 'deleted' AS place_is_gone
    FROM rows r {PEOPLE} {PLACES} {DEFAULT}
    LEFT JOIN LATERAL (SELECT * FROM courses_section x WHERE x.id = coalesce(gs.id, ds.id) LIMIT 1) s ON true
    LEFT JOIN LATERAL (SELECT * FROM courses_course x WHERE x.id = s.course_id LIMIT 1) c ON true
),
{ROLES}
SELECT n, row, problem, ids, info, person, section, other, role, type, found, before, after, start_at, end_at,
       "limit", new_stuck, changed,
       CASE WHEN person_state = 'deleted' AND status = 'active' THEN 'enroll_deleted_user'
            WHEN wrong_way IN ('observed_back', 'never_student') THEN wrong_way ELSE note END AS caution,
       coalesce(changed AND (before IS NULL OR before IN ('inactive', 'completed', 'deleted', 'rejected')), false)
           AS returned
FROM (
    SELECT *, found IS NULL OR (before, old_start, old_end) IS DISTINCT FROM (after, start_at, end_at) AS changed
    FROM (
        SELECT r.n, r.row, r.note, r.status, r.person, r.person_state, r.section, {PROBLEM} AS problem, {IDS} AS ids,
               {info("enrollment")} AS info, k.role_pk AS role, k.base_type AS type,
               CASE WHEN k.base_type = 'ObserverEnrollment' THEN r.other END AS other,
               CASE WHEN k.base_type = 'ObserverEnrollment' AND r.other IS NOT NULL AND r.status = 'active' THEN (
                   SELECT {RULES.format(course="r.course")} FROM accounts_user o, accounts_user s
                   WHERE o.id = r.person AND s.id = r.other) END AS wrong_way,
               f.id AS found, f.state AS before, f.start_at AS old_start, f.end_at AS old_end,
               CASE WHEN r.status = 'active' AND r.person_state = 'deleted' THEN 'deleted'
                    WHEN {LAST} AND elsewhere.id IS NOT NULL THEN 'deleted' WHEN {LAST} THEN 'completed'
                    ELSE r.status END AS after,
               CASE WHEN {DATES_FREE} THEN r.start_date::timestamptz ELSE f.start_at END AS start_at,
               CASE WHEN {DATES_FREE} THEN r.end_date::timestamptz ELSE f.end_at END AS end_at,
               coalesce(r.limit_section_privileges::boolean, f.limit_privileges_to_course_section, false) AS "limit",
               {
    stuck(
        {
            "start_at": "r.start_date::timestamptz IS DISTINCT FROM f.start_at",
            "end_at": "r.end_date::timestamptz IS DISTINCT FROM f.end_at",
        }
    )
} AS new_stuck
        FROM placed r
        LEFT JOIN courses_course pc ON pc.id = r.course
        LEFT JOIN roles k ON k.account_id = pc.account_id AND k.role IS NOT DISTINCT FROM r.role
                         AND k.role_id IS NOT DISTINCT FROM r.role_id
        LEFT JOIN LATERAL (
            SELECT * FROM courses_enrollment e
            WHERE e.section_id = r.section AND e.user_id = r.person AND e.type = k.base_type
              AND (e.role_id = k.role_pk
                   OR (e.associated_user_id IS NOT NULL AND e.state NOT IN ('deleted', 'rejected')))
              AND e.associated_user_id IS NOT DISTINCT FROM
                  CASE WHEN k.base_type = 'ObserverEnrollment' THEN r.other END
            ORDER BY e.state IN ('deleted', 'rejected'), e.role_id <> k.role_pk LIMIT 1
        ) f ON true
        LEFT JOIN LATERAL (
            SELECT e.id FROM courses_enrollment e JOIN courses_section es ON es.id = e.section_id
            WHERE {LAST} AND e.user_id = r.person AND es.course_id = r.course AND e.role_id = k.role_pk
              AND e.id IS DISTINCT FROM f.id AND e.state IN ('active', 'invited', 'creation_pending')
              AND e.associated_user_id IS NOT DISTINCT FROM
                  CASE WHEN k.base_type = 'ObserverEnrollment' THEN r.other END LIMIT 1
        ) elsewhere ON true
    ) AS looked_up
) AS compared
"""

# Where the sender would be one of the staff, or an observer, and is not yet, or would see more than their section.
OWN_PLACES = """
SELECT w.n, s.course_id, w.role, w.type, w.other IS NOT NULL
FROM w JOIN courses_section s ON s.id = w.section LEFT JOIN courses_enrollment e ON e.id = w.found
WHERE w.problem IS NULL AND w.person = ANY(%(sender)s) AND w.type <> %(student)s
  AND (w.after = 'active' OR (w.after = 'completed' AND w.before IS DISTINCT FROM 'active'))
  AND (w.changed OR (e.limit_privileges_to_course_section AND NOT w."limit"))
"""

UPDATE = """
UPDATE courses_enrollment e
SET state = w.after, start_at = w.start_at, end_at = w.end_at, limit_privileges_to_course_section = w."limit",
    completed_at = CASE WHEN w.after = 'completed' THEN coalesce(e.completed_at, now()) END,
    accepted_at = CASE WHEN w.after = 'deleted' THEN e.accepted_at ELSE coalesce(e.accepted_at, now()) END,
    accepted_through = CASE WHEN w.after = 'deleted' THEN e.accepted_through ELSE 'institution' END,
    stuck_sis_fields = w.new_stuck, sis_import_id = %(import)s,
    only_by_link = e.only_by_link AND w.after = 'deleted',
    updated_at = CASE WHEN w.changed THEN now() ELSE e.updated_at END
FROM w WHERE e.id = w.found AND w.problem IS NULL
"""

# An observer enrollment that a file once listed counts as listed again with its student (reference 2.1).
STAMP_OBSERVERS = """
UPDATE courses_enrollment o SET sis_import_id = %(import)s
FROM w WHERE w.problem IS NULL AND w.type = 'StudentEnrollment' AND w.after <> 'deleted'
  AND o.associated_user_id = w.person AND o.section_id = w.section AND o.type = 'ObserverEnrollment'
  AND o.sis_import_id IS NOT NULL AND o.sis_import_id <> %(import)s
"""

CHANGED_STUDENTS = """
SELECT person, section, returned FROM w WHERE problem IS NULL AND type = 'StudentEnrollment' AND changed
"""


def apply(this: Round) -> None:
    """Enroll people, change and end their enrollments, and let observers follow."""
    this.lock(LOCK)
    made = insert(Section, "wanting", "", course_id="wanting.id", name="wanting.name", is_default="true")
    this.execute(f"{MAKE_DEFAULT_SECTIONS} {made} ON CONFLICT DO NOTHING")
    this.look_up(LOOK_UP, "courses_enrollment", has_other_names=True)
    refuse_own_places(this, OWN_PLACES)
    this.execute(
        noting_changes("Enrollment", "SELECT found, before, after FROM w WHERE found IS NOT NULL AND problem IS NULL")
    )
    this.execute(UPDATE)
    this.execute(_insert())
    places = this.execute(CHANGED_STUDENTS)
    follow([(student, section) for student, section, _ in places], returned=False)
    follow([(student, section) for student, section, returned in places if returned], returned=True)
    # Beside a data set before, what was listed and is no more is known by itself.
    if not this.run.is_compared:
        this.execute(STAMP_OBSERVERS)


def _insert() -> str:
    made = insert(
        Enrollment,
        "w",
        "WHERE found IS NULL AND problem IS NULL ORDER BY n RETURNING id, state",
        user_id="person",
        section_id="section",
        role_id="role",
        type="type",
        state="after",
        associated_user_id="other",
        start_at="start_at",
        end_at="end_at",
        completed_at="CASE WHEN after = 'completed' THEN now() END",
        # What a roster of the institution says needs nobody's answer.
        accepted_at="CASE WHEN after <> 'deleted' THEN now() END",
        accepted_through="CASE WHEN after <> 'deleted' THEN 'institution' ELSE '' END",
        limit_privileges_to_course_section='"limit"',
        stuck_sis_fields="new_stuck",
        sis_import_id="%(import)s",
    )
    return f"WITH made AS ({made}) {noting_changes('Enrollment', 'SELECT id, NULL, state FROM made')}"


ENROLLMENTS = Applier("enrollment", CLASH, apply)
