"""logins.csv: everybody has one login here, so a row can only give its SIS id to somebody who has none yet."""

from sis.kinds.chunks import Applier, Round, ids, info, rows
from sis.kinds.sender_limits import OWN_IDS, refuse_own, refuse_people_out_of_reach

CLASH = """
SELECT n, key, true FROM rows r
CROSS JOIN LATERAL (
    SELECT 'user ' || one FROM unnest(ARRAY[r.user_id, r.existing_user_id]) one
    UNION SELECT 'login ' || accounts_login_shape(r.login_id)
    UNION SELECT 'integration ' || one FROM unnest(ARRAY[r.integration_id, r.existing_integration_id]) one
    UNION SELECT 'id ' || r.existing_canvas_user_id
) keys(key)
"""

EXISTING = """
coalesce(a.id, b.id, c.id)
"""

# Adding the very login that somebody without a SIS id has already gives them the ids of the row.
ADOPTS = "(f.sis_user_id IS NULL AND accounts_login_key(f.login_id) = accounts_login_key(r.login_id) AND u.id IS NULL)"

PROBLEM = f"""
CASE WHEN r.user_id IS NULL THEN 'no_user_id'
     WHEN r.login_id IS NULL THEN 'no_login_id'
     WHEN r.fault IS NOT NULL THEN split_part(r.fault, ':', 1)
     WHEN r.root_account IS NOT NULL THEN 'other_root_account'
     WHEN coalesce(r.existing_user_id, r.existing_integration_id, r.existing_canvas_user_id) IS NULL
          THEN 'no_existing_user_ref'
     WHEN NOT coalesce({ADOPTS}, false) AND (u.id IS NOT NULL OR l.state <> 'deleted') THEN 'login_exists'
     WHEN f.id IS NULL THEN 'existing_user_not_found'
     WHEN (r.existing_user_id IS NOT NULL AND a.id IS DISTINCT FROM f.id)
          OR (r.existing_integration_id IS NOT NULL AND b.id IS DISTINCT FROM f.id)
          OR (r.existing_canvas_user_id IS NOT NULL AND c.id IS DISTINCT FROM f.id) THEN 'existing_user_mismatch'
     WHEN NOT {ADOPTS} THEN 'one_login'
     WHEN i.id <> f.id THEN 'integration_id_claimed' END
"""

IDS = ids(
    user="r.user_id",
    id="r.user_id",
    login="r.login_id",
    existing="coalesce(r.existing_user_id, r.existing_integration_id, r.existing_canvas_user_id)",
    current="f.login_id",
    integration_id="r.integration_id",
    holder="coalesce(i.sis_user_id, i.id::text)",
    root_account="r.root_account",
    column="split_part(r.fault, ':', 2)",
)

LOOK_UP = f"""
CREATE TEMP TABLE w ON COMMIT DROP AS
{rows("login")}
SELECT r.n, r.row, NULL AS caution, {PROBLEM} AS problem, {IDS} AS ids, {info("login")} AS info,
       r.user_id, r.integration_id, f.id AS found
FROM rows r
LEFT JOIN LATERAL (SELECT * FROM accounts_user x WHERE x.sis_user_id = r.existing_user_id AND x.state <> 'deleted'
                   LIMIT 1) a ON true
LEFT JOIN LATERAL (SELECT * FROM accounts_user x WHERE x.integration_id = r.existing_integration_id
                   AND x.state <> 'deleted' LIMIT 1) b ON true
LEFT JOIN LATERAL (SELECT * FROM accounts_user x WHERE x.state <> 'deleted'
                   AND x.id = CASE WHEN r.existing_canvas_user_id ~ '^[0-9]{{1,18}}$'
                                   THEN r.existing_canvas_user_id::bigint END LIMIT 1) c ON true
LEFT JOIN LATERAL (SELECT * FROM accounts_user x WHERE x.id = {EXISTING} LIMIT 1) f ON true
LEFT JOIN LATERAL (SELECT * FROM accounts_user x WHERE x.sis_user_id = r.user_id LIMIT 1) u ON true
LEFT JOIN LATERAL (SELECT * FROM accounts_user x
                   WHERE accounts_login_key(x.login_id) = accounts_login_key(r.login_id) LIMIT 1) l ON true
LEFT JOIN LATERAL (SELECT * FROM accounts_user x WHERE x.integration_id = r.integration_id LIMIT 1) i ON true
"""

UPDATE = """
UPDATE accounts_user u
SET sis_user_id = w.user_id, integration_id = coalesce(w.integration_id, u.integration_id), sis_import_id = %(import)s
FROM w WHERE u.id = w.found AND w.problem IS NULL
"""


def apply(this: Round) -> None:
    """Give SIS ids to people who have none; everything else is a warning."""
    this.look_up(LOOK_UP, "accounts_user")
    refuse_people_out_of_reach(this)
    refuse_own(this, "own_id", "w.found = ANY(%(sender)s)", unless=OWN_IDS)
    this.execute(UPDATE)


LOGINS = Applier("login", CLASH, apply)
