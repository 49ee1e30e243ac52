"""What an import says about a row: one sentence for each kind, with the ids concerned and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from sis.kinds.registry import KINDS

# Of the rows of several kinds; what is said of one kind's only is declared with it (sis/kinds).
COMMON: dict[str, str | Promise] = {
    "unreadable_name": _("The {column} of this row has no readable characters ({id}). Enter a name with letters."),
    "too_long": _("The {column} of this row is too long ({id}). Use at most 255 characters."),
    "shortened_id": _(
        "A spreadsheet has shortened an ID to {column}, which may now stand for several records, "
        "so the row was left out. Export it again, and keep IDs as text."
    ),
    "shared_id": _(
        "Two people in this upload have the same user_id, {column}, so no row about either was "
        "imported. A spreadsheet may have shortened or rounded the IDs. Give each person their "
        "own, and keep IDs as text."
    ),
    "repeated": _(
        "{number} rows are about the same ({id}), and they differ. Only the last one, row {row}, was read. "
        "Export the file again with one row for each."
    ),
    "shared_by_many": _(
        "More than ten rows have the {column} of this one ({id}), which so many cannot share, so none of "
        "them was imported. Give each their own."
    ),
    "bad_date": _(
        "The row about {id} has a date that cannot be read, so its dates were left as they are: {detail}. Write a date "
        "as 2026-11-28 or 2026-11-28T03:00:00Z."
    ),
    "bad_status": _("“{status}” is not a valid status for {id}. Use {words}."),
    "not_saved": _("This row could not be saved for an unknown reason. Check its values and the rows around it."),
    "integration_id_taken": _("The integration ID {integration_id} of {id} is already in use."),
    "no_user_id": _("A user_id is missing. Every person needs one that never changes."),
    "no_login_id": _("The login_id of user {user} is missing. Without one nobody can sign in."),
    "integration_id_claimed": _(
        "The integration ID {integration_id} of user {user} already belongs to user {holder}. Give each their own."
    ),
    "cannot_remove_self": _("User {user} started this import and cannot remove themselves. Ask someone else to do it."),
    "invalid_login_id": _(
        "The login {login} of user {user} is not valid. A login can have at most 100 characters and no invisible ones."
    ),
    "reaches_further": _(
        "User {user} has permissions that the person who started this import does not have, so this row was refused."
    ),
    "own_id": _(
        "User {user} started this import and cannot change their own SIS ID without the permission “SIS Data - manage”."
    ),
    "own_enrollment": _(
        "The person who started this import would join {section_or_course} as staff or as an "
        "observer, which they cannot do by hand. Ask someone else to import this row."
    ),
    "moves_too_far": _(
        "{id} was not moved: the person who started this import does not manage both its current and its new account."
    ),
    "no_name": _("The name of {id} is missing."),
    "other_root_account": _(
        "The row about {id} names another root account ({root_account}), which has different people."
    ),
    "no_course_id": _("A course_id is missing{for_section}."),
    "no_section_id": _("A section_id is missing."),
    "no_course": _("The course {course} is unknown{for_section}. Import it first."),
    "no_section": _("The section {section} is unknown. Import it first."),
    "observed_back": _(
        "{observer} now observes {student}, and {student} observes {observer}. Check whether you have swapped the two."
    ),
    "never_student": _(
        "{observer} now observes {student}, who is here but not as a student. Check whether you have swapped the two."
    ),
}

REASONS = {
    "deleted_section_or_course": _("the course or section has been deleted"),
    "self": _("nobody can observe themselves"),
}

# About the import as a whole.
CRASHED = gettext_noop(
    "Something went wrong that is not the file's fault; nothing of the rows after it was imported."
    " Send the import again, and if it happens again, tell whoever runs this site: report {report}."
)


def either(words: Sequence[str]) -> str:
    """Return a list of which one may be chosen, as one says it."""
    if len(words) < 2:
        return "".join(words)
    return _("{most} or {last}").format(most=", ".join(words[:-1]), last=words[-1])


def text_of(kind: str) -> str | Promise | None:
    """Return the message of this kind, with the names of ids in braces; None where there is none about rows."""
    if kind in COMMON:
        return COMMON[kind]
    return next((one.messages[kind] for one in KINDS.values() if kind in one.messages), None)


def texts() -> dict[str, str | Promise]:
    """Return all messages about rows."""
    return {**COMMON, **{kind: text for one in KINDS.values() for kind, text in one.messages.items()}}


def sentence(kind: str, ids: Mapping[str, Any]) -> str:
    """Return the message of this kind about these ids. Raises ValueError for a kind that has none."""
    if (text := text_of(kind)) is None:
        raise ValueError(f"no message is declared for {kind}")
    # A cell with nothing in it leaves no hole in the sentence.
    values: dict[str, Any] = {name: _("(blank)") if value in (None, "") else value for name, value in ids.items()}
    if "words" in values:
        values["words"] = either(values["words"])
    if "reason" in values and values["reason"] in REASONS:
        values["reason"] = REASONS[values["reason"]]
    if "{for_section}" in str(text):
        section = ids.get("section")
        values["for_section"] = _(" (section {section})").format(section=section) if section else ""
    return str(text).format_map(_Blank(values))


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"
