"""Roster files in, records out: what the tests of imports share."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from sis.imports.intake import create_import
from sis.imports.queue import work_off
from sis.models import SisImport
from sis.options import Options
from tests.factories import make_admin
from tests.sis.rosters import PUBLIC
from tests.sis.texts import COURSES, ENROLLMENTS, SECTIONS, people, table

collect_ignore = [] if PUBLIC.is_dir() else ["test_public_rosters.py"]


@pytest.fixture
def admin(root):
    """Who starts the imports."""
    return make_admin(name="Alex Root", login_id="alex", sis_user_id="ALEX")


@pytest.fixture
def data_dir(settings, tmp_path):
    """A folder of the test's own for what the site keeps on the disk."""
    settings.DATA_DIR = tmp_path / "data"


@pytest.fixture
def site(client, root, admin):
    """An administrator's browser."""
    client.force_login(admin)
    return client


@pytest.fixture
def load(root, admin, tmp_path, settings):
    """`load(users="user_id,login_id,status\\nU1,u1,active")` imports files given as text; returns the import."""
    settings.DATA_DIR = tmp_path / "data"

    def load(*, by=admin, options=None, **files: str) -> SisImport:
        wanted = Options(ignore_deletion_brake=True) if options is None else options
        made = make(root, by, wanted, tmp_path, files)
        work_off(root)
        made.refresh_from_db()
        return made

    return load


def make(root, by, options: Options, folder: Path, files: dict[str, str]) -> SisImport:
    """An import that waits, of these files in a zip."""
    path = folder / "roster.zip"
    with ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    with path.open("rb") as upload:
        return create_import(root, upload, "roster.zip", options, by=by)


def warnings(made: SisImport) -> list[tuple[int | None, str]]:
    """(row, kind) of everything an import said, in the order of the rows."""
    return [(one.row, one.kind) for one in made.sis_import_errors.order_by("id")]


@pytest.fixture
def year(load):
    """A term with two courses, each with a section, and a student in both."""
    return load(
        terms="term_id,name,status\nT1,Fall,active\nT2,Spring,active",
        users=people("KIM", "LEE", "PAT"),
        courses=table(COURSES, "C1,b,Biology,T1,published", "C2,c,Chemistry,T1,published", "C3,d,Drama,T2,published"),
        sections=table(SECTIONS, "S1,C1,A,active", "S2,C2,B,active", "S3,C3,C,active"),
        enrollments=table(ENROLLMENTS, "S1,KIM,student,active", "S2,KIM,student,active", "S3,KIM,student,active"),
    )
