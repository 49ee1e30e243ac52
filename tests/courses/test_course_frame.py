"""The frame around a course's pages and the dashboard: what each reader is told they are, and where they can go."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import BaseType, User
from courses.models import Assignment, DiscussionTopic, Enrollment
from courses.views.course import ANNOUNCEMENTS_ON_A_PAGE, NEWEST
from tests.factories import EnrollmentFactory, SectionFactory, UserFactory, make_admin, make_clerk
from tests.observing import pair

NOT_LINKED = "You are in this course as an observer, but not linked to a student yet."
ADDED = "Courses you were added to as an observer"


@pytest.fixture
def look(section):
    """`look(user)` gets the course's home as that user; `look(user, "/grades")` another tab of it."""

    def look(user: User, tab: str = "", **query) -> str:
        browser = Client()
        browser.force_login(user)
        answer = browser.get(f"/courses/{section.course_id}{tab}", query)
        assert answer.status_code == 200
        return " ".join(answer.content.decode().split())

    return look


class TestObserversWithoutAStudent:
    def test_they_are_told_what_to_do_until_they_are_linked(self, section, student, look):
        observer = EnrollmentFactory(section=section, type=BaseType.OBSERVER).user
        assert NOT_LINKED in look(observer)
        assert f'href="/courses/{section.course_id}/grades"' not in look(observer)
        pair(observer, student)
        assert NOT_LINKED not in look(observer)
        assert f'href="/courses/{section.course_id}/grades"' in look(observer)

    @pytest.mark.parametrize("also", [BaseType.STUDENT, BaseType.TA])
    def test_nobody_is_told_so_who_is_there_as_something_else_too(self, section, look, also):
        person = EnrollmentFactory(section=section, type=BaseType.OBSERVER).user
        EnrollmentFactory(section=section, user=person, type=also)
        assert NOT_LINKED not in look(person)

    def test_their_courses_stand_apart_on_the_dashboard(self, section, client):
        observer = EnrollmentFactory(section=section, type=BaseType.OBSERVER).user
        client.force_login(observer)
        page = client.get("/").content.decode()
        assert ADDED in page
        assert "Your own courses" not in page
        EnrollmentFactory(section=section, user=observer)
        page = client.get("/").content.decode()
        assert ADDED not in page, "there as a student too"
        assert "Your own courses" in page


class TestTheOtherView:
    @pytest.mark.parametrize(
        ("is_student", "observes", "label"),
        [(True, False, "As student<"), (False, True, "As observer<"), (True, True, "As student and observer<")],
    )
    def test_the_switch_names_what_somebody_is_besides_staff(
        self, section, student, teacher, look, is_student, observes, label
    ):
        if is_student:
            EnrollmentFactory(section=section, user=teacher)
        if observes:
            pair(teacher, student)
        assert label in look(teacher)
        assert "As staff<" in look(teacher)

    def test_somebody_who_is_both_sees_their_own_work_first_and_the_students_when_asked_for(
        self, section, student, teacher, look
    ):
        EnrollmentFactory(section=section, user=teacher)
        pair(teacher, student)
        page = look(teacher, "/grades", **{"as": "learning"})
        assert f"?student={student.pk}" in page
        assert "as an observer of" in look(teacher, "/grades", student=student.pk)


class TestAnnouncements:
    def test_the_newest_are_on_the_home_page_and_the_others_a_click_away(self, section, student, teacher, look):
        now = timezone.now()
        for number in range(NEWEST + 1):
            assert ("All announcements" in look(student)) is False
            DiscussionTopic.objects.create(
                course=section.course,
                author=teacher,
                title=f"News {number}",
                message="x",
                posted_at=now - timedelta(days=9 - number),
            )
        page = look(student)
        assert [f"News {number}" in page for number in range(NEWEST + 1)] == [False, *[True] * NEWEST]
        assert "News 0" in look(student, "/announcements")

    def test_many_come_in_pages(self, section, student, teacher, look):
        for number in range(ANNOUNCEMENTS_ON_A_PAGE + 1):
            DiscussionTopic.objects.create(
                course=section.course,
                author=teacher,
                title=f"News {number:02}.",
                message="x",
                posted_at=timezone.now() - timedelta(hours=number),
            )
        assert f"News {ANNOUNCEMENTS_ON_A_PAGE:02}." not in look(student, "/announcements")
        assert f"News {ANNOUNCEMENTS_ON_A_PAGE:02}." in look(student, "/announcements", page=2)


