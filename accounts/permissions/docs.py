"""What docs/permissions.md says about each permission, generated from the code.

The file is written by hand except between pairs of marks (`<!-- table of defaults -->` … `<!-- end -->`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils import translation

from accounts.models import BaseType
from accounts.permissions.registry import Permission, Reach

COLUMNS = {
    BaseType.ACCOUNT_ADMIN: "Account Admin",
    BaseType.ACCOUNT_MEMBERSHIP: "custom admin roles",
    BaseType.TEACHER: "Teacher",
    BaseType.TA: "TA",
    BaseType.DESIGNER: "Designer",
    BaseType.OBSERVER: "Observer",
    BaseType.STUDENT: "Student",
}
REACHES = {
    Reach.COURSE: "in a course, by roles there; on an account, for all courses in and below it",
    Reach.ACCOUNT: "on an account, for it and all below it",
    Reach.ROOT: "on the root account only, for the whole institution",
}
MARKED = re.compile(r"(<!-- (table of defaults|each permission) -->\n).*?(<!-- end -->)", re.DOTALL)


def written_into(text: str) -> str:
    """Return the file with the text between its marks regenerated."""
    with translation.override("en"):
        parts = {"table of defaults": _table(), "each permission": _explanations()}
    return MARKED.sub(lambda found: f"{found[1]}\n{parts[found[2]]}\n{found[3]}", text)


def _in_order() -> list[Permission]:
    return sorted(Permission, key=lambda permission: str(permission.label).lower())


def _table() -> str:
    head = f"| permission | {' | '.join(COLUMNS.values())} |\n|---{'|---' * len(COLUMNS)}|\n"
    return head + "".join(
        f"| {permission.label} | {' | '.join(_state(permission, base) for base in COLUMNS)} |\n"
        for permission in _in_order()
    )


def _state(permission: Permission, base: BaseType) -> str:
    if base in permission.default:
        return "**on**"
    return "off" if base in permission.available else "–"


def _explanations() -> str:
    return "\n".join(_explanation(permission) for permission in _in_order())


def _explanation(permission: Permission) -> str:
    lines = [f"### {permission.label}", "", str(permission.does), ""]
    if permission.considerations:
        lines += [str(permission.considerations), ""]
    lines += [
        f"- key: `{permission}`",
        f"- is held {REACHES[permission.reach]}",
        f"- on by default for: {_names(permission.default)}",
        f"- can be given to: {_names(permission.available)}",
        "",
    ]
    return "\n".join(lines)


def _names(bases: Iterable[BaseType]) -> str:
    return ", ".join(name for base, name in COLUMNS.items() if base in bases)
