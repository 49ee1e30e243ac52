"""What an import says about a row: one sentence for each kind, with the ids concerned and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

TEXTS = {
    "unreadable_name": _("The {column} of this row has nothing to read in it ({id}). Give a name with letters."),
    "too_long": _("The {column} of this row is too long ({id}). At most 255 characters are kept."),
    "shortened_id": _(
        "A spreadsheet has shortened an id to {column}, which may now stand for several people or things: the row was"
        " left out. Export it again, and keep ids as text."
    ),
    "shared_id": _(
        "Two people of this upload have the same user_id, {column}: no row about either was imported. Perhaps a"
        " spreadsheet has shortened or rounded the ids: give each person their own, and keep ids as text."
    ),
    "bad_date": _("A date of {id} does not exist, and was left out. Write it as 2026-11-28 or 2026-11-28T03:00:00Z."),
    "bad_status": _("“{status}” is no status for {id}. The reference lists the words that can stand there."),
    "not_saved": _("This row could not be saved, though no rule says why. Look at what stands in it, and beside it."),
    "integration_id_taken": _("The integration id {integration_id} of {id} belongs to something else already."),
    # users and logins
    "no_user_id": _("A user_id is missing. Every person needs one that never changes."),
    "no_login_id": _("The login_id of user {user} is missing. Without one nobody can sign in."),
    "no_status": _("The status of user {user} is missing: active, suspended or deleted."),
    "integration_id_claimed": _(
        "The integration id {integration_id} of user {user} belongs to user {holder} already. Give each its own."
    ),
    "login_claimed": _(
        "Two people, one login: give each their own. The login {login} of user {user} belongs to user {holder} already."
        " Only if both are one person whose SIS id has changed, let the import change it"
        " (update_sis_id_if_login_claimed)."
    ),
    "login_alike": _(
        "The login {login} of user {user} looks like that of user {holder}: only a letter is of another alphabet."
        " Type it anew; if they are two people, give each a login of their own."
    ),
    "two_people": _(
        "Two people, one login: give each their own. The login {login} of user {user} belongs to user {holder}, who is"
        " in this upload as well; they were not made one person."
    ),
    "cannot_remove_self": _("User {user} started this import and cannot remove themselves. Let somebody else do it."),
    "unknown_auth_provider": _("There is no authentication provider “{provider}” (user {user}). Leave it out."),
    "invalid_login_id": _(
        "The login {login} of user {user} cannot be used: at most 100 characters, none of them invisible."
    ),
    "user_invalid": _("User {user} cannot be saved: {reason}."),
    "reaches_further": _("User {user} may do more than whoever started this import, who therefore cannot change them."),
    "own_id": _(
        "User {user} started this import, and cannot change their own SIS id by it without “SIS Data - manage”."
    ),
    "own_link": _(
        "User {observer} started this import, and cannot make themselves an observer of {student} by it without"
        " “Users - manage observers”."
    ),
    "own_place": _(
        "Whoever started this import would come into {place} as one of its staff, or as an observer, and could not do"
        " so by hand. Let somebody else import this row."
    ),
    "moves_too_far": _(
        "{id} was not moved: whoever started this import does not manage both where it is and where it would go."
    ),
    "bad_email": _("User {user} was saved without the e-mail address {email}, which is none. Correct it."),
    "no_existing_user_ref": _(
        "Nothing says whose login {user} is: give existing_user_id, existing_integration_id or existing_canvas_user_id."
    ),
    "login_exists": _("There is a person with the user_id {user} or the login {login} already."),
    "existing_user_not_found": _("There is nobody to give the login {user} to: {existing} is unknown."),
    "existing_user_mismatch": _("The ids that say whose login {user} is belong to different people."),
    "one_login": _(
        "Everybody has one login here, and {existing} has {current} already: {login} was not added."
        " Change it with a users file."
    ),
    # accounts
    "no_account_id": _("An account_id is missing."),
    "no_parent": _(
        "The parent account {parent} of {id} is unknown or deleted. List parents before their sub-accounts."
    ),
    "no_name": _("The name of {id} is missing."),
    "account_loop": _("Account {id} cannot be below {parent}, for that is below {id} itself."),
    "account_in_use": _("Account {id} still has active sub-accounts or courses, and was not deleted."),
    "other_root_account": _(
        "The row about {id} names another root account ({root_account}), whose people are not those of this one."
    ),
    # terms
    "no_term_id": _("A term_id is missing."),
    "no_override_term": _("Dates for an enrollment type need a term that exists; {id} does not."),
    "bad_override_type": _("“{type}” is no enrollment type to give dates to in term {id}."),
    "term_in_use": _("Term {id} still has active courses, and was not deleted."),
    # courses and sections
    "no_course_id": _("A course_id is missing{for_section}."),
    "no_short_name": _("The short_name of course {id} is missing."),
    "no_long_name": _("The long_name of course {id} is missing."),
    "no_account": _("The account {account} of course {id} is unknown or deleted. Import it first, or name another."),
    "strange_roles": _(
        "Course {id} was not moved to account {account}: people in it have roles that do not exist there ({roles})."
    ),
    "bad_course_format": _("“{value}” is no format of course {id}: on_campus, online or blended."),
    "bad_grade_passback_setting": _("“{value}” is no grade_passback_setting of course {id}."),
    "no_section_id": _("A section_id is missing."),
    "no_xlist_course_id": _("An xlist_course_id is missing for section {id}."),
    "no_course": _("The course {course} is unknown{for_section}. Import it first."),
    "no_section": _("The section {section} is unknown. Import it first."),
    # enrollments
    "no_place": _("Neither a course_id nor a section_id is given for user {user}."),
    "no_user": _("Neither a user_id nor a user_integration_id is given."),
    "user_not_found": _("User {user} is unknown, for the place {place}. Import the person first."),
    "no_place_exists": _("Neither the course {course} nor the section {section} exists, for user {user}."),
    "unrelated": _("Section {section} is not of course {course}, for user {user}."),
    "bad_role": _("“{role}” is no role there, for user {user} in {place}."),
    "no_associated_user": _("The associated user {associated} of {user} is unknown. Import the student first."),
    "enroll_deleted_user": _("User {user} has been deleted, and cannot be active in {place}."),
    "invalid_enrollment": _("User {user} cannot be {role} in {place}: {reason}."),
    # admins
    "unknown_user": _("User {user} is unknown. Import the person first."),
    "unknown_account": _("Account {account} is unknown. Import it first."),
    "bad_admin_role": _("“{role}” is no role for admins of account {account}."),
    "role_reaches_further": _(
        "“{role}” on account {account} is not for whoever started this import to give or take, by a file or by hand"
        " (user {user})."
    ),
    "not_a_sis_admin": _("User {user} was not made admin of account {account} by an import, which cannot change that."),
    # user_observers
    "no_observer": _("An observer_id is missing."),
    "no_student": _("The student_id for observer {observer} is missing."),
    "self": _("User {student} cannot observe themselves."),
    "unknown_observer": _("The observer {observer} is unknown or deleted. Import the person first."),
    "unknown_student": _("The student {student} is unknown or deleted. Import the person first."),
    "no_link_to_delete": _("Observer {observer} is not linked to student {student}: there is nothing to delete."),
    # who may observe whom (courses/access/observation.py): warned of, and applied
    "observed_back": _(
        "{observer} observes {student} now, and {student} observes {observer}. Perhaps one of the two is the wrong way"
        " round."
    ),
    "never_student": _(
        "{observer} observes {student} now, who is here, but not as a student. Perhaps the two are the wrong way round."
    ),
    # change_sis_id
    "no_old_id": _("An old_id or old_integration_id is missing."),
    "no_new_id": _("A new_id or new_integration_id is missing for {id}."),
    "bad_type": _("“{type}” is no type of record whose id can be changed."),
    "old_id_unknown": _("There is no {type} with the id {id}."),
    "old_ids_differ": _("The two old ids {id} and {integration_id} belong to different records."),
    "new_id_taken": _("The new id {new} for {id} belongs to something else already."),
}

REASONS = {
    "deleted_place": _("the course or section has been deleted"),
    "self": _("nobody can observe themselves"),
}

# About the import as a whole.
CRASHED = gettext_noop(
    "Something went wrong that is not the file's fault; nothing of the rows after it was imported."
    " Send the import again, and if it happens again, tell whoever runs this site: report {report}."
)


def sentence(kind: str, ids: Mapping[str, Any]) -> str:
    """The message of this kind about these ids."""
    values = {name: "" if value is None else value for name, value in ids.items()}
    if "reason" in values and values["reason"] in REASONS:
        values["reason"] = REASONS[values["reason"]]
    if "for_section" in TEXT_FIELDS[kind]:
        section = values.get("section")
        values["for_section"] = _(" (section {section})").format(section=section) if section else ""
    return str(TEXTS[kind]).format_map(_Blank(values))


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


TEXT_FIELDS = {kind: str(text) for kind, text in TEXTS.items()}
