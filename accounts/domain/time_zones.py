"""Time zones: their names, those of Canvas and its clients too, and how to format a moment in one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from difflib import get_close_matches
from functools import cache, cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

# By name, where it differs from the city in the IANA name.
CANVAS_NAMES = {
    "International Date Line West": "Etc/GMT+12",
    "Midway Island": "Pacific/Midway",
    "American Samoa": "Pacific/Pago_Pago",
    "Hawaii": "Pacific/Honolulu",
    "Alaska": "America/Juneau",
    "Pacific Time (US & Canada)": "America/Los_Angeles",
    "Mountain Time (US & Canada)": "America/Denver",
    "Arizona": "America/Phoenix",
    "Central Time (US & Canada)": "America/Chicago",
    "Saskatchewan": "America/Regina",
    "Guadalajara": "America/Mexico_City",
    "Monterrey": "America/Monterrey",
    "Central America": "America/Guatemala",
    "Eastern Time (US & Canada)": "America/New_York",
    "Indiana (East)": "America/Indiana/Indianapolis",
    "Quito": "America/Lima",
    "Atlantic Time (Canada)": "America/Halifax",
    "Newfoundland": "America/St_Johns",
    "Brasilia": "America/Sao_Paulo",
    "Buenos Aires": "America/Argentina/Buenos_Aires",
    "Georgetown": "America/Guyana",
    "Puerto Rico": "America/Puerto_Rico",
    "Greenland": "America/Nuuk",
    "Mid-Atlantic": "Atlantic/South_Georgia",
    "Azores": "Atlantic/Azores",
    "Cape Verde Is.": "Atlantic/Cape_Verde",
    "Edinburgh": "Europe/London",
    "UTC": "Etc/UTC",
    "Bern": "Europe/Zurich",
    "West Central Africa": "Africa/Algiers",
    "Kyiv": "Europe/Kyiv",
    "Pretoria": "Africa/Johannesburg",
    "St. Petersburg": "Europe/Moscow",
    "Abu Dhabi": "Asia/Muscat",
    "Ekaterinburg": "Asia/Yekaterinburg",
    "Islamabad": "Asia/Karachi",
    "Chennai": "Asia/Kolkata",
    "Mumbai": "Asia/Kolkata",
    "New Delhi": "Asia/Kolkata",
    "Astana": "Asia/Almaty",
    "Sri Jayawardenepura": "Asia/Colombo",
    "Rangoon": "Asia/Yangon",
    "Hanoi": "Asia/Bangkok",
    "Beijing": "Asia/Shanghai",
    "Osaka": "Asia/Tokyo",
    "Sapporo": "Asia/Tokyo",
    "Canberra": "Australia/Canberra",
    "Solomon Is.": "Pacific/Guadalcanal",
    "New Caledonia": "Pacific/Noumea",
    "Kamchatka": "Asia/Kamchatka",
    "Marshall Is.": "Pacific/Majuro",
    "Wellington": "Pacific/Auckland",
    "Nuku'alofa": "Pacific/Tongatapu",
    "Tokelau Is.": "Pacific/Fakaofo",
    "Chatham Is.": "Pacific/Chatham",
    "Samoa": "Pacific/Apia",
}


LONGEST_NAME = 64
QUOTED = re.compile("'[^']*'")


@cache
def zone_named(name: str) -> ZoneInfo:
    """Return the zone with this IANA name (`Europe/Berlin`), or UTC if there is none."""
    try:
        return ZoneInfo(name or "UTC")
    # Zones are files: `Europe` is a folder, and no file has a name of 300 letters.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


@cache
def zones() -> list[str]:
    """Return the zones that people know by a city: `Europe/Berlin`, and UTC."""
    known = (zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    return ["UTC", *sorted(known)]


@cache
def _by_name() -> dict[str, str]:
    """Return the IANA names by every accepted name, in lowercase: a city, Canvas's name, the IANA name itself."""
    cities = {zone.rpartition("/")[2].replace("_", " "): zone for zone in reversed(zones())}
    names = {**cities, **CANVAS_NAMES, **{zone: zone for zone in available_timezones()}}
    return {name.lower(): zone for name, zone in names.items()}


def zone_meant(text: str) -> str | None:
    """Return the IANA name of the zone called `europe/berlin`, `Mountain Time (US & Canada)` or `New York`; otherwise
    None.
    """
    return _by_name().get(" ".join(text.lower().split()))


def zones_like(text: str) -> list[str]:
    """Return at most three names of zones that this one may have meant."""
    found = get_close_matches(text.lower()[:LONGEST_NAME], _by_name(), n=6, cutoff=0.7)
    return list(dict.fromkeys(_by_name()[name] for name in found))[:3]


def zone_complaint(text: str) -> str | None:
    """Return what is wrong with the name of a time zone, with what may have been meant; None for one that there is."""
    if zone_meant(text):
        return None
    if alike := zones_like(text):
        return _("There is no time zone with this name. Did you mean %(zones)s?") % {"zones": ", ".join(alike)}
    return _("There is no time zone with this name. Enter a city such as Berlin, or a name such as America/New_York.")


class LazyZone(tzinfo):
    """A zone that is looked up when the first moment is read out in it: most pages have none."""

    def __init__(self, look_up: Callable[[], ZoneInfo]) -> None:
        self._look_up = look_up

    @cached_property
    def zone(self) -> ZoneInfo:
        return self._look_up()

    @property
    def key(self) -> str:
        return self.zone.key

    def __str__(self) -> str:
        return self.key

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return self.zone.utcoffset(moment)

    def dst(self, moment: datetime | None) -> timedelta | None:
        return self.zone.dst(moment)

    def tzname(self, moment: datetime | None) -> str | None:
        return self.zone.tzname(moment)

    def fromutc(self, moment: datetime) -> datetime:
        return self.zone.fromutc(moment.replace(tzinfo=self.zone)).replace(tzinfo=self)


def short_name(moment: datetime) -> str:
    """Return the zone's abbreviation at this moment: `EST`, `CEST`; if it has none, `GMT+3`."""
    name = moment.tzname() or "UTC"
    if name[0] not in "+-":
        return name
    hours, minutes = name[:3], name[3:]
    return f"GMT{hours[0]}{int(hours[1:])}" + (f":{minutes}" if minutes else "")


def clock(moment: datetime, language: str) -> str:
    """Return the time of day with its zone, as the reader is used to it: `2:30 PM EST` or `14:30 CET`."""
    zone = getattr(moment.tzinfo, "key", "UTC")
    time = f"{moment:%I:%M %p}".removeprefix("0") if counts_to_twelve(language, zone) else f"{moment:%H:%M}"
    return f"{time} {short_name(moment)}"


def day_and_clock(moment: datetime, day: str = "j F Y") -> str:
    """Return a moment as the reader reads it, in its own zone: the day in this format, the time of day, the zone."""
    return f"{date_format(moment, day)}, {clock(moment, get_language() or '')}"


@cache
def counts_to_twelve(language: str, zone: str) -> bool:
    """Return whether a person with this language and zone reads clocks with AM and PM.

    The country decides: that of `en-GB`; for a language alone, that of the zone.
    """
    speech, _, country = language.replace("_", "-").partition("-")
    country = country.upper() or get_global("zone_territories").get(zone, "")
    for tag in (f"{speech or 'en'}_{country}", get_global("likely_subtags").get(f"und_{country}", "")):
        try:
            # What is quoted is text: `HH 'h' mm` in Canadian French.
            return "h" in QUOTED.sub("", Locale.parse(tag).time_formats["short"].pattern)
        except (UnknownLocaleError, ValueError):
            continue
    return False
