"""What pages say of an enrollment."""

from __future__ import annotations

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from courses.models import Enrollment

register = template.Library()


@register.filter
def role_there(enrollment: Enrollment) -> str:
    """Return as what a person is in a section: the role, and whom they observe."""
    label = enrollment.role.label
    if enrollment.associated_user is None:
        return label
    return f"{label}: {_('observes %(name)s') % {'name': enrollment.associated_user.name}}"


@register.filter
def state_there(enrollment: Enrollment) -> str | Promise:
    """Return the state of an enrollment in a word."""
    return _("Concluded") if enrollment.state == Enrollment.State.COMPLETED else enrollment.get_state_display()
