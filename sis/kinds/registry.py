"""The kinds of roster files: their columns, in the order of processing, and how each cell is taken."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Kind:
    """One kind of file. `columns` are those we read; they go into c1, c2, … of the staging table in this order."""

    name: str
    plural: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    dates: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    # Whether <delete> clears a date; elsewhere it is as good as none.
    clears_dates: bool = False
    words: frozenset[str] = frozenset({"status"})
    # Columns that no file has, made of the others while they are staged (sis/kinds/staging.py).
    made: tuple[str, ...] = ()

    @property
    def staged(self) -> tuple[str, ...]:
        """All columns of the staging table, in their order."""
        return self.columns + self.made

    @cached_property
    def names(self) -> tuple[int, ...]:
        """The places of those columns that people read."""
        return tuple(place for place, column in enumerate(self.columns) if column.rpartition("_")[2] in NAMES)

    @cached_property
    def selected(self) -> str:
        """The staged columns by their names, for a SELECT."""
        named = ", ".join(f"c{number} AS {name}" for number, name in enumerate(self.staged, 1))
        return f"n, row, fault, note, secret, {named}"


DATES = frozenset({"start_date", "end_date"})
# How the names of columns with names end.
NAMES = frozenset({"name", "pronouns"})

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "change_sis_id",
            "change_sis_ids",
            ("old_id", "old_integration_id", "new_id", "new_integration_id", "type"),
            key=("old_id", "old_integration_id", "type"),
            words=frozenset({"type"}),
        ),
        Kind(
            "account",
            "accounts",
            ("account_id", "parent_account_id", "name", "status", "integration_id"),
            key=("account_id",),
        ),
        Kind(
            "term",
            "terms",
            (
                "term_id",
                "name",
                "status",
                "start_date",
                "end_date",
                "integration_id",
                "date_override_enrollment_type",
            ),
            key=("term_id", "date_override_enrollment_type"),
            dates=DATES,
        ),
        Kind(
            "course",
            "courses",
            (
                *("course_id", "short_name", "long_name", "status", "account_id", "term_id", "start_date", "end_date"),
                *("integration_id", "course_format", "grade_passback_setting", "fallback_account_id"),
            ),
            key=("course_id",),
            dates=DATES,
            clears_dates=True,
            words=frozenset({"status", "course_format", "grade_passback_setting"}),
        ),
        Kind(
            "section",
            "sections",
            ("section_id", "course_id", "name", "status", "start_date", "end_date", "integration_id"),
            key=("section_id",),
            dates=DATES,
        ),
        Kind("xlist", "xlists", ("xlist_course_id", "section_id", "status"), key=("section_id",)),
        Kind(
            "user",
            "users",
            (
                *("user_id", "login_id", "status", "integration_id", "authentication_provider_id", "first_name"),
                *("last_name", "full_name", "sortable_name", "short_name", "email", "pronouns", "declared_user_type"),
            ),
            key=("user_id",),
            words=frozenset({"status", "declared_user_type", "authentication_provider_id"}),
            made=("sorts_as",),
        ),
        Kind(
            "login",
            "logins",
            (
                *("user_id", "login_id", "integration_id", "existing_user_id", "existing_integration_id"),
                *("existing_canvas_user_id", "email", "root_account"),
            ),
            key=("user_id",),
            words=frozenset(),
        ),
        Kind(
            "enrollment",
            "enrollments",
            (
                *("course_id", "section_id", "user_id", "user_integration_id", "role", "role_id", "status"),
                *("associated_user_id", "start_date", "end_date", "limit_section_privileges", "root_account"),
            ),
            key=(
                *("course_id", "section_id", "user_id", "user_integration_id", "role", "role_id"),
                "associated_user_id",
            ),
            dates=DATES,
            flags=frozenset({"limit_section_privileges"}),
        ),
        Kind(
            "admin",
            "admins",
            ("user_id", "account_id", "role", "role_id", "status", "root_account"),
            key=("user_id", "account_id", "role", "role_id"),
        ),
        Kind("user_observer", "user_observers", ("observer_id", "student_id", "status"), ("observer_id", "student_id")),
    )
}

# Every counter that Canvas's clients find in data.counts, those of kinds that do not exist here included.
COUNTERS = (
    *("change_sis_ids", "accounts", "terms", "abstract_courses", "courses", "sections", "xlists", "users", "logins"),
    *("enrollments", "admins", "group_categories", "groups", "group_memberships", "grade_publishing_results"),
    "user_observers",
)
