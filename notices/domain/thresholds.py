"""What observers want to be told of each student: read, set, turned off."""

from __future__ import annotations

import re

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.locks import lock_users
from accounts.errors import Invalid, NotAllowed, NotThere
from accounts.models import User
from courses.access.courses import list_students_followed, students_followed
from notices.models import AlertType, ObserverAlertThreshold
from notices.models.threshold import HIGH, OPPOSITES, ThresholdQuerySet

# What somebody who begins to observe a student is told of until they choose otherwise: what nobody wants to miss.
DEFAULTS = (AlertType.ASSIGNMENT_MISSING, AlertType.INSTITUTION_ANNOUNCEMENT)

# Whatever the observer has chosen, be it to turn one of them off, has a row and stays as it is.
GIVE_DEFAULTS = """
INSERT INTO notices_observeralertthreshold (observer_id, student_id, alert_type)
SELECT o.id, s.id, wanted.type
FROM (SELECT DISTINCT observer, student FROM unnest(%s::bigint[], %s::bigint[]) AS pair(observer, student)) AS pairs
JOIN accounts_user o ON o.id = pairs.observer JOIN accounts_user s ON s.id = pairs.student
CROSS JOIN unnest(%s::text[]) AS wanted(type)
ORDER BY o.id, s.id, wanted.type
ON CONFLICT DO NOTHING
"""


def give_defaults(pairs: list[tuple[int, int]]) -> None:
    """Turn on DEFAULTS for these (observer id, student id) pairs, except what was on or off before (one statement)."""
    if pairs:
        observers, students = zip(*pairs, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(GIVE_DEFAULTS, [list(observers), list(students), list(DEFAULTS)])


def thresholds_of(observer: User) -> ThresholdQuerySet:
    """Return what an observer wants to be told of the students they still observe, in the order of their ids.

    Who has just begun to observe may have no defaults yet: a job gives them (notices/domain/defaults.py). Those who
    look are given them at once (three statements, four with that).
    """
    students = [student.pk for student in list_students_followed(observer)]
    given = ObserverAlertThreshold.objects.filter(observer=observer, alert_type__in=DEFAULTS)
    have = set(given.values_list("student", "alert_type"))
    give_defaults([(observer.pk, pk) for pk in students if any((pk, each) not in have for each in DEFAULTS)])
    return ObserverAlertThreshold.objects.active().filter(observer=observer, student__in=students).order_by("id")


def threshold_of(observer: User, threshold_id: int) -> ObserverAlertThreshold:
    """Return one threshold of an observer's.

    Raises NotThere for one that is turned off or never was, NotAllowed for somebody else's and for one about a student
    whom the observer no longer observes.
    """
    found = ObserverAlertThreshold.objects.active().filter(pk=threshold_id).first()
    if found is None:
        raise NotThere(_("There is no such setting, or it has been turned off."))
    if found.observer_id != observer.pk or not students_followed(observer).filter(pk=found.student_id).exists():
        raise NotAllowed
    return found


def set_threshold(observer: User, student_id: int, alert_type: AlertType, typed: str) -> ObserverAlertThreshold:
    """Have an observer told of something about a student, and return the setting: the same one as before, if any.

    `typed` is the percentage of a type that has one, and empty for the others. Raises Invalid for what is no
    percentage, for one that is not on its side of the opposite one, and for a student whom they do not observe.
    """
    with transaction.atomic():
        # Two at a time could each pass, and lie on the wrong sides of each other.
        lock_users([observer.pk])
        if not students_followed(observer).filter(pk=student_id).exists():
            raise Invalid({"student": [("invalid", _("You do not observe this student."))]})
        threshold = _percentage(alert_type, typed)
        mine = ObserverAlertThreshold.objects.filter(observer=observer, student=student_id)
        _check_sides(mine, alert_type, threshold)
        found, _made = mine.update_or_create(
            observer=observer,
            student_id=student_id,
            alert_type=alert_type,
            defaults={
                "threshold": threshold,
                "workflow_state": ObserverAlertThreshold.State.ACTIVE,
                "updated_at": timezone.now(),
            },
        )
    return found


def change_threshold(found: ObserverAlertThreshold, *, by: User, typed: str) -> ObserverAlertThreshold:
    """Give a threshold another percentage, and return it. Raises as `set_threshold` does."""
    return set_threshold(by, found.student_id, AlertType(found.alert_type), typed)


def turn_off(found: ObserverAlertThreshold) -> ObserverAlertThreshold:
    """Have nothing told of it any more; return it as it is then. Done already, it stays done."""
    found.workflow_state, found.updated_at = ObserverAlertThreshold.State.DELETED, timezone.now()
    found.save(update_fields=["workflow_state", "updated_at"])
    return found


def _percentage(alert_type: AlertType, typed: str) -> int | None:
    text = typed.strip().removesuffix("%").rstrip()
    if alert_type not in OPPOSITES:
        if text:
            raise _refused(_("There is no percentage to give for this."))
        return None
    if not text:
        raise _refused(_("Give a percentage: a whole number from 0 to 100."))
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > 100:
        raise _refused(_("A percentage is a whole number from 0 to 100."))
    return int(text)


def _check_sides(mine: ThresholdQuerySet, alert_type: AlertType, threshold: int | None) -> None:
    """Raise Invalid for a high threshold that is not above the low one about the same student, and the reverse."""
    if threshold is None:
        return
    other = mine.active().filter(alert_type=OPPOSITES[alert_type]).first()
    if other is None or other.threshold is None:
        return
    if alert_type in HIGH and threshold <= other.threshold:
        message = _("Give more than %(other)d: you are also told of what is below %(other)d.")
    elif alert_type not in HIGH and threshold >= other.threshold:
        message = _("Give less than %(other)d: you are also told of what is above %(other)d.")
    else:
        return
    raise _refused(message % {"other": other.threshold})


def _refused(message: str) -> Invalid:
    return Invalid({"threshold": [("invalid", message)]})
