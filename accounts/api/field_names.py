"""What Canvas calls the fields that a refusal complains of."""

from __future__ import annotations

from typing import NamedTuple

from accounts.errors import Record


class Names(NamedTuple):
    """What stands before the name of a field of a record, and which fields have another name."""

    prefix: str = ""
    others: dict[str, str] = {}


# By the record that a refusal is about.
NAMES: dict[Record, Names] = {
    "": Names(),
    "account": Names("account.", {"account": "account_id"}),
    "admin": Names("", {"user": "user_id", "role": "role_id"}),
    "course": Names("course.", {"account": "account_id"}),
    "enrollment": Names("", {"user": "user_id", "section": "course_section_id", "student": "associated_user_id"}),
    "role": Names("", {"base_type": "base_role_type"}),
    "section": Names("course_section.", {"section": "course_section"}),
    "term": Names("enrollment_term."),
    "user": Names(
        "user.",
        {
            "login_id": "pseudonym.unique_id",
            "password": "pseudonym.password",
            "sis_user_id": "pseudonym.sis_user_id",
            "integration_id": "pseudonym.integration_id",
            "code": "pairing_code.code",
        },
    ),
}


def name_of(field: str, of: Record) -> str:
    """Return what Canvas calls a field, such as `pseudonym.unique_id` for the `login_id` of a user."""
    names = NAMES[of]
    return names.others.get(field, f"{names.prefix}{field}")
