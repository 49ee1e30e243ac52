"""The baselines of `make bench` still do what they are compared with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from accounts.models import Account, AuditEvent, ObservationLink, SelfRegistration, User
from bench import data, house
from bench.medians import interval, is_settled
from tests.factories import CourseFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("bench.urls")]


@pytest.fixture
def course(root):
    Account.objects.update(self_registration=SelfRegistration.ALL)
    return data.make_course(CourseFactory().account, 2)


def test_the_bare_redemption_leaves_what_the_real_one_leaves(client, course, admin):
    ours, bare = data.make_tries(course, admin, 2)
    said = AuditEvent.objects.count()
    answer = client.post(
        "/api/v1/users/self/observees", {"pairing_code": ours.code}, headers={"authorization": f"Bearer {ours.token}"}
    )
    recorded = AuditEvent.objects.count() - said
    other = client.post(f"/bench/redeem?token={bare.token}&observer={bare.observer_id}&code={bare.code}")
    assert (answer.status_code, other.status_code) == (200, 200)
    assert ObservationLink.objects.live().count() == 2
    assert AuditEvent.objects.count() - said == 2 * recorded


def test_the_bare_list_has_whom_the_real_one_has(client, course, admin):
    [one] = data.make_tries(course, admin, 1)
    token = {"authorization": f"Bearer {one.token}"}
    client.post("/api/v1/users/self/observees", {"pairing_code": one.code}, headers=token)
    [ours] = client.get("/api/v1/users/self/observees", headers=token).json()
    [bare] = client.get(f"/bench/observees/{one.observer_id}").json()
    assert ours["id"] == bare["student__id"]
    assert User.objects.get(pk=ours["id"]).short_name in client.get(f"/bench/page/{one.observer_id}").content.decode()


def run(*module_and_arguments: str) -> str:
    """Run a bench on a database of its own; what it prints."""
    command = [sys.executable, "-m", "config.throwaway_database", "--", sys.executable, "-m", *module_and_arguments]
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_bench_of_rosters_comes_to_its_end():
    assert "COPY of the same rows into the same tables" in run("bench.rosters", "300")


def test_in_the_bench_of_the_evening_every_family_gets_in():
    rows = [line.split(" | ") for line in run("bench.evening", "20").splitlines()[2:]]
    assert [row[-1] for row in rows] == ["0 |"] * 4


def test_pages_call_about_as_many_functions_as_when_they_were_measured_last():
    """Calls are counted, as seconds say nothing on a busy machine; a fifth more than written there fails."""
    rows = [line.split(" | ") for line in run("bench.pages", "--calls").splitlines()[2:]]
    assert len(rows) == 13


@pytest.mark.parametrize(("number", "low", "high"), [(6, 1, 6), (8, 1, 8), (10, 2, 9), (20, 6, 15), (40, 14, 27)])
def test_a_median_lies_between_the_figures_that_the_tables_of_the_sign_test_name(number, low, high):
    assert interval(range(number, 0, -1)) == (low, high)


def test_a_median_is_settled_by_more_figures_and_not_by_calmer_ones_only():
    restless = [0.9, 1.1, 0.97, 1.04, 1.0, 1.0, 0.8, 1.3, 0.94, 1.06]
    assert not is_settled(restless)
    assert is_settled(restless * 6)
    assert not is_settled([1.0] * 5), "too few to know how they scatter"


def test_the_measures_of_the_source_are_those_of_the_files(tmp_path):
    files = {
        "accounts/__init__.py": "",
        "accounts/models/user.py": '"""People."""\nfrom accounts.domain.reading import read\n\nclass User:\n    pass\n',
        "accounts/domain/reading.py": '"""Read."""\n# why\nimport pairing.models\n\ndef read() -> int:\n    return 1\n',
        "accounts/migrations/0001_initial.py": "def forget(): ...\n",
        "accounts/domain/read.sql": "-- why\n\nSELECT 1\n",
        "pairing/models.py": "from accounts.domain import reading\n",
        "pairing/views/codes.py": "def show(request, code):\n    one = 1\n    return one\n\n\ndef _help(text): ...\n",
        "tests/accounts/test_user.py": "def test():\n\n    assert True\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    rows = house.table(tmp_path)
    assert rows["modules"] == "4", "but for empty ones and migrations"
    assert rows["lines of a function: median / 95th percentile / longest"] == "2 / 3 / 3"
    assert rows["their lines: median / 95th percentile / longest"] == "2 / 3 / 3"
    assert (rows["those of them that take a request"], rows["the lines of these"]) == ("1", "3 / 3 / 3")
    assert rows["functions that say what they return"] == "33.3 %"
    assert rows["imports of a higher app or layer"] == "2"
    assert rows["accounts: modules / named by a gerund"] == "2 / 1"
    assert rows["accounts: lines of code / of tests / tests per line"] == "9 / 2 / 0.22"
    assert house.arrows_up(house.Module(Path("pairing/models.py"), files["pairing/models.py"])) == []


def test_the_bench_of_sizes_comes_to_its_end():
    """It asks everything of two districts, each in a database of its own."""
    run = [sys.executable, "-m", "config.throwaway_database", "--", sys.executable, "-m", "bench.scale"]
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    done = subprocess.run([*run, "500", "1000", "1"], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\n| ") > 30
