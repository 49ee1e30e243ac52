"""How many SQL statements each operation takes, for a small and a large case: the numbers should be the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.domain.tokens import make_token
from accounts.models import Account, User
from bench import data
from courses.models import Course
from pairing.domain.codes import issue
from pairing.domain.export import export, last_export

SIZES = (30, 3000)


def statements(root: Account, admin: User) -> Iterator[tuple[str, str]]:
    """Pairs of an operation and its number of statements, at 30 and at 3,000 students where that could matter."""
    settings.ALLOWED_HOSTS = ["testserver"]
    courses = [data.make_course(root, size) for size in SIZES]
    student = User.objects.filter(enrollments__section__course=courses[0])[0]
    (one,) = data.make_tries(courses[0], admin, 1)
    bearer = {"headers": {"authorization": f"Bearer {one.token}"}}
    client = Client()
    yield "create a code (the rule)", _count(lambda: issue(student, by=student))
    yield (
        "redeem through the API",
        _count(lambda: client.post("/api/v1/users/self/observees", {"pairing_code": one.code}, **bearer)),
    )
    yield "GET observees", _count(lambda: client.get("/api/v1/users/self/observees", **bearer))
    yield (
        "export, 30 and 3,000 students",
        " and ".join(_count(_exporting(course, admin)) for course in courses),
    )
    staff = {"headers": {"authorization": f"Bearer {make_token(admin, 'bench', by=None)}"}}
    yield (
        "GET course users, 30 and 3,000 students",
        " and ".join(
            _count(lambda course=course: client.get(f"/api/v1/courses/{course.pk}/users?per_page=100", **staff))
            for course in courses
        ),
    )
    client.force_login(admin)
    yield (
        "People page, 30 and 3,000 students",
        " and ".join(_count(lambda course=course: client.get(f"/courses/{course.pk}/users")) for course in courses),
    )


def _exporting(course: Course, admin: User) -> Callable[[], object]:
    """An export by somebody who knows of the last one."""
    last = last_export(course, by=admin)
    after = last.pk if last else None
    return lambda: list(export(course, by=admin, zone=ZoneInfo("UTC"), after=after))


def _count(operation: Callable[[], object]) -> str:
    with CaptureQueriesContext(connection) as captured:
        operation()
    return str(len(captured))
