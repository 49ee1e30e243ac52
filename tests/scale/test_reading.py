"""No request reads a table that grows with the institution from one end to the other, whoever makes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import User, numbers
from bench.district import STUDENTS, District, look, make_district
from courses.models import Section
from tests.access.table import Row
from tests.access.visitors import Visitor, make_error_pages_once
from tests.access.world import World
from tests.database import let_everybody_leave
from tests.factories import RootFactory
from tests.scale.questions import asked, asked_with_filters, asked_with_words
from tests.scale.reading import Reading

pytestmark = pytest.mark.django_db

MANY = 65_000
# Tables of so many rows grow with the institution. Here, numbers that pages tell are counted to 1,000.
GROWN, MOST_COUNTED, MOST_READ = 20_000, 1_000, 12_000
# Whoever asks for everything gets everything.
READS_ALL = {"POST /accounts/{root}/user_observers": {"accounts_observationlink", "accounts_user"}}

# Lists in orders, and narrowed to what, no index has: docs/performance.md says why.
READ_MORE = {
    *(("/api/v1/accounts/{account}/courses", f"sort={key}") for key in ("account_name", "teacher", "term")),
    ("/api/v1/accounts/{account}/courses", "with_enrollments=false"),
    ("/api/v1/accounts/{account}/users", "sort=id"),
    ("/api/v1/accounts/{root}/terms", "include[]=course_count"),
}

SIZES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s ORDER BY relname"


@pytest.fixture(scope="module")
def district(django_db_setup, django_db_blocker) -> Iterator[District]:
    """A district of a hundred thousand people and a million enrollments, in a database of its own."""
    with django_db_blocker.unblock():
        name, creation = connection.settings_dict["NAME"], connection.creation
        let_everybody_leave()
        creation.clone_test_db("large", verbosity=0)
        _go_to(creation.get_test_db_clone_settings("large")["NAME"])
        try:
            made = make_district(RootFactory(), MANY)
            look()
            yield made
        finally:
            _go_to(name)
            creation.destroy_test_db(suffix="large", verbosity=0)


def _go_to(database: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = database


@pytest.fixture
def world(district) -> World:
    """Everybody of the table of addresses, in one of the schools of the district."""
    school = 7
    students = district.in_school(school, STUDENTS)
    # Every twentieth student takes the same courses.
    student, classmate = (User.objects.get(pk=district.student + students[n]) for n in (0, 20))
    section = Section.objects.filter(enrollments__user=student).first()
    teacher = User.objects.get(enrollments__section=section, enrollments__type="TeacherEnrollment")
    observer = student.observer_links.get().observer
    return World(section=section, student=student, classmate=classmate, teacher=teacher, observer=observer)


@pytest.fixture
def grown(world) -> list[str]:
    """The tables that grow."""
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        cursor.execute(SIZES, [GROWN])
        return [name for (name,) in cursor.fetchall()]


@pytest.fixture(autouse=True)
def _less_is_made_and_counted(monkeypatch) -> None:
    make_error_pages_once(monkeypatch)
    monkeypatch.setattr(numbers, "MOST_COUNTED", MOST_COUNTED)


def too_much(read: Mapping[str, int], row: Row) -> set[str]:
    """The tables of which too much was read for this address."""
    return {table for table, rows in read.items() if rows > MOST_READ} - READS_ALL.get(str(row), set())


def read_more(client: Client, asked: Iterator[tuple[Row, str, str]], grown: list[str]) -> set[tuple[str, str]]:
    """What reads too much, asked by the admin of the institution: the address, and what is asked of it besides."""
    found = set()
    for row, besides, address in asked:
        with transaction.atomic(), Reading(grown) as reading:
            client.get(address)
            transaction.set_rollback(True)
        if too_much(reading.read, row):
            found.add((row.path, besides))
    return found


def test_no_request_reads_a_table_that_grows_from_one_end_to_the_other(district, world, grown):
    named = {"accounts_user", "courses_enrollment", "accounts_observationlink", "courses_course", "accounts_auditevent"}
    assert named <= {*grown}
    found: dict[str, list[str]] = defaultdict(list)
    for visitor, row, ids in asked(world, [district.regions[0].pk, world.root.pk]):
        for by_statement in (False, True):
            with transaction.atomic(), Reading(grown, by_statement=by_statement) as reading:
                visitor.answer(row, ids)
                transaction.set_rollback(True)
            if not (tables := too_much(reading.read, row)):
                break
            for table in tables if by_statement else ():
                rows, sql = max((read[table], sql) for read, sql in reading.by)
                found[sql].append(f"{row} as {visitor.name} reads {reading.read[table]:,} of {table}, {rows:,} by this")
    assert not found, "\n\n".join("\n".join([sql, *where[:9]]) for sql, where in found.items())


def test_no_word_of_the_api_and_no_filter_of_a_page_reads_a_table_that_grows(district, world, grown):
    admin, above = world.people["admin"], [world.root.pk, district.regions[0].pk]
    api, browser = Client(headers=Visitor(world, "admin").headers), Client()
    browser.force_login(admin)
    on_pages = [*asked_with_filters(world, above)]
    # So that none are missed because a form looks another way.
    assert {("/accounts/{account}/courses", "?state=completed"), ("/courses/{course}/users", "?sort=role")} <= {
        (row.path, query) for row, query, _address in on_pages
    }
    found = read_more(api, asked_with_words(world, above), grown) | read_more(browser, iter(on_pages), grown)
    assert "\n".join(map(str, sorted(found ^ READ_MORE))) == ""


# Two letters of many first names, of many last names, of nobody; words together; logins and ids.
SEARCHES = (
    *("mi", "th", "zz", "ada", "a", "th ada", "mia t", "m l", "wim w", "ada thorn", "ada xy"),
    *("{student.short_name}", "{student.login_id}", "xyzzy"),
)
# A search may look at 8,000 rows along a list for each of its words, and at as many entries of its index.
MOST_SEARCHED = 40_000
SEARCHED = (
    *("/accounts/{account}/users?search=", "/accounts/{account}/admins/new?search=", "/courses/{course}/users?search="),
    *("/api/v1/accounts/{account}/users?search_term=", "/api/v1/courses/{course}/users?search_term="),
    "/accounts/{account}/courses?search=",
)


def test_no_search_reads_a_table_that_grows_from_one_end_to_the_other(district, world, grown):
    browser, api, found = Client(), Client(headers=Visitor(world, "admin").headers), []
    browser.force_login(world.people["admin"])
    section = Section.objects.select_related("course").filter(enrollments__user=world.people["student"]).first()
    for account in (world.root.pk, district.regions[0].pk, section.course.account_id):
        for address, words in product(SEARCHED, SEARCHES):
            path = address.format(account=account, course=section.course_id)
            path += quote(words.format(student=world.people["student"]))
            with transaction.atomic(), Reading(grown) as reading:
                assert (api if path.startswith("/api") else browser).get(path).status_code == 200, path
                transaction.set_rollback(True)
            found += [(path, table, rows) for table, rows in reading.read.items() if rows > MOST_SEARCHED]
    assert not found, "\n".join(map(str, found))
