"""users.csv: people with their one login each."""

from accounts.domain.audit import record_many
from accounts.domain.password_limits import forget_failures_of
from accounts.domain.password_reset import forget_addresses
from accounts.domain.states import follow_states
from accounts.domain.tokens import end_tokens
from accounts.models import Action, User
from pairing.domain.account_deletion import revoke_codes
from sis.files.passwords import Given, changed
from sis.kinds.chunks import Applier, Round, free, ids, info, insert, noting_changes, rows, stuck
from sis.kinds.sender_limits import OWN_IDS, refuse_own, refuse_people_out_of_reach
from sis.kinds.staging import LONGEST, WAS_ADDED

CLASH = """
SELECT n, key, true FROM rows
LEFT JOIN LATERAL (SELECT login_id AS old_login, integration_id AS old_integration FROM accounts_user
                   WHERE sis_user_id = user_id LIMIT 1) held ON true
LEFT JOIN LATERAL (SELECT sis_user_id AS holder FROM accounts_user u
                   WHERE accounts_login_key(u.login_id) = accounts_login_key(rows.login_id) LIMIT 1) holds ON true
CROSS JOIN LATERAL (
    SELECT DISTINCT 'user ' || one FROM unnest(ARRAY[user_id, holder]) one
    UNION ALL SELECT DISTINCT 'login ' || accounts_login_shape(one) FROM unnest(ARRAY[login_id, old_login]) one
    UNION ALL SELECT DISTINCT 'integration ' || one FROM unnest(ARRAY[integration_id, old_integration]) one
) keys(key)
"""

# Whether whoever has the row's login stands in this upload under another id: then it is somebody else. Of a data set
# only what differs is staged; who came by it and is not mentioned is in it as before.
STAYS = """
(EXISTS (SELECT FROM sis_standing s WHERE s.user_id = f.sis_user_id AND s.stays)
 OR (%(is_compared)s AND NOT EXISTS (SELECT FROM sis_standing s WHERE s.user_id = f.sis_user_id)
     AND EXISTS (SELECT FROM sis_sisimport last WHERE last.id = f.sis_import_id AND %(chain)s =
                 coalesce(nullif(last.diffing_data_set_identifier, ''), last.data ->> 'source', ''))))
"""

PROBLEM = f"""
CASE WHEN r.user_id IS NULL THEN 'no_user_id'
     WHEN r.login_id IS NULL THEN 'no_login_id'
     WHEN r.status IS NULL THEN 'no_status'
     WHEN r.status NOT IN ('active', 'suspended', 'deleted') THEN 'bad_status'
     WHEN %(skip_deletes)s AND r.status = 'deleted' THEN 'skip'
     WHEN r.fault IS NOT NULL THEN split_part(r.fault, ':', 1)
     WHEN r.status <> 'deleted' AND i.id <> coalesce(f.id, -1) THEN 'integration_id_claimed'
     WHEN a.id IS NULL AND f.sis_user_id IS NOT NULL AND NOT %(update_sis_id)s THEN 'login_claimed'
     WHEN a.id IS NULL AND f.sis_user_id IS NOT NULL AND {STAYS} THEN 'two_people'
     WHEN r.status <> 'deleted' AND l.state <> 'deleted' AND l.id <> coalesce(f.id, -1) THEN 'login_claimed'
     WHEN k.id <> coalesce(f.id, -1) THEN 'login_alike'
     WHEN r.status = 'deleted' AND f.id = %(by)s THEN 'cannot_remove_self'
     WHEN r.authentication_provider_id NOT IN ('canvas', '1') THEN 'unknown_auth_provider'
     WHEN r.declared_user_type NOT IN ('administrative', 'observer', 'staff', 'student', 'student_other', 'teacher',
                                       '<delete>') THEN 'user_invalid'
     WHEN (r.status = 'deleted' OR r.{WAS_ADDED}) AND f.state = 'deleted' THEN 'skip' END
"""

IDS = ids(
    user="r.user_id",
    login="r.login_id",
    integration_id="r.integration_id",
    holder="""coalesce(CASE WHEN r.status <> 'deleted' AND i.id <> coalesce(f.id, -1) THEN
                       coalesce(i.sis_user_id, i.id::text) END, l.sis_user_id, l.id::text,
                       k.sis_user_id, k.id::text)""",
    provider="r.authentication_provider_id",
    email="r.email",
    id="r.user_id",
    status="r.status",
    column="split_part(r.fault, ':', 2)",
    reason="'declared_user_type ' || r.declared_user_type",
)

