"""`python -m bench.scale [STUDENTS STUDENTS]`: ask the same of a small and of a large district, by turns.

What is asked is answered within this process: no transport, and nobody else. So what differs is the database. Beside
the time stands the CPU time of this process and of the database's, which others at work on the machine hardly change.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402 only after setup
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.domain.tokens import make_token  # noqa: E402
from accounts.models import Account, AccountAdmin, BaseType, Role, SelfRegistration, User  # noqa: E402
from bench.district import COURSES, PARENTS, STUDENTS, TEACHERS, District, look, make_district  # noqa: E402
from courses.models import Course, Enrollment  # noqa: E402
from pairing.domain.codes import issue  # noqa: E402

SIZES = (10_000, 1_000_000)
ROUNDS = 100
AIM = 1.3
# What Linux says of a process: first, for how many nanoseconds it has been on a processor.
USED = "/proc/{pid}/schedstat"


class Place:
    """A district in a database of its own, and whom and what a round is about: other people in each round."""

    def __init__(self, students: int) -> None:
        self.database = _another_database(f"scale_{students}")
        with self.entered():
            self.root = Account.objects.create(name="Bench", self_registration=SelfRegistration.ALL)
            self.admin = User.objects.create_user("admin", name="Ad Min")
            role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
            AccountAdmin.objects.create(user=self.admin, account=self.root, role=role)
            begun = time.perf_counter()
            self.district: District = make_district(self.root, students)
            look()
            self.built = time.perf_counter() - begun
            self.size = self._size()
        self._chosen: set[int] = set()

    def _size(self) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
            return str(cursor.fetchone()[0])

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let everything meanwhile be about this place."""
        before = connections["default"]
        connections["default"] = self.database
        try:
            yield
        finally:
            connections["default"] = before

    def cpu(self) -> float:
        """Return for how many seconds this process, and the one of the database that it asks, have been at work."""
        at = Path(USED.format(pid=connection.connection.info.backend_pid))
        return time.process_time() + (int(at.read_text().split()[0]) / 1e9 if at.exists() else 0)

    def go_on(self, chance: random.Random) -> None:
        """Choose somebody else: a student, their parent, a course they take and who teaches it.

        No course comes twice: its codes are not exported again within minutes.
        """
        self._choose(chance)
        while self.course.pk in self._chosen:
            self._choose(chance)
        self._chosen.add(self.course.pk)
        self.code = ""

    def _choose(self, chance: random.Random) -> None:
        district = self.district
        school = chance.randrange(district.schools)
        student, taught = (chance.choice(district.in_school(school, each)) for each in (STUDENTS, COURSES))
        self.school = Account.objects.get(pk=district.school + 1 + school)
        self.student = User.objects.get(pk=district.student + student)
        self.parent = User.objects.get(pk=district.parent + (student * PARENTS - 1) // STUDENTS + 1)
        self.teacher = User.objects.get(pk=district.teacher + school * TEACHERS + taught % TEACHERS + 1)
        taken = Enrollment.objects.filter(user=self.student, type=BaseType.STUDENT)
        self.course = Course.objects.filter(sections__enrollments__in=taken)[0]

    def stranger(self) -> User:
        """Give the student a code, and return somebody who does not observe anybody yet."""
        self.code = issue(self.student, by=self.student).text
        return User.objects.create_user(f"new{time.time_ns()}", name="New Parent")


class Cost(NamedTuple):
    """What a request takes: seconds, and seconds of processors."""

    time: float
    cpu: float


@dataclass(frozen=True)
class Row:
    """Something to ask: by whom, of which address, and with what."""

    name: str
    who: Callable[[Place], User]
    path: str
    body: Callable[[Place], dict[str, str]] | None = None

    def cost(self, place: Place) -> Cost:
        """Return how long it takes here and now."""
        who = self.who(place)
        client = Client(headers={"Authorization": f"Bearer {make_token(who, 'bench', by=None)}"})
        if not self.path.startswith("/api/"):
            client = Client()
            client.force_login(who)
        body = self.body(place) if self.body else None
        path = self.path.format(p=place)
        ask: Callable[[], Any] = partial(client.get, path) if body is None else partial(client.post, path, body)
        begun, used = time.perf_counter(), place.cpu()
        answer = ask()
        content = answer.getvalue()
        cost = Cost(time.perf_counter() - begun, place.cpu() - used)
        if answer.status_code not in (200, 302) or (answer.status_code == 200 and not content):
            raise SystemExit(f"{self.name}: {answer.status_code} {content[:300]!r}")
        return cost


def _parent(place: Place) -> User:
    return place.parent


def _student(place: Place) -> User:
    return place.student


def _teacher(place: Place) -> User:
    return place.teacher


def _admin(place: Place) -> User:
    return place.admin


USERS, COURSE = "/accounts/{p.root.pk}/users", "/courses/{p.course.pk}"
ROWS = [
    Row("home of a parent", _parent, "/"),
    Row("home of a student", _student, "/"),
    Row("home of a teacher", _teacher, "/"),
    Row("home of an admin", _admin, "/"),
    Row("observees", _parent, "/profile/observees"),
    Row("GET observees", _parent, "/api/v1/users/self/observees"),
    Row("a course, as an observer", _parent, COURSE),
    Row("assignments, as an observer", _parent, f"{COURSE}/assignments"),
    Row("grades, as an observer", _parent, f"{COURSE}/grades"),
    Row("People of a course", _admin, f"{COURSE}/users"),
    Row("settings of a student", _student, "/profile/settings"),
    Row("permissions", _admin, "/accounts/{p.root.pk}/permissions"),
    Row("everybody", _admin, USERS),
    Row("everybody in a school", _admin, "/accounts/{p.school.pk}/users"),
    Row("User Details", _admin, f"{USERS}/{{p.student.pk}}"),
    Row("history of a person", _admin, f"{USERS}/{{p.student.pk}}/history"),
    Row("search by a name", _admin, f"{USERS}?search={{p.student.short_name}}"),
    Row("search by two letters", _admin, f"{USERS}?search=th"),
    Row("search by a SIS ID", _admin, f"{USERS}?search={{p.student.sis_user_id}}"),
    Row("search for nobody", _admin, f"{USERS}?search=xyzzy"),
    Row("courses", _admin, "/accounts/{p.root.pk}/courses"),
    Row("courses of a school", _admin, "/accounts/{p.school.pk}/courses"),
    Row("search for a course", _admin, "/accounts/{p.root.pk}/courses?search={p.course.course_code}"),
    Row("GET courses of the institution", _admin, "/api/v1/accounts/{p.root.pk}/courses"),
    Row("GET users of the institution", _admin, "/api/v1/accounts/{p.root.pk}/users"),
    Row("sub-accounts", _admin, "/accounts/{p.root.pk}/sub_accounts"),
    Row("terms", _admin, "/accounts/{p.root.pk}/terms"),
    Row("links to export", _admin, "/accounts/{p.root.pk}/user_observers"),
    Row("issue a code", _student, "/api/v1/users/self/observer_pairing_codes", lambda _place: {}),
    Row("redeem", Place.stranger, "/api/v1/users/self/observees", lambda place: {"pairing_code": place.code}),
    Row("export a class", _admin, f"{COURSE}/observer_pairing_codes.csv", lambda _place: {}),
]


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:3]] or SIZES
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else ROUNDS
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    settings.ALLOWED_HOSTS = ["testserver"]
    places = [Place(size) for size in sizes]
    for size, place in zip(sizes, places, strict=True):
        print(f"{size:,} students: built in {place.built:.0f} s, {place.size}", file=sys.stderr, flush=True)
    taken = _ask(places, rounds)
    small, large = (f"{size:,} students: CPU ms" for size in sizes)
    print(
        f"| asked | {small} | {large} | CPU: ratio of medians | of 95 in 100 | time: ratio of medians | of 95 in 100 |"
    )
    print("|---|---|---|---|---|---|---|")
    for row in ROWS:
        costs = taken[row.name]
        by_cpu, by_time = (
            [[getattr(cost, kind) for cost in of_place] for of_place in costs] for kind in ("cpu", "time")
        )
        medians = " | ".join(f"{statistics.median(each) * 1000:.0f}" for each in by_cpu)
        print(f"| {row.name} | {medians} | {_ratios(*by_cpu)} | {_ratios(*by_time)} |")


