"""`make bench`: measure, and print a table for docs/performance.md.

Each ratio is the median of rounds, with the interval in which the true median lies in 95 of 100 measurements.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402 only after setup
from django.db import connection, transaction  # noqa: E402

from accounts.models import User  # noqa: E402
from bench import data, load  # noqa: E402
from bench.medians import FEWEST, interval, is_settled  # noqa: E402
from bench.statements import statements  # noqa: E402
from courses.models import Course  # noqa: E402
from pairing.domain.export import export, last_export  # noqa: E402
from pairing.models import PairingCode  # noqa: E402

OBSERVEES = "/api/v1/users/self/observees"
# What is asked of ours, and then of the bare one, in each round; for so many seconds, unless the ratio is known before.
REDEMPTIONS = 200
READS = 500
LONGEST = 40
EXPORTED = 10_000


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    course, admin = data.make_school(EXPORTED)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {_postgres()}\n")
    print("| measure | ours | bare | ratio (interval) | aim | rounds |")
    print("|---|---|---|---|---|---|")
    with load.server() as port:
        _row("redeem through HTTP, a second", 0.6, lambda: _redeem(port, course, admin))
        _row("GET observees, a second", 0.6, lambda: _observees(port, course, admin))
    _row(f"export, students a second ({EXPORTED:,} students)", 0.33, lambda: _export(course, admin))
    print("\n| operation | SQL statements |\n|---|---|")
    for operation, number in statements(course.account, admin):
        print(f"| {operation} | {number} |")


def _postgres() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}"


def _row(name: str, aim: float, measure: Callable[[], tuple[float, float]]) -> None:
    """Print one line of the table, from rates of ours and of the bare one; the first round only warms up."""
    measure()
    pairs, ratios, end = [measure()], [], time.monotonic() + LONGEST
    while len(pairs) < FEWEST or (time.monotonic() < end and not is_settled(ratios)):
        pairs.append(measure())
        ratios = [ours / bare for ours, bare in pairs]
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    low, high = interval(ratios)
    told = f"{statistics.median(ratios):.2f} ({low:.2f}–{high:.2f})"
    told += "" if is_settled(ratios) else ", too restless to tell"
    print(f"| {name} | {ours:,.0f} | {bare:,.0f} | {told} | ≥ {aim} | {len(pairs)} |", flush=True)


def _redeem(port: int, course: Course, admin: User) -> tuple[float, float]:
    ours = data.make_tries(course, admin, REDEMPTIONS)
    bare = data.make_tries(course, admin, REDEMPTIONS)
    seconds = load.send(port, [_redemption(t) for t in ours])
    bare_seconds = load.send(
        port,
        [load.request("POST", f"/bench/redeem?token={t.token}&observer={t.observer_id}&code={t.code}") for t in bare],
    )
    return REDEMPTIONS / seconds, REDEMPTIONS / bare_seconds


def _redemption(one: data.Try) -> bytes:
    return load.request("POST", OBSERVEES, token=one.token, body=f"pairing_code={one.code}")


def _observees(port: int, course: Course, admin: User) -> tuple[float, float]:
    (one,) = data.make_tries(course, admin, 1)
    load.send(port, [_redemption(one)])
    seconds = load.send(port, [load.request("GET", OBSERVEES, token=one.token)] * READS)
    bare_seconds = load.send(port, [load.request("GET", f"/bench/observees/{one.observer_id}")] * READS)
    return READS / seconds, READS / bare_seconds


def _export(course: Course, admin: User) -> tuple[float, float]:
    PairingCode.objects.all().delete()
    last = last_export(course, by=admin)
    begun = time.perf_counter()
    pieces = export(course, by=admin, zone=ZoneInfo("UTC"), after=last.pk if last else None)
    lines = sum(piece.count("\r\n") for piece in pieces)
    seconds = time.perf_counter() - begun
    if lines != EXPORTED + 1:
        raise SystemExit(f"The export has {lines} lines.")
    return EXPORTED / seconds, EXPORTED / _copy()


def _copy() -> float:
    """The same rows, copied into the same table with its indexes and foreign keys; the seconds it took."""
    columns = "student_id, digest, hint, slot, issued_by_id, issued_at, expires_at"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM pairing_pairingcode")  # noqa: S608 a constant
        rows = cursor.fetchall()
        PairingCode.objects.all().delete()
        begun = time.perf_counter()
        with (
            transaction.atomic(),
            connection.cursor() as inner,
            inner.copy(f"COPY pairing_pairingcode ({columns}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)
        return time.perf_counter() - begun


if __name__ == "__main__":
    main()
