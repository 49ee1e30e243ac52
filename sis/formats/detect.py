"""Whether an upload is Canvas's files, OneRoster or School Data Sync, and what files of Canvas's it then amounts to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import NamedTuple

from django.utils.translation import gettext as _

from sis.files.csv_records import written
from sis.files.problems import MalformedFile, Problems
from sis.files.tables import Block, RosterFile, Table
from sis.formats import guardians, oneroster, people, rows, school_data_sync
from sis.formats.headers import bare_name, is_roster, kind_of, near_misses
from sis.formats.source_files import Converted, Scratch, Source
from sis.formats.source_id import named_in, source_of, system_of

Converter = Callable[[Source], Iterator[Converted]]
ROWS_AT_ONCE = 1000


class Roster(NamedTuple):
    """An upload as files of Canvas's, whether they are all there is, and what tells its source (or nothing).

    `system` is what it has in common with all of its system, and `named` gives what its rows name: by that changes are
    known for those of a source.
    """

    files: list[RosterFile]
    is_whole: bool
    source: str
    system: str
    named: Callable[[], Iterator[tuple[str, set[str]]]]


# From which file, to which kind, with which columns, by which rule.
_CONVERSIONS: list[tuple[str, str, str, Converter]] = [
    ("orgs", "account", "account_id parent_account_id name status", rows.accounts),
    ("academicsessions", "term", "term_id name status start_date end_date", rows.terms),
    ("classes", "course", "course_id short_name long_name account_id term_id status", rows.courses),
    ("classes", "section", "section_id course_id name status", rows.sections),
    (
        "users",
        "user",
        "user_id login_id login_is_email status first_name last_name short_name email declared_user_type",
        people.users,
    ),
    (
        "enrollments",
        "enrollment",
        "section_id user_id role status start_date end_date record_id",
        rows.enrollments,
    ),
    ("users", "user_observer", "observer_id student_id status", guardians.from_agents),
    ("relationships", "user_observer", "observer_id student_id status", guardians.from_relationships),
]


# What the files call the columns that messages about their rows name.
_OWN_NAMES = {
    "orgs": {"account_id": "sourcedId"},
    "academicsessions": {
        "term_id": "sourcedId", "name": "title", "start_date": "startDate", "end_date": "endDate",
    },
    "classes": {
        "course_id": "sourcedId", "section_id": "sourcedId", "name": "title", "long_name": "title",
        "short_name": "classCode",
    },
    "users": {
        "user_id": "sourcedId", "login_id": "username", "first_name": "givenName", "last_name": "familyName",
        "short_name": "preferredGivenName", "observer_id": "sourcedId", "student_id": "sourcedId",
    },
    "enrollments": {
        "section_id": "classSourcedId", "user_id": "userSourcedId", "start_date": "beginDate", "end_date": "endDate",
    },
    "relationships": {"student_id": "userSourcedId", "observer_id": "relationshipUserSourcedId"},
}  # fmt: skip


def converted(
    tables: list[Table], problems: Problems, scratch: Scratch, at: datetime, *, is_to_compare: bool
) -> Roster:
    """Return the upload as Canvas's files. At least one of `tables` must be `is_roster`.

    `at` is when the import started; `is_to_compare` as in Source. Raises MalformedFile when nothing of it may be used.
    """
    manifest = next((table for table in tables if oneroster.is_manifest(table)), None)
    others = [table for table in tables if table is not manifest]
    has_states = any("status" in table.columns for table in others if is_roster(table))
    if manifest or has_states:
        found = dict(_by_name(others, oneroster.COLUMNS, oneroster.WITHOUT_A_PLACE, problems))
        if not found:
            return Roster([], False, "", "", partial(named_in, {}))
        is_whole = oneroster.is_bulk(found, manifest, problems)
        source = Source(found, oneroster.DIALECT, problems, scratch, at, is_whole, is_to_compare)
        properties = oneroster.announced(manifest) if manifest else {}
        told = source_of("oneroster", properties, oneroster.whole_orgs(found, properties), scratch)
        system = system_of("oneroster", properties)
    else:
        found = dict(_by_name(others, school_data_sync.COLUMNS, school_data_sync.WITHOUT_A_PLACE, problems))
        is_whole = school_data_sync.is_whole(found, problems)
        source = Source(found, school_data_sync.DIALECT, problems, scratch, at, is_whole, is_to_compare)
        told = source_of("sds", {}, found.get("orgs"), scratch)
        system = system_of("sds", {})
    return Roster(list(_files(source)), is_whole, told, system, partial(named_in, found))


def _by_name(
    tables: list[Table], columns: dict[str, set[str]], without_a_place: set[str], problems: Problems
) -> Iterator[tuple[str, Table]]:
    """Yield the files that are used, by their names; all others are reported."""
    names = Counter(bare_name(table.name) for table in tables)
    for table in tables:
        name = bare_name(table.name)
        if name in without_a_place:
            problems.warn(table.name, _("This kind of file is not imported, so it was left out."))
        elif not is_roster(table) and kind_of(table.columns):
            message = _(
                "The upload mixes Canvas files with OneRoster or School Data Sync files. Upload this one by itself."
            )
            problems.fail(table.name, message)
        elif name not in columns:
            text = _("This is not the name of a known roster file, so it was left out. Known are: %(names)s.")
            problems.fail(table.name, text % {"names": ", ".join(f"{known}.csv" for known in columns)})
        elif names[name] > 1:
            problems.fail(
                table.name, _("The upload contains two files with this name, and neither was read. Keep only one.")
            )
        elif missing := columns[name] - table.columns:
            text = _("The header is missing required columns: %(columns)s. The file was left out.")
            said = text % {"columns": ", ".join(sorted(missing))}
            problems.fail(table.name, said + near_misses(table, sorted(missing)))
        else:
            yield name, table


def _files(source: Source) -> Iterator[RosterFile]:
    for name, kind, columns, convert in _CONVERSIONS:
        table = source.tables.get(name)
        if table is None or (convert is guardians.from_agents and not _tells_guardians(source, table)):
            continue
        header = tuple(columns.split())
        if kind == "user" and "pronouns" in table.columns:
            header += ("pronouns",)
        blocks = partial(_blocks, convert, source, table.name, header)
        yield RosterFile(table.name, kind, header, blocks, _OWN_NAMES.get(name, {}))


def _blocks(convert: Converter, source: Source, name: str, header: tuple[str, ...]) -> Iterator[Block]:
    """Yield the converted rows, as text again. A fault of another file that they need says which."""
    try:
        made = convert(source)
        while some := list(islice(made, ROWS_AT_ONCE)):
            texts = [written([cells.get(column) or "" for column in header]) for _number, cells in some]
            yield [number for number, _cells in some], texts
    except MalformedFile as fault:
        if fault.problem.file == name:
            raise
        text = _("%(file)s, which is also required, cannot be read. %(message)s")
        message = text % {"file": fault.problem.file, "message": fault.problem.message}
        raise MalformedFile(name, message) from None


def _tells_guardians(source: Source, users: Table) -> bool:
    """Return whether agents and roles can make links. An upload without either says nothing about links, not "none"."""
    if "relationships" in source.tables:
        return False
    if not users.columns & {"agentsourcedids", "agents"}:
        if source.is_whole:
            message = _("This upload does not list who observes whom, so observer links stay as they are.")
            source.problems.warn(users.name, message)
        return False
    if "roles" in source.tables or "role" in users.columns:
        return True
    message = _("The upload does not list people's roles, so their agents were skipped and links stay as they are.")
    source.problems.warn(users.name, message)
    return False