def _ratios(small: list[float], large: list[float]) -> str:
    """Return how many times as much the large one takes: by the medians, and by what 95 in 100 did not exceed."""
    ratios = statistics.median(large) / statistics.median(small), _slow(large) / _slow(small)
    return " | ".join(f"{ratio:.2f}{'' if ratio <= AIM else ' (!)'}" for ratio in ratios)


def _ask(places: list[Place], rounds: int) -> dict[str, tuple[list[Cost], list[Cost]]]:
    """Return what each row took in the one place and the other, asked by turns; a first round warms up."""
    chance = random.Random(1)
    taken: dict[str, tuple[list[Cost], list[Cost]]] = {row.name: ([], []) for row in ROWS}
    for number in range(rounds + 1):
        for place in places:
            with place.entered():
                place.go_on(chance)
        for row in ROWS:
            for which in (0, 1) if number % 2 else (1, 0):
                with places[which].entered():
                    cost = row.cost(places[which])
                if number:
                    taken[row.name][which].append(cost)
    return taken


def _slow(taken: list[float]) -> float:
    """Return what 95 in 100 did not exceed."""
    return sorted(taken)[max(0, -(-len(taken) * 95 // 100) - 1)]


def _another_database(name: str) -> Any:
    """Return a connection to a new database like the one at hand."""
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {connection.settings_dict['NAME']}")
    made = connections.create_connection("default")
    # The work of further processes would not be counted.
    options = {**made.settings_dict["OPTIONS"], "options": "-c max_parallel_workers_per_gather=0"}
    made.settings_dict = {**made.settings_dict, "NAME": name, "OPTIONS": options}
    return made


if __name__ == "__main__":
    main()
