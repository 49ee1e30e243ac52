"""The dates that people give to an enrollment: kept until others are given, in order, and left alone by rosters."""

from datetime import UTC, datetime

import pytest

from accounts.errors import Invalid
from accounts.models import AuditEvent, BaseType
from courses.domain.add_people import add_people
from courses.domain.course_observers import link_students
from courses.domain.enrollments import change_state, enroll
from courses.domain.members import set_sections
from courses.models import Enrollment
from tests.api import Api
from tests.courses.people import as_member
from tests.factories import EnrollmentFactory, SectionFactory, UserFactory, make_admin
from tests.observing import pair, role

FALL, WINTER, SUMMER = (datetime(2029, month, 1, tzinfo=UTC) for month in (9, 12, 6))


@pytest.fixture
def dated(section) -> Enrollment:
    """A student's enrollment with both dates."""
    return EnrollmentFactory(section=section, start_at=FALL, end_at=WINTER)


def dates_of(enrollment: Enrollment) -> tuple[datetime | None, datetime | None]:
    enrollment.refresh_from_db()
    return enrollment.start_at, enrollment.end_at


def enroll_again(dated: Enrollment, by, **given):
    wanted = {"user_id": dated.user_id, "course_section_id": dated.section_id, **given}
    return Api(by).post(f"courses/{dated.section.course_id}/enrollments", enrollment=wanted)


def test_adding_people_who_are_there_leaves_their_dates(section, teacher, dated):
    assert add_people(section.course, [dated.user], role(BaseType.STUDENT), section, by=teacher) == 0
    assert dates_of(dated) == (FALL, WINTER)
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ({}, (FALL, WINTER)),
        ({"enrollment_state": "active"}, (FALL, WINTER)),
        ({"end_at": "2029-10-01T00:00:00Z"}, (FALL, datetime(2029, 10, 1, tzinfo=UTC))),
        ({"start_at": ""}, (None, WINTER)),
        ({"start_at": "", "end_at": ""}, (None, None)),
    ],
)
def test_a_call_changes_the_dates_that_it_gives_and_no_others(teacher, dated, given, then):
    assert enroll_again(dated, teacher, **given).status_code == 200
    assert dates_of(dated) == then


@pytest.mark.parametrize(
    "given",
    [
        {"start_at": "2030-01-01T00:00:00Z"},
        {"end_at": "2029-06-01T00:00:00Z"},
        {"end_at": "2029-09-01T00:00:00Z"},
        {"start_at": "2031-01-01T00:00:00Z", "end_at": "2030-01-01T00:00:00Z"},
    ],
)
def test_an_end_that_is_not_after_the_start_is_refused(teacher, dated, given):
    answer = enroll_again(dated, teacher, **given)
    assert answer.status_code == 400
    assert "The end must be after the start." in answer.json()["errors"]["end_at"][0]["message"]
    assert dates_of(dated) == (FALL, WINTER)


def test_nobody_new_is_enrolled_with_an_end_before_the_start(section):
    with pytest.raises(Invalid, match="end must be after the start") as refused:
        enroll(UserFactory(), section, role(BaseType.STUDENT), by=None, start_at=WINTER, end_at=FALL)
    assert (list(refused.value.errors), refused.value.of) == (["end_at"], "enrollment")
    assert not Enrollment.objects.exists()


@pytest.mark.parametrize("state", ["deleted", "rejected"])
def test_who_was_removed_or_declined_comes_back_without_the_dates_of_before(section, state):
    gone = EnrollmentFactory(section=section, state=state, start_at=FALL, end_at=WINTER, stuck_sis_fields=["start_at"])
    enroll(gone.user, section, role(BaseType.STUDENT), by=None)
    assert dates_of(gone) == (None, None)
    assert gone.stuck_sis_fields == []


@pytest.mark.parametrize("state", ["inactive", "completed"])
def test_who_is_inactive_or_has_concluded_comes_back_with_their_dates(section, teacher, dated, state):
    change_state(dated, state, by=None)
    assert enroll_again(dated, teacher, enrollment_state="active").status_code == 200
    assert dates_of(dated) == (FALL, WINTER)
    assert dated.state == "active"


def test_other_sections_take_the_dates_along(section, teacher, dated):
    other = SectionFactory(course=section.course)
    set_sections(as_member(dated.user, section), [other], by=teacher)
    assert dates_of(Enrollment.objects.get(user=dated.user, section=other)) == (FALL, WINTER)


def test_an_observer_gets_the_students_dates_and_by_a_link_new_ones_too(section, teacher, dated):
    watcher = EnrollmentFactory(section=section, type=BaseType.OBSERVER).user
    link_students(as_member(watcher, section), [dated.user_id], by=teacher)
    pair(parent := UserFactory(), dated.user)
    in_course, by_link = (Enrollment.objects.get(user=one, associated_user=dated.user) for one in (watcher, parent))
    assert dates_of(in_course) == dates_of(by_link) == (FALL, WINTER)
    enroll_again(dated, teacher, end_at="2029-10-01T00:00:00Z")
    assert dates_of(by_link) == (FALL, datetime(2029, 10, 1, tzinfo=UTC))
    enroll(
        watcher,
        section,
        role(BaseType.OBSERVER),
        by=teacher,
        associated_user=dated.user,
        end_at=SUMMER.replace(year=2030),
    )
    assert dates_of(in_course) == (FALL, SUMMER.replace(year=2030))
    assert by_link.stuck_sis_fields == in_course.stuck_sis_fields == []


def test_only_a_change_of_the_dates_keeps_rosters_from_them(section, dated):
    admin = make_admin()
    enroll_again(dated, admin)
    enroll_again(dated, admin, start_at=FALL.isoformat(), end_at=WINTER.isoformat())
    enroll_again(dated, admin, enrollment_state="inactive")
    dated.refresh_from_db()
    assert dated.stuck_sis_fields == []
    enroll_again(dated, admin, end_at=SUMMER.replace(year=2030).isoformat())
    dated.refresh_from_db()
    assert dated.stuck_sis_fields == ["end_at", "start_at"]
    enroll_again(dated, admin)
    dated.refresh_from_db()
    assert dated.stuck_sis_fields == ["end_at", "start_at"]


def test_new_dates_are_recorded_as_a_change_and_the_same_ones_are_not(teacher, dated):
    for _ in range(2):
        enroll_again(dated, teacher, end_at="2029-10-01T00:00:00Z")
    event = AuditEvent.objects.get(action="enrollment.changed")
    assert (event.actor, event.subject) == (teacher, dated.user)
    assert (event.details["before"], event.details["state"]) == ("active", "active")
