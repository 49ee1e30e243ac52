"""“This should not be”: a student says so of somebody who observes them, and who can act is told."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.errors import NotThere
from accounts.models import Account, User
from accounts.models.account_tree import upwards
from accounts.permissions.registry import Permission
from courses.domain.observers import who_observes
from courses.domain.rosters import people_of
from courses.models import Enrollment
from pairing.domain.events import ObserverReported, ReportSettled
from pairing.models import Objection

# A person with this permission in an account sees its students' reports.
PERMISSION = Permission.MANAGE_USER_OBSERVERS


def object_to(observer_id: int, *, by: User) -> Objection:
    """Report that `observer_id` should not observe `by`; pressed twice, it is one report. Raises NotThere.

    It changes nothing by itself: a link that is right (a parent's, say) must not end at a pupil's word alone.
    """
    if observer_id not in {observer.person.pk for observer in who_observes(by)}:
        raise NotThere(_("This person does not observe you."))
    with transaction.atomic():
        objection, made = Objection.objects.get_or_create(student=by, observer_id=observer_id, settled_at=None)
        if made:
            record(ObserverReported(observer_id), by=by, subject=by)
    return objection


def open_objections(account: Account) -> QuerySet[Objection]:
    """What the students of `account` have reported and nobody has settled, the oldest first."""
    there = Objection.objects.filter(settled_at=None, student__in=people_of(account).order_by().values("pk"))
    return there.select_related("student", "observer").order_by("id")


def reported_by(student: User) -> set[int]:
    """The ids of the observers whom `student` has reported, as long as nobody has settled it."""
    return set(Objection.objects.filter(student=student, settled_at=None).values_list("observer_id", flat=True))


def settle(objection: Objection, *, by: User) -> None:
    """Take a report off the list. Nothing happens where somebody else was quicker."""
    with transaction.atomic():
        ours = Objection.objects.filter(pk=objection.pk, settled_at=None)
        if ours.update(settled_at=timezone.now(), settled_by=by.person_acting):
            record(ReportSettled(objection.observer_id), by=by, subject=objection.student)


def office_for(student: User) -> str:
    """Whom a student can ask about observers: the name or address that the nearest account has set, else empty."""
    places = Enrollment.objects.present().live().students().filter(user=student)
    schools = Account.objects.filter(courses__in=places.values("section__course")).distinct().order_by("sort_key")
    chains = upwards([school.pk for school in schools])
    above = Account.objects.filter(pk__in={pk for chain in chains.values() for pk in chain}).exclude(links_office="")
    offices = dict(above.values_list("pk", "links_office"))
    nearest = (offices[pk] for school in schools for pk in chains[school.pk] if pk in offices)
    return next(nearest, None) or Account.objects.root().links_office
