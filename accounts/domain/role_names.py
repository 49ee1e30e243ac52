"""The words by which rosters name built-in course roles; no custom role may use them."""

from __future__ import annotations

from accounts.models import COURSE_BASE_TYPES, BaseType

# In capitals or lowercase, and with or without a plural s.
WORDS = {
    BaseType.STUDENT: "student",
    BaseType.TEACHER: "teacher",
    BaseType.TA: "ta",
    BaseType.DESIGNER: "designer",
    BaseType.OBSERVER: "observer",
}
# Other words that begin with one of these are read as the same, unless a role has exactly that name.
BEGINNINGS = (BaseType.STUDENT, BaseType.TEACHER)
# By lowercase word, the base type that it always means.
MEANINGS: dict[str, BaseType] = {
    **{base.value.lower(): base for base in COURSE_BASE_TYPES},
    **{form: base for base, word in WORDS.items() for form in (word, f"{word}s")},
}


def is_reserved(label: str, base_type: str) -> bool:
    """Return whether a custom role of this base type must not have this name.

    Reserved are the words themselves; and, for course roles, names that rosters would read as a role of another kind if
    the role did not exist, so that a roster never turns students into teachers.
    """
    folded = label.strip().lower()
    if folded in MEANINGS:
        return True
    return base_type in COURSE_BASE_TYPES and any(
        folded.startswith(WORDS[base]) and base_type != base for base in BEGINNINGS
    )
