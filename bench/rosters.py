"""`python -m bench.rosters [ROWS]`: import an invented district, and the like of it, against COPY of the same rows."""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402 only after setup
from django.db import connection, transaction  # noqa: E402

from accounts.models import Account  # noqa: E402
from sis.imports.intake import create_import  # noqa: E402
from sis.imports.queue import do  # noqa: E402
from sis.models import SisImport  # noqa: E402
from sis.options import Options  # noqa: E402

ROWS = 1_000_000
# What an import fills, in the order in which it can be copied back.
TABLES = (
    *("accounts_account", "accounts_role", "courses_term", "courses_course", "courses_section", "accounts_user"),
    *("courses_enrollment", "accounts_observationlink"),
)
AT_ONCE = 2_000


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    call_command("migrate", verbosity=0)
    root = Account.objects.create(name="Bench")
    with tempfile.TemporaryDirectory() as folder:
        whole, changed = Path(folder) / "whole.zip", Path(folder) / "changed.zip"
        write_district(whole, rows)
        write_district(changed, rows, change=0.01)
        chain = Options(diffing_data_set_identifier="bench", ignore_deletion_brake=True)
        print("| import | rows | seconds | rows a second |\n|---|---|---|---|")
        first = _import(root, whole, "of a new district", chain)
        copied = _copied()
        again = _import(root, whole, "of the same files again", Options())
        diff = _import(root, changed, "compared with the one before, 1 % changed", chain)
    copy = _copy_back(copied)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nCOPY of the same rows into the same tables: {copy:.1f} s, a ratio of {copy / first:.2f} (aim: ≥ 0.25)")
    print(f"The second import takes {again / first:.2f} of the first, the comparing one {diff / first:.2f}.")
    print(f"Peak memory {peak:.0f} MB (aim: ≤ 512 MB).")


def write_district(path: Path, rows: int, *, change: float = 0) -> None:
    """A district of about so many rows; a share `change` of its names differs, and of its enrollments is missing."""
    chance = random.Random(1)
    students, parents, teachers = int(rows * 0.14), int(rows * 0.08), int(rows * 0.02)
    sections = max(20, students // 25)
    files: dict[str, Iterator[str]] = {
        "accounts": (f"A{n},,School {n},active" for n in range(50)),
        "terms": iter(["T1,Fall,active"]),
        "courses": (f"C{n},c{n},Course {n},A{n % 50},T1,published" for n in range(sections)),
        "sections": (f"X{n},C{n},Section {n},active" for n in range(sections)),
        "users": (
            f"{kind}{n},{kind}{n}@example.org,{'Kim' if chance.random() < change else 'Sam'}{n % 977},Lake{n % 3571},"
            f"{kind}{n}@example.org,active"
            for kind, number in (("S", students), ("P", parents), ("T", teachers))
            for n in range(number)
        ),
        "enrollments": (line for line in _enrollments(sections, students, teachers) if chance.random() >= change),
        "user_observers": (f"P{n * 7 % parents},S{n},active" for n in range(students)),
    }
    headers = {
        "accounts": "account_id,parent_account_id,name,status",
        "terms": "term_id,name,status",
        "courses": "course_id,short_name,long_name,account_id,term_id,status",
        "sections": "section_id,course_id,name,status",
        "users": "user_id,login_id,first_name,last_name,email,status",
        "enrollments": "section_id,user_id,role,status",
        "user_observers": "observer_id,student_id,status",
    }
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, lines in files.items():
            with archive.open(f"{name}.csv", "w") as file:
                file.write(f"{headers[name]}\n".encode())
                for line in lines:
                    file.write(f"{line}\n".encode())


def _enrollments(sections: int, students: int, teachers: int) -> Iterator[str]:
    """By section, as schools send them; every student is in four."""
    classes = -(-students // 25)
    for section in range(sections):
        for period in range(4):
            group = (section - period * 37) % sections
            if group < classes:
                yield from (
                    f"X{section},S{n},student,active" for n in range(group * 25, min(group * 25 + 25, students))
                )
        yield from (f"X{section},T{n},teacher,active" for n in range(section, teachers, sections))


def _import(root: Account, path: Path, name: str, options: Options) -> float:
    with path.open("rb") as upload:
        made = create_import(root, upload, path.name, options, by=None)
    begun = time.perf_counter()
    do(made)
    seconds = time.perf_counter() - begun
    made.refresh_from_db()
    if made.workflow_state not in SisImport.ENDED_WELL:
        raise SystemExit(f"The import ended {made.workflow_state}.")
    rows = sum(number for kind, number in made.data["counts"].items() if not kind.endswith("_count"))
    print(f"| {name} | {rows:,} | {seconds:.1f} | {rows / seconds:,.0f} |", flush=True)
    return seconds


def _copied() -> dict[str, Path]:
    """The rows as they are now, in files."""
    files = {}
    for table in TABLES:
        with tempfile.NamedTemporaryFile(delete=False) as file, connection.cursor() as cursor:
            with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                for piece in copy:
                    file.write(piece)
            files[table] = Path(file.name)
    return files


def _copy_back(files: dict[str, Path]) -> float:
    """Empty the tables and copy the rows back, indexes, constraints and all; the seconds it took."""
    with connection.cursor() as cursor:
        # The record of who did what goes with them here; its own trigger would not let it.
        cursor.execute("ALTER TABLE accounts_auditevent DISABLE TRIGGER audit_is_not_emptied")
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        begun = time.perf_counter()
        for table, path in files.items():
            with transaction.atomic(), path.open("rb") as file, cursor.copy(f"COPY {table} FROM STDIN") as copy:
                while piece := file.read(1 << 20):
                    copy.write(piece)
        seconds = time.perf_counter() - begun
    for path in files.values():
        path.unlink()
    return seconds


if __name__ == "__main__":
    main()
