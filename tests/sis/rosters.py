"""Uploads for the tests, made on the fly."""

import zipfile
from pathlib import Path

from accounts.models import ObservationLink
from sis.upload.contents import Row, Upload, open_upload
from tests.factories import UserFactory

Content = str | bytes


def upload_of(folder: Path, content: Content, name: str = "roster.csv") -> Upload:
    """An upload of one CSV file (or of these very bytes, under another name)."""
    path = folder / "uploaded"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_upload(path, name)


def zip_of(folder: Path, files: dict[str, Content], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip archive of these files, in this order."""
    path = folder / "uploaded.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def zipped(folder: Path, files: dict[str, Content]) -> Upload:
    """An upload of a zip archive of these files."""
    return open_upload(zip_of(folder, files), "rosters.zip")


SAMPLES = Path(__file__).resolve().parent / "samples"
# Rosters that real tools made lie beside some checkouts; a clone alone tests everything with samples of its own.
PUBLIC = Path(__file__).resolve().parents[3] / "shared" / "data"


def sample_texts(name: str, folder: Path = SAMPLES) -> dict[str, str]:
    """The files of a sample roster as text, by their names without the ending."""
    return {path.stem: path.read_bytes().decode() for path in sorted((folder / name).iterdir())}


def sample_roster(where: Path, name: str, folder: Path = SAMPLES) -> Path:
    """A zip archive of a sample roster, made in `where`."""
    return zip_of(where, {f"{stem}.csv": text for stem, text in sample_texts(name, folder).items()})


def rows_by_kind(upload: Upload) -> dict[str, list[Row]]:
    """Every row of an upload; each has just the cells its file announces."""
    found = {file.kind: list(file.rows()) for file in upload.files}
    for file in upload.files:
        assert all(row.cells.keys() == file.columns for row in found[file.kind])
    return found


def column(rows: list[Row], *names: str) -> list:
    """The values of a column in all rows, or of several as tuples."""
    values = [tuple(row.cells[name] for name in names) for row in rows]
    return [value for (value,) in values] if len(names) == 1 else values


def links_of(rows: list[Row]) -> list[tuple]:
    """Observer, student and status of rows about links."""
    return column(rows, "observer_id", "student_id", "status")


def make_links(*pairs: tuple[str, str], sis_import_id: int | None = 1) -> None:
    """Links between these people, observer first, by this import; by None, somebody made them by hand."""
    people = {
        sis_id: UserFactory(sis_user_id=sis_id) for sis_id in sorted({sis_id for pair in pairs for sis_id in pair})
    }
    for observer, student in pairs:
        ObservationLink.objects.create(observer=people[observer], student=people[student], sis_import_id=sis_import_id)
