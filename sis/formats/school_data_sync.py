"""Microsoft School Data Sync v2.1: looks like OneRoster and is not.

It has no status columns and no manifest: the files are all there is. relationships.csv names the guardians.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from sis.files.problems import Problems
from sis.files.tables import Table
from sis.formats.rows import is_true
from sis.formats.source_files import Dialect

DIALECT = Dialect(
    class_account="orgsourcedid",
    class_terms="sessionsourcedids",
    class_code="code",
    course_code="code",
    role_begin="rolestartdate",
    role_end="roleenddate",
    is_primary=lambda cells: is_true(cells.get("isprimary"), when_blank=False),
    enrollment_roles={
        "student": "student",
        **dict.fromkeys(
            ["teacher", "professor", "faculty", "lecturer", "instructor", "adjunct", "substitute"], "teacher"
        ),
        **dict.fromkeys(["aide", "assistant", "teacherassistant", "paraprofessional"], "ta"),
    },
)
# The file that names guardians, as the page of imports shows it.
EXAMPLE = "userSourcedId,relationshipUserSourcedId,relationshipRole\n114001,114002,guardian"
# What each file must have to be read, and by what it is known.
COLUMNS = {
    "orgs": {"sourcedid", "name"},
    "academicsessions": {"sourcedid", "title", "type"},
    "courses": {"sourcedid", "title"},
    "classes": {"sourcedid", "title"},
    "users": {"sourcedid", "username"},
    "roles": {"usersourcedid", "role"},
    "enrollments": {"classsourcedid", "usersourcedid", "role"},
    "relationships": {"usersourcedid", "relationshipusersourcedid", "relationshiprole"},
}
# And what else is read of it.
FURTHER_COLUMNS = {
    "orgs": "parentsourcedid",
    "academicsessions": "startdate enddate",
    "courses": "code",
    "classes": "orgsourcedid sessionsourcedids coursesourcedid code",
    "users": "givenname familyname email",
    "roles": "isprimary rolestartdate roleenddate",
    "enrollments": "",
    "relationships": "",
}
# What is not read of any: nobody is told that it is unknown.
UNREAD_COLUMNS = {"sessionsourcedid", "activedirectorymatchid"}
WITHOUT_A_PLACE = {"demographics", "userflags"}
# Microsoft asks for these in every upload.
REQUIRED = {"orgs", "users", "roles"}


def is_whole(tables: dict[str, Table], problems: Problems) -> bool:
    """Return whether the files are all there is: one file by itself would remove everybody whom it does not name."""
    if tables.keys() >= REQUIRED or not tables:
        return bool(tables)
    message = _(
        "A School Data Sync upload has orgs.csv, users.csv and roles.csv. Some of these are "
        "missing, so records that the files do not list are not removed."
    )
    problems.warn(next(iter(tables.values())).name, message)
    return False
