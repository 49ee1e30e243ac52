"""Consent: whether somebody has agreed to be enrolled, and so what others may know of them and do to them.

It is a fact of its own (`Enrollment.accepted_at`), and no state that staff can set: an enrollment is active, inactive
or completed only once it has been accepted, which the database keeps. Accepted is what the person has said yes to;
what a roster says, or staff who see all people of the institution; what a link between observer and student brings;
and what staff do with people whom they know already in a course, or who belong nowhere else. Everything else is an
invitation: it shows the name, and ends when it is answered or withdrawn.

What may be read of somebody because of it is in courses/access/profiles.py, whose account may be changed in
courses/access/accounts.py, who may make codes in pairing/domain/eligibility.py: all of them count accepted
enrollments only (`Enrollment.objects.settled()`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, Q
from django.utils import timezone

from accounts.models import Account, AccountAdmin, ObservationLink, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from courses.access.permissions import held_in
from courses.models import Course, Enrollment

SEES_PEOPLE = Permission.READ_ROSTER


class Consent(NamedTuple):
    """Since when, and through what, somebody has agreed to be where they are; false where they have not."""

    at: datetime | None
    through: str

    def __bool__(self) -> bool:
        return self.at is not None


NO_CONSENT = Consent(None, "")


def consent_of(enrollment: Enrollment) -> Consent:
    """The consent there is to an enrollment."""
    return Consent(enrollment.accepted_at, enrollment.accepted_through)


def taken_at_once(people: Collection[int], *, by: User | None) -> Mapping[int, Consent]:
    """Whom of these (ids) `by` may enroll without asking them, with the consent that this is; the others are invited.

    Everybody, for staff who see the people of the whole institution and for the software itself; oneself; whoever `by`
    sees in a course already; and whoever belongs nowhere. Seven statements at most, for any number of people.
    """
    now, people = timezone.now(), set(people)
    if by is None or may_on_account(by, SEES_PEOPLE, Account.objects.root()):
        return dict.fromkeys(people, Consent(now, Enrollment.Through.INSTITUTION))
    oneself = {by.pk} & people if by.actor is None else set()
    others = people - oneself
    taken = (_seen(others, by) | (others - belonging(others))) if others else set()
    return {
        **dict.fromkeys(taken, Consent(now, Enrollment.Through.STAFF)),
        **dict.fromkeys(oneself, Consent(now, Enrollment.Through.PERSON)),
    }


def _seen(people: Collection[int], by: User) -> set[int]:
    """Those who have accepted to be in a course whose people `by` sees."""
    places = Enrollment.objects.present().settled().filter(user__in=people)
    held = held_in(by, Course.objects.present().filter(pk__in=places.values("section__course")))
    there = places.values_list("user", "section", "section__course")
    return {user for user, section, course in there if held[course].sees_people_of(section)}


def belonging(people: Collection[int]) -> set[int]:
    """Those of these people (ids) who belong somewhere: by an accepted enrollment, an admin role or a link."""
    enrolled = Enrollment.objects.present().settled().filter(user__in=people).order_by()
    admins = AccountAdmin.objects.filter(user__in=people, workflow_state=AccountAdmin.State.ACTIVE)
    links = ObservationLink.objects.live()
    found = enrolled.values_list("user").union(
        admins.values_list("user"),
        links.filter(observer__in=people).values_list("observer"),
        links.filter(student__in=people).values_list("student"),
    )
    return {pk for (pk,) in found}


def accounts_of(person: User) -> list[Account]:
    """Where the person, or somebody they observe, has or had a place in a course, and where they have or had a role.

    What is over counts: the account is the one they used there. Invitations do not, answered or not: else anybody's
    account could be drawn into one's own school. Neither does what staff of a course alone have said: where there is
    nothing else, the person belongs to the institution, which is the root account.
    """
    observed = ObservationLink.objects.live().filter(observer=person).values("student")
    enrollments = Enrollment.objects.settled().filter(Q(user=person) | Q(user__in=observed))
    roles = AccountAdmin.objects.filter(user=person)
    asked = enrollments.exclude(accepted_through=Enrollment.Through.STAFF)
    found = Q(pk__in=enrollments.values("section__course__account")) | Q(pk__in=roles.values("account"))
    return list(Account.objects.filter(found | Q(~Exists(asked), parent=None)))
