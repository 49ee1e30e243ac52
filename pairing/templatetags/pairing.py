"""Where other pages offer pairing: each tag shows its button only to people who may use it."""

from typing import Any

from django import template

from accounts.models import Account, User
from accounts.web.site import site_of
from courses.models import Course
from pairing.domain import eligibility
from pairing.domain.institution_limit import alarms_of_the_week, situation
from pairing.forms import RegistrationForm

register = template.Library()


@register.inclusion_tag("pairing/partials/pair_button.html", takes_context=True)
def pair_with_observer(context: dict[str, Any], student: User, course: Course | None = None) -> dict[str, Any]:
    """Return the Pair with Observer button for `student`, on User Details (of `course`) or on the student's own
    settings.

    Staff who may not use it see what is missing in its place; students see nothing.
    """
    by = context["request"].user
    refusal = eligibility.refusal_for(student, by=by, course=course, on_details=by != student)
    told = (
        refusal
        if (by != student or by.actor) and refusal and refusal.why is not eligibility.Why.NOT_A_STUDENT
        else None
    )
    return {"allowed": refusal is None, "refusal": told, "student": student, "course": course}


@register.simple_tag(takes_context=True)
def why_no_export(context: dict[str, Any], course: Course) -> eligibility.Refusal | None:
    """Return why the reader of the People page of `course` cannot use Export Pairing Codes; None if they can."""
    return eligibility.why_not_for_class(course, by=context["request"].user)


@register.simple_tag(takes_context=True)
def observes(context: dict[str, Any]) -> bool:
    """Return whether the reader observes anyone, and so needs Observing in the main navigation."""
    return site_of(context["request"]).observes


@register.inclusion_tag("pairing/partials/register_dialog.html")
def register_dialog() -> dict[str, Any]:
    """Return the sign-up dialog of the login page, as far as self registration allows it."""
    root = Account.objects.filter(parent=None).first()
    allowed = root is not None and root.pairing_is_on
    return {"allowed": allowed, "form": RegistrationForm(root=root) if root and allowed else None}


@register.inclusion_tag("pairing/partials/guessing_notice.html")
def guessing_notice(root: Account) -> dict[str, Any]:
    """Return the notice for admins that many codes are being guessed; nothing while they are not."""
    return {"situation": situation(), "root_id": root.pk}


@register.inclusion_tag("pairing/partials/guessing.html")
def guessing() -> dict[str, Any]:
    """Return how much is being guessed, what is asked for because of it, and last week's alerts."""
    return {"situation": situation(), "alarms": alarms_of_the_week()}
