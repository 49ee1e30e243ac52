"""Microsoft School Data Sync v2.1: looks like OneRoster and is not.

It has no status columns and no manifest: the files are always all there is. relationships.csv names the guardians.
"""

from __future__ import annotations

from sis.conversion import Dialect, is_true

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
WITHOUT_A_PLACE = {"demographics", "userflags"}
