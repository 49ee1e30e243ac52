"""Searches find the same on every page and in every list of the API, and soon, however many people there are."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import BaseType, User, search
from accounts.permissions.registry import Permission
from courses.domain.rosters import people_of, searched
from tests.api import Api
from tests.factories import CourseFactory, EnrollmentFactory, SectionFactory, UserFactory, make_admin

Entrance = Callable[[SimpleNamespace, User, str], set[int]]
ALL = frozenset({Permission.VIEW_USER_LOGINS, Permission.READ_SIS})

# What is typed, and whether it finds José, whom everybody calls Pepe: login jbrien7, jo@school.example, Stu-0042.
PEOPLE = {
    **dict.fromkeys(("jose", "JOSÉ", "jose\u0301", "jos", "jo", "j"), True),
    **dict.fromkeys(
        ("muller jose", "jose o'brien", "o’brien", "obrien", "brien", "o brien", "o'b mul", "brienmu"), True
    ),
    **dict.fromkeys(("O'Brien-Müller, José", "weiß", "weiss", "Weiß mull", "pepe", "pepe obr"), True),
    **dict.fromkeys(("jbr", "JBRIEN7", "jo@sch", "stu-00", "STU-0042"), True),
    **dict.fromkeys(
        ("ose", "uller", "eiss", "epe", "jose jbrien7", "brien7", "school.example", "0042", "josex"), False
    ),
    **dict.fromkeys(("%", "_", "\\", "'", "j%e", "jose maria", "jose | ann", "a & b"), False),
    # Signs that no name has count for nothing.
    **dict.fromkeys(("jo_", "<obrien", "obrien:*", "!jose"), True),
}


@pytest.fixture
def jose(school) -> User:
    """A person of the course and of the school, who is an admin of both accounts too; and others like him."""
    names: dict[str, Any] = {
        "name": "José Weiß O’Brien-Müller",
        "sortable_name": "O’Brien-Müller, José Weiß",
        "short_name": "Pepe",
    }
    person = make_admin(**names, login_id="jbrien7", email="Jo@school.example", sis_user_id="Stu-0042")
    EnrollmentFactory(user=person, section=school.section)
    EnrollmentFactory(section=school.section, type=BaseType.OBSERVER, user=school.observer)
    return person


def on_page(name: str, *args: str) -> Entrance:
    """Return what searches on a page, whose address has the ids of these, or a word as it is."""

    def find(school, by: User, words: str) -> set[int]:
        client = Client()
        client.force_login(by)
        ids = [arg.removeprefix("=") if arg.startswith("=") else getattr(school, arg).pk for arg in args]
        page = client.get(reverse(name, args=ids), {"search": words}).context["page"]
        return {getattr(one, "user_id", one.pk) for one in page.items}

    return find


def by_api(path: str) -> Entrance:
    """Return what searches in a list of the API."""

    def find(school, by: User, words: str) -> set[int]:
        answer = Api(by).get(path.format(school=school), search_term=words, per_page=100)
        assert answer.status_code == 200, answer.content
        return {one.get("user", one)["id"] for one in answer.json()}

    return find


ENTRANCES = {
    "users": on_page("account_users", "root"),
    "users of a school": on_page("account_users", "account"),
    "people of a course": on_page("course_people", "course"),
    "admins": on_page("account_admins", "root"),
    "new admin": on_page("find_account_admin", "root"),
    "observer's student": on_page("find_to_link", "root", "observer", "=student"),
    "student's observer": on_page("find_to_link", "root", "student", "=observer"),
    "observer's student in a course": on_page("course_link_students", "course", "observer"),
    "API users": by_api("accounts/self/users"),
    "API users of a school": by_api("accounts/{school.account.pk}/users"),
    "API users of a course": by_api("courses/{school.course.pk}/users"),
    "API admins": by_api("accounts/self/admins"),
}


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_people_are_found_by_the_same_beginnings_everywhere(school, root, jose, entrance):
    school.root = root
    found = {words: jose.pk in ENTRANCES[entrance](school, school.admin, words) for words in PEOPLE}
    assert found == PEOPLE


# The same for courses and their sections.
COURSES = {
    **dict.fromkeys(("educ", "ÉDUCATION", "phys educ", "eps", "eps-1", "eps101", "101", "c-7", "C-77X"), True),
    **dict.fromkeys(("ducation", "77x", "eps educ c-77x", "%", "ps-101"), False),
}


@pytest.mark.parametrize("account", ["self", "school"])
def test_courses_are_found_by_the_same_beginnings_everywhere(school, root, account):
    home = root if account == "self" else school.account
    course = CourseFactory(account=home, name="Éducation physique", course_code="EPS-101", sis_course_id="C-77x")
    client, api = Client(), Api(school.admin)
    client.force_login(school.admin)

    def on_page(words: str) -> bool:
        page = client.get(reverse("account_courses", args=[home.pk]), {"search": words}).context["page"]
        return course.pk in {one.pk for one in page.items}

    def by_api(words: str) -> bool:
        return course.pk in {one["id"] for one in api.get(f"accounts/{home.pk}/courses", search_term=words).json()}

    assert {words: on_page(words) for words in COURSES} == COURSES
    assert {words: by_api(words) for words in COURSES} == COURSES


def test_sections_are_found_by_the_beginnings_of_their_words(school):
    section = SectionFactory(course=school.course, name="Classe d’été 7B")
    api, path = Api(school.admin), f"courses/{school.course.pk}/sections"
    expected = {"classe": True, "ETE": True, "7b cl": True, "b": False, "lasse": False}
    found = {words: section.pk in {one["id"] for one in api.get(path, search_term=words).json()} for words in expected}
    assert found == expected


@pytest.mark.parametrize(
    ("page", "args"),
    [
        ("account_users", ["root"]),
        ("course_people", ["course"]),
        ("find_account_admin", ["root"]),
        ("course_link_students", ["course", "observer"]),
    ],
)
def test_pages_say_what_a_search_finds_people_by(school, root, jose, page, args):
    school.root = root
    client = Client()
    client.force_login(school.admin)
    shown = client.get(reverse(page, args=[getattr(school, arg).pk for arg in args])).content.decode()
    assert "Beginning of a name, login, email or SIS ID" in shown
    assert 'aria-describedby="search-help"' in shown


GIVEN = ("Mia", "Max", "Li", "Schirin", "Zoë", "Mia Max", "Lea Örs Łucja", "美玲", "Mo Mia Zed")
FAMILIES = ("Schmidt", "Mays", "de Maas", "Mia", "Zorn", "Abel-Schulz", "Ma")


@pytest.fixture
def crowd(root) -> None:
    """People whose names begin alike in all the ways that searches tell apart, in no order."""
    for number, (given, family) in enumerate((given, family) for family in FAMILIES for given in GIVEN):
        login = f"{'ma' if number % 3 else 'x'}{number}"
        UserFactory(name=f"{given} {family}", sortable_name=f"{family}, {given}", login_id=login)


# How much is looked through before, how many the database expects of the first it is asked about, and of the others.
WAYS: dict[str, tuple[int, float, float] | None] = {
    "by the index": None,
    "along the list": (60, 1, 1e9),
    "by the index, after a little of the list": (3, 1, 1e9),
    "by the index, after a little of each last name": (3, 0, 1e4),
}


@pytest.fixture(params=WAYS)
def _way(request, monkeypatch) -> None:
    """Each way to answer a search."""
    if way := WAYS[request.param]:
        ahead, of_first, of_others = way
        monkeypatch.setattr(search, "AHEAD", ahead)
        monkeypatch.setattr(search, "FEW", 0)
        monkeypatch.setattr(search, "expected", lambda _rows, *found: [of_first, *[of_others] * (len(found) - 1)])


SEARCHES = (
    *(
        "ma",
        "sch",
        "m",
        "mia",
        "mia m",
        "m m",
        "ma sch",
        "zo",
        "zorn z",
        "de m",
        "maas de mi",
        "nobody",
        "ma1",
        "-",
        "ma-",
        *("mia max", "max mi", "m l", "l m", "o le", "luc or", "le or lu", "or lu s", "zed mia m", "mo zed", "mo mo z"),
        *("美 s", "玲 z", "mo schm mia", "mia mia", "x1 m", "mia\\ max'", "lea o l s a sc", "m a x i z l"),
    ),
)


@pytest.mark.usefixtures("_way", "crowd")
def test_searches_of_everybody_find_what_plain_ones_find_whichever_way_is_taken(root):
    plain = User.objects.present().by_name()
    for words in SEARCHES:
        wanted = list(searched(plain, words, ALL))
        found = searched(people_of(root), words, ALL)
        for start, stop in ((0, 3), (3, 9), (0, 51), (20, 60)):
            assert found.rows(start, stop) == wanted[start:stop], (words, start, stop)


@pytest.mark.usefixtures("_way", "crowd")
def test_searches_of_everybody_are_read_page_by_page_whichever_way_is_taken(admin):
    api, found = Api(admin), []
    answer = api.get("accounts/self/users", search_term="ma", per_page=3)
    while True:
        found += [one["id"] for one in answer.json()]
        if 'rel="next"' not in answer.headers["Link"]:
            break
        (address,) = (link.split(">")[0][1:] for link in answer.headers["Link"].split(",") if 'rel="next"' in link)
        answer = Client(headers=api.headers).get(address)
    assert found == [one.pk for one in searched(User.objects.present().by_name(), "ma", ALL)]
    assert len(found) > 20


# Where nothing is left to the planner's luck: the last names of one in ten begin with “zz” and stand at the end.
THOUSANDS = """
INSERT INTO accounts_user (password, name, sortable_name, short_name, login_id, email, sis_user_id, locale, time_zone,
                           state, initial_enrollment_type, session_epoch, created_at)
