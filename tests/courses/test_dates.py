"""When a course is open, for whom: every date there is, on every way in, for everybody who is in it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import BaseType, ObservationLink
from courses.access.courses import course_access, courses_by_student
from courses.access.permissions import course_permissions
from courses.domain.dashboard import CourseList, courses_observed, own_courses
from courses.domain.observation import link
from courses.models import Course, Term
from pairing.domain.eligibility import refusal_for
from tests.api import Api, ids
from tests.factories import CourseFactory, EnrollmentFactory, SectionFactory, UserFactory, allow, make_admin

PAST, FUTURE = -timedelta(days=30), timedelta(days=30)
LONG_AGO, FAR_OFF = -timedelta(days=300), timedelta(days=300)
AHEAD, OPEN, OVER = "ahead", "open", "over"
SECTION_BINDS = {"section.restrict_enrollments_to_section_dates": True}
COURSE_BINDS = {"course.restrict_enrollments_to_course_dates": True}

# What is dated; where that leaves student and observer; and where the teacher.
TABLE = [
    ({}, OPEN, OPEN),
    # Each date by itself: all that have one must have begun, and none be over. Staff prepare before and grade after.
    *[({f"{dated}.start_at": PAST}, OPEN, OPEN) for dated in ("term", "course", "section", "enrollment")],
    *[({f"{dated}.end_at": FUTURE}, OPEN, OPEN) for dated in ("term", "course", "section", "enrollment")],
    *[({f"{dated}.start_at": FUTURE}, AHEAD, OPEN) for dated in ("term", "course", "section")],
    *[({f"{dated}.end_at": PAST}, OVER, OPEN) for dated in ("term", "course", "section")],
    # The dates of one's own enrollment count for everybody.
    ({"enrollment.start_at": FUTURE}, AHEAD, AHEAD),
    ({"enrollment.end_at": PAST}, OVER, OVER),
    ({"enrollment.start_at": LONG_AGO, "enrollment.end_at": PAST}, OVER, OVER),
    ({"enrollment.start_at": FUTURE, "enrollment.end_at": FAR_OFF}, AHEAD, AHEAD),
    # What begins later, or ends earlier, decides.
    ({"term.start_at": PAST, "course.start_at": FUTURE}, AHEAD, OPEN),
    ({"term.start_at": FUTURE, "course.start_at": PAST}, AHEAD, OPEN),
    ({"course.start_at": PAST, "section.start_at": FUTURE}, AHEAD, OPEN),
    ({"course.start_at": FUTURE, "section.start_at": PAST}, AHEAD, OPEN),
    ({"course.end_at": PAST, "section.end_at": FUTURE}, OVER, OPEN),
    ({"course.end_at": FUTURE, "section.end_at": PAST}, OVER, OPEN),
    # Dates that bind replace those further out, earlier or later.
    ({"term.start_at": FUTURE, "course.start_at": PAST, **COURSE_BINDS}, OPEN, OPEN),
    ({"term.end_at": PAST, "course.end_at": FUTURE, **COURSE_BINDS}, OPEN, OPEN),
    ({"term.end_at": FUTURE, "course.end_at": PAST, **COURSE_BINDS}, OVER, OPEN),
    ({"course.start_at": FUTURE, "section.start_at": PAST, **SECTION_BINDS}, OPEN, OPEN),
    ({"course.end_at": PAST, "term.end_at": PAST, "section.end_at": FUTURE, **SECTION_BINDS}, OPEN, OPEN),
    ({"course.start_at": FUTURE, "section.start_at": PAST, **SECTION_BINDS, **COURSE_BINDS}, OPEN, OPEN),
    ({"term.end_at": PAST, "enrollment.start_at": LONG_AGO, "enrollment.end_at": FUTURE}, OPEN, OPEN),
    ({"section.start_at": FUTURE, "enrollment.start_at": PAST, "enrollment.end_at": FUTURE}, OPEN, OPEN),
    # Where there is no date to bind, those further out go on to count.
    ({"term.end_at": PAST, "course.start_at": LONG_AGO, **COURSE_BINDS}, OVER, OPEN),
    ({"course.start_at": FUTURE, "section.end_at": FAR_OFF, **SECTION_BINDS}, AHEAD, OPEN),
    ({"course.end_at": PAST, "enrollment.start_at": LONG_AGO}, OVER, OPEN),
    # A term's dates for one type replace its own; observers go with the students.
    ({"term.start_at": FUTURE, "StudentEnrollment.start_at": PAST}, OPEN, OPEN),
    ({"term.start_at": PAST, "StudentEnrollment.start_at": FUTURE}, AHEAD, OPEN),
    ({"term.end_at": PAST, "StudentEnrollment.end_at": FUTURE}, OPEN, OPEN),
    ({"term.end_at": FUTURE, "StudentEnrollment.end_at": PAST}, OVER, OPEN),
    ({"term.end_at": PAST, "StudentEnrollment.start_at": LONG_AGO}, OVER, OPEN),
    ({"TeacherEnrollment.start_at": FUTURE}, OPEN, AHEAD),
    ({"TeacherEnrollment.end_at": PAST}, OPEN, OVER),
    ({"TeacherEnrollment.end_at": PAST, "StudentEnrollment.end_at": PAST}, OVER, OVER),
    ({"TaEnrollment.end_at": PAST}, OPEN, OPEN),
    ({"course.start_at": FUTURE, "StudentEnrollment.start_at": PAST}, AHEAD, OPEN),
]


def written(dates) -> str:
    return ", ".join(
        f"{what} {when if when is True else 'past' if when < timedelta() else 'to come'}"
        for what, when in dates.items()
    )


def build(dates, **course_fields) -> SimpleNamespace:
    """A course with these dates, its student and teacher, and the student's observer."""
    now = timezone.now()
    fields: dict = {}
    for path, value in dates.items():
        dated, field = path.split(".")
        fields.setdefault(dated, {})[field] = now + value if isinstance(value, timedelta) else value
    own = fields.get("enrollment", {})
    by_type = {
        base_type: {side: date.isoformat() for side, date in found.items()}
        for base_type, found in fields.items()
        if base_type.endswith("Enrollment")
    }
    term = Term.objects.create(name="Autumn", date_overrides=by_type, **fields.get("term", {}))
    course = CourseFactory(term=term, **fields.get("course", {}), **course_fields)
    section = SectionFactory(course=course, **fields.get("section", {}))
    student = EnrollmentFactory(section=section, **own).user
    observer = UserFactory()
    link(observer, student, origin=ObservationLink.Origin.CODE, by=None)
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER, **own).user
    return SimpleNamespace(course=course, student=student, observer=observer, teacher=teacher)


