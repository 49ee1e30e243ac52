"""Somebody who runs a course and is its student, or observes one there, chooses as what they look at it."""

import pytest
from django.test import Client

from accounts.models import BaseType, ObservationLink, User
from courses.domain.observation import link
from tests.factories import EnrollmentFactory, UserFactory

SWITCH = "View this course as"


@pytest.fixture
def mentor(school, work) -> User:
    """Teaches the course, and observes one of its students."""
    mentor = EnrollmentFactory(section=school.section, type=BaseType.TEACHER, user__name="Mona Both").user
    link(mentor, school.student, origin=ObservationLink.Origin.CODE, by=None)
    return mentor


@pytest.fixture
def look(school):
    """`look(user)(tab, query)` gets a page of the course, each time in the same browser."""

    def look(user):
        browser = Client()
        browser.force_login(user)

        def page(tab="", query=""):
            answer = browser.get(f"/courses/{school.course.pk}{tab}{query}")
            assert answer.status_code == 200, answer.status_code
            return answer.content.decode()

        return page

    return look


def test_a_teacher_who_observes_a_student_there_keeps_the_teachers_view(school, mentor, look):
    page = look(mentor)
    for tab in ("", "/announcements", "/assignments", "/assignments/syllabus", "/users"):
        shown = page(tab)
        assert "as an observer of" not in shown
        assert SWITCH in shown
        assert f"/courses/{school.course.pk}/users" in shown
        assert f'href="/courses/{school.course.pk}/grades"' not in shown
    assert "Secret draft" in page("/assignments")


def test_the_switch_shows_what_the_observer_sees_until_it_is_turned_back(school, mentor, look):
    page = look(mentor)
    assert "as an observer of <strong>Mia Lake</strong>" in page(query="?as=learning")
    assert "as an observer of <strong>Mia Lake</strong>" in page("/assignments")
    assert "Secret draft" not in page("/assignments")
    assert "Not for now." not in page("/grades")
    assert f'href="/courses/{school.course.pk}/users"' not in page("/grades")
    assert "as an observer of" not in page(query="?as=staff")
    assert "Secret draft" in page("/assignments")


def test_the_dashboards_card_of_the_student_leads_to_the_observers_view(school, mentor):
    browser = Client()
    browser.force_login(mentor)
    path = f"/courses/{school.course.pk}?student={school.student.pk}&as=learning"
    assert path.replace("&", "&amp;") in browser.get("/").content.decode()
    assert "as an observer of" in browser.get(path).content.decode()


def test_people_are_looked_at_as_staff_whatever_was_chosen(school, mentor, look):
    page = look(mentor)
    page(query="?as=learning")
    assert "as an observer of" not in page("/users")
    details = page(f"/users/{school.student.pk}")
    assert f"grades?student={school.student.pk}&amp;as=staff" in details


def test_grades_are_the_students_own_view_or_the_staffs_as_asked(school, mentor, look):
    page, student = look(mentor), f"?student={school.student.pk}"
    assert "Not for now." in page("/grades", f"{student}&as=staff")
    assert "Not for now." not in page("/grades", student)
    page(query="?as=learning")
    assert "11 of 20" in page("/grades", f"?student={school.classmate.pk}")


def test_an_admin_who_follows_a_child_there_has_the_switch_too(school, work, look):
    link(school.admin, school.student, origin=ObservationLink.Origin.CODE, by=None)
    page = look(school.admin)
    assert "as an observer of" not in page()
    assert "as an observer of" in page(query="?as=learning")


def test_somebody_who_assists_in_a_course_they_take(school, work, look):
    helper = EnrollmentFactory(section=school.section, type=BaseType.TA).user
    EnrollmentFactory(section=school.section, user=helper)
    page = look(helper)
    assert "As student" in page()
    assert f'href="/courses/{school.course.pk}/grades"' not in page()
    assert f'href="/courses/{school.course.pk}/grades"' in page(query="?as=learning")


@pytest.mark.parametrize("who", ["teacher", "student", "observer", "admin"])
def test_with_one_part_there_is_nothing_to_switch_and_no_way_to_another(school, work, look, who):
    page = look(getattr(school, who))
    before = page()
    for query in ("?as=learning", "?as=staff", "?as=nonsense"):
        assert SWITCH not in page(query=query)
    assert ("as an observer of" in page()) is ("as an observer of" in before) is (who == "observer")
    assert ("/users" in page()) is (who in ("teacher", "admin"))


def test_an_unknown_view_of_a_course_is_ignored(mentor, look):
    page = look(mentor)
    assert "as an observer of" not in page(query="?as=nonsense")
    assert "as an observer of" in page(
        query=f"?student={ObservationLink.objects.filter(observer=mentor).get().student_id}"
    )
    assert "as an observer of" not in page(query=f"?student={UserFactory().pk}")
