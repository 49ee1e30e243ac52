"""Every query that is kept gives each reader what it would give if it were built anew."""

import gc
from collections.abc import Sequence
from itertools import product
from typing import get_type_hints

import pytest
from django.core.management import call_command
from django.db.models import Model
from django.urls import get_resolver

from accounts.models import Account, BaseType, Role, User
from accounts.models.prepared import Prepared
from courses.models import Course, Enrollment, Section

READERS = ("admin", "teacher", "adminstudent", "student1", "student2", "parent1", "parent2")


def queries() -> list[Prepared]:
    """All of the project's, wherever they are declared."""
    # Whatever answers a request has been imported then.
    _ = get_resolver().url_patterns
    # Asked for its type, a lazy object stays what it is.
    found = [each for each in gc.get_objects() if type(each) is Prepared]
    return [each for each in found if not each._build.__module__.startswith("tests")]


def samples() -> dict[object, Sequence[object]]:
    """By the type of an argument, some that there are."""
    people = list(User.objects.filter(login_id__in=READERS).order_by("pk"))
    courses = list(Course.objects.order_by("pk")[:4])
    return {
        User: people,
        Course: courses,
        Account: list(Account.objects.order_by("pk")),
        Section: list(Section.objects.order_by("pk")[:3]),
        int: [people[0].pk, courses[0].pk, 0],
        list[int]: [[], [person.pk for person in people], list(Role.objects.values_list("pk", flat=True))],
        list[str]: [[], [BaseType.TEACHER.value], list(BaseType.values)],
    }


def content(row: object) -> object:
    return {name: value for name, value in vars(row).items() if name != "_state"} if isinstance(row, Model) else row


@pytest.mark.django_db
def test_every_prepared_query_gives_everyone_what_it_would_give_if_it_were_built_anew():
    call_command("seed_demo", students=9, verbosity=0)
    Enrollment.objects.filter(pk__in=Enrollment.objects.values("pk")[:3]).update(state=Enrollment.State.COMPLETED)
    known, filled, every = samples(), set(), queries()
    assert len(every) > 20
    for query in every:
        hints = {name: kind for name, kind in get_type_hints(query._build).items() if name != "return"}
        for values in product(*(known[kind] for kind in hints.values())):
            given = dict(zip(hints, values, strict=True))
            anew = [content(row) for row in query._build(**given)]
            assert [content(row) for row in query(**given)] == anew, (query._build, given)
            if anew:
                filled.add(query)
    empty = {query._build.__name__ for query in every if query not in filled}
    assert len(empty) < len(every) / 3, empty
