"""Ids of the student information system: by which columns rows name records, and what imports have changed of them."""

from __future__ import annotations

from collections.abc import Iterable

# Whose ids each column holds, in every kind of file that has it; a person's may be one of their further ids.
NAMED_BY: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("user_id", "existing_user_id", "observer_id", "student_id", "associated_user_id"), ("user", "further")
    ),
    **dict.fromkeys(("user_integration_id", "existing_integration_id"), ("user integration",)),
    **dict.fromkeys(("account_id", "parent_account_id", "fallback_account_id"), ("account",)),
    "term_id": ("term",),
    **dict.fromkeys(("course_id", "xlist_course_id"), ("course",)),
    "section_id": ("section",),
}
# The table and the column in which the ids of each stand.
KEPT_IN = {
    "user": ("accounts_user", "sis_user_id"),
    "further": ("accounts_furthersisid", "sis_user_id"),
    "user integration": ("accounts_user", "integration_id"),
    "account": ("accounts_account", "sis_account_id"),
    "term": ("courses_term", "sis_term_id"),
    "course": ("courses_course", "sis_course_id"),
    "section": ("courses_section", "sis_section_id"),
}


def note_changed(*changes: tuple[str, str]) -> str:
    """Return the statement that keeps what records were called that get another id.

    `changes` are what of (`KEPT_IN`), and a SELECT of the primary key of each record, the id it has, and the new one.
    """
    each = (f"SELECT '{kind}' AS kind, one.* FROM ({select}) AS one(record, before, after)" for kind, select in changes)
    return f"""INSERT INTO sis_changedid (sis_import_id, kind, before, record)
SELECT %(import)s, kind, before, record FROM ({" UNION ALL ".join(each)}) AS changes WHERE before <> after"""


def called_now(kinds: Iterable[str]) -> str:
    """Return the query for the ids that meant something else at the time of the data set `base`: `before`, and `name`,
    what the record that it meant is called now, or null for one that is called nothing.

    The record that lost an id first is the one that had it at that time.
    """
    joins, names = [], []
    for kind in kinds:
        table, column = KEPT_IN[kind]
        alias = f"of_{kind.replace(' ', '_')}"
        joins.append(f"LEFT JOIN {table} AS {alias} ON changed.kind = '{kind}' AND {alias}.id = changed.record")
        names.append(f"{alias}.{column}")
    words = ", ".join(f"'{kind}'" for kind in kinds)
    return f"""SELECT DISTINCT ON (changed.before) changed.before, coalesce({", ".join(names)}) AS name
FROM sis_changedid AS changed {" ".join(joins)}
WHERE changed.sis_import_id > %(base)s AND changed.kind IN ({words}) ORDER BY changed.before, changed.id"""
