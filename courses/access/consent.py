"""Consent: whether a person has agreed to be enrolled, and so what others may know about them and do to them.

Consent is a fact of its own (`Enrollment.accepted_at`), not a state that staff can set: an enrollment is active,
inactive or completed only once it has been accepted, which the database enforces. An enrollment is accepted if the
person has agreed to it; if a roster says so, or staff who see all people of the institution; if a link between observer
and student brings it; and if staff enroll people whom they already know in a course, or who belong nowhere else.
Everything else is an invitation: it shows the name, and ends when it is answered or withdrawn.

What may be read about a person because of it is in courses/access/profiles.py, whose account may be changed in
courses/access/accounts.py, who may create codes in pairing/domain/eligibility.py: all of them count accepted
enrollments only (`Enrollment.objects.settled()`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, Q
from django.utils import timezone

from accounts.models import Account, AccountAdmin, ObservationLink, User
from accounts.models.ids import OneOf
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from courses.access.permissions import held_in
from courses.models import Course, Enrollment

SEES_PEOPLE = Permission.READ_ROSTER


class Consent(NamedTuple):
    """Since when, and through what, a person has agreed to be where they are; false if they have not."""

    at: datetime | None
    through: str

    def __bool__(self) -> bool:
        return self.at is not None


NO_CONSENT = Consent(None, "")


def consent_of(enrollment: Enrollment) -> Consent:
    """Return the consent to an enrollment."""
    return Consent(enrollment.accepted_at, enrollment.accepted_through)


def taken_at_once(people: Collection[int], *, by: User | None) -> Mapping[int, Consent]:
    """Return which of these people (ids) `by` may enroll without asking them, with their consent; the others are
    invited.

    That is everyone, for staff who see the people of the whole institution and for the software itself; oneself; people
    whom `by` already sees in a course; and people who belong nowhere. Seven statements at most, for any number of
    people.
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
    """Return the people who have accepted to be in a course whose people `by` sees."""
    enrollments = Enrollment.objects.present().settled().filter(user__in=people)
    held = held_in(by, Course.objects.present().filter(pk__in=enrollments.values("section__course")))
    there = enrollments.values_list("user", "section", "section__course")
    return {user for user, section, course in there if held[course].sees_people_of(section)}


def belonging(people: Collection[int]) -> set[int]:
    """Return those of these people (ids) who belong somewhere: by an accepted enrollment, an admin role or a link."""
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
    """Return the accounts where the person, or a student they observe, has or had an enrollment, and where they have or
    had a role.

    Past enrollments count: the account is the one they used there. Invitations do not, answered or not: otherwise
    anyone's account could be drawn into one's own school. Enrollments that only staff of a course vouch for do not
    count either: a person with nothing else belongs to the institution, which is the root account.
    """
    observed = ObservationLink.objects.live().filter(observer=person).values("student")
    people = User.objects.filter(pk=person.pk).values("pk").union(observed)
    enrollments = Enrollment.objects.settled().filter(OneOf(people, "user"))
    asked = enrollments.exclude(accepted_through=Enrollment.Through.STAFF)
    roles = AccountAdmin.objects.filter(user=person)
    found = enrollments.values("section__course__account").union(roles.values("account"))
    return list(Account.objects.filter(Q(OneOf(found)) | Q(~Exists(asked), parent=None)))
