"""`python -m bench.pages [--calls] [--profile] [PAGE ...]`: what pages cost the server, against a bare view behind the
same middleware.

The server is the one of bin/run; CPU is the time that its processes have used, without the database's. Requests follow
one another over one connection, and before and after each for a page there is one for the bare view, so that whatever
else the machine is doing bears on both alike; the pages take turns, and in the next round the other way round. A page's
figure is the median of these ratios, with the interval in which the true median lies in 95 of 100 measurements. A page
is asked for until that is narrower than a tenth of the figure, or the time is up, and then it says so.

With `--calls` only the function calls of Python are counted, which are the same on a busy machine, and too many are an
error; `--profile` shows in which functions those of a page are.
"""

from __future__ import annotations

import argparse
import ctypes
import io
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import django
import psutil

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from django.conf import settings  # noqa: E402 only after setup
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import Account, BaseType, ObservationLink, Role, User  # noqa: E402
from bench import data, load  # noqa: E402
from bench.calls import calls  # noqa: E402
from bench.medians import interval, is_settled  # noqa: E402
from courses.domain.enrollments import enroll  # noqa: E402
from courses.domain.observation import link  # noqa: E402
from courses.models import Course  # noqa: E402

# After how many seconds a figure that is not settled yet is given up.
LONGEST = 110
# How many requests for a page are sent at once, to see how many are answered in a second.
AT_ONCE = 48
# How much of the machine others may use meanwhile. Where many take turns, each finds the caches cold, which costs a
# short request a larger part than a long one: the multiples become too small, while they come to rest all the same.
QUIET = 0.25
# How many functions a profile names.
FUNCTIONS = 400


class Page(NamedTuple):
    """A page, with the cookie of whoever reads it.

    Of the bare view's function calls it may take `most` times as many, which is a fifth more than it took when that was
    written; of its CPU `aim` times as much.
    """

    name: str
    path: str
    cookie: str = ""
    most: float = 1
    aim: float | None = None


def make_pages() -> tuple[Page, list[Page]]:
    """Fill an empty database with the demo, a larger family and two classes; return the bare view and the pages."""
    call_command("migrate", verbosity=0)
    call_command("seed_demo", verbosity=0, stdout=io.StringIO())
    root = Account.objects.root()
    admin, teacher, parent = (User.objects.get(login_id=login) for login in ("admin", "teacher", "parent1"))
    (child,) = User.objects.filter(observer_links__observer=parent)
    (family,) = data.make_people("family", 1)
    for student in User.objects.filter(login_id__in=[f"student{number}" for number in range(11, 16)]):
        link(family, student, origin=ObservationLink.Origin.CODE, by=family)
    classes = {size: _class(root, teacher, size) for size in (30, 3000)}
    course = Course.objects.get(course_code="BIO7")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    as_admin, as_teacher, as_parent, as_family = map(_cookie, (admin, teacher, parent, family))
    return Page("bare view", f"/bench/page/{family.pk}", as_family), [
        Page("home, 1 child", "/", as_parent, 2.5, 3),
        Page("home, 5 children", "/", as_family, 2.7, 3),
        Page("observees, 5 children", "/profile/observees", as_family, 4.1, 3),
        Page("course grades", f"/courses/{course.pk}/grades?student={child.pk}", as_parent, 4, 3),
        Page("settings", "/profile/settings", as_parent, 3.1, 3),
        Page("People, class of 30", f"/courses/{classes[30].pk}/users", as_teacher, 7.6, 6),
        Page("People, class of 3,000", f"/courses/{classes[3000].pk}/users", as_teacher, 9.5, 6),
        Page("User Details", f"/courses/{course.pk}/users/{child.pk}", as_teacher, 3.8, 5),
        Page("people of an account", f"/accounts/{root.pk}/users", as_admin, 7.7),
        Page("permissions", f"/accounts/{root.pk}/permissions", as_admin, 18),
        Page("sign-in", "/login/canvas", most=4),
        Page("sign-up", "/register", most=2.8),
    ]


def _class(root: Account, teacher: User, size: int) -> Course:
    course = data.make_course(root, size)
    enroll(teacher, course.sections.get(), Role.objects.built_in(BaseType.TEACHER), by=None)
    return course


def _cookie(user: User) -> str:
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _used(pids: Sequence[int]) -> float:
    """Return the CPU seconds that these processes have used until now, not only to a tick."""
    return sum(time.clock_gettime(_clock_of(pid)) for pid in pids)


def _clock_of(pid: int) -> int:
    clock = ctypes.c_int()
    if problem := ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)):
        raise OSError(problem, os.strerror(problem))
    return clock.value


