"""What the record says of what rosters do: SQL that records the events of a whole set of records at once.

The events are those of the rules by which people change the same records. Each names the import, so that the history
of whoever imports is not full of them (courses/domain/history.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import connection, models

from accounts.domain.audit import event_in_sql, record_in_sql
from accounts.domain.events import (
    AccountChanged,
    AccountCreated,
    AccountDeleted,
    UserChanged,
    UserCreated,
    UserDeleted,
    UserSuspended,
)
from accounts.models import Account, User
from accounts.models.audit import Event
from courses.domain.events import (
    CourseChanged,
    CourseCreated,
    CourseDeleted,
    EnrollmentChanged,
    SectionChanged,
    SectionCreated,
    SectionDeleted,
    TermChanged,
    TermCreated,
    TermDeleted,
)
from courses.domain.observation_events import author
from courses.models import Course, Enrollment, Section, Term
from sis.kinds.sql import set_columns

# The fields of each event, by SQL about a row that has the columns of the record as it is afterwards; where it was
# there already, also its states `before` and `after`, and the names of the `fields` in which it differs.
ACCOUNT, TERM = {"account": "id", "name": "name"}, {"term": "id", "name": "name"}
SECTION = {"course": "course_id", "section": "id", "name": "name"}
IF_ANOTHER = "CASE WHEN before <> after THEN {} END"
ANOTHER_STATE = {"before": IF_ANOTHER.format("before"), "state": IF_ANOTHER.format("after")}
FIELDS: dict[type[Event], dict[str, str]] = {
    UserCreated: {},
    UserChanged: {"fields": "fields"},
    UserSuspended: {},
    UserDeleted: {},
    AccountCreated: {**ACCOUNT, "parent": "parent_id"},
    AccountChanged: {**ACCOUNT, "fields": "fields"},
    AccountDeleted: ACCOUNT,
    TermCreated: TERM,
    TermChanged: {**TERM, "fields": "fields"},
    TermDeleted: TERM,
    CourseCreated: {"course": "id", "account": "account_id"},
    CourseChanged: {"course": "id", "fields": "fields", **ANOTHER_STATE},
    # The enrollments in it stay as they are, and come back with it.
    CourseDeleted: {"course": "id", "name": "name", "before": "before", "enrollments": "0"},
    SectionCreated: SECTION,
    SectionChanged: {**SECTION, "fields": "fields"},
    SectionDeleted: SECTION,
    EnrollmentChanged: {
        **{"enrollment": "id", "section": "section_id", "type": "type"},
        **{"before": "NULL", "state": "state"},
    },
}
SUBJECTS = {EnrollmentChanged: "user_id", **dict.fromkeys((UserCreated, UserChanged, UserSuspended, UserDeleted), "id")}

# By model: the columns that events need of a record that is made, beside its id and state, and the events.
MADE: dict[type[models.Model], tuple[tuple[str, ...], dict[type[Event], str]]] = {
    User: (("email",), {UserCreated: "true", UserSuspended: "state = 'suspended'", UserDeleted: "state = 'deleted'"}),
    Account: (("parent_id", "name"), {AccountCreated: "true"}),
    Term: (("name",), {TermCreated: "true"}),
    Course: (("account_id",), {CourseCreated: "true"}),
    Section: (("course_id", "name"), {SectionCreated: "true"}),
    Enrollment: (("user_id", "section_id", "type"), {EnrollmentChanged: "true"}),
}
# And those that they need of one that changes, and the events: of one that is deleted by it, and of all others.
CHANGED: dict[type[models.Model], tuple[tuple[str, ...], type[Event], type[Event]]] = {
    Account: (("name",), AccountDeleted, AccountChanged),
    Term: (("name",), TermDeleted, TermChanged),
    Course: (("name",), CourseDeleted, CourseChanged),
    Section: (("course_id", "name"), SectionDeleted, SectionChanged),
    User: ((), UserDeleted, UserChanged),
}

# What columns are called among `fields`, as where people change them.
CALLED = {"workflow_state": "status", **{f"{name}_id": name for name in ("account", "parent", "term", "course")}}
# What goes with other columns, and nobody would ask about.
UNTOLD = {"stuck_sis_fields", "sis_password_mark", "nonxlist_course_id", "is_default", "only_cross_listed"}


def told(kind: type[Event], source: str) -> str:
    """Return SQL that selects an event of this kind from each row of `source`."""
    fields = {**FIELDS[kind], "sis_import": "%(sis_import)s::bigint"}
    return event_in_sql(kind, source, subject=SUBJECTS.get(kind, "NULL"), **fields)


def record_made(model: type[models.Model]) -> str:
    """Return the statement that records what the common table expression `made` has made."""
    _columns, events = MADE[model]
    return record_in_sql(*(told(kind, f"made WHERE {where}") for kind, where in events.items()))


@dataclass(frozen=True)
class Changes:
    """Changes of the records `found` by the rows looked up: to the values `new`, SQL by columns, about the row `given`
    and the `record`. Only rows count for which `where` holds. Where these list it, the record is of their source from
    then on.
    """

    model: type[models.Model]
    new: Mapping[str, str]
    where: str = "true"
    lists: bool = True

    @property
    def name(self) -> str:
        return f"differing_{self.model._meta.model_name}"

    @property
    def differing(self) -> str:
        """The records that differ, as a common table expression."""
        new = {column: value for column, value in self.new.items() if column not in UNTOLD}
        columns = [f"{new.get(column, f'record.{column}')} AS {column}" for column in CHANGED[self.model][0]]
        after = new.get("workflow_state", "record.workflow_state") if _has_state(self.model) else "''"
        before = "record.workflow_state" if _has_state(self.model) else "''"
        columns += ["record.id", f"{before} AS before", f"{after} AS after", f"{names_of_changed(new)} AS fields"]
        return f"""{self.name} AS MATERIALIZED (
    SELECT {", ".join(columns)}
    FROM looked_up AS given JOIN {self.model._meta.db_table} AS record ON record.id = given.found
    WHERE given.problem IS NULL AND {differs(new)} AND {self.where}
)"""

    @property
    def update(self) -> str:
        """The statement that makes them: every column, also those that stay, for whatever rows change."""
        new = {**self.new, **({"sis_import_id": "%(import)s"} if self.lists else {})}
        return f"""UPDATE {self.model._meta.db_table} AS record SET {set_columns(new)}
