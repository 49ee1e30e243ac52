"""The words for the built-in course roles, by which rosters name them; no custom role must stand in their place."""

from __future__ import annotations

from accounts.models import COURSE_BASE_TYPES, BaseType

# In any case, and with or without a plural s.
WORDS = {
    BaseType.STUDENT: "student",
    BaseType.TEACHER: "teacher",
    BaseType.TA: "ta",
    BaseType.DESIGNER: "designer",
    BaseType.OBSERVER: "observer",
}
# What else begins with one of these is read as the same, unless a role is called exactly so.
BEGINNINGS = (BaseType.STUDENT, BaseType.TEACHER)
# By word, in small letters, the base type that it always means.
MEANINGS: dict[str, BaseType] = {
    **{base.value.lower(): base for base in COURSE_BASE_TYPES},
    **{form: base for base, word in WORDS.items() for form in (word, f"{word}s")},
}


def is_reserved(label: str, base_type: str) -> bool:
    """Whether a custom role of this base type must not have this name.

    These are the words themselves; and, for roles in courses, names that rosters would read as a role of another kind
    if the role were not there, lest it turn pupils into teachers.
    """
    folded = label.strip().lower()
    if folded in MEANINGS:
        return True
    return base_type in COURSE_BASE_TYPES and any(
        folded.startswith(WORDS[base]) and base_type != base for base in BEGINNINGS
    )
