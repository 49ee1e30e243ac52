"""Uploads for the tests, made on the fly."""

import zipfile
from pathlib import Path

from sis.reading.uploads import Upload, open_upload

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
