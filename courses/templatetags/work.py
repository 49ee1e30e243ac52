"""What pages say of a piece of work: when it is due, its status, and its score."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.templatetags.frame import iso, moment
from courses.domain.grades import Status, Work
from courses.models import Assignment
from courses.templatetags.points import points

register = template.Library()

ACCENTS = {
    Status.MISSING: " badge--warning",
    Status.LATE: " badge--warning",
    Status.TO_DO: "",
    Status.PAST: "",
    Status.EXCUSED: "",
}


@register.simple_tag
def due(work: Work | Assignment) -> SafeString:
    """Return when work is due: for the student, or, of an assignment, for whoever has no other date."""
    if work.due_at is None:
        return format_html('<span class="muted">{}</span>', _("no due date"))
    at = localtime(work.due_at)
    return format_html('<time datetime="{}">{}</time>', iso(at), moment(at, "D, j M Y"))


@register.simple_tag
def status(work: Work) -> SafeString:
    """Return the status of a piece of work as a badge."""
    found = work.status
    return format_html('<span class="badge{}">{}</span>', ACCENTS.get(found, " badge--accent"), found.label)


@register.simple_tag
def score(work: Work) -> str:
    """Return the points reached, out of those possible; the grade in words where there are no points."""
    reached, possible = work.score, work.assignment.points_possible
    if reached is None and (work.grade or not work.view.numbers):
        return work.grade or "–"
    if reached is not None:
        return (
            points(reached)
            if possible is None
            else _("%(score)s of %(possible)s")
            % {
                "score": points(reached),
                "possible": points(possible),
            }
        )
    missing = "–" if possible is None else _("– of %(possible)s") % {"possible": points(possible)}
    return format_html('<span class="muted">{}</span>', missing)