LOOK_UP = f"""
CREATE TEMP TABLE w ON COMMIT DROP AS
{rows("user")},
found AS (
    SELECT r.n, r.row, r.secret, r.sorts_as, r.user_id, r.email, r.status, r.note AS caution, f.id AS found,
           CASE WHEN i.id IS NULL OR i.id = f.id THEN r.integration_id END AS integration_id,
           f.state AS before, f.stuck_sis_fields AS old_stuck, {info("user")} AS info, {PROBLEM} AS problem,
           {IDS} AS ids,
           CASE WHEN {free("status")} THEN
                CASE r.status WHEN 'active' THEN CASE WHEN f.state = 'pre_registered' THEN f.state ELSE 'registered' END
                              ELSE r.status END
                ELSE f.state END AS after,
           CASE WHEN {free("login_id")} THEN r.login_id ELSE f.login_id END AS new_login,
           CASE WHEN l.state = 'deleted' OR (r.status = 'deleted' AND l.id <> coalesce(f.id, -1)) THEN l.id END
               AS former_holder,
           CASE WHEN {free("name")} THEN
                rtrim(left(coalesce(r.full_name, nullif(concat_ws(' ', r.first_name, r.last_name), ''), f.name,
                                    r.sortable_name, r.short_name, r.login_id), {LONGEST})) ELSE f.name END AS new_name,
           CASE WHEN {free("sortable_name")} THEN
                coalesce(r.sortable_name, CASE WHEN r.full_name IS NOT NULL THEN r.sorts_as END,
                         nullif(concat_ws(', ', r.last_name, r.first_name), ''), f.sortable_name)
                ELSE f.sortable_name END AS new_sortable,
           CASE WHEN NOT {free("short_name")} THEN f.short_name
                WHEN r.short_name IS NULL AND f.short_name <> f.name THEN f.short_name
                ELSE r.short_name END AS new_short,
           CASE WHEN NOT {free("pronouns")} THEN f.pronouns WHEN r.pronouns = '<delete>' THEN ''
                ELSE coalesce(r.pronouns, f.pronouns, '') END AS new_pronouns,
           CASE r.declared_user_type WHEN '<delete>' THEN ''
                ELSE coalesce(r.declared_user_type, f.declared_user_type, '') END AS new_type,
           f.name AS old_name, f.sortable_name AS old_sortable, f.short_name AS old_short, f.pronouns AS old_pronouns,
           f.login_id AS old_login
    FROM rows r
    LEFT JOIN LATERAL (SELECT * FROM accounts_user u WHERE u.sis_user_id = r.user_id LIMIT 1) a ON true
    LEFT JOIN LATERAL (SELECT * FROM accounts_user u
                       WHERE accounts_login_key(u.login_id) = accounts_login_key(r.login_id) LIMIT 1) l ON true
    LEFT JOIN LATERAL (SELECT id, sis_user_id FROM accounts_user u
                       WHERE l.id IS NULL AND accounts_login_shape(u.login_id) = accounts_login_shape(r.login_id)
                       LIMIT 1) k ON true
    LEFT JOIN LATERAL (SELECT * FROM accounts_user u WHERE u.integration_id = r.integration_id LIMIT 1) i ON true
    LEFT JOIN LATERAL (SELECT * FROM accounts_user u
                       WHERE u.id = coalesce(a.id, CASE WHEN l.state <> 'deleted' AND NOT r.{WAS_ADDED} THEN l.id END)
                       LIMIT 1) f ON true
)
SELECT *, NULL::text AS password, NULL::text AS mark,
       {{stuck}} AS new_stuck
FROM (SELECT n, row, secret, user_id, integration_id, email, status, problem, caution, ids, info, found, before, after,
             new_login, former_holder, new_name,
             rtrim(left(coalesce(new_sortable, sorts_as), {LONGEST})) AS new_sortable,
             coalesce(new_short, new_name) AS new_short, new_pronouns, new_type, old_stuck, old_name, old_sortable,
             old_short, old_pronouns, old_login
      FROM found) AS looked_up
"""

LOOK_UP = LOOK_UP.format(
    stuck=stuck(
        {
            "name": "new_name IS DISTINCT FROM old_name",
            "sortable_name": "new_sortable IS DISTINCT FROM old_sortable",
            "short_name": "new_short IS DISTINCT FROM old_short",
            "pronouns": "new_pronouns IS DISTINCT FROM coalesce(old_pronouns, '')",
            "login_id": "new_login IS DISTINCT FROM old_login",
            "status": "after IS DISTINCT FROM before",
        },
    ).replace("f.stuck_sis_fields", "old_stuck")
)

