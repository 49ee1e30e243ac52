"""All kinds of roster files, in the order in which they are applied. What others know of kinds they read from here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from sis.kinds.chunks import Message
from sis.kinds.kind import Kind, PutBack, UnsupportedKind
from sis.models import StateChange


def declared() -> Iterator[Kind]:
    """Give the `KIND` of each module that has a file of SQL of its name beside it."""
    for path in Path(__file__).parent.glob("*.sql"):
        if path.with_suffix(".py").exists():
            yield import_module(f"{__package__}.{path.stem}").KIND


KINDS: dict[str, Kind] = {kind.name: kind for kind in sorted(declared(), key=lambda kind: kind.order)}

UNSUPPORTED = (
    UnsupportedKind(
        40,
        "abstract_course",
        "abstract_courses",
        lambda has: has >= {"abstract_course_id", "short_name"} and "course_id" not in has,
        "AbstractCourse",
    ),
    UnsupportedKind(
        120,
        "group_category",
        "group_categories",
        lambda has: has >= {"group_category_id", "category_name"},
        "GroupCategory",
    ),
    UnsupportedKind(130, "group", "groups", lambda has: has >= {"group_id", "name"}, "Group"),
    UnsupportedKind(
        140, "group_membership", "group_memberships", lambda has: has >= {"group_id", "user_id"}, "GroupMembership"
    ),
    UnsupportedKind(
        150,
        "grade_publishing_results",
        "grade_publishing_results",
        lambda has: has >= {"enrollment_id", "grade_publishing_status"},
    ),
)


def all_kinds() -> list[Kind | UnsupportedKind]:
    """Return those of Canvas's kinds too that do not exist here."""
    return sorted((*KINDS.values(), *UNSUPPORTED), key=lambda kind: kind.order)


def counters() -> tuple[str, ...]:
    """Return every counter that Canvas's clients find in data.counts."""
    return tuple(kind.plural for kind in all_kinds())


def put_back_of(class_name: str) -> PutBack:
    """Return how state changes of this class are put back. Raises KeyError for a class that no kind knows."""
    return {name: put_back for kind in KINDS.values() for name, put_back in kind.put_back.items()}[class_name]


def what_stays(change: StateChange) -> list[Message]:
    """Return what is to be said of records of a change that cannot be put back."""
    records = {kind.record.class_name: kind.record for kind in KINDS.values() if kind.record}
    return records[change.kind].stays(change) if change.kind in records else []
