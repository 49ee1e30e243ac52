"""“Report this person”: a student reports an observer, and the people who can act are told."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.errors import NotThere
from accounts.models import Account, User
from accounts.models.account import upwards
from accounts.permissions.registry import Permission
from courses.domain.observers import who_observes
from courses.domain.rosters import people_of
from courses.models import Enrollment
from pairing.domain.events import ObserverReported, ReportSettled
from pairing.models import Objection

# A person with this permission in an account sees its students' reports.
PERMISSION = Permission.MANAGE_USER_OBSERVERS


def object_to(observer_id: int, *, by: User) -> Objection:
    """Report that `observer_id` should not observe `by`; reporting twice creates one report. Raises Invalid.

    This changes nothing by itself: a correct link (to a parent, for example) must not end at a student's word alone.
    """
    if observer_id not in {observer.person.pk for observer in who_observes(by)}:
        raise NotThere(_("This person does not observe you."))
    with transaction.atomic():
        objection, made = Objection.objects.get_or_create(student=by, observer_id=observer_id, settled_at=None)
        if made:
            record(ObserverReported(observer_id), by=by, subject=by)
    return objection


def open_objections(account: Account) -> QuerySet[Objection]:
    """Return the open reports by students of `account`, oldest first."""
    there = Objection.objects.filter(settled_at=None, student__in=people_of(account).order_by().values("pk"))
    return there.select_related("student", "observer").order_by("id")


def reported_by(student: User) -> set[int]:
    """Return the ids of the observers in open reports by `student`."""
    return set(Objection.objects.filter(student=student, settled_at=None).values_list("observer_id", flat=True))


def settle(objection: Objection, *, by: User) -> None:
    """Close a report. Do nothing if someone else was faster."""
    with transaction.atomic():
        ours = Objection.objects.filter(pk=objection.pk, settled_at=None)
        if ours.update(settled_at=timezone.now(), settled_by=by.person_acting):
            record(ReportSettled(objection.observer_id), by=by, subject=objection.student)


def office_for(student: User) -> str:
    """Return the contact for a student's questions about observers, as set in the nearest account; otherwise empty."""
    enrollments = Enrollment.objects.present().live().students().filter(user=student)
    schools = Account.objects.filter(courses__in=enrollments.values("section__course")).distinct().order_by("sort_key")
    chains = upwards([school.pk for school in schools])
    above = Account.objects.filter(pk__in={pk for chain in chains.values() for pk in chain}).exclude(links_office="")
    offices = dict(above.values_list("pk", "links_office"))
    nearest = (offices[pk] for school in schools for pk in chains[school.pk] if pk in offices)
    return next(nearest, None) or Account.objects.root().links_office
