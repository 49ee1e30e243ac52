"""Time zones: the same names on every entrance, and times as the reader reads a clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.template import Context, Template
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.accounts import create_sub_account, edit_account
from accounts.domain.registration import NewUser, register
from accounts.domain.time_zones import CANVAS_NAMES, LazyZone, clock, zone_meant, zones, zones_like
from accounts.domain.users import edit_user
from accounts.errors import Invalid, NotAllowed
from accounts.models import Account
from tests.factories import UserFactory, make_admin

WINTER = datetime(2026, 11, 30, 19, 5, tzinfo=UTC)
CITIES_OF_CANVAS = (
    "London",
    "Paris",
    "Tokyo",
    "Mexico City",
    "Hong Kong",
    "Fiji",
    "Port Moresby",
    "La Paz",
    "Auckland",
)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin ", "Europe/Berlin"),
        ("Mountain Time (US & Canada)", "America/Denver"),
        ("eastern time (us & canada)", "America/New_York"),
        ("Kyiv", "Europe/Kyiv"),
        ("Samoa", "Pacific/Apia"),
        ("new york", "America/New_York"),
        ("UTC", "UTC"),
        ("Nowhere/Land", None),
        ("../../etc/passwd", None),
        ("", None),
    ],
)
def test_a_zone_is_known_by_each_of_its_names(text, zone):
    assert zone_meant(text) == zone


def test_every_name_of_canvas_and_every_city_on_the_list_is_a_zone_there_is():
    there = available_timezones()
    for name in (*CANVAS_NAMES, *CITIES_OF_CANVAS, *zones()):
        assert zone_meant(name) in there, name


def test_a_mistyped_zone_is_answered_with_zones_that_are_like_it():
    assert "Europe/Berlin" in zones_like("Europe/Berlni")
    assert zones_like("x" * 10_000) == []


@pytest.mark.parametrize(
    ("language", "zone", "shown"),
    [
        ("en", "America/New_York", "2:05 PM EST"),
        ("", "America/New_York", "2:05 PM EST"),
        ("en-gb", "America/New_York", "14:05 EST"),
        ("en", "Europe/Berlin", "20:05 CET"),
        ("en", "Europe/London", "19:05 GMT"),
        ("en-us", "Europe/Berlin", "8:05 PM CET"),
        ("en", "Asia/Kolkata", "12:35 AM IST"),
        ("ja", "Asia/Tokyo", "04:05 JST"),
        ("en", "Europe/Istanbul", "22:05 GMT+3"),
        ("en", "Asia/Kathmandu", "00:50 GMT+5:45"),
        ("en", "UTC", "19:05 UTC"),
    ],
)
def test_times_are_read_as_the_reader_reads_a_clock_with_the_zones_short_name(language, zone, shown):
    assert clock(WINTER.astimezone(ZoneInfo(zone)), language) == shown


def test_pages_print_a_moment_with_its_day_time_and_zone():
    page = Template('{% load frame %}{{ when|moment }} {{ none|moment }}|{{ when|moment:"" }}')
    with timezone.override("America/New_York"), translation.override("en"):
        assert page.render(Context({"when": WINTER, "none": None})) == "30 November 2026, 2:05 PM EST |2:05 PM EST"


def test_programs_read_a_moment_to_the_second_whatever_was_stored():
    page = Template("{% load frame %}{{ when|iso }}|{{ none|iso }}")
    with timezone.override("America/New_York"):
        when = WINTER.replace(microsecond=569900)
        assert page.render(Context({"when": when, "none": None})) == "2026-11-30T14:05:00-05:00|"


@given(st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1)), st.sampled_from(zones()))
def test_a_zone_looked_up_late_reads_every_moment_like_the_zone_itself(moment, name):
    late, zone = LazyZone(lambda: ZoneInfo(name)), ZoneInfo(name)
    utc = moment.replace(tzinfo=UTC)
    assert f"{utc.astimezone(late):%c %Z %z}" == f"{utc.astimezone(zone):%c %Z %z}"
    assert str(late) == name


@pytest.mark.django_db
class TestEntrances:
    """One rule on each way in."""

    def test_canvas_names_are_kept_as_iana_names(self, root):
        admin, person = make_admin(), UserFactory()
        canvas = "Mountain Time (US & Canada)"
        assert edit_user(person, by=admin, time_zone=canvas).time_zone == "America/Denver"
        wanted = NewUser(name="Jo", login_id="jo", password="", time_zone=canvas)
        assert register(wanted, by=admin).time_zone == "America/Denver"
        school = create_sub_account(root, by=admin, name="School", default_time_zone=canvas)
        assert school.default_time_zone == "America/Denver"
        assert edit_account(school, by=admin, default_time_zone="Hawaii").default_time_zone == "Pacific/Honolulu"

    def test_unknown_names_are_refused_with_what_may_have_been_meant(self, root):
        admin = make_admin()
        wanted = NewUser(name="Jo", login_id="jo", password="", time_zone="Europe/Berlni")
        for call, field in (
            (lambda: edit_user(admin, by=admin, time_zone="Europe/Berlni"), "time_zone"),
            (lambda: register(wanted, by=admin), "time_zone"),
            (lambda: edit_account(root, by=admin, default_time_zone="Europe/Berlni"), "default_time_zone"),
        ):
            with pytest.raises(Invalid) as refusal:
                call()
            assert "Europe/Berlin" in refusal.value.message
            assert list(refusal.value.errors) == [field]

    def test_accounts_below_go_with_the_one_above_unless_they_have_their_own(self, root):
        admin = make_admin()
        school = create_sub_account(root, by=admin, name="School")
        other = create_sub_account(root, by=admin, name="Elsewhere", default_time_zone="Asia/Tokyo")
        edit_account(root, by=admin, default_time_zone="Europe/Paris")
        zone_of = dict(Account.objects.values_list("pk", "default_time_zone"))
        assert (zone_of[school.pk], zone_of[other.pk]) == ("Europe/Paris", "Asia/Tokyo")

    def test_only_people_who_manage_an_account_set_its_zone(self, root):
        with pytest.raises(NotAllowed):
            edit_account(root, by=UserFactory(), default_time_zone="Europe/Paris")


@pytest.mark.django_db
def test_the_names_of_zones_come_apart_from_the_page_and_may_be_kept(client, root):
    response = client.get("/time_zones")
    names = response.content.decode()
    assert '<option value="Europe/Berlin">' in names
    assert "Mountain Time (US &amp; Canada)" in names
    assert "max-age=86400" in response.headers["Cache-Control"]
