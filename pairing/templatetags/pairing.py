"""Where other pages offer pairing: each tag shows its button only to those who may use it."""

from typing import Any

from django import template

from accounts.models import Account, User
from courses.models import Course
from pairing import gates
from pairing.forms import RegistrationForm

register = template.Library()


@register.inclusion_tag("pairing/partials/pair_button.html", takes_context=True)
def pair_with_observer(context: dict[str, Any], student: User, course: Course | None = None) -> dict[str, Any]:
    """The Pair with Observer button for `student`, on the User Details page of `course` or on one's own settings."""
    allowed = gates.why_not_for(student, by=context["request"].user, course=course) is None
    return {"allowed": allowed, "student": student, "course": course}


@register.simple_tag(takes_context=True)
def may_export_codes(context: dict[str, Any], course: Course) -> bool:
    """Whether the People page of `course` offers Export Pairing Codes to its reader."""
    return gates.why_not_for_class(course, by=context["request"].user) is None


@register.inclusion_tag("pairing/partials/register_dialog.html")
def register_dialog() -> dict[str, Any]:
    """The sign-up dialog of the login page, as far as self registration allows."""
    root = Account.objects.filter(parent=None).first()
    allowed = root is not None and root.pairing_is_on
    return {"allowed": allowed, "form": RegistrationForm(root=root) if root and allowed else None}
