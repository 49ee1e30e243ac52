"""change_sis_id.csv: records get other SIS or integration ids. Comes before everything else."""

from sis.kinds.chunks import Applier, Round, ids, info, rows
from sis.kinds.sender_limits import OWN_IDS, refuse_own, refuse_people_out_of_reach

# type → table and the column of its SIS id
# In the order in which locks are taken: accounts/domain/locks.py.
TABLES = {
    "account": ("accounts_account", "sis_account_id"),
    "user": ("accounts_user", "sis_user_id"),
    "term": ("courses_term", "sis_term_id"),
    "course": ("courses_course", "sis_course_id"),
    "section": ("courses_section", "sis_section_id"),
}

# Rows that name the same record by its other id clash too.
CLASH = (
    "SELECT n, type || key, true FROM rows r CROSS JOIN LATERAL ("
    " SELECT ' id ' || one FROM unnest(ARRAY[r.old_id, r.new_id]) one"
    " UNION SELECT ' integration ' || one FROM unnest(ARRAY[r.old_integration_id, r.new_integration_id]) one"
    + "".join(
        f" UNION SELECT one FROM {table} x CROSS JOIN LATERAL"
        f" unnest(ARRAY[' id ' || x.{sis_id}, ' integration ' || x.integration_id]) one"
        f" WHERE r.type = '{type_}' AND (x.{sis_id} = r.old_id OR x.integration_id = r.old_integration_id)"
        for type_, (table, sis_id) in TABLES.items()
    )
    + ") keys(key)"
)

PROBLEM = """
CASE WHEN coalesce(r.old_id, r.old_integration_id) IS NULL THEN 'no_old_id'
     WHEN coalesce(r.new_id, r.new_integration_id) IS NULL THEN 'no_new_id'
     WHEN r.type IS NULL OR r.type NOT IN ('account', 'term', 'course', 'section', 'user') THEN 'bad_type'
     WHEN r.fault IS NOT NULL THEN split_part(r.fault, ':', 1)
     WHEN (r.old_id IS NOT NULL AND a.id IS NULL) OR (r.old_integration_id IS NOT NULL AND b.id IS NULL)
          THEN 'old_id_unknown'
     WHEN a.id <> b.id THEN 'old_ids_differ'
     WHEN c.id <> coalesce(a.id, b.id) OR d.id <> coalesce(a.id, b.id) THEN 'new_id_taken' END
"""

IDS = ids(
    id="coalesce(r.old_id, r.old_integration_id)",
    user="coalesce(r.old_id, r.old_integration_id)",
    integration_id="r.old_integration_id",
    new="coalesce(r.new_id, r.new_integration_id)",
    type="r.type",
    column="split_part(r.fault, ':', 2)",
)


def _found(column: str, given: str, alias: str) -> str:
    """The record of the row's type with this id."""
    of_each = " UNION ALL ".join(
        f"SELECT x.id FROM {table} x WHERE r.type = '{type_}' AND x.{sis_id if column == 'sis' else column} = {given}"
        for type_, (table, sis_id) in TABLES.items()
    )
    return f"LEFT JOIN LATERAL (SELECT * FROM ({of_each}) one LIMIT 1) {alias} ON true"


LOOK_UP = f"""
CREATE TEMP TABLE w ON COMMIT DROP AS
{rows("change_sis_id")}
SELECT r.n, r.row, NULL AS caution, {PROBLEM} AS problem, {IDS} AS ids, {info("change_sis_id")} AS info,
       r.type, r.new_id, r.new_integration_id, coalesce(a.id, b.id) AS found
FROM rows r
{_found("sis", "r.old_id", "a")}
{_found("integration_id", "r.old_integration_id", "b")}
{_found("sis", "r.new_id", "c")}
{_found("integration_id", "nullif(r.new_integration_id, '<delete>')", "d")}
"""

UPDATES = [
    f"""
UPDATE {table} x
SET {sis_id} = coalesce(w.new_id, x.{sis_id}),
    integration_id = nullif(coalesce(w.new_integration_id, x.integration_id), '<delete>'), sis_import_id = %(import)s
FROM w WHERE x.id = w.found AND w.type = '{type_}' AND w.problem IS NULL
"""
    for type_, (table, sis_id) in TABLES.items()
]


def apply(this: Round) -> None:
    """Give records other ids."""
    this.execute(LOOK_UP)
    refuse_people_out_of_reach(this, where="w.type = 'user'")
    refuse_own(this, "own_id", "w.type = 'user' AND w.found = ANY(%(sender)s)", unless=OWN_IDS)
    for type_, (table, _sis_id) in TABLES.items():
        this.remember(table, where=f"w.type = '{type_}'")
    for update in UPDATES:
        this.execute(update)


CHANGE_SIS_IDS = Applier("change_sis_id", CLASH, apply)
