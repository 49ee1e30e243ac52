"""change_sis_id.csv: records get other SIS or integration ids. Comes before everything else."""

from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from courses.models import Course, Section, Term
from sis.kinds.audit import Changes, record_changes
from sis.kinds.chunks import Round
from sis.kinds.ids import note_changed
from sis.kinds.kind import Example, Going, Kind
from sis.kinds.sender_limits import OWN_IDS, refuse_own, refuse_people_out_of_reach
from sis.kinds.sql import any_of, read_sql

# type → table and the column of its SIS id
# In the order in which locks are taken: accounts/domain/locks.py.
MODELS = {"account": Account, "user": User, "term": Term, "course": Course, "section": Section}
TABLES = {type_: (model._meta.db_table, f"sis_{type_}_id") for type_, model in MODELS.items()}
COLUMNS = ("old_id", "old_integration_id", "new_id", "new_integration_id", "type")


def _of_each_type(select: str, join: str) -> str:
    return join.join(select.format(type=type_, table=table, sis_id=sis_id) for type_, (table, sis_id) in TABLES.items())


def _with_id(column: str, wanted: str) -> str:
    """Return SQL for the ids of records of the row's type that have this id in the column."""
    select = "SELECT record.id FROM {table} AS record WHERE given.type = '{type}' AND record."
    return _of_each_type(f"{select}{column} = {wanted}", " UNION ALL ")


OTHER_IDS = """
SELECT one FROM {table} AS record
CROSS JOIN LATERAL unnest(ARRAY[' id ' || record.{sis_id}, ' integration ' || record.integration_id]) AS one
WHERE given.type = '{type}' AND (record.{sis_id} = given.old_id OR record.integration_id = given.old_integration_id)
"""
# A further id of somebody (accounts/models/user.py) changes alone.
LOST_FURTHER = """
SELECT record.id, record.sis_user_id, given.new_id
FROM looked_up AS given JOIN accounts_furthersisid AS record ON record.id = given.further WHERE given.problem IS NULL
"""
UPDATE_FURTHER = f"""
WITH noted AS ({note_changed(("further", LOST_FURTHER))})
UPDATE accounts_furthersisid AS further SET sis_user_id = given.new_id, sis_import_id = %(import)s
FROM looked_up AS given WHERE further.id = given.further AND given.new_id IS NOT NULL AND given.problem IS NULL
"""
NEW = {
    type_: {
        sis_id: f"coalesce(CASE WHEN given.further IS NULL THEN given.new_id END, record.{sis_id})",
        "integration_id": "nullif(coalesce(given.new_integration_id, record.integration_id), '<delete>')",
    }
    for type_, (_table, sis_id) in TABLES.items()
}
CHANGES = {type_: Changes(model, NEW[type_], f"given.type = '{type_}'", lists=False) for type_, model in MODELS.items()}
TELL = record_changes(*CHANGES.values())
LOST = """
SELECT record.id, record.{column}, {new} FROM looked_up AS given JOIN {table} AS record ON record.id = given.found
WHERE given.type = '{type}' AND given.problem IS NULL
"""


def _lost(type_: str, column: str) -> str:
    return LOST.format(type=type_, table=TABLES[type_][0], column=column, new=NEW[type_][column])


def _update(type_: str) -> str:
    lost = [(type_, _lost(type_, TABLES[type_][1]))]
    if type_ == "user":
        lost.append(("user integration", _lost(type_, "integration_id")))
    return f"WITH noted AS ({note_changed(*lost)}) {CHANGES[type_].update}"


UPDATES = [*(_update(type_) for type_ in TABLES), UPDATE_FURTHER]

SQL = read_sql(
    __file__,
    COLUMNS,
    types=any_of(TABLES),
    other_ids=_of_each_type(OTHER_IDS, " UNION "),
    with_old_id=_with_id("{sis_id}", "given.old_id"),
    with_old_integration_id=_with_id("integration_id", "given.old_integration_id"),
    with_new_id=_with_id("{sis_id}", "given.new_id"),
    with_new_integration_id=_with_id("integration_id", "nullif(given.new_integration_id, '<delete>')"),
)


def apply(this: Round) -> None:
    """Give records other ids."""
    this.execute(SQL["look_up"])
    refuse_people_out_of_reach(this, where="given.type = 'user'")
    refuse_own(this, "own_id", "given.type = 'user' AND given.found = ANY(%(sender)s)", unless=OWN_IDS)
    for type_, (table, _sis_id) in TABLES.items():
        this.remember(table, where=f"given.type = '{type_}'")
    this.execute(TELL)
    for update in UPDATES:
        this.execute(update)


KIND = Kind(
    order=10,
    name="change_sis_id",
    plural="change_sis_ids",
    label=_("Changed IDs"),
    recognizes=lambda has: bool(has & {"old_id", "old_integration_id"}),
    columns=COLUMNS,
    key=("old_id", "old_integration_id", "type"),
    one_of=("old_id", "old_integration_id"),
    words=frozenset({"type"}),
    allowed={"bad_type": tuple(TABLES)},
    # An id may have been imported shortened before: then this is how it is put right.
    may_be_shortened=("old_id", "old_integration_id"),
    going=Going.NEVER,
    sql=SQL,
    apply=apply,
    messages={
        "no_old_id": _("An old_id or old_integration_id is missing."),
        "no_new_id": _("A new_id or new_integration_id is missing for {id}."),
        "bad_type": _("“{type}” is not a type of record whose ID can be changed. Use {words}."),
        "old_id_unknown": _("There is no {type} with the ID {id}."),
        "old_ids_differ": _("The two old IDs {id} and {integration_id} belong to different records."),
        "new_id_taken": _("The new ID {new} for {id} is already in use."),
    },
    example=Example(10, "old_id,new_id,type\nS1001,2026-1001,user"),
)
