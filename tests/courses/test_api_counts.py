"""How many courses and accounts there are in an account or a term, for whoever may know that."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import BaseType
from courses.models import Term
from tests.api import Api
from tests.factories import AccountFactory, CourseFactory, allow, make_admin

pytestmark = pytest.mark.django_db

COUNTS = ["course_count", "sub_account_count"]


@pytest.fixture
def api(root):
    return Api(make_admin())


@pytest.fixture
def district(root):
    """The root with a course and two schools below it, one of which has a course and a sub-account."""
    CourseFactory(account=root)
    school, empty = AccountFactory(name="A School"), AccountFactory(name="B School")
    AccountFactory(parent=school)
    AccountFactory(parent=school, workflow_state="deleted")
    CourseFactory(account=school)
    CourseFactory(account=school, workflow_state="deleted")
    return [root, school, empty]


def test_accounts_come_with_how_many_courses_and_accounts_are_directly_in_them(api, district):
    root, school, _empty = district
    listed = api.get(f"accounts/{root.pk}/sub_accounts", include=COUNTS).json()
    assert [(each["course_count"], each["sub_account_count"]) for each in listed] == [(1, 1), (0, 0)]
    (own,) = api.get("accounts", include=COUNTS).json()
    assert (own["course_count"], own["sub_account_count"]) == (1, 2)
    shown = api.get(f"accounts/{school.pk}", include=COUNTS).json()
    assert (shown["course_count"], shown["sub_account_count"]) == (1, 1)
    assert not api.get(f"accounts/{school.pk}").json().keys() & {*COUNTS}


def test_who_does_not_see_the_courses_of_an_account_is_not_told_how_many_there_are(api, district):
    allow(BaseType.ACCOUNT_ADMIN, "read_course_list", enabled=False)
    for path in ("accounts/self", f"accounts/{district[1].pk}"):
        assert api.get(path, include=COUNTS).json().keys() & {*COUNTS} == {"sub_account_count"}
    Term.objects.create(name="Autumn")
    (term,) = api.get("accounts/self/terms", include=["course_count"]).json()["enrollment_terms"]
    assert "course_count" not in term


@pytest.mark.parametrize("path", ["sub_accounts", "terms"])
def test_counting_takes_the_same_statements_for_any_number(api, root, path):
    def one_more():
        CourseFactory(account=AccountFactory(), term=Term.objects.create(name="Autumn"))

    def counted():
        with CaptureQueriesContext(connection) as statements:
            found = api.get(f"accounts/self/{path}", include=COUNTS, per_page=50).json()
        rows = found if path == "sub_accounts" else found["enrollment_terms"]
        return [each["course_count"] for each in rows], len(statements)

    one_more()
    # With its first use a token is marked as used.
    counted()
    one, statements = counted()
    for _number in range(5):
        one_more()
    assert one == [1]
    assert counted() == ([1] * 6, statements)
