"""Uploads of OneRoster, written as short as can be."""

from datetime import UTC, datetime

from sis.upload.contents import open_upload
from tests.sis.rosters import rows_by_kind, zip_of

TODAY = datetime(2025, 3, 1, 12, tzinfo=UTC)
ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
SESSIONS = "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n"
COURSES = "sourcedId,status,dateLastModified,title,courseCode,orgSourcedId\n"
CLASSES = "sourcedId,status,dateLastModified,title,courseSourcedId,classCode,schoolSourcedId,termSourcedIds\n"
USERS = "sourcedId,status,dateLastModified,enabledUser,role,username,givenName,familyName,agentSourcedIds\n"
USERS_1_2 = "sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName,agentSourcedIds\n"
ROLES = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId\n"
ENROLLMENTS = "sourcedId,status,dateLastModified,classSourcedId,userSourcedId,role,beginDate,endDate\n"


def manifest(version="1.2", **modes):
    """A manifest that says of each named file what it is."""
    lines = [f"oneroster.version,{version}", *(f"file.{name},{mode}" for name, mode in modes.items())]
    return "propertyName,value\n" + "\n".join(lines) + "\n"


def roster(tmp_path, mode="bulk", *, is_to_compare=False, **files):
    """An upload of these files, all bulk or all delta."""
    content = {f"{name}.csv": text for name, text in files.items()}
    content["manifest.csv"] = manifest(**dict.fromkeys(files, mode))
    path = zip_of(tmp_path, content)
    return open_upload(path, "rosters.zip", at=TODAY, is_to_compare=is_to_compare)


def rows_of(tmp_path, kind, mode="bulk", **files):
    """The rows of one kind of such an upload, and its warnings."""
    with roster(tmp_path, mode, **files) as upload:
        return rows_by_kind(upload)[kind], [problem.message for problem in upload.problems]


def people_with_roles(*roles):
    """Person 1 names person 2; each has the roles given, as `role begin end`."""
    lines = [
        f"r{person}{n},,,{person},{'secondary' if n else 'primary'},{','.join([*role.split(), '', ''][:3])},\n"
        for person, held in enumerate(roles, 1)
        for n, role in enumerate(held)
    ]
    return {"users": USERS_1_2 + "1,,,,one,,,2\n2,,,,two,,,\n", "roles": ROLES + "".join(lines)}