def where(courses: CourseList) -> str | None:
    """In which part of a list its only course is."""
    parts = {AHEAD: courses.ahead, OPEN: courses.current, OVER: courses.over}
    (found,) = [name for name, part in parts.items() if part]
    return found


def courses_of(reader, **query) -> list[int]:
    return ids(Api(reader).get("courses", **query))


@pytest.mark.usefixtures("root")
class TestTheTable:
    @pytest.mark.parametrize("who", ["student", "observer"])
    @pytest.mark.parametrize(("dates", "expected", "_staff"), TABLE, ids=[written(row[0]) for row in TABLE])
    def test_student_and_observer_read_a_course_once_it_has_begun_and_after_its_end(self, dates, expected, _staff, who):
        here = build(dates)
        reader, course, is_open = getattr(here, who), here.course, expected != AHEAD
        found = course_access(reader, course)
        assert bool(found) is is_open
        assert found is None or found.is_over is (expected == OVER)
        lists = courses_observed(reader, here.student) if who == "observer" else own_courses(reader).own
        assert where(lists) == expected
        assert bool(courses_by_student(here.observer)) is is_open
        browser = Client()
        browser.force_login(reader)
        for tab in ("", "/assignments", "/grades"):
            assert browser.get(f"/courses/{course.pk}{tab}").status_code == (200 if is_open else 404)
        assert Api(reader).get(f"courses/{course.pk}").status_code == (200 if is_open else 403)
        assert (course.pk in courses_of(reader)) is is_open
        assert (course.pk in courses_of(reader, enrollment_state="active")) is (expected == OPEN)
        assert (course.pk in courses_of(reader, enrollment_state="completed", state=["available"])) is (
            expected == OVER
        )

    @pytest.mark.parametrize(("dates", "_learners", "expected"), TABLE, ids=[written(row[0]) for row in TABLE])
    def test_staff_run_a_course_by_their_own_dates(self, dates, _learners, expected):
        allow(BaseType.TEACHER, "generate_observer_pairing_code")
        here = build(dates)
        teacher, course = here.teacher, here.course
        assert ("read_roster" in course_permissions(teacher, course)) is (expected == OPEN)
        found = course_access(teacher, course)
        assert (found is not None and found.sees_people) is (expected == OPEN)
        assert (found is None) is (expected == AHEAD)
        assert (refusal_for(here.student, by=teacher, course=course) is None) is (expected == OPEN)
        browser = Client()
        browser.force_login(teacher)
        people = {OPEN: 200, OVER: 403, AHEAD: 404}
        assert browser.get(f"/courses/{course.pk}/users").status_code == people[expected]
        assert Api(teacher).get(f"courses/{course.pk}/users").status_code == (200 if expected == OPEN else 403)
        assert (course.pk in courses_of(teacher)) is (expected != AHEAD)


