"""The people of a OneRoster or School Data Sync upload, and which roles they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress

from django.utils.translation import ngettext

from sis.files.cells import NO, YES, BadDate, day
from sis.files.problems import MalformedFile
from sis.files.tables import Row, Table
from sis.formats.rows import is_true
from sis.formats.source_files import Converted, Source, count_word, status_of

GUARDIAN_ROLES = ("guardian", "parent", "relative")
_LAST = 2**62

# What somebody with this role is to Canvas; everybody else is staff.
_DECLARED = {
    "student": "student",
    "teacher": "teacher",
    "professor": "teacher",
    "faculty": "teacher",
    "lecturer": "teacher",
    "instructor": "teacher",
    "guardian": "observer",
    "parent": "observer",
    "relative": "observer",
    "principal": "administrative",
}


def declared_type(role: str) -> str:
    """Return the declared user type for a role, in lower case."""
    return "administrative" if role.endswith("administrator") else _DECLARED.get(role, "staff")


def users(source: Source) -> Iterator[Converted]:
    """Yield the people, with what their first role makes of them. Nobody's password is taken over.

    Who has no username signs in with their email address, as parents do; but no student, whose address may be a
    parent's.
    """
    people = source.rows("users")
    found: Iterable[tuple[Row, str | None]]
    if "roles" in source.tables:
        found = zip(people, _first_roles(source), strict=True)
    else:
        found = ((row, row.cells.get("role")) for row in people)
    unclear: Counter[str] = Counter()
    for row, role in found:
        cells = row.cells
        said, enabled = status_of(cells), cells.get("enableduser")
        status = "suspended" if said == "inactive" else said
        if status == "active" and not is_true(enabled, when_blank=True):
            status = "suspended"
        if enabled and enabled.lower() not in YES | NO:
            count_word(unclear, enabled)
        declared = declared_type(role.lower()) if role else None
        login, email = cells["username"], cells.get("email")
        is_email = bool(not login and email and declared not in (None, "student"))
        yield (
            row.number,
            {
                "user_id": cells["sourcedid"],
                "login_id": email if is_email else login,
                "login_is_email": "true" if is_email else None,
                "status": status,
                "first_name": cells.get("givenname"),
                "last_name": cells.get("familyname"),
                "short_name": _preferred_name(cells),
                "email": email,
                "declared_user_type": declared,
                **({"pronouns": cells["pronouns"]} if "pronouns" in cells else {}),
            },
        )

    source.warn_of_each(
        unclear,
        source.tables["users"],
        lambda number: ngettext(
            "%(count)s person is suspended, because enabledUser is “%(word)s”: it must be true or false.",
            "%(count)s people are suspended, because enabledUser is “%(word)s”: it must be true or false.",
            number,
        ),
    )


def _preferred_name(cells: dict[str, str | None]) -> str | None:
    first, last = cells.get("preferredgivenname"), cells.get("preferredfamilyname")
    if not first and not last:
        return None
    return " ".join(filter(None, [first or cells.get("givenname"), last or cells.get("familyname")]))


def stage_people(source: Source) -> None:
    """Make the tables `people` (number, id, status), `agents` (number, id, agent; null for an empty list) and `held`.

    `people` has all rows, also those with a status that means nothing (null); they have no agents and no role of their
    own. `gone_people` has the ids of these and of the deleted. `held` has who holds which role: primary or not, and
    whether today. Raises MalformedFile.
    """

    def person(row: Row) -> Iterator[tuple]:
        cells = row.cells
        # The first drafts, and some exports to this day, call the column agents.
        agents = cells.get("agentsourcedids") or cells.get("agents")
        yield row.number, cells["sourcedid"], status_of(cells), agents

    # The first row with a date that cannot be read, by column, and how many there are.
    unread: dict[str, tuple[Row, int]] = {}

    def held(row: Row) -> Iterator[tuple]:
        yield from _role_of(row, source, unread)

    def said(row: Row) -> Iterator[tuple]:
        if role := row.cells.get("role"):
            yield row.number, row.cells["sourcedid"], role.lower(), True, True

    people = source.tables.get("users")
    everybody = people.rows() if people else iter(())
    source.scratch.fill("people", "number bigint, id text, status text, agents text", everybody, person)
    source.scratch.make(
        "agents",
        r"""
        SELECT number, id, nullif(btrim(agent, E' \t\r\n\u00a0'), '') AS agent
        FROM people, unnest(string_to_array(coalesce(nullif(agents, ''), ' '), ',')) AS agent
        WHERE status IS NOT NULL
        """,
    )
    columns = "number bigint, id text, role text, is_primary boolean, is_current boolean"
    source.scratch.make(
        "gone_people",
        "SELECT DISTINCT id FROM people WHERE id IS NOT NULL AND coalesce(status, 'deleted') = 'deleted'",
    )
    told, role = ("roles", held) if "roles" in source.tables else ("users", said)
    made = source.scratch.fill("held", columns, source.rows(told), role)
    _report_unread(source, unread)
    if made and "relationships" in source.tables:
        _stage_relations(source, source.tables["relationships"])


def _stage_relations(source: Source, table: Table) -> None:
    """Give the role to those whom relationships.csv names as guardians, after any other of theirs."""
    # A fault of that file is reported where the links are made; the people can do without.
    with suppress(MalformedFile):
        table.ensure_well_formed()
        source.scratch.add(
            "held",
            (
                (_LAST, row.cells["relationshipusersourcedid"], role, False, True)
                for row in table.rows()
                if (role := (row.cells["relationshiprole"] or "").lower()) in GUARDIAN_ROLES
            ),
        )


def _role_of(row: Row, source: Source, unread: dict[str, tuple[Row, int]]) -> Iterator[tuple]:
    cells, dialect = row.cells, source.dialect
    if cells["role"] and status_of(cells) == "active":
        is_current = True
        for column, is_begin in ((dialect.role_begin, True), (dialect.role_end, False)):
            try:
                at = day(text) if (text := cells.get(column)) else None
            except BadDate:
                # A date that cannot be read is no permission.
                is_current = False
                first, number = unread.get(column, (row, 0))
                unread[column] = first, number + 1
            else:
                is_current &= at is None or (at <= source.today if is_begin else source.today < at)
        yield row.number, cells["usersourcedid"], cells["role"].lower(), dialect.is_primary(cells), is_current


def _report_unread(source: Source, unread: dict[str, tuple[Row, int]]) -> None:
    for column, (row, number) in unread.items():
        text = ngettext(
            "%(count)s role does not count as valid today, because its %(column)s cannot be read as a date "
            "(“%(value)s”). Write it as 2026-11-28.",
            "%(count)s roles do not count as valid today, because their %(column)s cannot be read as a date (the first "
            "is “%(value)s”). Write it as 2026-11-28.",
            number,
        )
        value = (row.cells[column] or "")[:60]
        message = text % {"count": number, "column": column, "value": value}
        source.problems.warn(source.tables["roles"].name, message, row.number)


def _first_roles(source: Source) -> Iterator[str | None]:
    """Yield the first role of each person, in the order of their rows: one held today and primary before others."""
    stage_people(source)
    found = source.scratch.read(
        """
        SELECT role FROM people
        LEFT JOIN (SELECT DISTINCT ON (id) id, role FROM held ORDER BY id, is_current DESC, is_primary DESC, number)
            AS firsts USING (id)
        WHERE status IS NOT NULL ORDER BY number
        """
    )
    return (role for (role,) in found)
