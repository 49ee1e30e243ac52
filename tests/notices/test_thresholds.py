"""What observers want to be told of: kept by the rules, whoever writes it, and gone with what they observe."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from accounts.errors import Invalid
from accounts.models import BaseType, ObservationLink
from courses.domain.observation import unlink
from courses.models import Enrollment
from notices.domain.thresholds import DEFAULTS, set_threshold, thresholds_of, turn_off
from notices.models import AlertType, ObserverAlertThreshold
from tests.factories import EnrollmentFactory, make_student
from tests.observing import pair

HIGH, LOW = AlertType.COURSE_GRADE_HIGH, AlertType.COURSE_GRADE_LOW


def kept(observer) -> dict[str, int | None]:
    return {one.alert_type: one.threshold for one in thresholds_of(observer)}


@pytest.mark.parametrize(
    ("alert_type", "threshold"),
    [(HIGH, None), (HIGH, 101), (LOW, None), (AlertType.ASSIGNMENT_MISSING, 50), ("another_type", None)],
)
def test_the_database_refuses_what_the_rules_refuse(observer, student, alert_type, threshold):
    with pytest.raises(IntegrityError), transaction.atomic():
        ObserverAlertThreshold.objects.create(
            observer=observer, student=student, alert_type=alert_type, threshold=threshold
        )


@pytest.mark.parametrize("typed", ["", "abc", "101", "-1", "1.5", "9" * 30, "\u0665"])
def test_a_grade_needs_a_whole_percentage(observer, student, typed):
    with pytest.raises(Invalid) as refused:
        set_threshold(observer, student.pk, HIGH, typed)
    assert [*refused.value.errors] == ["threshold"]


@pytest.mark.parametrize("typed", ["0", "100", " 90 ", "90 %", "090"])
def test_every_whole_percentage_from_0_to_100_is_taken(observer, student, typed):
    assert set_threshold(observer, student.pk, HIGH, typed).threshold == int(typed.strip(" %"))


def test_the_others_have_no_percentage(observer, student):
    with pytest.raises(Invalid):
        set_threshold(observer, student.pk, AlertType.ASSIGNMENT_MISSING, "5")


def test_high_lies_above_low_for_the_same_student_only(observer, student):
    sibling = make_student()
    pair(observer, sibling)
    set_threshold(observer, student.pk, LOW, "60")
    for typed in ("60", "10"):
        with pytest.raises(Invalid):
            set_threshold(observer, student.pk, HIGH, typed)
    set_threshold(observer, student.pk, HIGH, "61")
    with pytest.raises(Invalid):
        set_threshold(observer, student.pk, LOW, "61")
    # Not for another student, another kind of grade, or another observer.
    assert set_threshold(observer, sibling.pk, HIGH, "10").threshold == 10
    assert set_threshold(observer, student.pk, AlertType.ASSIGNMENT_GRADE_HIGH, "10").threshold == 10
    # Nor for one that is turned off.
    turn_off(ObserverAlertThreshold.objects.get(observer=observer, student=student, alert_type=LOW))
    assert set_threshold(observer, student.pk, HIGH, "10").threshold == 10


def test_what_is_turned_on_again_is_the_same(observer, student):
    first = set_threshold(observer, student.pk, HIGH, "90")
    turn_off(first)
    assert HIGH not in kept(observer)
    again = set_threshold(observer, student.pk, HIGH, "80")
    assert (again.pk, again.threshold, again.is_active) == (first.pk, 80, True)


def test_nobody_is_told_of_a_student_they_do_not_observe(observer, student):
    with pytest.raises(Invalid) as refused:
        set_threshold(observer, make_student().pk, HIGH, "90")
    assert [*refused.value.errors] == ["student"]


def test_settings_are_out_of_sight_the_moment_the_link_is_gone_and_as_before_with_it(observer, student):
    set_threshold(observer, student.pk, HIGH, "90")
    before = kept(observer)
    unlink(ObservationLink.objects.get(), by=observer)
    assert kept(observer) == {}
    pair(observer, student)
    assert kept(observer) == before


@pytest.mark.parametrize("state", [Enrollment.State.ACTIVE, Enrollment.State.INACTIVE, Enrollment.State.DELETED])
def test_who_observes_in_one_course_is_linked_while_the_enrollment_is_active(root, state):
    student = make_student()
    section = student.enrollments.get().section
    beside = EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student, state=state)
    assert bool(kept(beside.user)) == (state == Enrollment.State.ACTIVE)


def test_new_observers_are_told_of_missing_work_and_of_the_institution(observer):
    assert kept(observer) == dict.fromkeys(DEFAULTS)


def test_the_list_takes_as_many_statements_for_many_students(observer, django_assert_num_queries):
    for _n in range(20):
        pair(observer, make_student())
    assert len(thresholds_of(observer)) == 42
    with django_assert_num_queries(3):
        list(thresholds_of(observer))
