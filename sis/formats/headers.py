"""What a header means: the kind of its file, and the names that its columns have here.

A column counts only under a name that is known; blanks, hyphens and capital letters make no other name of it. What is
only like a known name is nothing, and whoever sent it is told which one is near.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import PurePosixPath

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sis.files.tables import Header, Table, cleaned
from sis.formats import oneroster, school_data_sync
from sis.kinds.kind import Columns, Kind, UnsupportedKind
from sis.kinds.registry import KINDS, all_kinds

# Columns of Canvas's files that mean nothing here, or are none of a kind's own: nobody is told that they are unknown.
OTHER_CANVAS_COLUMNS = frozenset(
    {
        *("password", "ssha_password", "canvas_password_notification", "notify", "home_account", "friendly_name"),
        *("blueprint_course_id", "homeroom_course", "temporary_enrollment_source_user_id"),
        *("abstract_course_id", "group_category_id", "category_name", "group_id", "enrollment_id"),
        "grade_publishing_status",
    }
)
UNREAD = OTHER_CANVAS_COLUMNS | oneroster.UNREAD_COLUMNS | school_data_sync.UNREAD_COLUMNS
_NOT_A_LETTER = re.compile(r"[\W_]+")
# How alike two names are that may be one, from 0 to 1; and the longest name that is compared.
_ALIKE = 0.8
_LONGEST_COMPARED = 60
# So many columns are named in one sentence.
_MOST_NAMED = 10


@dataclass(frozen=True)
class ForeignFormat:
    """A format that is known by its header, that `has` one of these sets of columns, and is not read; and what is said
    of its files.
    """

    has: tuple[frozenset[str], ...]
    message: str | Promise


# By their letters only, as those of `ForeignFormat`.
_CANVAS_KEYS = frozenset({"userid", "courseid", "accountid", "termid", "observerid", "xlistcourseid"})
FOREIGN_FORMATS = (
    ForeignFormat(
        (
            frozenset({"schoolid", "schoolname"}),
            frozenset({"schoolid", "studentid"}),
            frozenset({"schoolid", "teacherid"}),
            frozenset({"schoolid", "sectionid"}),
            frozenset({"schoolid", "staffid"}),
            frozenset({"schoolid", "adminemail"}),
        ),
        gettext_lazy(
            "This is a file in Clever's format, which is not imported. Export OneRoster 1.1 or 1.2, or Canvas SIS CSV, "
            "from the student information system instead."
        ),
    ),
    ForeignFormat(
        (frozenset({"sisid"}), frozenset({"sectionsisid"})),
        gettext_lazy(
            "This is a file of School Data Sync V1, which is not imported. Export School Data Sync V2.1, OneRoster or "
            "Canvas SIS CSV instead."
        ),
    ),
)


def bare_name(file: str) -> str:
    """Return a file's name without folder and ending, in lower case."""
    return PurePosixPath(file.replace("\\", "/")).stem.lower()


def foreign_format(columns: Columns) -> ForeignFormat | None:
    """Return the format that a file with these columns is in, where it is one that is not read."""
    letters = frozenset(map(_letters, columns))
    if letters & _CANVAS_KEYS:
        return None
    return next((one for one in FOREIGN_FORMATS if any(letters >= has for has in one.has)), None)


def kind_of(columns: Columns) -> Kind | UnsupportedKind | None:
    """Return the kind of a Canvas file with these columns: the first in the order of kinds that recognizes them.

    Its name means nothing. None for a file that is not a roster file of Canvas.
    """
    if foreign_format(columns):
        return None
    return next((kind for kind in all_kinds() if kind.recognizes(columns)), None)


def is_roster(table: Table) -> bool:
    """Return whether a file is one of OneRoster's or School Data Sync's, rather than of Canvas's."""
    return is_sourced(table.columns)


def is_sourced(columns: Columns) -> bool:
    """Return whether these columns are those of a file of OneRoster or School Data Sync, or of a manifest."""
    return columns >= oneroster.MANIFEST or has_sourced_ids(columns)


def has_sourced_ids(columns: Columns) -> bool:
    """Return whether these columns are those of OneRoster or School Data Sync."""
    return bool(columns & {"sourcedid", "usersourcedid", "classsourcedid"})


def understood(file: str, cells: Sequence[str]) -> Header | None:
    """Read the cells of a record of the file of this name as its header; None for what is none of a roster file."""
    names = tuple(map(cleaned, cells))
    has = frozenset(filter(None, names))
    if foreign_format(has):
        return Header(names)
    if is_sourced(has):
        ways = [_sourced_columns(bare_name(file))]
    elif kind_of(has):
        ways = [_canvas_columns()]
    else:
        ways = [_canvas_columns(), _sourced_columns(bare_name(file))]
    for known in ways:
        meant = _meant(names, known)
        has = frozenset(filter(None, meant))
        if is_sourced(has) or kind_of(has):
            return Header(meant, tuple(_notices(cells, names, meant, _wanted(has, known))))
    return None


