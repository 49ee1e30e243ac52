"""What the tables of a course's content refuse by themselves, whoever writes to them."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from courses.models import (
    AccountNotification,
    Assignment,
    AssignmentDate,
    AssignmentGroup,
    CalendarEvent,
    DiscussionTopic,
    GradingPeriod,
    Submission,
    SubmissionComment,
    Term,
)
from courses.models.source import Mirrored
from tests.factories import CourseFactory, SectionFactory, UserFactory, make_student

pytestmark = pytest.mark.usefixtures("root")


def refused(constraint: str):
    return pytest.raises(IntegrityError, match=constraint)


HOUR = timedelta(hours=1)


def test_points_and_weights_are_not_negative_and_dates_are_in_order():
    course, now = CourseFactory(), timezone.now()
    work = Assignment.objects.create(course=course, name="Quiz", points_possible=0, unlock_at=now)
    for constraint, fields in (
        ("points_possible_is_not_negative", {"points_possible": "-0.01"}),
        ("assignment_unlocks_before_it_locks", {"lock_at": now}),
        ("assignment_says_how_it_is_handed_in", {"submission_types": []}),
        ("assignment_state_is_known", {"workflow_state": "lost"}),
    ):
        with refused(constraint), transaction.atomic():
            Assignment.objects.filter(pk=work.pk).update(**fields)
    with refused("weight_is_not_negative"), transaction.atomic():
        AssignmentGroup.objects.create(course=course, name="Tests", weight=-1)
    with refused("notification_starts_before_its_end"), transaction.atomic():
        AccountNotification.objects.create(subject="Snow", start_at=now, end_at=now)
    with refused("period_starts_before_its_end"):
        GradingPeriod.objects.create(title="Fall", start_at=now, end_at=now)


def test_an_assignment_is_in_a_group_of_its_own_course():
    group = AssignmentGroup.objects.create(course=CourseFactory(), name="Tests")
    work = Assignment.objects.create(course=group.course, group=group, name="Quiz")
    with refused("assignment_is_in_a_group_of_its_course"), transaction.atomic():
        Assignment.objects.filter(pk=work.pk).update(course=CourseFactory())
        connection.check_constraints()


def test_a_date_is_one_sections_or_one_students_and_there_is_one_for_each():
    section = SectionFactory()
    work, student = Assignment.objects.create(course=section.course, name="Quiz"), make_student(section)
    for whose in ({"section": section}, {"student": student}):
        AssignmentDate.objects.create(assignment=work, **whose)
        with refused("one_date_for_each"), transaction.atomic():
            AssignmentDate.objects.create(assignment=work, **whose)
    for wrong in ({}, {"section": section, "student": student}):
        with refused("a_date_is_a_sections_or_a_students"), transaction.atomic():
            AssignmentDate.objects.create(assignment=work, **wrong)


@pytest.mark.parametrize("named", [True, False])
def test_the_grading_periods_of_a_term_do_not_overlap(named):
    now, term = timezone.now(), Term.objects.create(name="Fall") if named else None
    first = GradingPeriod.objects.create(term=term, title="First", start_at=now, end_at=now + 2 * HOUR)
    second = GradingPeriod.objects.create(term=term, title="Next", start_at=now + 2 * HOUR, end_at=now + 4 * HOUR)
    GradingPeriod.objects.create(term=Term.objects.create(name="Other"), title="O", start_at=now, end_at=now + HOUR)
    for start, end in ((now - HOUR, now + HOUR), (now + HOUR, now + 3 * HOUR), (now, now + 2 * HOUR)):
        with refused("periods_of_a_term_do_not_overlap"), transaction.atomic():
            GradingPeriod.objects.create(term=term, title="Wrong", start_at=start, end_at=end)
    # Both move in one statement, though the first one then stands where the second one was.
    moved = {"start_at": F("start_at") + 2 * HOUR, "end_at": F("end_at") + 2 * HOUR}
    assert GradingPeriod.objects.filter(pk__in=[first.pk, second.pk]).update(**moved) == 2


@pytest.mark.parametrize("whose", [(), ("course", "owner"), ("course", "account"), ("course", "account", "owner")])
def test_an_event_is_in_one_calendar(whose):
    course = CourseFactory()
    calendars = {"course": course, "account": course.account, "owner": UserFactory()}
    for one, its in calendars.items():
        CalendarEvent.objects.create(title="Fair", **{one: its})
    with refused("an_event_is_in_one_calendar"):
        CalendarEvent.objects.create(title="Fair", **{one: calendars[one] for one in whose})


def test_an_event_does_not_end_before_it_starts():
    owner, now = UserFactory(), timezone.now()
    CalendarEvent.objects.create(owner=owner, title="Call", start_at=now, end_at=now)
    for start, end in ((now, now - HOUR), (None, now)):
        with refused("an_event_does_not_end_before_its_start"), transaction.atomic():
            CalendarEvent.objects.create(owner=owner, title="Call", start_at=start, end_at=end)


def _mirrored():
    """One record of each kind that may come from elsewhere, unsaved."""
    section = SectionFactory()
    course, student, now = section.course, make_student(section), timezone.now()
    work = Assignment.objects.create(course=course, name="Quiz")
    submission = Submission.objects.create(assignment=work, student=make_student(section))
    return [
        AssignmentGroup(course=course, name="Tests"),
        GradingPeriod(title="Fall", start_at=now, end_at=now + HOUR),
        Assignment(course=course, name="Essay"),
        AssignmentDate(assignment=work, section=section),
        Submission(assignment=work, student=student),
        SubmissionComment(submission=submission, author_name="Ms. Far", comment="Well done."),
        DiscussionTopic(course=course, title="Field day"),
        AccountNotification(subject="Snow", start_at=now, end_at=now + HOUR),
        CalendarEvent(course=course, title="Fair"),
    ]


def test_a_record_from_elsewhere_has_an_id_that_no_other_of_its_kind_and_source_has():
    kinds = {type(one) for one in _mirrored()}
    assert kinds == {model for model in apps.get_app_config("courses").get_models() if issubclass(model, Mirrored)}
    for one in _mirrored():
        name = one._meta.model_name
        with refused(f"mirrored_{name}_has_its_id"), transaction.atomic():
            one.source, one.source_id = "canvas", None
            one.save()
        with refused(f"{name}_source_is_a_web_address"), transaction.atomic():
            one.source_id, one.source_url = f"{name}-1", "javascript:alert(1)"
            one.save()
        one.source_url = "https://lms.example/1"
        one.save()
    for one in _mirrored():
        one.source, one.source_id = "canvas", f"{one._meta.model_name}-1"
        if isinstance(one, GradingPeriod):
            one.start_at, one.end_at = one.start_at + HOUR, one.end_at + HOUR
        with refused(f"one_{one._meta.model_name}_has_an_id_of_a_source"), transaction.atomic():
            one.save()