@contextmanager
def _neighbors() -> Iterator[Callable[[], float]]:
    """Give what returns the share of the machine that others than the client, the server and the database used."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        database = psutil.Process(cursor.fetchone()[0]).parent()
    us = psutil.Process()

    def state() -> tuple[float, float, float]:
        processes = [us, *us.children(recursive=True), database, *database.children(recursive=True)]
        ours = sum(sum(process.cpu_times()[:4]) for process in processes)
        machine = psutil.cpu_times()
        idle = machine.idle + getattr(machine, "iowait", 0)
        return ours, sum(machine) - idle - getattr(machine, "guest", 0), sum(machine)

    before = state()

    def others() -> float:
        ours, busy, whole = (now - then for now, then in zip(state(), before, strict=True))
        return max(0.0, (busy - ours) / whole)

    yield others


def measure(port: int, pages: Sequence[Page]) -> dict[Page, float]:
    """Return, by page, how many requests a second are answered over several connections."""
    return {page: AT_ONCE / load.send(port, [request_for(page)] * AT_ONCE) for page in pages}


def request_for(page: Page) -> bytes:
    return load.request("GET", page.path, cookie=page.cookie)


def compare(port: int, bare: Page, pages: Sequence[Page]) -> tuple[dict[Page, list[float]], dict[Page, list[float]]]:
    """Return, by page, the CPU seconds of each request, and that as a multiple of the bare view's before and after."""
    costs: dict[Page, list[float]] = {page: [] for page in [bare, *pages]}
    ratios: dict[Page, list[float]] = {page: [] for page in pages}
    server = [process.pid for process in psutil.Process().children(recursive=True)]
    end, restless = time.monotonic() + LONGEST, list(pages)
    with load.connected(port) as send:

        def ask(page: Page) -> None:
            before = _used(server)
            send(request_for(page))
            costs[page].append(_used(server) - before)

        while restless and time.monotonic() < end:
            ask(bare)
            for page in restless:
                ask(page)
                ask(bare)
                before, after = costs[bare][-2:]
                ratios[page].append(2 * costs[page][-1] / (before + after))
            restless = [page for page in reversed(restless) if not is_settled(ratios[page])]
    return costs, ratios


def _row(page: Page, costs: Sequence[float], ratios: Sequence[float], rate: float, number: int) -> str:
    against, aim = "1", ""
    if ratios:
        low, high = interval(ratios)
        against = f"{statistics.median(ratios):.2f} ({low:.2f}–{high:.2f})"
        against += "" if is_settled(ratios) else ", too restless to tell"
        aim = f"≤ {page.aim:g}" if page.aim else ""
    cpu = statistics.median(costs) * 1000
    return f"| {page.name} | {cpu:.1f} | {rate:,.0f} | {against} | {aim} | {len(costs)} | {number:,} |"


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.pages")
    arguments.add_argument("--calls", action="store_true", help="count the function calls, and measure no time")
    arguments.add_argument("--profile", action="store_true", help="show in which functions they are")
    arguments.add_argument(
        "pages", metavar="PAGE", nargs="*", help="the beginning of a page's name; all, if none is named"
    )
    chosen = arguments.parse_args()
    bare, every = make_pages()
    pages = [page for page in every if page.name.startswith(tuple(chosen.pages) or "")]
    call_command("collectstatic", interactive=False, verbosity=0)
    if chosen.profile:
        for page in pages:
            print(page.name)
            for function, number in calls(page.path, page.cookie).most_common(FUNCTIONS):
                print(f"{number:8,} {function}")
        return
    numbers = {page: calls(page.path, page.cookie)[""] for page in [bare, *pages]}
    if chosen.calls:
        print("| page | function calls | times the bare view | at most |\n|---|---|---|---|")
        for page, number in numbers.items():
            print(f"| {page.name} | {number:,} | {number / numbers[bare]:.1f} | {page.most:g} |")
        sys.exit(any(number > page.most * numbers[bare] for page, number in numbers.items()))
    begun = time.monotonic()
    with load.server() as port, _neighbors() as others:
        rates = measure(port, [bare, *pages])
        costs, ratios = compare(port, bare, pages)
        busy = others()
    print("| page | CPU-ms | a second | CPU, times the bare view (interval) | aim | requests | function calls |")
    print("|---|---|---|---|---|---|---|")
    for page in [bare, *pages]:
        print(_row(page, costs[page], ratios.get(page, []), rates[page], numbers[page]))
    print(f"\n{time.monotonic() - begun:.0f} s; other programs used {busy:.0%} of the machine meanwhile", end="")
    print("." if busy <= QUIET else ": it was too busy, and the multiples are too small.")


if __name__ == "__main__":
    main()