def why_unknown(table: Table) -> str:
    """Return what to say of a file whose header is none of a roster file, or one of a format that is not read."""
    if foreign := foreign_format(table.columns):
        return str(foreign.message)
    seen = _listed(f"“{name}”" for name in table.header if name)
    text = _("The header does not match any roster file: its columns are %(columns)s.") % {"columns": seen}
    text += near_misses(table, [*_canvas_columns(), *_sourced_columns(bare_name(table.name))])
    return f"{text} {_('See the list of formats for the columns each one needs.')}"


def near_misses(table: Table, wanted: Sequence[str]) -> str:
    """Return a sentence, after a blank, on which columns may be meant to be those wanted; empty without any."""
    known = _canvas_columns() | _sourced_columns(bare_name(table.name))
    near = list(_near([name for name in table.header if name not in known], wanted))
    return f" {_alike(near)}" if near else ""


def nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the one of these names that is most like this one, if any is like it."""
    # The first of those that come to the same.
    by_letters = {_letters(one): one for one in reversed(known)}
    if len(name) > _LONGEST_COMPARED:
        return None
    found = get_close_matches(_letters(name), by_letters, 1, _ALIKE)
    return by_letters[found[0]] if found else None


@cache
def _canvas_columns() -> frozenset[str]:
    return frozenset().union(OTHER_CANVAS_COLUMNS, *(kind.columns for kind in KINDS.values()))


def _sourced_columns(file: str) -> frozenset[str]:
    """Return all columns that are read of a file of this name in OneRoster or School Data Sync."""
    return _SOURCED_COLUMNS.get(file, oneroster.MANIFEST)


# By the name of the file. There are few of these, and any number of other names, which nothing has to remember.
_SOURCED_COLUMNS: dict[str, frozenset[str]] = {
    file: frozenset().union(
        *(one.COLUMNS.get(file, set()) for one in (oneroster, school_data_sync)),
        *(one.FURTHER_COLUMNS.get(file, "").split() for one in (oneroster, school_data_sync)),
    )
    for file in oneroster.COLUMNS.keys() | school_data_sync.COLUMNS.keys()
}


def _letters(name: str) -> str:
    return _NOT_A_LETTER.sub("", name)


def _meant(names: tuple[str, ...], known: frozenset[str]) -> tuple[str, ...]:
    """Return the names with those of known columns that differ only in blanks, hyphens and the like."""
    by_letters = {_letters(one): one for one in known}

    def one(name: str) -> str:
        found = by_letters.get(_letters(name), name)
        return name if name in known or found in names else found

    return tuple(map(one, names))


def _wanted(has: frozenset[str], known: frozenset[str]) -> list[str]:
    """Return what columns a file with these may have been meant to have: of its own kind, or that make it another."""
    kind = None if has_sourced_ids(has) else kind_of(has)
    if kind is None:
        return sorted(known)
    if isinstance(kind, UnsupportedKind):
        return []
    return [*kind.columns, *(one for one in sorted(known) if kind_of(has | {one}) is not kind)]


def _notices(
    cells: Sequence[str], names: tuple[str, ...], meant: tuple[str, ...], wanted: Sequence[str]
) -> Iterator[str]:
    unseen = [name for cell, name in zip(cells, names, strict=True) if not cell.strip().isprintable()]
    if unseen:
        text = _("The header has invisible characters in %(columns)s. They were left out.")
        yield text % {"columns": _listed(f"“{name}”" for name in unseen)}
    taken = [(name, mean) for name, mean in zip(names, meant, strict=True) if name != mean]
    if taken:
        text = _("These columns were read under the names they have here: %(columns)s.")
        yield text % {"columns": _listed(f"“{name}” ({mean})" for name, mean in taken)}
    if near := list(_near(meant, wanted)):
        yield _alike(near)


def _near(names: Iterable[str], wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each of the names that is not known, and which of those wanted it may be: one that is not there."""
    names = [name for name in names if name]
    missing = [one for one in dict.fromkeys(wanted) if one not in names]
    known = UNREAD.union(wanted)
    for name in names:
        if name not in known and (found := nearest(name, missing)):
            yield name, found


def _alike(near: Sequence[tuple[str, str]]) -> str:
    text = _("Columns that are not known were left out: %(columns)s.")
    pairs = (_("“%(name)s” (is it %(known)s?)") % {"name": name[:100], "known": known} for name, known in near)
    return text % {"columns": _listed(pairs)}


def _listed(items: Iterable[str]) -> str:
    found = [item[:120] for item in items]
    return ", ".join(found[:_MOST_NAMED]) + (" …" if len(found) > _MOST_NAMED else "")
