"""Invitations: a person who must be asked is invited, and accepts or declines themselves."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.errors import NotAllowed, NotThere
from accounts.models import User
from courses.access.permissions import STAFF_TYPES
from courses.domain.enrollments import change_state
from courses.models import Course, Enrollment
from courses.models.enrollment import EnrollmentQuerySet

State = Enrollment.State


def invitations_of(user: User) -> EnrollmentQuerySet:
    """Return what `user` is invited to and could open, by course; as a student only once it is published."""
    invited = Enrollment.objects.present().filter(user=user, state=State.INVITED)
    published = Q(section__course__workflow_state__in=Course.READABLE)
    found = invited.begun().filter(published | Q(type__in=STAFF_TYPES))
    return found.select_related("section__course", "role").order_by("section__course__sort_key", "id")


def answer(enrollment: Enrollment, *, accepts: bool, by: User) -> None:
    """Accept or decline one's own invitation. Raises NotAllowed; Invalid if there is none (anymore)."""
    if enrollment.user_id != by.pk:
        raise NotAllowed(_("Only the invited person can answer an invitation."))
    if by.actor is not None:
        raise NotAllowed(_("You are acting as someone else. Only they can answer their own invitations."))
    if enrollment.state != State.INVITED:
        raise NotThere(_("This invitation has already been answered."))
    change_state(enrollment, State.ACTIVE if accepts else State.REJECTED, by=by, only_from=[State.INVITED])
