"""Moments in the reader's time: zones by their names, abbreviations, twelve or twenty-four hours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.time_zones import (
    CANVAS_NAMES,
    LONGEST_NAME,
    LazyZone,
    clock,
    counts_to_twelve,
    short_name,
    zone_complaint,
    zone_meant,
    zone_named,
    zones,
    zones_like,
)
from accounts.models import User

SUMMER, WINTER = datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 12, 1, 12, tzinfo=UTC)


# Names


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("UTC", "UTC"),
        ("", "UTC"),
        ("Nowhere/Land", "UTC"),
        ("../../etc/passwd", "UTC"),
        ("/etc/localtime", "UTC"),
        ("Europe/Ber\0lin", "UTC"),
        ("x" * 1_000, "UTC"),
        ("Europe", "UTC"),
        ("America/Argentina", "UTC"),
    ],
)
def test_a_zone_that_does_not_exist_any_more_is_read_as_utc_and_never_a_fault(name, key):
    assert zone_named(name).key == key


def test_the_list_of_zones_begins_with_utc_and_has_cities_in_order_and_no_technical_names():
    first, *cities = zones()
    assert first == "UTC"
    assert cities == sorted(cities)
    assert {"Europe/Berlin", "America/Argentina/Buenos_Aires", "Pacific/Auckland"} <= {*cities}
    assert not [name for name in cities if "/" not in name or name.startswith(("Etc/", "SystemV/"))]


@pytest.mark.parametrize("name", zones()[1::40])
def test_every_zone_is_known_by_its_name_in_any_case_and_by_its_city(name):
    assert zone_meant(name) == zone_meant(name.upper()) == zone_meant(f"  {name}  ") == name
    city = name.rpartition("/")[2].replace("_", " ")
    meant = zone_meant(city)
    assert meant
    assert meant.endswith(name.rpartition("/")[2]) or city in CANVAS_NAMES


def test_a_name_of_canvas_stands_for_what_canvas_means_even_where_a_city_is_called_so():
    assert zone_meant("Georgetown") == "America/Guyana"
    assert zone_meant("Monterrey") == "America/Monterrey"
    meant = {name: zone_meant(name) for name in CANVAS_NAMES}
    assert meant == CANVAS_NAMES | {"UTC": "UTC"}


def test_every_name_that_is_offered_can_be_stored():
    longest = User._meta.get_field("time_zone").max_length
    assert longest == LONGEST_NAME
    assert max(len(zone_meant(name) or "") for name in (*zones(), *CANVAS_NAMES)) <= LONGEST_NAME


@pytest.mark.parametrize(
    ("text", "zones_meant"),
    [
        ("Europe/Berlni", ["Europe/Berlin"]),
        ("berln", ["Europe/Berlin"]),
        ("EUROPE/LONDN", ["Europe/London"]),
        ("qqqq", []),
        ("", []),
    ],
)
def test_at_most_three_zones_are_suggested_each_once_and_the_likeliest_first(text, zones_meant):
    found = zones_like(text)
    assert found[: len(zones_meant)] == zones_meant
    assert len(found) == len(set(found)) <= 3
    assert bool(found) is bool(zones_meant)


def test_a_complaint_about_a_zone_suggests_some_or_says_what_to_enter():
    assert zone_complaint("Europe/Berlin") is None
    assert zone_complaint("berlin") is None
    assert "Did you mean Europe/Berlin" in (zone_complaint("Europe/Berlni") or "")
    assert "Enter a city such as Berlin" in (zone_complaint("qqqq") or "")
    assert zone_complaint("")


@given(st.text(max_size=80))
def test_whatever_is_typed_as_a_zone_is_a_zone_or_complained_of(text):
    meant = zone_meant(text)
    assert (meant is None) is bool(zone_complaint(text))
    assert meant is None or zone_named(meant).key == meant


# Abbreviations


@pytest.mark.parametrize(
    ("zone", "summer", "winter"),
    [
        ("Europe/Berlin", "CEST", "CET"),
        ("America/New_York", "EDT", "EST"),
        ("UTC", "UTC", "UTC"),
        ("Europe/Istanbul", "GMT+3", "GMT+3"),
        ("America/Sao_Paulo", "GMT-3", "GMT-3"),
        ("Asia/Kathmandu", "GMT+5:45", "GMT+5:45"),
        ("Pacific/Marquesas", "GMT-9:30", "GMT-9:30"),
        ("Asia/Tokyo", "JST", "JST"),
    ],
)
def test_a_zone_is_named_by_its_abbreviation_at_that_moment_or_by_its_distance(zone, summer, winter):
    named = [short_name(moment.astimezone(ZoneInfo(zone))) for moment in (SUMMER, WINTER)]
    assert named == [summer, winter]


def test_a_moment_without_a_zone_is_read_as_utc():
    assert short_name(datetime(2026, 7, 1)) == "UTC"
    assert clock(datetime(2026, 7, 1, 12), "de") == "12:00 UTC"


# Clocks


@pytest.mark.parametrize(
    ("language", "zone", "twelve"),
    [
        ("en-us", "Europe/Berlin", True),
        ("en-US", "America/New_York", True),
        ("en_US", "America/New_York", True),
        ("en-gb", "America/New_York", False),
        ("en", "America/New_York", True),
        ("en", "Europe/Berlin", False),
        ("de", "Europe/Berlin", False),
        ("es", "America/Mexico_City", True),
        ("es", "Europe/Madrid", False),
        ("fr-ca", "America/Toronto", False),
        ("fr", "America/Toronto", False),
        ("oc", "Europe/Paris", False),
        ("en-ca", "America/Toronto", True),
        ("hi", "Asia/Kolkata", True),
        ("", "America/New_York", True),
        ("", "UTC", False),
        ("en", "UTC", False),
        ("xx", "Europe/Paris", False),
        ("xx-yy", "Nowhere/Land", False),
    ],
)
def test_the_country_decides_whether_a_clock_counts_to_twelve(language, zone, twelve):
    assert counts_to_twelve(language, zone) is twelve


@pytest.mark.parametrize(
    ("hour", "twelve", "full"),
    [(0, "12:05 AM", "00:05"), (9, "9:05 AM", "09:05"), (12, "12:05 PM", "12:05"), (21, "9:05 PM", "21:05")],
)
def test_hours_are_written_as_people_write_them(hour, twelve, full):
    moment = datetime(2026, 7, 1, hour, 5, tzinfo=ZoneInfo("America/New_York"))
    assert clock(moment, "en-us") == f"{twelve} EDT"
    assert clock(moment, "de-de") == f"{full} EDT"


# A zone looked up late


def test_a_zone_is_looked_up_with_the_first_moment_that_is_read_in_it_and_once():
    looked_up = []

    def look_up() -> ZoneInfo:
        looked_up.append(1)
        return ZoneInfo("Europe/Berlin")

    zone = LazyZone(look_up)
    assert looked_up == []
    for _ in range(3):
        assert SUMMER.astimezone(zone).hour == 14
    assert (zone.key, str(zone)) == ("Europe/Berlin", "Europe/Berlin")
    assert zone.utcoffset(WINTER.replace(tzinfo=None)) == timedelta(hours=1)
    assert zone.dst(SUMMER.replace(tzinfo=None)) == timedelta(hours=1)
    assert zone.tzname(WINTER.replace(tzinfo=None)) == "CET"
    assert looked_up == [1]


# On a page


@pytest.mark.parametrize(
    ("filters", "language", "shown"),
    [
        ("moment", "en-us", "1 July 2026, 8:00 AM EDT"),
        ('moment:"l, j F Y"', "en-us", "Wednesday, 1 July 2026, 8:00 AM EDT"),
        ('moment:""', "en-us", "8:00 AM EDT"),
        ("moment", "de", "1 Juli 2026, 08:00 EDT"),
    ],
)
def test_a_moment_is_shown_in_the_readers_zone_and_language(filters, language, shown):
    page = Template(f"{{% load frame %}}{{{{ when|{filters} }}}}")
    with timezone.override("America/New_York"), translation.override(language):
        assert page.render(Context({"when": SUMMER})) == shown


def test_no_moment_is_shown_as_nothing():
    page = Template('{% load frame %}{{ when|moment }}{{ when|moment:"" }}')
    assert page.render(Context({"when": None})) == ""
