"""Every permission there is, each declared once. Keys, labels and defaults are Canvas's.

Where the default differs from Canvas's the comment says so. docs/permissions.md is made from this list.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, StrEnum
from typing import Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import BaseType

Bases = frozenset[BaseType]
TEACHER, TA, DESIGNER, OBSERVER = BaseType.TEACHER, BaseType.TA, BaseType.DESIGNER, BaseType.OBSERVER
ADMIN: Bases = frozenset({BaseType.ACCOUNT_ADMIN})
ADMINS = ADMIN | {BaseType.ACCOUNT_MEMBERSHIP}
INSTRUCTORS = ADMIN | {TEACHER, TA}
STAFF = INSTRUCTORS | {DESIGNER}
ANY_STAFF = STAFF | ADMINS


class Reach(Enum):
    """Where a permission can be held."""

    COURSE = "course"  # by roles in courses, and by admin roles over courses and accounts
    ACCOUNT = "account"  # by admin roles only
    ROOT = "root"  # by admin roles on the root account only


# What a permission is declared with: see Permission.__new__.
Declared = tuple[str, Promise, Promise, Bases, Bases, Reach, Promise | str]


def _adding(who: str, label: Promise, default: Bases) -> Declared:
    """Declare the permission to put people of one kind into courses."""
    does = _("Enrolls people with this kind of role in a course and reactivates them.")
    considerations = _("Finding people by name also needs “Users - view list”.")
    return f"add_{who}_to_course", label, does, default, ANY_STAFF, Reach.COURSE, considerations


def _removing(who: str, label: Promise, default: Bases) -> Declared:
    """Declare the permission to take people of one kind out of courses."""
    does = _("Removes people with this kind of role from a course.")
    return f"remove_{who}_from_course", label, does, default, ANY_STAFF, Reach.COURSE, ""


class Permission(StrEnum):
    """One thing a role may or may not do. A member is its key, in Canvas's words, in the API and in the database.

    `does` is one sentence for the permissions page, `considerations` what else it needs or touches. `available` are
    the base types it may be given to, `default` those of them that have it unless overridden.
    """

    _value_: str
    label: Promise
    does: Promise
    default: Bases
    available: Bases
    reach: Reach
    considerations: Promise | str

    def __new__(
        cls,
        key: str,
        label: Promise,
        does: Promise,
        default: Bases,
        available: Bases,
        reach: Reach = Reach.COURSE,
        considerations: Promise | str = "",
    ) -> Self:
        """Make a member from what is declared of it below."""
        member = str.__new__(cls, key)
        member._value_ = key
        member.label, member.does, member.considerations = label, does, considerations
        member.default, member.available, member.reach = default, available, reach
        return member

    # People.
    GENERATE_OBSERVER_PAIRING_CODE = (
        "generate_observer_pairing_code",
        _("Users - generate observer pairing codes for students"),
        _("Creates a pairing code for a student, to give to an observer, and exports codes for a class."),
        ADMIN,
        ANY_STAFF | {OBSERVER},
        Reach.COURSE,
        _(
            "Pairing only works while self registration is on. Using it from a student's User "
            "Settings also needs “Users - act as”; using it from User Details also needs “Users - "
            "allow administrative actions in courses”."
        ),
    )
    BECOME_USER = (
        "become_user",
        _("Users - act as"),
        _("Uses the service as someone else, for example to see what a student sees."),
        ADMIN,
        ADMINS,
        Reach.ROOT,
        _("Nobody can act as a person who has permissions that they do not have themselves. Everything is recorded."),
    )
    ALLOW_COURSE_ADMIN_ACTIONS = (
        "allow_course_admin_actions",
        _("Users - allow administrative actions in courses"),
        _("Opens the administrative actions on User Details in a course, such as “Pair with Observer”."),
        ADMIN | {TEACHER},
        ANY_STAFF,
        Reach.COURSE,
        _("Each action also needs its own permission."),
    )
    MANAGE_USER_OBSERVERS = (
        "manage_user_observers",
        _("Users - manage observers"),
        _("Sees who observes whom, links observers to students without a code, and removes links."),
        ADMIN,
        ADMINS,
        Reach.ROOT,
    )
    MANAGE_USER_LOGINS = (
        "manage_user_logins",
        _("Users - manage login details"),
        # Canvas limits it to the root account. Here a school's admins manage the school's own people.
        _("Creates accounts for people, changes names, logins and email addresses, and suspends and deletes accounts."),
        ADMIN,
        ADMINS,
        Reach.ACCOUNT,
        _("Nobody can change the account of a person who has permissions that they do not have themselves."),
    )
    VIEW_USER_LOGINS = (
        "view_user_logins",
        _("Users - view login IDs"),
        _("Sees people's logins and email addresses, and finds people by them."),
        INSTRUCTORS,
        ADMINS | INSTRUCTORS,
    )
    READ_ROSTER = (
        "read_roster",
        _("Users - view list"),
        # Canvas has it on for students too. Here a class list is for staff, and students cannot have it.
        _("Sees the list of people of a course or an account, and User Details."),
        STAFF,
        ANY_STAFF,
    )
    MANAGE_STUDENTS = (
        "manage_students",
        _("Users - manage students in courses"),
        _(
            "Concludes, deactivates and reactivates students and observers in a course, changes their sections, "
            "and links observers to students in that course."
        ),
        STAFF,
        ANY_STAFF,
    )
    ADD_STUDENT_TO_COURSE = _adding("student", _("Users - add students in courses"), STAFF)
    REMOVE_STUDENT_FROM_COURSE = _removing("student", _("Users - remove students from courses"), STAFF)
    ADD_TEACHER_TO_COURSE = _adding("teacher", _("Users - add teachers in courses"), ADMIN | {TEACHER})
    REMOVE_TEACHER_FROM_COURSE = _removing("teacher", _("Users - remove teachers from courses"), ADMIN | {TEACHER})
    ADD_TA_TO_COURSE = _adding("ta", _("Users - add TAs in courses"), ADMIN | {TEACHER})
    REMOVE_TA_FROM_COURSE = _removing("ta", _("Users - remove TAs from courses"), ADMIN | {TEACHER})
    ADD_DESIGNER_TO_COURSE = _adding("designer", _("Users - add designers in courses"), ADMIN | {TEACHER})
    REMOVE_DESIGNER_FROM_COURSE = _removing("designer", _("Users - remove designers from courses"), ADMIN | {TEACHER})
    # Canvas has it on for designers too. But observers see grades, and designers do not.
    ADD_OBSERVER_TO_COURSE = _adding("observer", _("Users - add observers in courses"), INSTRUCTORS)
    REMOVE_OBSERVER_FROM_COURSE = _removing("observer", _("Users - remove observers from courses"), INSTRUCTORS)

    # Courses.
    READ_COURSE_LIST = (
        "read_course_list",
        _("Courses - view list"),
        _("Sees the list of courses of an account, and every course in it."),
        ADMIN,
        ADMINS,
        Reach.ACCOUNT,
    )
    MANAGE_COURSES_ADMIN = (
        "manage_courses_admin",
        _("Courses - manage"),
        _("Creates, changes, publishes, concludes and deletes the courses of an account."),
        ADMIN,
        ADMINS,
        Reach.ACCOUNT,
    )
    MANAGE_COURSE_CONTENT = (
        "manage_course_content",
        _("Course Content - add / edit / delete"),
        _("Sees unpublished courses and unpublished assignments."),
        STAFF,
        ANY_STAFF,
    )
    MANAGE_SECTIONS_ADD = (
        "manage_sections_add",
        _("Course Sections - add"),
        _("Creates sections in a course."),
        ADMIN | {TEACHER, DESIGNER},
        ANY_STAFF,
    )
    MANAGE_SECTIONS_EDIT = (
        "manage_sections_edit",
        _("Course Sections - edit"),
        _("Changes the names and dates of a course's sections."),
        ADMIN | {TEACHER, DESIGNER},
        ANY_STAFF,
    )
    MANAGE_SECTIONS_DELETE = (
        "manage_sections_delete",
        _("Course Sections - delete"),
        _("Deletes sections of a course together with their enrollments."),
        ADMIN | {TEACHER, DESIGNER},
        ANY_STAFF,
    )
    VIEW_ALL_GRADES = (
        "view_all_grades",
        _("Grades - view all grades"),
        _("Sees every student's grades in a course."),
        INSTRUCTORS,
        ANY_STAFF,
    )
    MANAGE_GRADES = (
        "manage_grades",
        _("Grades - edit"),
        _("Sees grades before they are released to students and observers."),
        INSTRUCTORS,
        ADMINS | INSTRUCTORS,
        Reach.COURSE,
        _("Also needs “Grades - view all grades”."),
    )
    READ_REPORTS = (
        "read_reports",
        _("Courses - view usage reports"),
        _("Sees the history of a person or a course: who did what, and when."),
        STAFF,
        ANY_STAFF,
    )

    # Accounts, and the institution.
    MANAGE_ACCOUNT_SETTINGS = (
        "manage_account_settings",
        _("Account-level settings - manage"),
        _(
            "Changes the settings of an account, its sub-accounts and terms, and in the root account "
            "also self registration."
        ),
        ADMIN,
        ADMINS,
        Reach.ACCOUNT,
    )
    MANAGE_ACCOUNT_MEMBERSHIPS = (
        "manage_account_memberships",
        _("Admins - add / remove"),
        _("Gives people admin roles in an account and removes them."),
        ADMIN,
        ADMINS,
        Reach.ACCOUNT,
        _("Nobody can give a role with more permissions than they have."),
    )
    MANAGE_ROLE_OVERRIDES = (
        "manage_role_overrides",
        _("Permissions - manage"),
        _("Creates roles, and sets their permissions on the Permissions page."),
        ADMIN,
        ADMINS,
        Reach.ACCOUNT,
        _("Nobody can turn on a permission they do not have, or change one that an account above has locked."),
    )
    READ_SIS = (
        "read_sis",
        _("SIS Data - read"),
        _("Sees SIS IDs, and finds people and courses by them."),
        ADMIN | {TEACHER},
        ADMINS | INSTRUCTORS,
    )
    IMPORT_SIS = (
        "import_sis",
        _("SIS Data - import"),
        _("Imports rosters from files of the student information system."),
        ADMIN,
        ADMINS,
        Reach.ROOT,
        _(
            "This permission decides for the whole institution who is in which course and who "
            "observes whom. It creates accounts with passwords, and changes those of students and "
            "families. Someone could use a new account to read all records, so grant it only to "
            "people you trust with all of them. Unless they may do the same by hand, these rows are "
            "refused: adding themselves as an observer or as staff of a course, changing the email, "
            "login or state of a person who has more permissions, giving admin roles beyond their "
            "own, and moving accounts or courses from or to accounts they do not manage."
        ),
    )
    MANAGE_SIS = (
        "manage_sis",
        _("SIS Data - manage"),
        _("Changes SIS IDs, and stops or undoes imports."),
        ADMIN,
        ADMINS,
        Reach.ROOT,
    )


# By key: what comes in as text is looked up here.
PERMISSIONS = {permission.value: permission for permission in Permission}
ADDING = {
    BaseType.STUDENT: Permission.ADD_STUDENT_TO_COURSE,
    BaseType.TEACHER: Permission.ADD_TEACHER_TO_COURSE,
    BaseType.TA: Permission.ADD_TA_TO_COURSE,
    BaseType.DESIGNER: Permission.ADD_DESIGNER_TO_COURSE,
    BaseType.OBSERVER: Permission.ADD_OBSERVER_TO_COURSE,
}
REMOVING = {
    BaseType.STUDENT: Permission.REMOVE_STUDENT_FROM_COURSE,
    BaseType.TEACHER: Permission.REMOVE_TEACHER_FROM_COURSE,
    BaseType.TA: Permission.REMOVE_TA_FROM_COURSE,
    BaseType.DESIGNER: Permission.REMOVE_DESIGNER_FROM_COURSE,
    BaseType.OBSERVER: Permission.REMOVE_OBSERVER_FROM_COURSE,
}
ROOT_ONLY = frozenset(permission for permission in Permission if permission.reach is Reach.ROOT)
DEFAULTS = {base: frozenset(permission for permission in Permission if base in permission.default) for base in BaseType}
AVAILABLE = {
    base: frozenset(permission for permission in Permission if base in permission.available) for base in BaseType
}
# Cannot be taken from a base type: otherwise nobody might be left who can correct permissions.
ALWAYS = {BaseType.ACCOUNT_ADMIN: frozenset({Permission.MANAGE_ROLE_OVERRIDES})}


def labels_of(keys: Iterable[Permission]) -> str:
    """Return the labels of these permissions, each in quotation marks, in the order of the alphabet."""
    return ", ".join(f"“{label}”" for label in sorted(str(PERMISSIONS[key].label) for key in keys))
