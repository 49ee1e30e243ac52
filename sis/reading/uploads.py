"""An upload as roster files: which there are, of which kind, row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile


class MalformedFile(Exception):
    """The file cannot be read as CSV."""


class Row(NamedTuple):
    number: int
    cells: dict[str, str | None]
    raw: str


@dataclass(frozen=True)
class Problem:
    file: str
    row: int | None
    message: str
    failure: bool
    row_info: str | None = None


@dataclass
class RosterFile:
    name: str
    kind: str
    columns: frozenset[str]
    text: str

    def rows(self) -> Iterator[Row]:
        lines = self.text.splitlines()
        header = [cell.strip().lower() for cell in next(csv.reader(lines[:1]))]
        number = 1
        for raw, record in zip(lines[1:], csv.reader(lines[1:], strict=True), strict=False):
            if not record:
                continue
            number += 1
            cells = {name: value.strip() or None for name, value in zip(header, record, strict=False)}
            if any(cells.values()):
                yield Row(number, cells, raw)


@dataclass
class Upload:
    files: list[RosterFile]
    problems: list[Problem]


def _kind(header: frozenset[str]) -> str | None:
    tests = [
        ("change_sis_id", "old_id" in header or "old_integration_id" in header),
        ("account", {"account_id", "parent_account_id"} <= header),
        ("term", {"term_id", "name"} <= header),
        ("course", {"course_id", "short_name"} <= header),
        ("section", {"section_id", "name"} <= header),
        ("xlist", {"xlist_course_id", "section_id"} <= header),
        ("login", bool(header & {"existing_user_id", "existing_integration_id", "existing_canvas_user_id"})),
        ("user", {"user_id", "login_id"} <= header),
        ("enrollment", bool(header & {"course_id", "section_id"} and header & {"user_id", "user_integration_id"})),
        ("admin", {"account_id", "user_id"} <= header),
        ("user_observer", {"observer_id", "student_id"} <= header),
    ]
    return next((kind for kind, fits in tests if fits), None)


ORDER = [
    *("change_sis_id", "account", "term", "course", "section", "xlist", "user", "login", "enrollment", "admin"),
    "user_observer",
]


@contextmanager
def open_upload(path: Path, name: str) -> Iterator[Upload]:
    texts = {}
    if name.endswith(".zip"):
        with ZipFile(path) as archive:
            texts = {member: archive.read(member).decode("utf-8-sig") for member in archive.namelist()}
    else:
        texts[name] = path.read_text("utf-8-sig")
    upload = Upload([], [])
    for file, text in texts.items():
        header = frozenset(cell.strip().lower() for cell in next(csv.reader(text.splitlines()[:1]), []))
        kind = _kind(header)
        if kind is None:
            upload.problems.append(Problem(file, None, "unrecognised header", True))
        else:
            upload.files.append(RosterFile(file, kind, header, text))
    upload.files.sort(key=lambda file: ORDER.index(file.kind))
    yield upload
