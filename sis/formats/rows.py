"""Rows of OneRoster and of its relative, School Data Sync, as rows of Canvas's roster files.

A class becomes one course with one section, a session that classes name a term, an org an account. What has no place
is counted and reported once per file and kind. Rows keep the numbers of the rows they come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

from django.utils.translation import ngettext

from sis.files.cells import YES, BadDate, day
from sis.files.problems import MalformedFile
from sis.files.tables import Row
from sis.formats.source_files import Converted, Source, count_word, report_left_out, status_of
from sis.kinds.sql import any_of

# Deeper trees of orgs are loops.
_DEEPEST_ORG = 50
# What terms are made of in any case.
TERM_TYPES = ("term", "semester")


def listed(text: str | None) -> list[str]:
    """Return the entries of a list in one cell, each once."""
    return list(dict.fromkeys(filter(None, (entry.strip() for entry in (text or "").split(",")))))


def accounts(source: Source) -> Iterator[Converted]:
    """orgs, parents first, but last those to be deleted, parents after what is below them.

    An org whose parent is nowhere stands right below the root account.
    """
    orgs = source.tables["orgs"]
    columns = "number bigint, id text, parent text, name text, status text"
    source.scratch.fill("orgs", columns, source.rows("orgs"), _org)
    source.scratch.make(
        "placed_orgs",
        f"""
        WITH RECURSIVE tree (id, level) AS (
            SELECT id, 0 FROM orgs
            WHERE parent IS NULL OR NOT EXISTS (SELECT FROM orgs AS above WHERE above.id = orgs.parent)
            UNION
            SELECT orgs.id, level + 1 FROM tree JOIN orgs ON orgs.parent = tree.id WHERE level < {_DEEPEST_ORG}
        )
        SELECT orgs.*, level, EXISTS (SELECT FROM orgs AS above WHERE above.id = orgs.parent) AS has_parent
        FROM orgs LEFT JOIN (SELECT id, max(level) AS level FROM tree GROUP BY id) AS levels USING (id)
        """,
    )
    orphans = 0
    order = "status = 'deleted', CASE status WHEN 'deleted' THEN -level ELSE level END NULLS LAST, number"
    found = source.scratch.read(f"SELECT * FROM placed_orgs ORDER BY {order}")
    for number, org_id, parent, name, status, _level, has_parent in found:
        if parent and not has_parent and source.is_whole:
            orphans, parent = orphans + 1, None
        cells = {"account_id": org_id, "parent_account_id": parent, "name": name, "status": status}
        yield number, cells
    if orphans:
        text = ngettext(
            "%(count)s org names a parent that is not in the file. It was placed below the root account.",
            "%(count)s orgs name a parent that is not in the file. They were placed below the root account.",
            orphans,
        )
        source.problems.warn(orgs.name, text % {"count": orphans})


def _org(row: Row) -> Iterator[tuple]:
    cells = row.cells
    status = "deleted" if status_of(cells) == "deleted" else "active"
    yield row.number, cells["sourcedid"], cells.get("parentsourcedid"), cells["name"], status


def _stage_sessions(source: Source) -> None:
    """Stage the sessions, and which of them each class names."""
    columns = "number bigint, id text, title text, type text, starts text, ends text, status text"
    source.scratch.fill("sessions", columns, source.rows("academicsessions"), _session)

    def named(row: Row) -> Iterator[tuple]:
        for place, session in enumerate(listed(row.cells.get(source.dialect.class_terms))):
            yield row.number, session, place

    columns = "class bigint, session text, place bigint"
    source.scratch.fill("class_sessions", columns, source.rows("classes"), named)


def _session(row: Row) -> Iterator[tuple]:
    cells = row.cells
    dates = (cells.get("startdate"), cells.get("enddate"))
    status = "deleted" if status_of(cells) == "deleted" else "active"
    yield row.number, cells["sourcedid"], cells["title"], (cells["type"] or "").lower(), *dates, status


def terms(source: Source) -> Iterator[Converted]:
    """Yield the sessions of type term or semester, and others that classes name; without any, the school years."""
    _stage_sessions(source)
    source.scratch.make(
        "terms",
        f"""
        SELECT sessions.*, type IN ({any_of(TERM_TYPES)})
            OR coalesce(id IN (SELECT session FROM class_sessions), false) AS wanted
        FROM sessions
        """,
    )
    left_out: Counter[str] = Counter()
    query = "SELECT *, NOT bool_or(wanted) OVER () AND type = 'schoolyear' FROM terms ORDER BY number"
    for number, term_id, title, kind, starts, ends, status, wanted, instead in source.scratch.read(query):
        if wanted or instead:
            dates = {"start_date": starts, "end_date": ends}
            yield number, {"term_id": term_id, "name": title, "status": status, **dates}
        else:
            count_word(left_out, kind)
    report_left_out(source, source.tables["academicsessions"], left_out, TERM_TYPES)


def _stage_classes(source: Source) -> None:
    dialect = source.dialect

    def klass(row: Row) -> Iterator[tuple]:
        cells = row.cells
        code, course, org = (cells.get(name) for name in (dialect.class_code, "coursesourcedid", dialect.class_account))
        yield row.number, cells["sourcedid"], cells["title"], code, course, org, status_of(cells)

    columns = "number bigint, id text, title text, code text, course text, org text, status text"
    source.scratch.fill("classes", columns, source.rows("classes"), klass)


def _classes(source: Source) -> Iterator[tuple]:
    """Number, id, title, code, org, session, number of sessions, status and text of each class."""
    _stage_sessions(source)
    _stage_classes(source)

    def course(row: Row) -> Iterator[tuple]:
        yield row.number, row.cells["sourcedid"], row.cells.get(source.dialect.course_code)

    source.scratch.fill("courses", "number bigint, id text, code text", source.rows("courses"), course)
    return source.scratch.read(
        """
        SELECT number, id, title, coalesce(classes.code, codes.code, title), org, session, sessions, status
        FROM classes
        LEFT JOIN (SELECT DISTINCT ON (id) id AS course, code FROM courses ORDER BY id, number) AS codes USING (course)
        LEFT JOIN (
            SELECT DISTINCT ON (class) class AS number, session, count(*) OVER (PARTITION BY class) AS sessions
            FROM class_sessions
            LEFT JOIN (SELECT id AS session, min(starts) AS starts FROM sessions GROUP BY id) AS known USING (session)
            ORDER BY class, starts NULLS LAST, place
        ) AS firsts USING (number)
        ORDER BY number
        """
    )


def courses(source: Source) -> Iterator[Converted]:
    """Yield one published course per class, in the org of the class and the session of it that starts first."""
    states = {"active": "published", "inactive": "completed", "deleted": "deleted"}
    long = 0
    for number, class_id, title, code, org, session, sessions, status in _classes(source):
        long += (sessions or 0) > 1
        cells = {"course_id": class_id, "short_name": code, "long_name": title, "account_id": org, "term_id": session}
        yield number, {**cells, "status": states[status]}
    if long:
        text = ngettext(
            "%(count)s class runs in several sessions. It was placed in the one that starts first.",
            "%(count)s classes run in several sessions. They were placed in the one that starts first.",
            long,
        )
        source.problems.warn(source.tables["classes"].name, text % {"count": long})


def sections(source: Source) -> Iterator[Converted]:
    """Yield one section per class, in the course of the same id."""
    for row in source.rows("classes"):
        class_id, status = row.cells["sourcedid"], status_of(row.cells)
        cells = {"section_id": class_id, "course_id": class_id, "name": row.cells["title"]}
        yield row.number, {**cells, "status": "deleted" if status == "deleted" else "active"}


def enrollments(source: Source) -> Iterator[Converted]:
    """Yield the enrollments with a role that courses here have, gone with their class; completed once their end has
    come.
    """
    left_out: Counter[str] = Counter()
    table = source.tables["enrollments"]
    gone = _enrollments_of_gone_classes(source)
    next_gone = next(gone, None)
    for row in source.rows("enrollments"):
        cells = row.cells
        status, ends = status_of(cells), _end(cells.get("enddate"))
        if row.number == next_gone:
            status, next_gone = "deleted", next(gone, None)
        if status == "active" and ends and ends <= source.today:
            status = "completed"
        word = (cells["role"] or "").lower()
        role = source.dialect.enrollment_roles.get(word)
        if role is None:
            count_word(left_out, word)
            continue
        what = {"section_id": cells["classsourcedid"], "user_id": cells["usersourcedid"], "role": role}
        dates = {"start_date": cells.get("begindate"), "end_date": cells.get("enddate")}
        yield row.number, {**what, "status": status, **dates, "record_id": cells.get("sourcedid")}
    report_left_out(source, table, left_out, source.dialect.enrollment_roles)


def _end(text: str | None) -> date | None:
    """Return the day of this text. What cannot be read ends nothing; it is reported as the row is taken in."""
    try:
        return day(text) if text else None
    except BadDate:
        return None


def _enrollments_of_gone_classes(source: Source) -> Iterator[int]:
    """Yield the numbers of the enrollments in classes that are to be deleted, in order."""
    if "classes" not in source.tables:
        return
    # A fault of that file is reported where its own rows are read.
    with suppress(MalformedFile):
        _stage_classes(source)
        gone_classes = "SELECT id FROM classes WHERE status = 'deleted'"
        if next(source.scratch.read(f"{gone_classes} LIMIT 1"), None):
            source.scratch.fill("enrolled", "number bigint, class text", source.rows("enrollments"), _class_of)
            query = f"SELECT number FROM enrolled WHERE class IN ({gone_classes}) ORDER BY number"
            yield from (number for (number,) in source.scratch.read(query))


def _class_of(row: Row) -> Iterator[tuple]:
    yield row.number, row.cells["classsourcedid"]


def is_true(text: str | None, *, when_blank: bool) -> bool:
    """Return a yes or no; any other word is no."""
    return when_blank if text is None else text.lower() in YES
