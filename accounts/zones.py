"""Time zones of readers."""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


@cache
def zone_named(name: str) -> ZoneInfo:
    """The zone with this IANA name (`Europe/Berlin`), or UTC when there is none of that name."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@cache
def zones() -> list[str]:
    """The zones people know by a city: `Europe/Berlin`, and UTC."""
    known = (zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    return ["UTC", *sorted(known)]