SECRETS = """
SELECT n, secret, coalesce(u.password, ''), coalesce(u.sis_password_mark, '')
FROM w LEFT JOIN accounts_user u ON u.id = w.found WHERE secret IS NOT NULL AND problem IS NULL
"""

KEEP_PASSWORDS = """
UPDATE w SET password = given.password, mark = given.mark
FROM unnest(%(ns)s::bigint[], %(passwords)s::text[], %(marks)s::text[]) AS given(n, password, mark)
WHERE w.n = given.n RETURNING w.found
"""

# The login of somebody deleted is free for somebody else; a login that is somebody's is not for one made deleted.
FREE_LOGINS = """
WITH taken AS (
    UPDATE w SET new_login = left(new_login, 60) || '~' || gen_random_uuid()
    WHERE problem IS NULL AND former_holder IS NOT NULL AND status = 'deleted' AND former_holder IS DISTINCT FROM found
      AND (found IS NULL OR new_login IS DISTINCT FROM old_login)
)
UPDATE accounts_user u SET login_id = left(u.login_id, 60) || '~' || gen_random_uuid()
FROM w WHERE u.id = w.former_holder AND u.state = 'deleted' AND w.problem IS NULL AND w.status <> 'deleted'
         AND w.former_holder IS DISTINCT FROM w.found
"""

COLUMNS = {
    "name": "w.new_name",
    "sortable_name": "w.new_sortable",
    "short_name": "w.new_short",
    "login_id": "w.new_login",
    "sis_user_id": "w.user_id",
    "integration_id": "coalesce(w.integration_id, u.integration_id)",
    "state": "w.after",
    "email": "CASE WHEN w.email IS NULL OR w.caution = 'bad_email' THEN u.email ELSE w.email END",
    "pronouns": "w.new_pronouns",
    "declared_user_type": "w.new_type",
    "stuck_sis_fields": "w.new_stuck::varchar[]",
    "password": "coalesce(w.password, u.password)",
    "sis_password_mark": "coalesce(w.mark, u.sis_password_mark)",
}
DIFFERS = f"({', '.join(COLUMNS.values())}) IS DISTINCT FROM ({', '.join(f'u.{name}' for name in COLUMNS)})"
# A dry run holds only those whom it would change: the others sign in meanwhile.
UPDATE = f"""
UPDATE accounts_user u
SET {", ".join(f"{name} = {new}" for name, new in COLUMNS.items())}, sis_import_id = %(import)s
FROM w WHERE u.id = w.found AND w.problem IS NULL AND (NOT %(dry_run)s OR {DIFFERS})
"""
# A password is a change even where it is the one they have: else a warning would tell whether it is.
WOULD_CHANGE = f"""
(w.secret IS NOT NULL OR EXISTS (SELECT FROM accounts_user u WHERE u.id = w.found AND {DIFFERS}))
"""

# Whether it changes how somebody signs in, or as whom they are known: more than a name.
ACCOUNT = ("login_id", "sis_user_id", "integration_id", "state", "email")
ACCOUNT_DIFFERS = f"""
(w.secret IS NOT NULL OR EXISTS (SELECT FROM accounts_user u WHERE u.id = w.found
 AND ({", ".join(COLUMNS[name] for name in ACCOUNT)}) IS DISTINCT FROM ({", ".join(f"u.{name}" for name in ACCOUNT)})))
"""
OWN_ID = """
w.found = ANY(%(sender)s) AND EXISTS (SELECT FROM accounts_user u WHERE u.id = w.found
                                      AND u.sis_user_id IS DISTINCT FROM w.user_id)
"""

# Deleting somebody ends what they are here; the links stay (reference 1.1), and open nothing.
END_ENROLLMENTS = f"""
WITH leaving AS (SELECT found FROM w WHERE problem IS NULL AND after = 'deleted' AND before <> 'deleted'),
     ending AS (
         SELECT e.id, e.state FROM courses_enrollment e JOIN leaving ON e.user_id = leaving.found
         WHERE e.state <> 'deleted'
         UNION
         SELECT e.id, e.state FROM courses_enrollment e JOIN leaving ON e.associated_user_id = leaving.found
         WHERE e.state <> 'deleted' AND e.type = 'ObserverEnrollment'
     ),
     ended AS (
         UPDATE courses_enrollment e SET state = 'deleted', updated_at = now() FROM ending WHERE e.id = ending.id
         RETURNING e.id, ending.state
     )
{noting_changes("Enrollment", "SELECT id, state, 'deleted' FROM ended")}
"""

