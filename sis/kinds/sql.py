"""The SQL of kinds, from files beside their modules.

A file holds sections: statements, and parts that are put into what follows. Lines with comments are for readers only.

    -- part: people
    LEFT JOIN …
    -- statement: look_up
    {rows}
    SELECT {info} FROM rows AS given {people} …

In braces stand parts of the same file, those of common.sql, words that the module gives, and these:

    {rows}                          the rows of the round as common table expression `rows` with the columns' own names
    {states}                        the words for the state of a record, as a list for IN
    {info}                          the content of the row `given`, as shown beside a warning; no password is in it
    {was_added}                     after `given.`: whether comparing data sets has added the row
    {free field}                    whether an import may set this field of the record `stored`, or make the record
    {free field, record}            of another record
    {dates_free row}                whether it may set the dates of the record `stored` by the row with this alias
    {stuck before, changed}         the stuck fields after the row, from the arrays of those before and those changed
    {line_of account}               the ids of the account with this alias and of those above it
    {chain_of last}                 what tells the chain of data sets of the import with this alias
    {of_changed enrollment}         what a change of enrollments with this alias returns to `changed`, for the next
    {tell_who_observes}             record who begins and who ends to observe by the enrollments `changed`, in the
                                    same statement or before it (courses/domain/observation_events.py)
    {tell_enrollments}              record the changes of the enrollments `changed` themselves, likewise
    {note_changes Class, source}    remember changes of states (id, before, after) that the table `source` has
    {imports_since}                 the imports that came after the data set `base`, or were undone since it ended
    {states_since Class}            the ids of the records of this class whose states they changed
    {changed_since table, id, Class, touched}
                                    select the records of this table, by their SIS id in the column `id`, that they
                                    changed; `touched` is the column of the last import (sis_import_id unless given)
    {skip_again table, found}       pass over rows that the data set before had too, about the `record` of this table
                                    whose id stands in the column `found`; conditions may follow
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from accounts.models.account import line_of
from accounts.text.fields import LONGEST
from courses.domain.observation_events import ENROLLMENTS, EVENTS, returned

STAGED = "sis_staged"
# Each file has room for so many numbers. Rows that stand in no row of it come in the second half: first what reading it
# has added, then what comparing it has (sis/imports/diff.py).
ROOM = 10**11
ADDED = ROOM // 2
GONE = ADDED + ROOM // 4
# SQL: whether a row is such.
WAS_ADDED = f"n %% {ROOM} > {ADDED}"


# The words for the state of most records.
STATES = ("active", "deleted")
SECTION = re.compile(r"^-- (statement|part): (\w+)\n", re.MULTILINE)
COMMENT = re.compile(r"^\s*--.*\n", re.MULTILINE)
INSERTED = re.compile(r"\{(\w+)(?: ([\w., ]+))?\}")


@dataclass(frozen=True)
class Sql:
    """The statements of a kind by their names, and the parts that more than one of them, or other code, uses."""

    statements: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.statements[name]


def any_of(words: Iterable[str]) -> str:
    """Return these words as a list for IN."""
    return ", ".join(f"'{word}'" for word in words)


def read_sql(path: str | Path, columns: Sequence[str], made: Iterable[str] = (), **words: str) -> Sql:
    """Read the .sql file beside a module at `path`, about rows with these columns.

    Raises KeyError for something in braces that is neither a part, nor among `words`, nor known to all.
    """
    own = {
        "rows": rows(staged_columns((*columns, *made))),
        "info": row_content(columns),
        "states": any_of(STATES),
    }
    return read_statements(path, {**COMMON, **own, **words})


def read_statements(path: str | Path, words: Mapping[str, str]) -> Sql:
    """Read the .sql file beside a module at `path`, whatever it is about, with only these words in braces."""
    return _parsed(Path(path).with_suffix(".sql").read_text(encoding="utf-8"), words)


def _parsed(text: str, words: Mapping[str, str]) -> Sql:
    found = Sql()
    _before, *sections = SECTION.split(text)
    for sort, name, body in zip(*(iter(sections),) * 3, strict=True):
        sql = INSERTED.sub(partial(_inserted, words={**words, **found.parts}), COMMENT.sub("", body)).strip()
        (found.statements if sort == "statement" else found.parts)[name] = sql
    return found


def _inserted(match: re.Match[str], words: Mapping[str, str]) -> str:
    name, arguments = match.groups()
    if arguments is None:
        return words[name]
    return MADE[name](*(one.strip() for one in arguments.split(",")))


def staged_columns(names: Sequence[str]) -> str:
    """Return the columns of the staging table under their own names, for a SELECT."""
    named = ", ".join(f"c{number} AS {name}" for number, name in enumerate(names, 1))
    return f"n, row, fault, note, secret, {named}"


def rows(selected: str, where: str = "true") -> str:
    """Return the rows of the round, or some of them, as a common table expression. More may follow."""
    return f"""WITH rows AS MATERIALIZED (
    SELECT {selected} FROM {STAGED}
    WHERE n BETWEEN %(first)s AND %(last)s
      AND (%(only)s::bigint[] IS NULL OR n = ANY(%(only)s::bigint[])) AND n <> ALL(%(held)s::bigint[])
      AND {where}
)"""


def row_content(columns: Iterable[str]) -> str:
    """Return the content of the row `given`. Passwords are not among the columns."""
    return f"concat_ws(',', {', '.join(f'given.{name}' for name in columns)})"


def free(field_name: str, record: str = "stored") -> str:
    """Return whether an import may set this field of a record, or make the record."""
    return f"(%(override)s OR {record}.id IS NULL OR NOT '{field_name}' = ANY({record}.stuck_sis_fields))"


def dates_free(row: str) -> str:
    """Return whether an import may set the dates of the record `stored` by a row: both, or neither.

    Dates that cannot be read leave those alone that are there: to clear them would open what has ended.
    """
    is_read = f"stored.id IS NULL OR starts_with({row}.note, 'bad_date') IS NOT TRUE"
    return f"({free('start_at')} AND {free('end_at')} AND ({is_read}))"


def stuck(before: str, changed: str) -> str:
    """Return the stuck fields after the row, from those before and those that the row changes (nulls do not count)."""
    before = f"coalesce({before}, '{{}}')::text[]"
    return (
        f"CASE WHEN %(override)s AND %(clear)s THEN '{{}}' WHEN %(override)s AND %(add)s THEN"
        f" (SELECT coalesce(array_agg(DISTINCT one ORDER BY one), '{{}}') FROM unnest({before} || {changed}::text[])"
        f" AS one WHERE one IS NOT NULL) ELSE {before} END"
    )


def set_columns(new: Mapping[str, str]) -> str:
    """Return the assignments of an UPDATE, from SQL for each column."""
    return ", ".join(f"{column} = {value}" for column, value in new.items())


def chain_in_sql(record: str) -> str:
    """Return what tells the chain of data sets of an import (SisImport.chain), or "", also where there is no import."""
    return f"coalesce(nullif({record}.diffing_data_set_identifier, ''), {record}.data ->> 'source', '')"


def note_changes(class_name: str, source: str, *, batch_mode: bool = False) -> str:
    """Return the statement that remembers state changes of records of this class: (id, before or null, after)."""
    return f"""INSERT INTO sis_statechange (sis_import_id, kind, before, after, records, batch_mode)
