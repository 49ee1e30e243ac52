"""What an enrollment is to be, and what comes of that where the person is or was enrolled in the same way already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.sis_fields import stick
from accounts.domain.validation import check_order
from accounts.errors import NotAllowed
from accounts.models import BaseType, Role, User
from courses.access.consent import NO_CONSENT, Consent, consent_of
from courses.models import Enrollment, Section

State = Enrollment.State
# What makes two enrollments the same, by ids: section, user, role and observed student.
Kind = tuple[int, int, int, int | None]


def kind_of(enrollment: Enrollment) -> Kind:
    """Return what makes an enrollment the same as another, or as one that is to be: `EnrollmentSpec.kind`."""
    return enrollment.section_id, enrollment.user_id, enrollment.role_id, enrollment.associated_user_id


class Stays(Enum):
    """Said of a date that is not given: that of an enrollment which is there stays, others have none."""

    STAYS = "stays"


STAYS = Stays.STAYS
Date = datetime | None | Stays


@dataclass(frozen=True)
class EnrollmentSpec:
    """An enrollment to be created or updated.

    `associated_user` is the student an observer observes in this one course. With `state` None a live enrollment stays
    as it is, and other people are invited; observers need no invitation. Whatever the state, a person who must be asked
    is invited (courses/access/consent.py), unless their `consent` from another enrollment in the course is given.
    """

    user: User
    section: Section
    role: Role
    associated_user: User | None = None
    state: str | None = State.ACTIVE
    start_at: Date = STAYS
    end_at: Date = STAYS
    # Whether they see the people of this section only; None keeps the limit.
    is_limited: bool | None = None
    consent: Consent = NO_CONSENT
    only_by_link: bool = False
    # Given by a person limited to sections: new people are limited too, and existing ones stay as they are.
    # An `is_limited` that says otherwise is not allowed.
    comes_limited: bool = False

    @property
    def kind(self) -> Kind:
        """What makes two enrollments the same."""
        return self.section.pk, self.user.pk, self.role.pk, self.associated_user.pk if self.associated_user else None

    def enrollment(self, before: Enrollment | None, taking: Consent) -> Enrollment:
        """Return the resulting enrollment, given the one `before`; `taking` is the consent of people who need not be
        asked.

        Raises NotAllowed for a limit that is not theirs to change, Invalid for an end before the start.
        """
        state, consent = self._state_and_consent(before, taking)
        since = before.completed_at if before and before.state == State.COMPLETED else timezone.now()
        made = Enrollment(
            user=self.user,
            section=self.section,
            role=self.role,
            type=self.role.base_type,
            associated_user=self.associated_user,
            state=state,
            limit_privileges_to_course_section=self._limit(before),
            completed_at=since if state == State.COMPLETED else None,
            updated_at=timezone.now(),
            accepted_at=consent.at,
            accepted_through=consent.through,
            only_by_link=self.only_by_link,
        )
        self._set_dates(made, before)
        return made

    def _state_and_consent(self, before: Enrollment | None, taking: Consent) -> tuple[str, Consent]:
        state, consent = self.state or _fitting(before.state if before else None, self.role), self.consent or taking
        if before and before.accepted_at and before.state in Enrollment.ACCEPTED:
            consent = consent_of(before)
        if state in Enrollment.UNANSWERED:
            return state, NO_CONSENT
        return (state, consent) if consent else (State.INVITED, consent)

    def _limit(self, before: Enrollment | None) -> bool:
        was_limited = bool(before and before.limit_privileges_to_course_section)
        if not self.comes_limited:
            return was_limited if self.is_limited is None else self.is_limited
        is_limited = was_limited or before is None or before.state not in Enrollment.LIVE
        if self.is_limited not in (None, is_limited):
            raise _not_to_limit(is_limited)
        return is_limited

    def _set_dates(self, made: Enrollment, before: Enrollment | None) -> None:
        """Set both dates; where they change those of a person who is there, rosters leave them from then on."""
        there = before if before and before.state not in Enrollment.GONE else None
        old = (there.start_at, there.end_at) if there else (None, None)
        made.start_at, made.end_at = (
            kept if given is STAYS else given for given, kept in zip((self.start_at, self.end_at), old, strict=True)
        )
        check_order("enrollment", made.start_at, made.end_at)
        made.stuck_sis_fields = there.stuck_sis_fields if there else []
        # An observer's dates are those of the student.
        if there and (made.start_at, made.end_at) != old and not self.associated_user:
            stick(made, ["start_at", "end_at"])


def _fitting(before: str | None, role: Role) -> str:
    if before in Enrollment.LIVE:
        return before
    return State.ACTIVE if role.base_type == BaseType.OBSERVER else State.INVITED


def _not_to_limit(is_limited: bool) -> NotAllowed:
    if is_limited:
        return NotAllowed(_("You can only see your own sections, so people you enroll cannot see more."))
    return NotAllowed(
        _("This person can see everyone in the course. Because you only see your own sections, you cannot limit them.")
    )