@pytest.mark.usefixtures("root")
class TestBeyondTheTable:
    def test_an_unpublished_course_is_open_to_staff_only_whatever_the_dates(self):
        here = build({"course.start_at": PAST}, workflow_state=Course.State.UNPUBLISHED)
        assert course_access(here.student, here.course) is course_access(here.observer, here.course) is None
        assert not own_courses(here.student).own
        assert course_access(here.teacher, here.course).is_staff

    def test_of_several_enrollments_the_most_open_one_decides(self):
        here = build({"section.start_at": FUTURE})
        other = SectionFactory(course=here.course, end_at=timezone.now() + PAST)
        assert where(own_courses(here.student).own) == AHEAD
        EnrollmentFactory(section=other, user=here.student)
        assert where(own_courses(here.student).own) == OVER
        EnrollmentFactory(section=SectionFactory(course=here.course), user=here.student)
        assert where(own_courses(here.student).own) == OPEN
        assert not course_access(here.student, here.course).is_over

    @pytest.mark.parametrize("who", ["student", "observer", "teacher"])
    def test_the_dashboard_keeps_apart_what_has_ended_and_says_so(self, who):
        here = build({"term.end_at": PAST})
        browser = Client()
        browser.force_login(getattr(here, who))
        page = " ".join(browser.get("/").content.decode().split())
        assert "<h3>Ended</h3>" in page
        assert '<span class="badge">Ended</span>' in page
        inside = browser.get(f"/courses/{here.course.pk}").content.decode()
        assert "This course has ended. You can still read it." in inside

    @pytest.mark.parametrize("who", ["student", "observer"])
    def test_the_dashboard_says_when_a_course_opens_and_leads_nowhere_yet(self, who):
        here = build({"term.start_at": FUTURE})
        browser = Client()
        browser.force_login(getattr(here, who))
        page = browser.get("/").content.decode()
        assert here.course.name in page
        assert f"Opens on {timezone.now() + FUTURE:%-d %B %Y}" in page
        assert f"/courses/{here.course.pk}" not in page

    def test_an_invitation_waits_until_the_course_has_begun(self):
        here = build({"term.start_at": FUTURE})
        section = here.course.sections.get()
        invited = EnrollmentFactory(section=section, state="invited").user
        browser = Client()
        browser.force_login(invited)
        assert here.course.name not in browser.get("/").content.decode()
        Term.objects.update(start_at=timezone.now() + PAST)
        assert here.course.name in browser.get("/").content.decode()


@pytest.mark.usefixtures("root")
class TestBindingDatesByHand:
    """A course that begins before its term, and a section that begins before its course."""

    def test_a_course_by_the_api_and_on_its_page(self):
        here, admin = build({"term.start_at": FUTURE, "course.start_at": PAST}), make_admin()
        path, flag = f"courses/{here.course.pk}", "restrict_enrollments_to_course_dates"
        for binds in (True, False):
            assert Api(admin).put(path, course={flag: binds}).json()[flag] is binds
            assert bool(course_access(here.observer, here.course)) is binds
        browser = Client()
        browser.force_login(admin)
        page = f"/accounts/{here.course.account_id}/courses/{here.course.pk}/edit"
        given = {"name": "Art", "account": here.course.account_id, "term": here.course.term_id, flag: "on"}
        assert browser.post(page, {**given, "start_at": "2026-01-01T00:00"}).status_code == 302
        assert course_access(here.observer, here.course)
        made = Api(admin).post(f"accounts/{here.course.account_id}/courses", course={"name": "New", flag: True})
        assert made.json()[flag] is True

    def test_a_section_by_the_api_and_on_its_page(self):
        here, admin = build({"course.start_at": FUTURE, "section.start_at": PAST}), make_admin()
        section, flag = here.course.sections.get(), "restrict_enrollments_to_section_dates"
        for binds in (True, False):
            assert Api(admin).put(f"sections/{section.pk}", course_section={flag: binds}).json()[flag] is binds
            assert bool(course_access(here.observer, here.course)) is binds
        browser = Client()
        browser.force_login(admin)
        page = f"/courses/{here.course.pk}/sections/{section.pk}/edit"
        assert browser.post(page, {"name": "A", "start_at": "2026-01-01T00:00", flag: "on"}).status_code == 302
        assert course_access(here.observer, here.course)
        assert "checked" in browser.get(page).content.decode()


def test_a_terms_dates_for_single_types_are_told_on_its_page_and_by_the_api(root):
    dates = {"StudentEnrollment": {"start_at": "2026-09-07T12:00:00+00:00", "end_at": None}}
    term = Term.objects.create(name="Autumn", date_overrides=dates)
    admin, browser = make_admin(), Client()
    browser.force_login(admin)
    page = browser.get(f"/accounts/{root.pk}/terms").content.decode()
    assert page.count("Student: 7 Sep 2026") == 1
    assert Api(admin).get(f"accounts/{root.pk}/terms/{term.pk}").json()["overrides"] == dates
