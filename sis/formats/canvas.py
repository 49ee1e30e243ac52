"""What a Canvas roster file is: its header decides, its name means nothing."""

from __future__ import annotations

from collections.abc import Callable

Columns = frozenset[str]

_OTHER_LOGINS = {"existing_user_id", "existing_integration_id", "existing_canvas_user_id"}

# In the order in which they are applied; the first that matches decides.
_KINDS: list[tuple[str, Callable[[Columns], bool]]] = [
    ("change_sis_id", lambda has: bool(has & {"old_id", "old_integration_id"})),
    ("account", lambda has: has >= {"account_id", "parent_account_id"}),
    ("term", lambda has: has >= {"term_id", "name"}),
    ("abstract_course", lambda has: has >= {"abstract_course_id", "short_name"} and "course_id" not in has),
    ("course", lambda has: has >= {"course_id", "short_name"}),
    ("section", lambda has: has >= {"section_id", "name"}),
    ("xlist", lambda has: has >= {"xlist_course_id", "section_id"}),
    ("user", lambda has: has >= {"user_id", "login_id"} and not has & _OTHER_LOGINS),
    ("login", lambda has: bool(has & _OTHER_LOGINS)),
    ("enrollment", lambda has: bool(has & {"course_id", "section_id"} and has & {"user_id", "user_integration_id"})),
    ("admin", lambda has: has >= {"account_id", "user_id"}),
    ("group_category", lambda has: has >= {"group_category_id", "category_name"}),
    ("group", lambda has: has >= {"group_id", "name"}),
    ("group_membership", lambda has: has >= {"group_id", "user_id"}),
    ("grade_publishing_results", lambda has: has >= {"enrollment_id", "grade_publishing_status"}),
    ("user_observer", lambda has: has >= {"observer_id", "student_id"}),
]

ORDER = {kind: place for place, (kind, _matches) in enumerate(_KINDS)}
# Canvas has these; nothing here could hold what they say.
WITHOUT_A_PLACE = {"abstract_course", "group_category", "group", "group_membership", "grade_publishing_results"}


def kind_of(columns: Columns) -> str | None:
    """The kind of a file with these columns (lower-case), or None for one that is not a roster file of Canvas."""
    return next((kind for kind, matches in _KINDS if matches(columns)), None)