END_ADMINS = f"""
WITH ended AS (
    UPDATE accounts_accountadmin m SET workflow_state = 'deleted', sis_import_id = %(import)s FROM w
    WHERE w.problem IS NULL AND w.after = 'deleted' AND w.before <> 'deleted' AND m.user_id = w.found
      AND m.workflow_state = 'active' RETURNING m.id, m.user_id, m.account_id, m.role_id
), noted AS ({noting_changes("AccountUser", "SELECT id, 'active', 'deleted' FROM ended")})
SELECT user_id, account_id, role_id FROM ended
"""

# Whose state, e-mail or login changes, and how: it has the same consequences as by hand.
CHANGES = f"""
SELECT w.found, w.before, w.after,
       array_remove(ARRAY[CASE WHEN {COLUMNS["email"]} <> u.email THEN 'email' END,
                          CASE WHEN w.new_login <> u.login_id THEN 'login_id' END], NULL) AS fields
FROM w JOIN accounts_user u ON u.id = w.found
WHERE w.problem IS NULL
  AND (w.before, u.email, u.login_id) IS DISTINCT FROM (w.after, {COLUMNS["email"]}, w.new_login)
ORDER BY w.n
"""

LOCK = """
SELECT u.id FROM accounts_user u JOIN w ON w.found = u.id AND w.problem IS NULL AND w.after <> w.before
ORDER BY u.id FOR NO KEY UPDATE OF u
"""


def apply(this: Round) -> None:
    """Make, change, suspend and delete people."""
    this.look_up(LOOK_UP, "accounts_user")
    refuse_people_out_of_reach(this, where=WOULD_CHANGE, account=ACCOUNT_DIFFERS)
    refuse_own(this, "own_id", OWN_ID, unless=OWN_IDS)
    this.lock(LOCK)
    _take_passwords(this)
    this.execute(FREE_LOGINS)
    this.execute(END_ENROLLMENTS)
    ended = this.execute(END_ADMINS)
    about = [(user, {"account": account, "role": role}) for user, account, role in ended]
    record_many(Action.ADMIN_REMOVED, about, by=this.run.by)
    _follow_changes(this)
    this.execute(
        noting_changes("Pseudonym", "SELECT found, before, after FROM w WHERE found IS NOT NULL AND problem IS NULL")
    )
    this.execute(UPDATE)
    this.execute(_insert())


def _follow_changes(this: Round) -> None:
    """What follows, as by hand: no session, token, code or link in a mail outlasts what it was for."""
    changes = this.execute(CHANGES)
    by, details = this.run.by, {"sis_import": this.run.sis_import_id}
    if edited := [(person, {"fields": fields}) for person, _before, _after, fields in changes if fields]:
        record_many(Action.USER_CHANGED, edited, by=by, **details)
        forget_addresses([person for person, about in edited if "email" in about["fields"]])
    follow_states([(person, before, after) for person, before, after, _fields in changes], by=by, **details)
    if leaving := [person for person, _before, after, _fields in changes if after == User.State.DELETED]:
        revoke_codes(leaving)


def _insert() -> str:
    made = insert(
        User,
        "w",
        "WHERE found IS NULL AND problem IS NULL ORDER BY n RETURNING id, state",
        name="new_name",
        sortable_name="new_sortable",
        short_name="new_short",
        login_id="new_login",
        email="CASE WHEN caution = 'bad_email' THEN '' ELSE coalesce(email, '') END",
        sis_user_id="user_id",
        integration_id="integration_id",
        state="after",
        pronouns="new_pronouns",
        declared_user_type="new_type",
        # A password that nobody can give, as make_password(None) makes them.
        password="coalesce(password, '!' || replace(gen_random_uuid()::text, '-', ''))",  # noqa: S106
        sis_password_mark="coalesce(mark, '')",  # noqa: S106
        stuck_sis_fields="new_stuck",
        sis_import_id="%(import)s",
    )
    return f"WITH made AS ({made}) {noting_changes('Pseudonym', 'SELECT id, NULL, state FROM made')}"


def _take_passwords(this: Round) -> None:
    cipher = this.run.cipher
    given = [Given(n, cipher.lift(n, bytes(secret)), stored, mark) for n, secret, stored, mark in this.execute(SECRETS)]
    if new := changed(given, dry_run=this.run.options.dry_run):
        ns, passwords, marks = zip(*new, strict=True)
        theirs = this.execute(KEEP_PASSWORDS, ns=list(ns), passwords=list(passwords), marks=list(marks))
        # As where people choose one themselves (accounts/domain/passwords.py).
        people = [person for (person,) in theirs if person]
        forget_failures_of(people)
        ended = end_tokens(people)
        record_many(Action.TOKENS_ENDED, [(person, {}) for person in sorted(set(ended))], by=this.run.by)


USERS = Applier("user", CLASH, apply)
