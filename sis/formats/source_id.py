"""Which uploads come from the same source: only the one before of the same source may be compared with one.

Two schools that were taken for one would remove one another's people. One that is taken for another than yesterday
only keeps what it would have lost that night. So what differs is another source, and what cannot tell tells nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice

from sis.files.problems import MalformedFile
from sis.files.tables import Row, Table
from sis.formats.source_files import Scratch

_SYSTEM = ("source.systemcode", "source.systemname")
# What makers of exports write where they know no answer.
_NO_ANSWER = {"", "absent", "n/a", "none", "null"}

_TELLING = """
    WITH schools AS (SELECT DISTINCT id FROM org_tree WHERE type = 'school'),
    tops AS (
        SELECT DISTINCT org_tree.id FROM org_tree LEFT JOIN org_tree AS above ON above.id = org_tree.parent
        WHERE above.id IS NULL
    )
    SELECT id FROM schools WHERE (SELECT count(*) FROM schools) = 1
    UNION ALL SELECT id FROM tops WHERE (SELECT count(*) FROM schools) <> 1
    ORDER BY id
"""


def source_of(kind: str, properties: dict[str, str], orgs: Table | None, scratch: Scratch) -> str:
    """Return what uploads of one source have in common and others have not; empty when nothing tells.

    It is made of the format (`kind`), the system that the manifest's `properties` name, by its code or else its name,
    and the orgs: the school, if there is one only, whatever stands above and below it; otherwise all orgs without a
    parent in the file. A system by itself tells nothing, for many schools have the same; so `orgs` must be all there
    are, or None.
    """
    if orgs is None:
        return ""
    try:
        scratch.fill("org_tree", 'id text COLLATE "C", parent text COLLATE "C", type text', orgs.rows(), _org)
    except MalformedFile:
        # Reported where its rows are used.
        return ""
    digest = _digest(kind, properties)
    found = False
    for (org,) in scratch.read(_TELLING):
        found = True
        digest.update(f"\0{org}".encode())
    return digest.hexdigest() if found else ""


def system_of(kind: str, properties: dict[str, str]) -> str:
    """Return what uploads of one system have in common; many sources may have the same."""
    return _digest(kind, properties).hexdigest()


def _digest(kind: str, properties: dict[str, str]) -> hashlib._Hash:
    system = next((said for name in _SYSTEM if (said := properties.get(name, "")) not in _NO_ANSWER), "")
    return hashlib.sha256(f"{kind}\0{system}".encode())


# By what changes are known for those of a source, in the order in which it tells: the schools that they name, then
# classes, all orgs, and last the people, who may be at several schools. What each is here, files and columns.
_NAMING: tuple[tuple[str, Mapping[str, tuple[str, ...]]], ...] = (
    (
        "account",
        {
            "classes": ("schoolsourcedid", "orgsourcedid"),
            "roles": ("orgsourcedid",),
            "users": ("orgsourcedids", "primaryorgsourcedid"),
        },
    ),
    ("course", {"classes": ("sourcedid",), "enrollments": ("classsourcedid",)}),
    ("account", {"orgs": ("sourcedid", "parentsourcedid")}),
    (
        "user",
        {
            "users": ("sourcedid",),
            "enrollments": ("usersourcedid",),
            "relationships": ("usersourcedid", "relationshipusersourcedid"),
        },
    ),
)
# So many rows of each file are looked at: they need not all tell.
_MOST_ROWS = 10_000


def named_in(tables: dict[str, Table]) -> Iterator[tuple[str, set[str]]]:
    """Yield (kind, ids) of what the rows of these files name, what tells the most of their source first."""
    for kind, files in _NAMING:
        yield kind, {one for name in files.keys() & tables.keys() for one in _ids(tables[name], files[name])}


def _ids(table: Table, columns: tuple[str, ...]) -> Iterator[str]:
    # A file that cannot be read is reported where its rows are used.
    with suppress(MalformedFile):
        for row in islice(table.rows(), _MOST_ROWS):
            for column in columns:
                yield from filter(None, map(str.strip, (row.cells.get(column) or "").split(",")))


def _org(row: Row) -> Iterator[tuple]:
    cells = row.cells
    if cells["sourcedid"]:
        yield cells["sourcedid"], cells.get("parentsourcedid"), (cells.get("type") or "").lower()