SELECT '', given || ' ' || family, family || ', ' || given, given || ' ' || family, 'l' || n,
       'm' || n || '@school.example', 'N-' || n, '', '', 'registered', '', 0, now()
FROM (SELECT n, CASE WHEN n % 2 = 0 THEN 'Mia' ELSE 'Bo' || chr(97 + n % 26) || chr(97 + n % 23) END AS given,
             CASE WHEN n % 10 = 0 THEN 'Zz' ELSE chr(65 + n % 25) END || word AS family
      FROM generate_series(1, 30000) n, translate(md5(n::text), '0123456789', 'ghijklmnop') word) people
"""
FEW = 1_000


@pytest.fixture
def _thousands(root) -> None:
    with connection.cursor() as cursor:
        cursor.execute(THOUSANDS)
        cursor.execute("ANALYZE accounts_user")


def rows_read(plan: dict) -> int:
    """Return how many people a plan looked at."""
    below = sum(map(rows_read, plan.get("Plans", ())))
    if plan.get("Relation Name") != "accounts_user" or plan["Node Type"] == "Index Only Scan":
        return below
    removed = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    return below + (plan["Actual Rows"] + removed) * plan["Actual Loops"]


@pytest.mark.usefixtures("_thousands")
@pytest.mark.parametrize(
    "words", ["zz", "mi", "boa", "l123", "n-2999", "m777@", "zza mia", "mia zz0", "nobody at all", "qx"]
)
def test_a_search_of_everybody_looks_at_few_people(root, words):
    found = searched(people_of(root), words, ALL)
    with CaptureQueriesContext(connection) as captured:
        found.rows(0, 51)
    looked_at = 0
    for query in captured:
        if not query["sql"].startswith("EXPLAIN"):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}")
                looked_at += rows_read(cursor.fetchone()[0][0]["Plan"])
    assert looked_at < FEW
