"""Which uploads come from the same source: only the one before of the same source may be compared with one.

Two schools that were taken for one would remove one another's people. One that is taken for another than yesterday
only keeps what it would have lost that night. So what differs is another source, and what cannot tell tells nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

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
    system = next((said for name in _SYSTEM if (said := properties.get(name, "")) not in _NO_ANSWER), "")
    try:
        scratch.fill("org_tree", 'id text COLLATE "C", parent text COLLATE "C", type text', orgs.rows(), _org)
    except MalformedFile:
        # Reported where its rows are used.
        return ""
    digest = hashlib.sha256(f"{kind}\0{system}".encode())
    found = False
    for (org,) in scratch.read(_TELLING):
        found = True
        digest.update(f"\0{org}".encode())
    return digest.hexdigest() if found else ""


def _org(row: Row) -> Iterator[tuple]:
    cells = row.cells
    if cells["sourcedid"]:
        yield cells["sourcedid"], cells.get("parentsourcedid"), (cells.get("type") or "").lower()