SELECT %(import)s, '{class_name}', coalesce(before, ''), after, array_agg(id), {str(batch_mode).lower()}
FROM (SELECT id, before, after FROM {source}) AS changes(id, before, after)
WHERE before IS DISTINCT FROM after GROUP BY before, after"""


IMPORTS_SINCE = """SELECT id, workflow_state IN ('restoring', 'partially_restored', 'restored') AS was_undone
FROM sis_sisimport
WHERE id > %(base)s
   OR (workflow_state IN ('restoring', 'partially_restored', 'restored') AND updated_at >= %(since)s)"""


def states_since(class_name: str) -> str:
    """Return the query for the records of this class whose states imports changed that came after a data set."""
    return f"""SELECT unnest(records) FROM sis_statechange
WHERE kind = '{class_name}' AND sis_import_id IN (SELECT id FROM ({IMPORTS_SINCE}) AS later)"""


def skip_again(table: str, found: str) -> str:
    """Return the statement that passes over rows which the data set before had too; conditions may follow.

    Only rows count that are about a `record` of this table, whose id stands in the column `found`.
    """
    return f"""UPDATE looked_up SET problem = 'skip', caution = NULL
FROM {STAGED} AS staged, {table} AS record
WHERE problem IS NULL AND staged.n = looked_up.n AND staged.again AND record.id = looked_up.{found}"""


def changed_since(table: str, sis_id: str, class_name: str, touched: str = "sis_import_id") -> str:
    """Return the statement `unsettled` for records that are known by one id: those that imports have changed since.

    `touched` is the column of the last import that did. See sis/imports/unsettled.py.
    """
    return f"""SELECT ARRAY[record.{sis_id}], NULL::text[] FROM {table} AS record
WHERE record.{sis_id} IS NOT NULL
  AND (record.{touched} > %(base)s OR record.id IN ({states_since(class_name)}))"""


def listed_by(table: str, sis_id: str, column: str, state: str = "workflow_state") -> str:
    """Return the statement `listed_by` for records that are known by one id, which rows name in this column.

    It gives (id, cells) of those in force that `deltas` were the last to list. See sis/imports/deltas.py.
    """
    return f"""SELECT record.id, jsonb_build_object('{column}', record.{sis_id}) FROM {table} AS record
WHERE record.sis_import_id = ANY(%(deltas)s) AND record.{sis_id} IS NOT NULL AND record.{state} <> 'deleted'"""


MADE: dict[str, Callable[..., str]] = {
    "listed_by": listed_by,
    "states_since": states_since,
    "changed_since": changed_since,
    "skip_again": skip_again,
    "of_changed": returned,
    "free": free,
    "dates_free": dates_free,
    "stuck": stuck,
    "line_of": line_of,
    "chain_of": chain_in_sql,
    "note_changes": note_changes,
    "note_batch_changes": lambda class_name, source: note_changes(class_name, source, batch_mode=True),
}
_KNOWN_TO_ALL = {
    "was_added": WAS_ADDED,
    "imports_since": IMPORTS_SINCE,
    "longest": str(LONGEST),
    "tell_who_observes": EVENTS,
    "tell_enrollments": ENROLLMENTS,
}
COMMON = {
    **_KNOWN_TO_ALL,
    **_parsed(Path(__file__).with_name("common.sql").read_text(encoding="utf-8"), _KNOWN_TO_ALL).parts,
}
