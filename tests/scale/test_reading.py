"""No request reads a table that grows with the institution from one end to the other, whoever makes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import product
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.api.endpoints import every_call
from accounts.api.parameter_types import Includes, NotServed, Parameter, Word, Words
from accounts.models import User, numbers
from bench.district import STUDENTS, District, look, make_district
from courses.models import Section
from tests.access.table import EVERYBODY, ROWS, THERE, Row, names
from tests.access.test_api_parameters_read import rows_of, sample
from tests.access.visitors import Visitor, make_error_pages_once
from tests.access.world import World
from tests.database import let_everybody_leave
from tests.factories import RootFactory

pytestmark = pytest.mark.django_db

MANY = 65_000
# Tables of so many rows grow with the institution. Here, numbers that pages tell are counted to 1,000.
GROWN, MOST_COUNTED, MOST_READ = 20_000, 1_000, 12_000
# Whoever asks for everything gets everything.
READS_ALL = {"POST /accounts/{root}/user_observers": {"accounts_observationlink", "accounts_user"}}

# Lists that are sorted or narrowed by what no index has, or that count everything once, take longer in a larger place.
READ_MORE = {
    ("/api/v1/accounts/{account}/users", "enrollment_type[]"),
    ("/api/v1/accounts/{account}/users", "sort"),
    ("/api/v1/accounts/{root}/terms", "include[]"),
    ("/api/v1/accounts/{account}/courses", "enrollment_type[]"),
    ("/api/v1/accounts/{account}/courses", "enrollment_workflow_state[]"),
    ("/api/v1/accounts/{account}/courses", "completed"),
    ("/api/v1/accounts/{account}/courses", "sort"),
}

SIZES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s ORDER BY relname"
# What the transaction at hand has read so far of each: rows, and entries of its indexes.
READ = """
SELECT of.relname, pg_stat_get_xact_tuples_returned(of.oid) + pg_stat_get_xact_tuples_fetched(of.oid)
       + coalesce(sum(pg_stat_get_xact_tuples_returned(index.indexrelid)), 0)
FROM pg_class of LEFT JOIN pg_index index ON index.indrelid = of.oid
WHERE of.relname = ANY(%s) AND of.relkind = 'r' GROUP BY of.oid, of.relname
"""


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


class Reading:
    """How much of each table that grows is read while this is entered; and by each statement, if that is asked."""

    def __init__(self, tables: list[str], *, by_statement: bool = False) -> None:
        self._tables = tables
        self._by_statement, self._watching = by_statement, ExitStack()
        self._before: dict[str, int] = {}
        self.read: dict[str, int] = {}
        self.by: list[tuple[dict[str, int], str]] = []

    def __enter__(self) -> Reading:
        self._before = self._so_far()
        if self._by_statement:
            self._watching.enter_context(connection.execute_wrapper(self._statement))
        return self

    def __exit__(self, *exception: object) -> None:
        self._watching.close()
        self.read = self._since(self._before)

    def _statement(self, execute: Any, sql: str, params: Any, many: bool, context: Mapping[str, Any]) -> Any:
        before = self._so_far()
        answer = execute(sql, params, many, context)
        self.by.append((self._since(before), sql))
        return answer

    def _since(self, before: Mapping[str, int]) -> dict[str, int]:
        return {table: read - before[table] for table, read in self._so_far().items()}

    def _so_far(self) -> dict[str, int]:
        return dict(connection.connection.execute(READ, [self._tables]).fetchall())


def asked(world: World, above: list[int]) -> Iterator[tuple[Visitor, Row, Mapping[str, int | str]]]:
    """Every address, as each kind of person; what changes something, as those who get in.

    Those of the other school are of the same kinds. What is about an account is asked of those further up, too.
    """
    for name in [name for name in EVERYBODY if name not in names(THERE)]:
        visitor = Visitor(world, name)
        for row in ROWS:
            if row.method == "GET" or name in row.who:
                yield visitor, row, world.ids(world.here)
    admin = Visitor(world, "admin")
    for account in above:
        for row in ROWS:
            if "{account}" in row.path:
                yield admin, row, world.ids(world.here, account=account)


def asked_with_words(world: World) -> Iterator[tuple[Row, Parameter[Any], str]]:
    """Every call of the API that reads, with each word that one of its parameters takes, or one value of the others."""
    ids = {**world.ids(world.here), "account": world.root.pk}
    for call in every_call():
        parameters = [one for one in call.takes if not isinstance(one, NotServed)] if call.method == "GET" else []
        for row, parameter in product(rows_of(call), parameters):
            words = parameter.words or () if isinstance(parameter, Word | Words | Includes) else ()
            for pair in [(parameter.name, word) for word in words] or sample(parameter, ids):
                yield row, parameter, f"{row.path.format_map(ids)}?{urlencode([pair])}"


def too_much(read: Mapping[str, int], row: Row) -> set[str]:
    """The tables of which too much was read for this address."""
    return {table for table, rows in read.items() if rows > MOST_READ} - READS_ALL.get(str(row), set())


def read_more_by_a_word(world: World, grown: list[str]) -> set[tuple[str, str]]:
    """The calls, and of each the parameter, which read too much for the admin of the institution."""
    client, found = Client(headers=Visitor(world, "admin").headers), set()
    for row, parameter, address in asked_with_words(world):
        with transaction.atomic(), Reading(grown) as reading:
            client.get(address)
            transaction.set_rollback(True)
        if too_much(reading.read, row):
            found.add((row.path, parameter.name))
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
    assert read_more_by_a_word(world, grown) - READ_MORE == set()


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
