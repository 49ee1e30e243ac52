"""OneRoster 1.1 and 1.2 as CSV: an archive of files with fixed names and a manifest that says what they are."""

from __future__ import annotations

from itertools import islice

from django.utils.translation import gettext as _

from sis.files.problems import MalformedFile, Problems
from sis.files.tables import Table
from sis.formats.source_files import Dialect

DIALECT = Dialect(
    class_account="schoolsourcedid",
    class_terms="termsourcedids",
    class_code="classcode",
    course_code="coursecode",
    role_begin="begindate",
    role_end="enddate",
    is_primary=lambda cells: (cells.get("roletype") or "").lower() == "primary",
    enrollment_roles={"student": "student", "teacher": "teacher", "aide": "ta"},
)
# The manifest, as the page of imports shows it.
EXAMPLE = "propertyName,value\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,bulk"
# What each file must have to be read, and by what it is known.
COLUMNS = {
    "orgs": {"sourcedid", "name"},
    "academicsessions": {"sourcedid", "title", "type"},
    "courses": {"sourcedid", "title"},
    "classes": {"sourcedid", "title"},
    "users": {"sourcedid", "username"},
    "roles": {"sourcedid", "usersourcedid", "role"},
    "enrollments": {"sourcedid", "classsourcedid", "usersourcedid", "role"},
}
# And what else is read of it.
FURTHER_COLUMNS = {
    "orgs": "status parentsourcedid",
    "academicsessions": "status startdate enddate",
    "courses": "coursecode",
    "classes": "status coursesourcedid classcode schoolsourcedid termsourcedids",
    "users": (
        "status enableduser role givenname familyname preferredgivenname preferredfamilyname pronouns email "
        "agentsourcedids agents"
    ),
    "roles": "status roletype begindate enddate",
    "enrollments": "status begindate enddate",
}
# What is not read of any: nobody is told that it is unknown.
UNREAD_COLUMNS = frozenset(
    [
        "status",
        "datelastmodified",
        "type",
        "identifier",
        "parentsourcedid",
        "schoolyear",
        "schoolyearsourcedid",
        "grade",
        "grades",
        "orgsourcedid",
        "orgsourcedids",
        "primaryorgsourcedid",
        "subject",
        "subjects",
        "subjectcodes",
        "classtype",
        "location",
        "periods",
        "usermasteridentifier",
        "userids",
        "userid",
        "middlename",
        "preferredmiddlename",
        "sms",
        "phone",
        "password",
        "resourcesourcedids",
        "userprofilesourcedid",
        "schoolsourcedid",
        "primary",
        "role",
    ]
)
MANIFEST = frozenset({"propertyname", "value"})
WITHOUT_A_PLACE = {
    "userprofiles", "demographics", "resources", "userresources", "classresources", "courseresources", "categories",
    "lineitems", "results", "scorescales", "lineitemlearningobjectiveids", "lineitemscorescales",
    "resultlearningobjectiveids", "resultscorescales",
}  # fmt: skip
VERSIONS = ("1.1", "1.2")
_MOST_PROPERTIES = 1000


def is_manifest(table: Table) -> bool:
    """Return whether a file is a OneRoster manifest."""
    return table.columns >= MANIFEST


def announced(manifest: Table) -> dict[str, str]:
    """Return the properties of the manifest, names and values in lower case. Raises MalformedFile."""
    rows = islice(manifest.rows(), _MOST_PROPERTIES)
    return {(row.cells["propertyname"] or "").lower(): (row.cells["value"] or "").lower() for row in rows}


def whole_orgs(tables: dict[str, Table], properties: dict[str, str]) -> Table | None:
    """orgs.csv, if the manifest says that it has all orgs there are."""
    return tables.get("orgs") if properties.get("file.orgs") == "bulk" else None


def is_bulk(tables: dict[str, Table], manifest: Table | None, problems: Problems) -> bool:
    """Return whether the files are all there is. Files that the manifest says are absent are taken out of `tables`.

    Raises MalformedFile for a manifest that cannot be read or promises what is not there.
    """
    if manifest is None:
        message = _(
            "There is no manifest.csv, so the files were read as changes: records they do not list are not removed."
        )
        problems.warn(next(iter(tables.values())).name, message)
        return False
    properties = announced(manifest)
    if properties.get("oneroster.version") not in VERSIONS:
        message = _("The manifest names an unknown version of OneRoster. It was read as %(version)s.")
        problems.warn(manifest.name, message % {"version": VERSIONS[-1]})
    modes = {name: properties.get(f"file.{name}", "") for name in COLUMNS}
    for name, mode in modes.items():
        if mode in ("bulk", "delta") and name not in tables:
            message = _(
                "The manifest lists %(file)s.csv, which is missing or cannot be read. Nothing was "
                "imported. Export the files again."
            )
            raise MalformedFile(manifest.name, message % {"file": name})
        if mode == "absent" and name in tables:
            message = _("The manifest says this file is absent, so it was left out.")
            problems.warn(tables.pop(name).name, message)
        if mode not in ("bulk", "delta", "absent", ""):
            message = _(
                "The manifest says “%(mode)s” of %(file)s.csv: it must be bulk, delta or absent. It was read as delta."
            )
            problems.warn(manifest.name, message % {"mode": mode[:100], "file": name})
    used = {modes[name] for name in tables}
    if used == {"bulk"}:
        return True
    if "bulk" in used:
        message = _("Not all files are “bulk” files, so records they do not list are not removed.")
        problems.warn(manifest.name, message)
    return False
