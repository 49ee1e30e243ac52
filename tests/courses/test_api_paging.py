"""Paging through lists while people come and go: nobody twice, and nobody left out who is there all the time."""

from datetime import UTC, datetime
from random import Random
from urllib.parse import urlsplit

import pytest

from accounts.models import BaseType, User
from accounts.permissions.resolver import account_permissions
from courses.domain.people_lists import SORTS, people_sorted
from courses.models import Enrollment, Term
from tests.api import Api
from tests.factories import EnrollmentFactory, SectionFactory, UserFactory, make_admin

pytestmark = pytest.mark.django_db

# Names that compare equal but for case and marks; below, emails and ids that are missing or the same.
NAMES = ("Ana", "ana", "Ána", "Bo", "Zoe", "Øre", "Mia", "mia")


def come(chance: Random, section) -> User:
    name = f"{chance.choice(NAMES)} {chance.choice(NAMES)}"
    email = chance.choice(["", "a@example.org", f"{chance.random()}@example.org"])
    sis_user_id, integration_id = (chance.choice([None, f"S{chance.random()}"]) for _each in range(2))
    last_login = chance.choice([None, datetime(2026, 9, chance.randrange(1, 4), tzinfo=UTC)])
    person = UserFactory(
        name=name, email=email, sis_user_id=sis_user_id, integration_id=integration_id, last_login=last_login
    )
    kind = chance.choice([BaseType.STUDENT, BaseType.TEACHER, BaseType.OBSERVER])
    EnrollmentFactory(section=section, user=person, type=kind)
    return person


def go(person: User) -> None:
    Enrollment.objects.filter(user=person).update(state="deleted")
    User.objects.filter(pk=person.pk).update(state="deleted")


def following(answer) -> str:
    """The path and query of the next page; empty for the last."""
    (found,) = [part for part in answer.headers["Link"].split(",") if 'rel="next"' in part] or [""]
    address = urlsplit(found.partition(">")[0].strip(" <"))
    return f"{address.path.removeprefix('/api/v1/')}?{address.query}" if found else ""


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("accounts/self/users", {}),
        ("accounts/self/users", {"sort": "id"}),
        ("accounts/self/users", {"sort": "email", "order": "desc"}),
        ("accounts/self/users", {"sort": "sis_id"}),
        ("accounts/self/users", {"sort": "sis_id", "order": "desc"}),
        *(
            ("accounts/self/users", {"sort": sort, "order": order})
            for sort in ("last_login", "integration_id", "email")
            for order in ("asc", "desc")
        ),
        ("courses/{course}/users", {}),
        ("courses/{course}/users", {"sort": "email"}),
        ("courses/{course}/enrollments", {}),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_listed_twice_and_whoever_stays_is_listed(root, path, query, seed):
    chance, section, admin = Random(f"{seed} {path} {query}"), SectionFactory(), make_admin()
    people, gone = [], set()
    for _number in range(14):
        people.append(come(chance, section))
    there, api, seen = {person.pk for person in people}, Api(admin), []
    answer = api.get(path.format(course=section.course_id), per_page=chance.choice([2, 3]), **query)
    while True:
        seen += [row.get("user_id", row["id"]) for row in answer.json()]
        address = following(answer)
        if not address:
            break
        for _number in range(chance.randrange(3)):
            people.append(come(chance, section))
        for person in chance.sample(people, chance.randrange(3)):
            go(person)
            gone.add(person.pk)
        answer = api.get(address)
        assert answer.status_code == 200
    assert len(seen) == len(set(seen))
    assert there - gone <= set(seen)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", SORTS)
def test_everybody_is_listed_in_the_order_of_a_plain_list(root, sort, order):
    chance, section, admin = Random(f"{sort} {order}"), SectionFactory(), make_admin()
    for _number in range(12):
        come(chance, section)
    keys, is_descending = account_permissions(admin, root), order == "desc"
    plain = [one.pk for one in people_sorted(User.objects.present(), sort, keys, descending=is_descending)]
    api, by_number, by_link = Api(admin), [], []
    for page in range(1, 8):
        found = api.get("accounts/self/users", sort=sort, order=order, per_page=2, page=page)
        by_number += [row["id"] for row in found.json()]
    address = f"accounts/self/users?sort={sort}&order={order}&per_page=3"
    while address:
        answer = api.get(address)
        by_link += [row["id"] for row in answer.json()]
        address = following(answer)
    assert by_link == plain
    assert by_number == plain[: len(by_number)]
    assert len(plain) == 13


@pytest.mark.parametrize("list_name", ["terms", "admins", "sub_accounts", "courses", "roles"])
def test_the_pages_together_are_the_whole_list(root, list_name):
    for number, day in enumerate([None, "2026-01-01", "2026-02-01", None, "2026-02-01", None]):
        Term.objects.create(name=f"Term {number}", start_at=day and f"{day}T00:00:00Z")
        SectionFactory(course__account__name=f"School {number % 2}")
        admin = make_admin(name=f"Ann {number % 2}")

    def rows(answer):
        found = answer.json()
        return [one["id"] for one in (found["enrollment_terms"] if isinstance(found, dict) else found)]

    api, path = Api(admin), f"accounts/self/{list_name}"
    whole, seen, address = rows(api.get(path, per_page=100)), [], f"{path}?per_page=2"
    assert len(whole) > 5
    while address:
        answer = api.get(address)
        seen += rows(answer)
        address = following(answer)
    assert seen == whole
