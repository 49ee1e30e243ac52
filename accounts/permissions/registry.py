"""Every permission there is, each declared once. Keys, labels and defaults are Canvas's.

Where the default differs from Canvas's the comment says so. docs/permissions.md is made from this list.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import BaseType

STUDENT, TEACHER, TA, DESIGNER, OBSERVER = (
    BaseType.STUDENT,
    BaseType.TEACHER,
    BaseType.TA,
    BaseType.DESIGNER,
    BaseType.OBSERVER,
)
ADMIN = frozenset({BaseType.ACCOUNT_ADMIN})
ADMINS = ADMIN | {BaseType.ACCOUNT_MEMBERSHIP}
INSTRUCTORS = ADMIN | {TEACHER, TA}
STAFF = INSTRUCTORS | {DESIGNER}
ANY_STAFF = STAFF | ADMINS


class Reach(Enum):
    """Where a permission can be held."""

    COURSE = "course"  # by roles in courses, and by admin roles over courses and accounts
    ACCOUNT = "account"  # by admin roles only
    ROOT = "root"  # by admin roles on the root account only


@dataclass(frozen=True)
class Permission:
    """One thing a role may or may not do.

    `does` is one sentence for the permissions page, `considerations` what else it needs or touches. `available` are
    the base types it may be given to, `default` those of them that have it unless overridden.
    """

    key: str
    label: str | Promise
    does: str | Promise
    default: frozenset[BaseType]
    available: frozenset[BaseType]
    reach: Reach = Reach.COURSE
    considerations: str | Promise = ""


def _of_people(
    base: BaseType, what: str, default: frozenset[BaseType], labels: tuple[Promise, Promise]
) -> list[Permission]:
    """The pair of permissions to put people of one kind into courses and to take them out."""
    add, remove = labels
    return [
        Permission(
            f"add_{what}_to_course",
            add,
            _("Enrolls people with this kind of role in a course and lets them back in."),
            default,
            ANY_STAFF,
            considerations=_("To find people by name one needs “Users - view list” as well."),
        ),
        Permission(
            f"remove_{what}_from_course",
            remove,
            _("Takes people with this kind of role out of a course."),
            default,
            ANY_STAFF,
        ),
    ]


USERS = [
    Permission(
        "generate_observer_pairing_code",
        _("Users - generate observer pairing codes for students"),
        _("Makes a pairing code on behalf of a student, to be given to an observer, and exports codes for a class."),
        ADMIN,
        ANY_STAFF | {OBSERVER},
        considerations=_(
            "Pairing works only while self registration is on. From a student's User Settings one also needs "
            "“Users - act as”, from User Details “Users - allow administrative actions in courses”."
        ),
    ),
    Permission(
        "become_user",
        _("Users - act as"),
        _("Uses the service as somebody else, for instance to see what a student sees."),
        ADMIN,
        ADMINS,
        Reach.ROOT,
        _("Nobody can act as a person whose permissions reach further than their own. All of it is recorded."),
    ),
    Permission(
        "allow_course_admin_actions",
        _("Users - allow administrative actions in courses"),
        _("Opens the administrative actions on User Details in a course, such as “Pair with Observer”."),
        ADMIN | {TEACHER},
        ANY_STAFF,
        considerations=_("Each action also needs its own permission."),
    ),
    Permission(
        "manage_user_observers",
        _("Users - manage observers"),
        _("Sees who observes whom, links observers to students without a code, and removes links."),
        ADMIN,
        ADMINS,
        Reach.ROOT,
    ),
    Permission(
        "manage_user_logins",
        _("Users - manage login details"),
        # Canvas keeps it to the root account. Here the admins of a school see to its own people.
        _("Makes accounts for people, changes names, logins and e-mail, suspends and deletes accounts."),
        ADMIN,
        ADMINS,
        Reach.ACCOUNT,
        _("Accounts of people whose permissions reach further than one's own stay out of reach."),
    ),
    Permission(
        "view_user_logins",
        _("Users - view login IDs"),
        _("Sees people's logins and e-mail addresses, and finds people by them."),
        INSTRUCTORS,
        ADMINS | INSTRUCTORS,
    ),
    Permission(
        "read_roster",
        _("Users - view list"),
        # Canvas has it on for students too. Here a class list is for staff, and cannot be given to students.
        _("Sees the list of people of a course or an account, and User Details."),
        STAFF,
        ANY_STAFF,
    ),
    Permission(
        "manage_students",
        _("Users - manage students in courses"),
        _(
            "Concludes, deactivates and reactivates students and observers in a course, changes their sections, "
            "and links observers to students in that course."
        ),
        STAFF,
        ANY_STAFF,
    ),
    *_of_people(
        STUDENT,
        "student",
        STAFF,
        (_("Users - add students in courses"), _("Users - remove students from courses")),
    ),
    *_of_people(
        TEACHER,
        "teacher",
        ADMIN | {TEACHER},
        (_("Users - add teachers in courses"), _("Users - remove teachers from courses")),
    ),
    *_of_people(TA, "ta", ADMIN | {TEACHER}, (_("Users - add TAs in courses"), _("Users - remove TAs from courses"))),
    *_of_people(
        DESIGNER,
        "designer",
        ADMIN | {TEACHER},
        (_("Users - add designers in courses"), _("Users - remove designers from courses")),
    ),
    # Canvas has it on for designers too. But observers see grades, and designers do not.
    *_of_people(
        OBSERVER,
        "observer",
        INSTRUCTORS,
        (_("Users - add observers in courses"), _("Users - remove observers from courses")),
    ),
]

COURSES = [
    Permission(
        "read_course_list",
        _("Courses - view list"),
        _("Sees the list of courses of an account, and every course in it."),
        ADMIN,
        ADMINS,
        Reach.ACCOUNT,
    ),
    Permission(
        "manage_courses_admin",
        _("Courses - manage"),
        _("Makes, changes, publishes, concludes and deletes the courses of an account."),
        ADMIN,
        ADMINS,
        Reach.ACCOUNT,
    ),
    Permission(
        "manage_course_content",
        _("Course Content - add / edit / delete"),
        _("Sees what is not published yet: the course itself, and its assignments."),
        STAFF,
        ANY_STAFF,
    ),
    Permission(
        "manage_sections_add",
        _("Course Sections - add"),
        _("Makes sections in a course."),
        ADMIN | {TEACHER, DESIGNER},
        ANY_STAFF,
    ),
    Permission(
        "manage_sections_edit",
        _("Course Sections - edit"),
        _("Changes the names and dates of a course's sections."),
        ADMIN | {TEACHER, DESIGNER},
        ANY_STAFF,
    ),
    Permission(
        "manage_sections_delete",
        _("Course Sections - delete"),
        _("Deletes sections of a course, and with them the enrollments in them."),
        ADMIN | {TEACHER, DESIGNER},
        ANY_STAFF,
    ),
    Permission(
        "view_all_grades",
        _("Grades - view all grades"),
        _("Sees every student's grades in a course."),
        INSTRUCTORS,
        ANY_STAFF,
    ),
    Permission(
        "manage_grades",
        _("Grades - edit"),
        _("Sees grades before they are released to students and observers."),
        INSTRUCTORS,
        ADMINS | INSTRUCTORS,
        considerations=_("Needs “Grades - view all grades” as well."),
    ),
    Permission(
        "read_reports",
        _("Courses - view usage reports"),
        _("Sees the history of a person or a course: who did what, and when."),
        STAFF,
        ANY_STAFF,
    ),
]

ACCOUNT = [
    Permission(
        "manage_account_settings",
        _("Account-level settings - manage"),
        _("Changes the settings of an account, its sub-accounts and terms; on the root account self registration too."),
        ADMIN,
        ADMINS,
        Reach.ACCOUNT,
    ),
    Permission(
        "manage_account_memberships",
        _("Admins - add / remove"),
        _("Gives people admin roles on an account and takes them away."),
        ADMIN,
        ADMINS,
        Reach.ACCOUNT,
        _("Nobody can give a role that may do more than they may themselves."),
    ),
    Permission(
        "manage_role_overrides",
        _("Permissions - manage"),
        _("Makes roles, and decides on the Permissions page what each role may do."),
        ADMIN,
        ADMINS,
        Reach.ACCOUNT,
        _("Nobody can switch on what they may not do themselves, or change what an account above has locked."),
    ),
    Permission(
        "read_sis",
        _("SIS Data - read"),
        _("Sees SIS ids, and finds people and courses by them."),
        ADMIN | {TEACHER},
        ADMINS | INSTRUCTORS,
    ),
    Permission(
        "import_sis",
        _("SIS Data - import"),
        _("Imports rosters from files of the student information system."),
        ADMIN,
        ADMINS,
        Reach.ROOT,
        _(
            "Whoever has it decides for the whole institution who is in which course and who observes whom, makes "
            "accounts with passwords, and changes those of students and families. By an account they make they could "
            "read everybody's records, so give it only to whom you trust with all of them. Refused row by row, unless "
            "they may do the same by hand: making themselves an observer or one of a course's staff, changing e-mail, "
            "login or state of somebody who may do more than they, giving admin roles beyond their own, and moving "
            "accounts and courses from or to where they manage nothing."
        ),
    ),
    Permission(
        "manage_sis",
        _("SIS Data - manage"),
        _("Changes SIS ids, and stops or takes back imports."),
        ADMIN,
        ADMINS,
        Reach.ROOT,
    ),
]

PERMISSIONS = {permission.key: permission for permission in [*USERS, *COURSES, *ACCOUNT]}
ROOT_ONLY = frozenset(key for key, permission in PERMISSIONS.items() if permission.reach is Reach.ROOT)
DEFAULTS = {
    base: frozenset(key for key, permission in PERMISSIONS.items() if base in permission.default) for base in BaseType
}
AVAILABLE = {
    base: frozenset(key for key, permission in PERMISSIONS.items() if base in permission.available) for base in BaseType
}
# What cannot be taken from a base type: else nobody might be left who can put permissions right.
ALWAYS = {BaseType.ACCOUNT_ADMIN: frozenset({"manage_role_overrides"})}
