"""What docs/observers.md and the page “What an observer sees” say, from the table of courses/visibility.py."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import Account
from courses.access.sight import is_on
from courses.visibility import ALWAYS, BUILT, OPEN, SCHOOL, TABLE, CourseState, Element, Row, Sees, Switch

MARKED = re.compile(r"(<!-- (table of elements|settings) -->\n).*?(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True)
class Told:
    """One row as an observer is told it: as it stands with the settings of their institution."""

    element: Element
    what: str | Promise
    linked: Sees
    alone: Sees
    may: str | Promise
    depends: str


def guide(root: Account) -> list[Told]:
    """Return what observers of this institution see, row by row (no statement); nothing of what is not here yet."""
    return [_told(element, row, root) for element, row in TABLE.items() if element in BUILT or row.linked is Sees.NO]


def _told(element: Element, row: Row, root: Account) -> Told:
    linked, alone = row.linked, row.alone
    if row.switch in SCHOOL and not is_on(row.switch, root):
        linked, alone = (row.otherwise if cell is not Sees.NO else cell for cell in (linked, alone))
    is_seen = linked is not Sees.NO
    return Told(element, row.what, linked, alone, row.may if is_seen else "", _depends(row) if is_seen else "")


def _depends(row: Row) -> str:
    """Return what a course can say otherwise; empty where it cannot."""
    match row.switch:
        case Switch.TAB:
            return _("The teacher can hide this page in a course.")
        case Switch.NUMBERS:
            return _("A course can show letters instead of numbers.")
        case Switch.TOTALS:
            return _("A course can show no totals.")
    return ""


def written_into(text: str) -> str:
    """Return docs/observers.md with the text between its marks regenerated."""
    with translation.override("en"):
        parts = {"table of elements": _table(), "settings": _settings()}
    return MARKED.sub(lambda found: f"{found[1]}\n{parts[found[2]]}\n{found[3]}", text)


def _table() -> str:
    columns = (
        "element",
        "observer of a student there",
        "observer without one",
        "may",
        "in courses that are",
        "setting",
    )
    head = f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|\n"
    return head + "".join(_line(row) for row in TABLE.values())


def _line(row: Row) -> str:
    cells = [row.what, row.linked.label, row.alone.label, row.may or "–", _states(row.states), _switch(row)]
    return f"| {' | '.join(map(str, cells))} |\n"


def _states(states: Iterable[CourseState]) -> str:
    if states == ALWAYS:
        return "always"
    if states == OPEN:
        return "running, ended"
    return ", ".join(str(state.label).lower() for state in CourseState if state in states) or "–"


def _switch(row: Row) -> str:
    if row.switch is None:
        return "–"
    off = "" if row.otherwise is Sees.NO else f"; off: {str(row.otherwise.label).lower()}"
    return f"`{row.switch.value}`{off}"


def _settings() -> str:
    head = "| setting | of | what it says | unless somebody chooses |\n|---|---|---|---|\n"
    return head + "".join(_setting(switch) for switch in Switch)


def _setting(switch: Switch) -> str:
    if switch in SCHOOL:
        return f"| `{switch.value}` | institution | {switch.label} | {'yes' if SCHOOL[switch] else 'no'} |\n"
    return f"| `{switch.value}` | course | {switch.label} | yes |\n"
