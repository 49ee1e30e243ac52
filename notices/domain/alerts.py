"""What an observer has been told of: listed, read, dismissed.

An alert that was made is shown only while what it is about may be read. So it goes at once with the link, with the
observer's way into the course, with a grade that is hidden again, and with an announcement that is over.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.errors import NotAllowed, NotThere
from accounts.models import User
from accounts.models.ids import OneOf
from courses.access.courses import observer_enrollments, students_followed
from courses.domain.course_tabs import ANNOUNCEMENTS, ASSIGNMENTS, GRADES
from courses.models import AccountNotification, Assignment, DiscussionTopic, Submission
from courses.models.enrollment import EnrollmentQuerySet
from notices.models import AlertType, ObserverAlert

State = ObserverAlert.State
GRADE_OF_WORK = (AlertType.ASSIGNMENT_GRADE_HIGH, AlertType.ASSIGNMENT_GRADE_LOW)
GRADE_OF_COURSE = (AlertType.COURSE_GRADE_HIGH, AlertType.COURSE_GRADE_LOW)
# The page of the course on which each kind is found.
TABS = {
    AlertType.ASSIGNMENT_MISSING: ASSIGNMENTS.id,
    **dict.fromkeys(GRADE_OF_WORK, ASSIGNMENTS.id),
    **dict.fromkeys(GRADE_OF_COURSE, GRADES.id),
    AlertType.COURSE_ANNOUNCEMENT: ANNOUNCEMENTS.id,
}


def alerts_of(observer: User) -> QuerySet[ObserverAlert]:
    """Return what an observer has been told of and may still read, dismissed or not, newest first.

    Each comes with what `opens` asks, and with the id of the student's submission, which need not be there.
    """
    seen = _ways_in(observer)
    followed = students_followed(observer).order_by().values("pk")
    found = ObserverAlert.objects.filter(OneOf(followed, "student"), observer=observer)
    found = found.filter(Q(course=None) | Exists(seen)).exclude(course__observers_allowed=False)
    found = found.exclude(_kept_back()).exclude(_is_over())
    found = found.annotate(
        is_readable=Exists(seen.open()),
        is_there=Q(topic=None) | Q(topic__workflow_state=DiscussionTopic.State.ACTIVE),
        submission_id=Subquery(
            Submission.objects.filter(assignment=OuterRef("assignment"), student=OuterRef("student")).values("pk")[:1]
        ),
        is_published=Q(assignment=None) | Q(assignment__workflow_state=Assignment.State.PUBLISHED),
    )
    return found.select_related("course", "assignment", "topic", "notification", "student").order_by("-id")


def _ways_in(observer: User) -> EnrollmentQuerySet:
    """Return the enrollments by which `observer` sees the alert's student in the alert's course."""
    return observer_enrollments(observer).filter(
        section__course=OuterRef("course"), associated_user=OuterRef("student")
    )


def _kept_back() -> Q:
    """Return the condition of grades that observers may not read now: hidden again, or never told in this course."""
    released = Submission.objects.filter(
        assignment=OuterRef("assignment"), student=OuterRef("student"), posted_at__lte=Now()
    )
    return (
        (Q(alert_type__in=GRADE_OF_WORK) & ~Exists(released))
        | Q(alert_type__in=GRADE_OF_COURSE, course__hide_final_grades=True)
        | Q(alert_type__in=(*GRADE_OF_WORK, *GRADE_OF_COURSE), course__restrict_quantitative_data=True)
    )


def _is_over() -> Q:
    running = AccountNotification.objects.running().order_by().filter(pk=OuterRef("notification"))
    return Q(alert_type=AlertType.INSTITUTION_ANNOUNCEMENT) & Q(~Exists(running))


def opens(alert: ObserverAlert) -> bool:
    """Return whether the page that an alert from `alerts_of` is about can be opened by its observer."""
    if alert.course is None:
        return True
    is_shown = TABS[AlertType(alert.alert_type)] not in alert.course.hidden_tabs
    return bool(alert.is_readable and alert.is_there and alert.is_published and is_shown)  # type: ignore[attr-defined]


def listed(observer: User, student_id: int | None = None) -> QuerySet[ObserverAlert]:
    """Return those that have not been dismissed, of all students or of one."""
    found = alerts_of(observer).exclude(workflow_state=State.DISMISSED)
    return found if student_id is None else found.filter(student=student_id)


def alert_of(observer: User, alert_id: int) -> ObserverAlert:
    """Return one alert of an observer's.

    Raises NotThere where there is none, NotAllowed for somebody else's and for one that may not be read any more.
    """
    found = alerts_of(observer).filter(pk=alert_id).first()
    if found is None:
        if ObserverAlert.objects.filter(pk=alert_id).exists():
            raise NotAllowed
        raise NotThere(_("There is no such alert. It may have been removed after six months."))
    return found


def mark(alert: ObserverAlert, state: str) -> ObserverAlert:
    """Have an alert read or dismissed, from whichever it was, and return it: what was dismissed can be read again."""
    alert.workflow_state = State(state)
    alert.save(update_fields=["workflow_state"])
    return alert


def mark_all_read(alerts: QuerySet[ObserverAlert]) -> int:
    """Have all of these read that are new; return how many (one statement)."""
    new = alerts.filter(workflow_state=State.UNREAD).order_by().values("pk")
    return ObserverAlert.objects.filter(OneOf(new)).update(workflow_state=State.READ)