FROM looked_up AS given WHERE record.id = given.found AND given.problem IS NULL AND {self.where}"""

    @property
    def events(self) -> tuple[str, str]:
        """What the record tells of them."""
        _columns, deleted, changed = CHANGED[self.model]
        is_deleted = "after = 'deleted' AND before <> 'deleted'"
        return told(deleted, f"{self.name} WHERE {is_deleted}"), told(changed, f"{self.name} WHERE NOT ({is_deleted})")


def _has_state(model: type[models.Model]) -> bool:
    return model is not User


def record_changes(*changes: Changes) -> str:
    """Return the statement that records changes which are about to be made."""
    events = [event for one in changes for event in one.events]
    return f"WITH {', '.join(one.differing for one in changes)} {record_in_sql(*events)}"


def differs(new: Mapping[str, str], record: str = "record") -> str:
    """Return SQL: whether a record is to have other values than it has."""
    return f"({', '.join(new.values())}) IS DISTINCT FROM ({', '.join(f'{record}.{column}' for column in new)})"


def names_of_changed(new: Mapping[str, str], record: str = "record") -> str:
    """Return SQL for the names of the columns in which a record is to have other values than it has."""
    called = sorted((CALLED.get(one, one), one, value) for one, value in new.items())
    cases = (
        f"CASE WHEN {value} IS DISTINCT FROM {record}.{column} THEN '{name}' END" for name, column, value in called
    )
    return f"array_remove(ARRAY[{', '.join(cases)}], NULL)"


def record_deleted(model: type[models.Model]) -> str:
    """Return the statement that records that the records `%(ids)s` are about to be deleted."""
    columns, deleted, _changed = CHANGED[model]
    names = ", ".join(("id", *columns, "workflow_state AS before"))
    source = f"(SELECT {names} FROM {model._meta.db_table} WHERE id = ANY(%(ids)s)) AS deleted"
    return record_in_sql(told(deleted, source))


def record_state(model: type[models.Model], ids: Collection[int], state: str, *, by: User, sis_import: int) -> None:
    """Record that these records are about to have another state again (one statement)."""
    columns, deleted, changed = CHANGED[model]
    kind = deleted if state == "deleted" else changed
    names = "".join(f"{column}, " for column in columns)
    source = f"""(
    SELECT id, {names}workflow_state AS before, %(state)s::text AS after, ARRAY['status'] AS fields
    FROM {model._meta.db_table} WHERE id = ANY(%(ids)s) AND workflow_state <> %(state)s
) AS differing"""
    with connection.cursor() as cursor:
        cursor.execute(record_in_sql(told(kind, source)), {"ids": list(ids), "state": state, **author(by, sis_import)})
