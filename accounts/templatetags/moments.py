"""Moments as the reader reads a clock."""

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.translation import get_language

from accounts.domain.time_zones import clock

register = template.Library()


@register.filter(expects_localtime=True)
def moment(value: datetime | None, day: str = "j F Y") -> str:
    """Return `{{ code.expires_at|moment:"l, j F Y" }}`: the day in this format, the time as the reader reads it, the
    zone.

    Without a day format (`""`) the time alone; nothing for None.
    """
    if value is None:
        return ""
    time = clock(value, get_language() or "")
    return f"{date_format(value, day)}, {time}" if day else time
