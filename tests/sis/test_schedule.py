"""Who looks after rosters is told when one did not come that was expected: as set, or as earlier ones let one learn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, User
from courses.domain.history import lines
from sis.events import SisScheduleChanged
from sis.imports.schedule import longest_wait, say_problem, set_schedule, sources_of
from sis.models import RosterSource, SisImport
from tests.api import Api
from tests.database import statements
from tests.factories import UserFactory, make_admin

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# A Monday.
BEGUN = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)


def nights(*days: int) -> list[datetime]:
    return [BEGUN + day * DAY for day in days]


class TestLearning:
    def test_every_night(self):
        assert longest_wait(nights(*range(20))) == DAY + 6 * HOUR

    def test_every_hour(self):
        assert longest_wait([BEGUN + number * 2 * HOUR for number in range(50)]) == 3 * HOUR

    def test_once_a_week(self):
        assert longest_wait(nights(0, 7, 14, 21, 28)) == 7 * DAY + 12 * HOUR

    def test_a_weekend_is_waited_for_and_a_night_in_the_week_is_not_waited_for_so_long(self):
        weeks = [day for day in range(33) if day % 7 < 5]
        *before, friday = weeks
        assert longest_wait(nights(*before, friday)) == 3 * DAY + 6 * HOUR
        assert longest_wait(nights(*before)) == DAY + 6 * HOUR

    def test_a_night_that_failed_to_come_is_not_what_one_learns(self):
        assert longest_wait(nights(*range(9), *range(10, 24))) == DAY + 6 * HOUR

    def test_several_files_of_one_night_are_one(self):
        came = sorted(at + minutes * timedelta(minutes=1) for at in nights(*range(8)) for minutes in (0, 5, 50))
        assert longest_wait(came) == DAY + 6 * HOUR

    @pytest.mark.parametrize("came", [[], nights(0, 1, 2, 3), nights(0, 1, 2, 3, 30, 31, 55, 80)])
    def test_what_comes_seldom_or_as_it_likes_is_not_expected(self, came):
        assert longest_wait(came) is None


def arrived(root, at: datetime, **of) -> SisImport:
    made = SisImport.objects.create(
        account=root,
        file_name="night.zip",
        workflow_state="imported",
        options={"dry_run": of.pop("dry_run", False)},
        **of,
    )
    SisImport.objects.filter(pk=made.pk).update(created_at=at)
    return made


@pytest.fixture
def nightly(root):
    """A folder from which something came every night, the last two days and a half ago."""
    now = timezone.now()
    for number in reversed(range(10)):
        arrived(root, now - 2.5 * DAY - number * DAY, data={"inbox": {"folder": "north"}})
    return root


def only(root):
    (source,) = sources_of(root)
    return source


def test_what_was_learnt_is_late_when_it_does_not_come(nightly):
    source = only(nightly)
    assert (source.key, source.name, source.is_late) == ("folder north", "north", True)
    arrived(nightly, timezone.now() - HOUR, data={"inbox": {"folder": "north"}})
    assert not only(nightly).is_late


def test_a_dry_run_is_no_roster_that_came(nightly):
    arrived(nightly, timezone.now(), dry_run=True, data={"inbox": {"folder": "north"}})
    assert only(nightly).is_late


def test_each_source_is_told_from_the_others(root):
    now, clerk = timezone.now(), UserFactory(name="Kim Clerk")
    arrived(root, now, data={"inbox": {"folder": "north"}, "source": "PowerSchool"})
    arrived(root, now, diffing_data_set_identifier="nightly", user=clerk)
    arrived(root, now, data={"source": "PowerSchool"}, user=clerk)
    arrived(root, now, user=clerk)
    arrived(root, now)
    assert [(one.key, one.name) for one in sources_of(root)] == [
        (f"person {clerk.pk}", "Kim Clerk"),
        ("set nightly", "nightly"),
        ("folder north", "north"),
        ("system PowerSchool", "PowerSchool"),
        ("command", "The command line"),
    ]


def test_what_is_set_counts_before_what_is_learnt(nightly):
    admin = make_admin()
    set_schedule(nightly, "folder north", 72, by=admin)
    assert (only(nightly).hours, only(nightly).is_late) == (72, False)
    set_schedule(nightly, "folder north", 0, by=admin)
    assert (only(nightly).expected_at, only(nightly).is_late) == (None, False)
    set_schedule(nightly, "folder north", None, by=admin)
    set_schedule(nightly, "folder north", None, by=admin)
    assert only(nightly).is_late
    told = [event.read(SisScheduleChanged) for event in AuditEvent.objects.of(SisScheduleChanged).order_by("id")]
    assert [(one.before, one.after, one.source) for one in told] == [
        (None, 72, "north"),
        (72, 0, "north"),
        (0, None, "north"),
    ]


def test_what_has_not_come_for_months_is_late_still_where_it_was_set(root):
    RosterSource.objects.create(account=root, key="set old", name="old", expected_hours=24)
    RosterSource.objects.update(updated_at=timezone.now() - 2 * DAY)
    source = only(root)
    assert (source.name, source.last_import, source.is_late) == ("old", None, True)


def test_any_number_of_sources_takes_two_statements(root):
    few = statements(lambda: sources_of(root))
    for number in range(5):
        arrived(root, timezone.now(), diffing_data_set_identifier=f"set {number}", user=UserFactory())
    assert statements(lambda: sources_of(root)) == few == 2


class TestAdmins:
    def test_see_on_their_dashboard_what_did_not_come(self, nightly, client):
        client.force_login(make_admin())
        expected = "The roster from “north” was expected by"
        assert expected in client.get("/").content.decode()
        set_schedule(nightly, "folder north", 0, by=make_admin())
        assert expected not in client.get("/").content.decode()

    def test_see_there_what_failed_although_another_source_has_done_well_since(self, root, client):
        client.force_login(make_admin())
        now, north, south = timezone.now(), {"inbox": {"folder": "north"}}, {"inbox": {"folder": "south"}}
        failed = arrived(root, now - HOUR, data=north)
        SisImport.objects.filter(pk=failed.pk).update(workflow_state="failed_with_messages")
        arrived(root, now, data=south)
        assert "1 roster import failed" in client.get("/").content.decode()
        arrived(root, now, data=north)
        assert "roster import failed" not in client.get("/").content.decode()

    def test_see_there_what_could_not_be_taken(self, root, client):
        client.force_login(make_admin())
        say_problem(root, "south", "“x.xlsx” is neither a .csv nor a .zip file.")
        text = "Roster files from “south” are not imported: “x.xlsx” is neither a .csv nor a .zip file."
        assert text in client.get("/").content.decode()

    def test_whoever_does_not_import_rosters_sees_nothing_of_it(self, nightly, client):
        client.force_login(UserFactory())
        assert "north" not in client.get("/").content.decode()

    def test_set_a_schedule_on_the_page(self, nightly, client):
        client.force_login(make_admin())
        page = f"/accounts/{nightly.pk}/sis_import"
        assert "Has not arrived" in client.get(page).content.decode()
        answer = client.post(f"{page}/schedule", {"key": "folder north", "expected_hours": "100"}, follow=True)
        assert "Has not arrived" not in answer.content.decode()
        assert RosterSource.objects.get().expected_hours == 100

    @pytest.mark.parametrize(
        ("key", "hours", "said"),
        [
            ("folder north", "1001", "1000"),
            ("folder north", "soon", "whole number"),
            ("folder east", "3", "no such source"),
        ],
    )
    def test_are_told_what_is_wrong(self, nightly, client, key, hours, said):
        client.force_login(make_admin())
        page = f"/accounts/{nightly.pk}/sis_import/schedule"
        answer = client.post(page, {"key": key, "expected_hours": hours})
        assert (answer.status_code, said in answer.content.decode()) == (422, True)
        assert not RosterSource.objects.exists()


class TestApi:
    def test_lists_what_is_late(self, nightly):
        (source,) = Api(make_admin()).get(f"accounts/{nightly.pk}/sis_sources").json()["sis_sources"]
        assert (source["key"], source["late"], source["last_workflow_state"]) == ("folder north", True, "imported")

    def test_sets_a_schedule(self, nightly):
        api, path = Api(make_admin()), f"accounts/{nightly.pk}/sis_sources"
        answer = api.put(path, key="folder north", expected_hours=72)
        assert [(one["expected_hours"], one["late"]) for one in answer.json()["sis_sources"]] == [(72, False)]
        for wrong in ({"key": "folder north", "expected_hours": -1}, {"key": "folder east"}, {"expected_hours": 1}):
            assert api.put(path, **wrong).status_code == 400
        assert only(nightly).hours == 72


@pytest.mark.parametrize("sent_before", [HOUR, 200 * DAY])
def test_a_person_goes_by_the_name_they_have_now_and_nothing_keeps_the_one_before(root, sent_before):
    clerk, admin = UserFactory(name="Kim Clerk"), make_admin()
    made = arrived(root, timezone.now() - HOUR, user=clerk)
    set_schedule(root, f"person {clerk.pk}", 24, by=admin)
    SisImport.objects.filter(pk=made.pk).update(created_at=timezone.now() - sent_before)
    User.objects.filter(pk=clerk.pk).update(name="Kim Chief")
    assert only(root).name == "Kim Chief"
    (line,) = lines(AuditEvent.objects.of(SisScheduleChanged))
    assert line.sentence.endswith("changed when rosters from Kim Chief are expected.")
    kept = f"{AuditEvent.objects.of(SisScheduleChanged).get().details} {RosterSource.objects.get().name}"
    assert "Kim" not in kept
    set_schedule(root, f"person {clerk.pk}", 48, by=admin)
    told = [event.read(SisScheduleChanged).person for event in AuditEvent.objects.of(SisScheduleChanged)]
    assert told == [clerk.pk, clerk.pk]


def test_people_who_have_sent_nothing_for_months_take_one_statement_more(root):
    for number in range(5):
        key = f"person {UserFactory(name=f'Clerk {number}').pk}"
        RosterSource.objects.create(account=root, key=key, name="", expected_hours=24)
        assert statements(lambda: sources_of(root)) == 3
    assert [source.name for source in sources_of(root)] == [f"Clerk {number}" for number in range(5)]
