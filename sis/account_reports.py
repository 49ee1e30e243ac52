"""The provisioning report: what the institution has, in the files by which other systems take it over.

A report says which files there are to be, and whether with what was deleted. They are read when they are downloaded.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from io import TextIOWrapper
from typing import IO, Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.domain.admins import PERMISSION as MANAGE_ADMINS
from accounts.domain.audit import record
from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, User
from accounts.permissions.registry import Permission, labels_of
from accounts.permissions.resolver import account_permissions
from accounts.text.csv_export import csv_text
from courses.access.observation import MANAGE_LINKS
from sis.events import ReportDownloaded
from sis.kinds.sql import read_statements
from sis.models import ProvisioningReport

ROWS_AT_ONCE = 2_000
# A file of this size is still in memory.
IN_MEMORY = 1 << 20
READING = frozenset({Permission.READ_REPORTS, Permission.READ_SIS})
PEOPLE = READING | {Permission.READ_ROSTER, Permission.VIEW_USER_LOGINS}
COURSES = READING | {Permission.READ_COURSE_LIST}
# The files, in Canvas's order, with the permissions that each takes in the root account.
FILES: dict[str, frozenset[Permission]] = {
    "users": PEOPLE,
    "accounts": READING,
    "terms": READING,
    "courses": COURSES,
    "sections": COURSES,
    "enrollments": PEOPLE | COURSES,
    "xlist": COURSES,
    "user_observers": PEOPLE | {MANAGE_LINKS},
    "admins": PEOPLE | {MANAGE_ADMINS},
}


SQL = read_statements(__file__, {})


def create_report(root: Account, files: Collection[str], *, include_deleted: bool, by: User) -> ProvisioningReport:
    """Ask for a report with these of FILES. Raises Invalid for none, NotAllowed where one takes more than `by` has."""
    wanted = [name for name in FILES if name in files]
    if not wanted:
        message = _("Say which files the report is to have, such as parameters[users]=true.")
        raise Invalid({"parameters": [("blank", message)]})
    _check_may_read(root, wanted, by=by)
    return ProvisioningReport.objects.create(account=root, user=by, files=wanted, include_deleted=include_deleted)


def check_may_see_reports(root: Account, *, by: User) -> None:
    """Raise NotAllowed for those who may read no report."""
    _check_may_read(root, (), by=by)


def _check_may_read(root: Account, files: Collection[str], *, by: User) -> None:
    needed = READING.union(*(FILES[name] for name in files))
    if lacking := needed - account_permissions(by, root):
        message = _("For this report you need in the root account: %(labels)s.")
        raise NotAllowed(message % {"labels": labels_of(lacking)})


def download(report: ProvisioningReport, *, by: User) -> IO[bytes]:
    """Return the report as it is now, from its start: a CSV file, or an archive of several. Raises NotAllowed, as
    `create_report` does.
    """
    _check_may_read(report.account, report.files, by=by)
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 whoever sends it closes it
    with transaction.atomic():
        record(ReportDownloaded(list(report.files)), by=by)
        if len(report.files) == 1:
            _write(file, report.files[0], report.include_deleted)
        else:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for each in report.files:
                    with archive.open(f"{each}.csv", "w") as member:
                        _write(member, each, report.include_deleted)
    file.seek(0)
    return file


def _write(file: IO[bytes], name: str, include_deleted: bool) -> None:
    text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    for piece in csv_text(_rows(name, include_deleted)):
        text.write(piece)
    text.detach()


def _rows(name: str, include_deleted: bool) -> Iterator[list[str]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(SQL[name], {"deleted": include_deleted})
        rows = cursor.fetchmany(ROWS_AT_ONCE)
        yield [column.name for column in cursor.description]
        while rows:
            yield from ([_said(cell) for cell in row] for row in rows)
            rows = cursor.fetchmany(ROWS_AT_ONCE)


def _said(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def forget_reports(before: datetime) -> None:
    """Remove reports that were asked for before that."""
    ProvisioningReport.objects.filter(created_at__lt=before).delete()
