"""The rate of calls: what a token has left is told, and one that has used it up waits."""

import subprocess
import sys
from pathlib import Path

import pytest

from accounts.api.call_rate import BUCKETS, KEY, PLACES, Buckets
from tests.api import Api
from tests.factories import UserFactory, make_admin

NAMES = ("X-Request-Cost", "X-Rate-Limit-Remaining")
MANY = 300


def key(number: int) -> bytes:
    return number.to_bytes(KEY, "big")


@pytest.fixture(params=["file", "memory"])
def buckets(request, tmp_path) -> Buckets:
    return Buckets(tmp_path / "rates" if request.param == "file" else None)


def test_a_bucket_is_filled_by_calls_and_emptied_by_time(buckets):
    assert buckets.pour(key(1), 5, leak=2, now=100) == 5
    assert buckets.pour(key(1), 1, leak=2, now=101) == 4
    assert buckets.pour(key(1), -9, leak=2, now=101) == 0
    assert buckets.pour(key(1), 3, leak=2, now=200) == 3
    # A clock that is set back empties nothing, and fills nothing.
    assert buckets.pour(key(1), 1, leak=2, now=150) == 4


def test_each_token_has_its_own(buckets):
    same_place = [key(1 + number * BUCKETS) for number in range(PLACES)]
    for number, one in enumerate(same_place):
        assert buckets.pour(one, number + 1, leak=0, now=100) == number + 1
    for number, one in enumerate(same_place):
        assert buckets.pour(one, 0, leak=0, now=100) == number + 1
    # There is always room for one more: whoever has used least begins anew.
    assert buckets.pour(key(1 + PLACES * BUCKETS), 9, leak=0, now=100) == 9
    assert buckets.pour(same_place[-1], 0, leak=0, now=100) == PLACES
    assert buckets.pour(key(2**64 - 1), 1, leak=0, now=100) == 1


def test_where_nothing_can_be_written_it_is_kept_in_memory(tmp_path):
    (tmp_path / "file").write_text("")
    here = Buckets(tmp_path / "file" / "below")
    assert here.pour(key(1), 5, leak=0, now=1) == 5
    assert here.pour(key(1), 5, leak=0, now=1) == 10


POUR = """
import sys
from pathlib import Path
from accounts.api.call_rate import Buckets
here = Buckets(Path(sys.argv[1]))
for _number in range(int(sys.argv[2])):
    here.pour(b"12345678", 1, leak=0, now=1)
"""


def test_several_processes_fill_one_bucket_and_lose_nothing(tmp_path):
    path = tmp_path / "rates"
    command = [sys.executable, "-c", POUR, str(path), str(MANY)]
    running = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _number in range(3)]
    assert [one.wait(120) for one in running] == [0, 0, 0]
    assert Buckets(path).pour(b"12345678", 0, leak=0, now=1) == 3 * MANY


@pytest.mark.django_db
def test_every_answer_says_what_it_cost_and_what_is_left(root, settings):
    settings.API_RATE_PER_SECOND = 0
    api, left = Api(make_admin()), settings.API_RATE_LIMIT
    for path in ("users/self", "accounts/self/users", "users/999999", "accounts/self/users?sort=nonsense"):
        answer = api.get(path)
        cost, now_left = (float(answer.headers[name]) for name in NAMES)
        assert cost > 0
        assert now_left == pytest.approx(left - cost, abs=0.001)
        left = now_left
    assert not set(NAMES) & set(Api().get("accounts/self/terms_of_service").headers)


@pytest.mark.django_db
def test_a_token_that_has_used_up_its_rate_waits_and_no_other_does(root, settings):
    settings.API_RATE_LIMIT, settings.API_RATE_PER_SECOND = 0.05, 0
    user = UserFactory()
    api, other = Api(user), Api(user)
    statuses = [api.get("users/self").status_code for _number in range(7)]
    assert statuses[0] == 200
    assert statuses[-1] == 403
    refused = api.get("users/self")
    assert refused.content == b"403 Forbidden (Rate Limit Exceeded)\n"
    assert refused.headers["X-Rate-Limit-Remaining"] == "0.0"
    assert int(refused.headers["Retry-After"]) > 0
    assert other.get("users/self").status_code == 200
    settings.API_RATE_LIMIT = 0
    unlimited = api.get("users/self")
    assert unlimited.status_code == 200
    assert not set(NAMES) & set(unlimited.headers)


@pytest.mark.django_db
def test_what_a_token_has_used_comes_back_with_time(root, settings):
    settings.API_RATE_LIMIT, settings.API_RATE_PER_SECOND = 0.01, 0
    api = Api(UserFactory())
    while api.get("users/self").status_code == 200:
        pass
    settings.API_RATE_PER_SECOND = 1_000_000
    assert api.get("users/self").status_code == 200


@pytest.mark.django_db
def test_the_rate_costs_no_statement(root, django_assert_num_queries):
    api = Api(UserFactory())
    with django_assert_num_queries(1):
        assert "X-Request-Cost" in api.get("users/self").headers