class TestAssignments:
    def test_they_come_by_due_date_and_those_without_one_last(self, section, student, teacher, look):
        now = timezone.now()
        for name, due in (("Undated", None), ("Later", now + timedelta(days=9)), ("Sooner", now + timedelta(days=1))):
            Assignment.objects.create(course=section.course, name=name, due_at=due, workflow_state="published")
        Assignment.objects.create(course=section.course, name="Draft", due_at=now + timedelta(days=5))
        for reader, expected in (
            (student, ["Sooner", "Later", "Undated"]),
            (teacher, ["Sooner", "Draft", "Later", "Undated"]),
        ):
            page = look(reader, "/assignments").partition("<main")[2]
            assert sorted(expected, key=page.index) == expected
        syllabus = look(student, "/assignments/syllabus").partition("<main")[2]
        assert syllabus.index("Sooner") < syllabus.index("Later")
        assert "Undated" not in syllabus
        assert "Draft" not in syllabus

    @pytest.mark.parametrize("state", ["invited", "deleted", "rejected"])
    def test_staff_read_no_grades_of_who_is_not_there(self, section, teacher, client, state):
        person = EnrollmentFactory(section=section, state=state).user
        client.force_login(teacher)
        assert client.get(f"/courses/{section.course_id}/grades", {"student": person.pk}).status_code == 404
        Enrollment.objects.filter(user=person).delete()
        EnrollmentFactory(section=section, user=person, state="completed")
        assert client.get(f"/courses/{section.course_id}/grades", {"student": person.pk}).status_code == 200


class TestActingAsSomebody:
    @pytest.fixture
    def desk(self, root) -> User:
        """Somebody who may act as others, and open nobody's page."""
        return make_clerk("become_user")

    def test_the_way_back_is_a_page_that_one_may_open(self, root, desk):
        person = UserFactory()
        for by, back in ((desk, "/"), (make_admin(), f"/accounts/{root.pk}/users/{person.pk}")):
            browser = Client()
            browser.force_login(by)
            page = browser.get(f"/users/{person.pk}/masquerade").content.decode()
            assert f'href="{back}">No, go back' in page
            browser.post(f"/users/{person.pk}/masquerade")
            assert browser.post("/masquerade/stop").headers["Location"] == back

    def test_a_session_that_names_nobody_ends_with_a_word(self, desk):
        browser = Client()
        browser.force_login(desk)
        session = browser.session
        session["acting_as"] = 10**9
        session.save()
        page = browser.get("/", follow=True).content.decode()
        assert "You are no longer acting as anyone." in page
        assert "acting_as" not in browser.session

    def test_a_deleted_person_has_no_page_to_act_from_and_a_suspended_one_says_why(self, desk):
        browser = Client()
        browser.force_login(desk)
        gone, away = UserFactory(state=User.State.DELETED), UserFactory(state=User.State.SUSPENDED)
        assert browser.get(f"/users/{gone.pk}/masquerade").status_code == 404
        answer = browser.get(f"/users/{away.pk}/masquerade")
        assert answer.status_code == 403
        assert "This account is suspended or deleted" in answer.content.decode()
        assert browser.post(f"/users/{away.pk}/masquerade").status_code == 403
        assert "acting_as" not in browser.session


class TestAccountPages:
    def test_admins_are_searched_by_name_and_by_what_else_one_may_see(self, root):
        lake = make_admin(name="Mia Lake", login_id="ml77@x.org")
        make_admin(name="Ben Hill")
        for by, words, found in (
            (lake, "lake", True),
            (lake, "ml77", True),
            (make_clerk("manage_account_memberships"), "lake", True),
            (make_clerk("manage_account_memberships"), "ml77", False),
        ):
            browser = Client()
            browser.force_login(by)
            page = browser.get(f"/accounts/{root.pk}/admins", {"search": words}).content.decode()
            assert ("<strong>Mia Lake</strong>" in page) is found
            assert "<strong>Ben Hill</strong>" not in page
            assert ("No matching admins." in page) is not found

    @pytest.mark.parametrize("typed", ["0001-01-01T00:00", "1899-12-31T12:00", "2201-01-01T12:00", "9999-12-31T23:59"])
    @pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
    def test_a_date_of_another_age_is_refused_in_every_zone(self, root, typed, zone):
        browser = Client()
        browser.force_login(make_admin(time_zone=zone))
        for field in ("start_at", "end_at"):
            answer = browser.post(f"/accounts/{root.pk}/terms/new", {"name": "Fall", field: typed})
            assert answer.status_code == 422
            assert "Enter a valid date/time." in answer.content.decode()


class TestMemberPages:
    def test_an_observers_page_says_whom_they_no_longer_observe_when_removed(self, section, student, teacher, client):
        observer = EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student).user
        client.force_login(teacher)
        page = client.get(f"/courses/{section.course_id}/users/{observer.pk}/remove").content.decode()
        assert student.short_name in page

    def test_nobody_else_is_offered_when_one_section_is_all_there_is(self, section, student, teacher, client):
        client.force_login(teacher)
        path = f"/courses/{section.course_id}/users"
        assert f"{path}/{student.pk}/sections" not in client.get(path).content.decode()
        SectionFactory(course=section.course)
        assert f"{path}/{student.pk}/sections" in client.get(path).content.decode()
