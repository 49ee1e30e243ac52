"""user_observers.csv: who observes whom. The links themselves are made and ended by courses/domain/observation.py."""

from accounts.models import ObservationLink
from courses.access.observation import RULES
from courses.domain.observation import link_all, unlink_all
from sis.kinds.chunks import Applier, Round, ids, info, noting_changes, rows
from sis.kinds.sender_limits import OWN_LINKS, refuse_own
from sis.kinds.staging import WAS_ADDED

# What is told of a link that opens more than before; Canvas has no such thing.
SCOPE = "UserObserverScope"

# Rows about the same two people come one after the other, whichever of them observes.
CLASH = """
SELECT n, concat_ws(' and ', least(r.observer_id, r.student_id), greatest(r.observer_id, r.student_id)), true
FROM rows r
"""

# A row that comparing data sets has added ends only a link that a file made and no person since. It does so although
# one of the two has been deleted: a student who comes back without the link must not find it standing.
PROBLEM = """
CASE WHEN r.observer_id IS NULL THEN 'no_observer'
     WHEN r.student_id IS NULL THEN 'no_student'
     WHEN r.observer_id = r.student_id THEN 'self'
     WHEN r.status IS NULL OR r.status NOT IN ('active', 'deleted') THEN 'bad_status'
     WHEN %(skip_deletes)s AND r.status = 'deleted' THEN 'skip'
     WHEN r.fault IS NOT NULL THEN split_part(r.fault, ':', 1)
     WHEN r.added AND (k.state IS DISTINCT FROM 'active' OR k.sis_import_id IS NULL) THEN 'skip'
     WHEN o.id IS NULL THEN 'unknown_observer'
     WHEN s.id IS NULL THEN 'unknown_student'
     WHEN r.status = 'deleted' AND k.state IS DISTINCT FROM 'active' THEN 'no_link_to_delete' END
"""

IDS = ids(
    id="r.observer_id",
    observer="r.observer_id",
    student="r.student_id",
    status="r.status",
    column="split_part(r.fault, ':', 2)",
)

# Both sides are held before their links are looked at.
LOCK = f"""
{rows("user_observer")}
SELECT u.id FROM accounts_user u WHERE u.id IN (
    SELECT x.id FROM rows
    CROSS JOIN LATERAL (SELECT id FROM accounts_user s WHERE s.sis_user_id IN (rows.student_id, rows.observer_id)) x)
ORDER BY u.id FOR NO KEY UPDATE
"""

LOOK_UP = f"""
CREATE TEMP TABLE w ON COMMIT DROP AS
{rows("user_observer")}
SELECT r.n, r.row, CASE WHEN r.status = 'active' THEN {RULES.format(course="NULL::bigint")} END AS caution,
       {PROBLEM} AS problem, {IDS} AS ids, {info("user_observer")} AS info,
       r.status, o.id AS observer, s.id AS student, k.id AS link, k.state AS before, k.scope
FROM (SELECT *, {WAS_ADDED} AS added FROM rows) r
LEFT JOIN LATERAL (SELECT * FROM accounts_user x
                   WHERE x.sis_user_id = r.observer_id AND (x.state <> 'deleted' OR r.added) LIMIT 1) o ON true
LEFT JOIN LATERAL (SELECT * FROM accounts_user x
                   WHERE x.sis_user_id = r.student_id AND (x.state <> 'deleted' OR r.added) LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT * FROM accounts_observationlink x WHERE x.observer_id = o.id AND x.student_id = s.id
                   LIMIT 1) k ON true
"""

STAMP = """
UPDATE accounts_observationlink l SET sis_import_id = %(import)s
FROM w WHERE w.problem IS NULL AND l.observer_id = w.observer AND l.student_id = w.student
"""


# What is linked already is repaired, for which the student is held; a dry run leaves that out.
PAIRS = """
SELECT status, observer, student FROM w
WHERE problem IS NULL AND NOT (%(dry_run)s AND status = 'active' AND before IS NOT DISTINCT FROM 'active')
"""

LINKS = """
FROM w JOIN accounts_observationlink l ON l.observer_id = w.observer AND l.student_id = w.student
WHERE w.problem IS NULL
"""
CHANGES = f"SELECT l.id, w.before, l.state {LINKS}"
# A row opens all courses, also where a link was there that opened only some.
WIDENED = f"SELECT l.id, w.scope, l.scope {LINKS} AND w.before = 'active' AND l.state = 'active'"


# A link of the sender's that is not there yet, or opens more than it did.
OWN = """
observer = ANY(%(sender)s) AND status = 'active' AND (before, scope) IS DISTINCT FROM ('active', 'all')
"""


def apply(this: Round) -> None:
    """Make, repair and end links."""
    this.lock(LOCK)
    this.look_up(LOOK_UP, "accounts_observationlink", found="w.link")
    refuse_own(this, "own_link", OWN, unless=OWN_LINKS)
    pairs: dict[str, list[tuple[int, int]]] = {"active": [], "deleted": []}
    for status, observer, student in this.execute(PAIRS):
        pairs[status].append((observer, student))
    unlink_all(pairs["deleted"], by=this.run.by)
    link_all(pairs["active"], origin=ObservationLink.Origin.SIS, by=this.run.by)
    this.execute(STAMP)
    this.execute(noting_changes("UserObserver", CHANGES))
    this.execute(noting_changes(SCOPE, WIDENED))


USER_OBSERVERS = Applier("user_observer", CLASH, apply)
