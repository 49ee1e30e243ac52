"""What every page says about errors, in the title and in a summary that takes the focus, and moments as the reader
reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, cast

from django import template
from django.forms import BaseForm
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.domain.time_zones import clock, day_and_clock
from accounts.errors import Refused

register = template.Library()


class Problem(NamedTuple):
    """One error, and the id of the field to correct (empty if there is none)."""

    text: str
    field: str = ""


@register.inclusion_tag("partials/error_summary.html", takes_context=True)
def error_summary(context: template.Context) -> dict[str, Any]:
    """Return all errors in what was sent, each with a link to its field; nothing if there are none."""
    return {"problems": problems(context)}


@register.simple_tag(takes_context=True)
def error_prefix(context: template.Context) -> str:
    """Return the start of the title of a page with errors, so that a screen reader says it first."""
    return _("Error:") + " " if problems(context) else ""


def problems(context: template.Context) -> list[Problem]:
    """Return the errors of the page's forms, and the `error` or `refusal` of a rule after a form was sent.

    Views need not do anything for it: every form they render is found.
    """
    # One form may be there under several names. Lazy values are skipped: evaluating them would cost statements.
    values: Iterable[object] = context.flatten().values()
    forms = {id(value): cast(BaseForm, value) for value in values if issubclass(type(value), BaseForm)}
    found = [problem for form in forms.values() if form.is_bound for problem in _of_form(form)]
    request = context.get("request")
    if request is not None and request.method == "POST":
        found += [Problem(_words(said)) for name in ("error", "refusal") if (said := context.get(name))]
    return list(dict.fromkeys(found))


def _of_form(form: BaseForm) -> Iterator[Problem]:
    for message in form.non_field_errors():
        yield Problem(str(message))
    for field in form:
        for message in field.errors:
            if field.is_hidden:
                yield Problem(str(message))
            else:
                # A group of choices has no id of its own, but its first choice does.
                yield Problem(f"{str(field.label).rstrip('.:')}: {message}", field.id_for_label or f"{field.auto_id}_0")


def _words(said: object) -> str:
    return said.message if isinstance(said, Refused) else str(said)


@register.filter(expects_localtime=True)
def moment(value: datetime | None, day: str = "j F Y") -> str:
    """Return `{{ code.expires_at|moment:"l, j F Y" }}`: the day in this format, the time as the reader reads it, the
    zone.

    Without a day format (`""`) the time alone; nothing for None.
    """
    if value is None:
        return ""
    return day_and_clock(value, day) if day else clock(value, get_language() or "")


@register.filter(expects_localtime=True)
def iso(value: datetime | None) -> str:
    """Return a moment for machines, to the second, as the `datetime` of a <time>; nothing for None."""
    return value.isoformat(timespec="seconds") if value else ""
