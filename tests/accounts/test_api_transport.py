"""What holds for every endpoint: who asks, how ids, times and refusals look, how lists are paged."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.api.renderers import with_string_ids
from accounts.models import AccessToken, User
from tests.api import Api, ids
from tests.factories import UserFactory, make_admin

pytestmark = pytest.mark.django_db

REALM = 'Bearer realm="canvas-lms"'


def test_without_a_token_there_is_a_401_that_says_so(root):
    answer = Api().get("users/self")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == REALM
    assert answer.json() == {
        "status": "unauthenticated",
        "errors": [{"message": "user authorization required"}],
    }


@pytest.mark.parametrize("token", ["nonsense", "", "a b", "\xe9", "x" * 5000])
def test_a_bad_token_is_a_401_that_clients_take_for_one(root, token):
    answer = Api(**{"Authorization": f"Bearer {token}"}).get("users/self")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == REALM
    assert answer.json() == {"errors": [{"message": "Invalid access token."}]}


def test_an_expired_token_is_refused_and_stays_on_record(root):
    user = UserFactory()
    api = Api(user)
    AccessToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert api.get("users/self").status_code == 401
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize("state", [User.State.SUSPENDED, User.State.DELETED])
def test_the_token_of_a_suspended_or_deleted_person_is_refused(root, state):
    user = UserFactory()
    api = Api(user)
    User.objects.update(state=state)
    assert api.get("users/self").status_code == 401


def test_a_token_in_the_address_is_refused_with_what_to_do_unless_the_site_accepts_it(root, settings):
    user = UserFactory()
    token = Api(user).headers["Authorization"].removeprefix("Bearer ")
    answer = Api().get("users/self", access_token=token)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == REALM
    assert "Authorization: Bearer" in answer.json()["errors"][0]["message"]
    # The header counts, where there is one.
    assert Api(user).get("users/self", access_token="nonsense").json()["id"] == user.pk
    settings.ACCESS_TOKEN_IN_QUERY = True
    assert Api().get("users/self", access_token=token).json()["id"] == user.pk
    assert Api().get("users/self", access_token="nonsense").status_code == 401
    listed = Api().get("courses", access_token=token)
    assert listed.status_code == 200
    assert token not in listed.headers["Link"]


@pytest.mark.parametrize("accepts", [True, False])
def test_the_token_of_somebody_to_observe_is_never_the_callers(root, settings, accepts):
    settings.ACCESS_TOKEN_IN_QUERY = accepts
    student, observer = UserFactory(initial_enrollment_type="student"), UserFactory()
    token = Api(student).headers["Authorization"].removeprefix("Bearer ")
    path = f"users/self/observees?access_token={token}"
    assert Api().post(path).json()["errors"][0]["message"] == "user authorization required"
    assert Api(observer).post(path).json()["id"] == student.pk


def test_a_browser_session_does_not_open_the_api(root):
    client = Client()
    client.force_login(UserFactory())
    assert client.get("/api/v1/users/self").status_code == 401


def test_a_request_costs_one_statement_for_the_token(root, django_assert_num_queries):
    api = Api(UserFactory())
    with django_assert_num_queries(1):
        assert api.get("users/self").status_code == 200


def test_trailing_slash_and_json_suffix_are_served_without_a_redirect(root):
    api = Api(UserFactory())
    assert api.get("users/self/").status_code == 200
    assert api.get("users/self.json").status_code == 200


def test_what_is_not_there_is_a_404_in_json(root):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        answer = Api().raw(method, "no/such/thing")
        assert answer.status_code == 404
        assert answer.json() == {"errors": [{"message": "The specified resource does not exist."}]}


def test_the_wrong_method_is_a_405_in_json(root):
    for method in ("DELETE", "OPTIONS"):
        answer = Api(UserFactory()).raw(method, "users/self")
        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]
        assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("accept", ["text/html", "image/png", "nonsense", "application/xml;q=0.9"])
def test_whatever_a_client_accepts_it_gets_json(root, accept):
    answer = Api(UserFactory(), Accept=accept).get("users/self")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


def test_ids_are_strings_for_clients_that_ask_for_that(root):
    user = UserFactory()
    assert Api(user).get("users/self").json()["id"] == user.pk
    answer = Api(user, Accept="application/json+canvas-string-ids").get("users/self")
    assert answer.json()["id"] == str(user.pk)


def test_every_kind_of_id_becomes_a_string_and_nothing_else_does():
    given = {
        "id": 1,
        "user_id": 2,
        "none_id": None,
        "link_ids": [3, 4],
        "count": 5,
        "inner": [{"id": 6, "yes": True}],
    }
    assert with_string_ids(given) == {
        "id": "1",
        "user_id": "2",
        "none_id": None,
        "link_ids": ["3", "4"],
        "count": 5,
        "inner": [{"id": "6", "yes": True}],
    }


def test_times_are_in_utc_to_the_second(root):
    user = UserFactory()
    User.objects.update(created_at=datetime(2026, 11, 28, 3, 0, 0, 123456, tzinfo=UTC))
    assert Api(user).get("users/self").json()["created_at"] == "2026-11-28T03:00:00Z"


def test_answers_are_kept_out_of_caches(root):
    assert Api(UserFactory()).get("users/self").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        f"users/{2**63}",
        f"users/{'9' * 400}",
        "users/-1",
        "users/0",
        "users/sis_user_id:a%00b",
        "users/sis_user_id:",
        f"users/sis_user_id:{'x' * 300}",
        "users/nonsense:1",
        "users/%F0%9F%90%8C",
        "users/٣",
        "accounts/999999",
        "courses/999999",
        "sections/999999",
    ],
)
def test_an_id_that_is_nobodys_is_a_404(root, path):
    assert Api(make_admin()).get(path).status_code == 404


# Lists, by the example of the people of the institution.


def links(answer) -> dict[str, str]:
    found = {}
    for part in answer.headers["Link"].split(","):
        address, rel = part.split(";")
        found[rel.strip().removeprefix('rel="').removesuffix('"')] = address.strip("<>")
    return found


def test_a_list_has_ten_rows_a_page_and_a_hundred_at_most(root):
    admin = make_admin()
    UserFactory.create_batch(104)
    api = Api(admin)
    assert len(api.get(f"accounts/{root.pk}/users").json()) == 10
    assert len(api.get(f"accounts/{root.pk}/users", per_page=1000).json()) == 100


def test_the_pages_together_are_the_whole_list(root):
    admin = make_admin()
    UserFactory.create_batch(6)
    api, address, seen = Api(admin), f"accounts/{root.pk}/users?per_page=3", []
    while address:
        answer = api.get(address)
        seen += ids(answer)
        address = links(answer).get("next", "").removeprefix("http://testserver/api/v1/")
    assert len(seen) == len(set(seen)) == 7


def test_the_link_header_repeats_every_filter_in_full_addresses(root):
    admin = make_admin()
    UserFactory.create_batch(5, name="Ana, B;[c]")
    answer = Api(admin).get(
        f"accounts/{root.pk}/users", include=["email", "avatar_url"], search_term=", B;[", per_page=2, page=2
    )
    found = links(answer)
    assert set(found) == {"current", "first", "prev", "next"}
    filters = "include%5B%5D=email&include%5B%5D=avatar_url&search_term=%2C+B%3B%5B"
    assert found["next"].startswith(f"http://testserver/api/v1/accounts/{root.pk}/users?{filters}&page=bookmark%3A")
    assert found["next"].endswith("&per_page=2")
    for rel, page in {"current": 2, "first": 1, "prev": 1}.items():
        assert found[rel] == f"http://testserver/api/v1/accounts/{root.pk}/users?{filters}&page={page}&per_page=2"


def test_the_last_page_says_that_it_is_the_last(root):
    admin = make_admin()
    found = links(Api(admin).get("accounts/self/users"))
    assert set(found) == {"current", "first", "last"}


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "9" * 30])
def test_a_page_that_makes_no_sense_is_the_first(root, page):
    admin = make_admin()
    assert ids(Api(admin).get("accounts/self/users", page=page)) == [admin.pk]


def test_a_page_behind_the_last_is_empty(root):
    assert ids(Api(make_admin()).get("accounts/self/users", page=999999999)) == []


def test_of_a_doubled_number_the_last_counts(root):
    admin = make_admin()
    UserFactory.create_batch(3)
    assert len(ids(Api(admin).get("accounts/self/users?per_page=2&per_page=100"))) == 4
