"""The pages of a course: who gets in, and what each reader sees of work and grades."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import BaseType, ObservationLink, User
from courses.domain.enrollments import change_state
from courses.domain.observation import link
from courses.models import Assignment, Course, DiscussionTopic, Enrollment, Submission
from tests.factories import EnrollmentFactory, allow

INSIDE = ["student", "classmate", "teacher", "observer", "admin", "account_admin"]
OUTSIDE = ["outsider", "teacher_elsewhere", "other_observer", "admin_elsewhere"]
PAGES = ["", "/announcements", "/assignments", "/assignments/syllabus", "/assignments/{quiz}"]


def address(school, work, page=""):
    return f"/courses/{school.course.pk}" + page.format(quiz=work.quiz.pk)


@pytest.mark.parametrize("page", [*PAGES, "/grades", "/users"])
def test_a_course_asks_to_sign_in(visit, school, work, page):
    assert visit(None, address(school, work, page)).status_code == 302


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", INSIDE)
def test_everyone_in_the_course_reads_its_pages(visit, school, work, who, page):
    answer = visit(getattr(school, who), address(school, work, page))
    assert answer.status_code == 200
    assert "Biology 7" in answer.content.decode()


@pytest.mark.parametrize("page", [*PAGES, "/grades", "/users", "/users/1"])
@pytest.mark.parametrize("who", OUTSIDE)
def test_for_everybody_else_there_is_no_such_course(visit, school, work, who, page):
    answer = visit(getattr(school, who), address(school, work, page))
    assert answer.status_code == 404
    assert "Biology 7" not in answer.content.decode()


@pytest.mark.parametrize("state", [Course.State.UNPUBLISHED, Course.State.DELETED])
@pytest.mark.parametrize("who", ["student", "observer"])
def test_unpublished_and_deleted_courses_are_not_there_for_student_and_observer(visit, school, work, who, state):
    Course.objects.filter(pk=school.course.pk).update(workflow_state=state)
    assert visit(getattr(school, who), address(school, work)).status_code == 404


@pytest.mark.parametrize("who", ["student", "observer"])
def test_a_course_that_has_not_started_is_not_there_yet(visit, school, work, who):
    Course.objects.filter(pk=school.course.pk).update(start_at=timezone.now() + timedelta(days=1))
    assert visit(getattr(school, who), address(school, work)).status_code == 404
    assert visit(school.teacher, address(school, work)).status_code == 200


def test_observers_are_told_that_they_read_as_observers(visit, school, work):
    page = visit(school.observer, address(school, work)).content.decode()
    assert "You are viewing this as an observer of <strong>Mia Lake</strong>" in page
    assert "as an observer" not in visit(school.student, address(school, work)).content.decode()


@pytest.mark.parametrize(
    ("who", "people", "grades"),
    [("student", False, True), ("observer", False, True), ("teacher", True, False), ("admin", True, False)],
)
def test_the_tabs_are_those_the_reader_may_open(visit, school, work, who, people, grades):
    page = visit(getattr(school, who), address(school, work)).content.decode()
    assert (f'href="/courses/{school.course.pk}/users"' in page) is people
    assert (f'href="/courses/{school.course.pk}/grades"' in page) is grades


def test_home_shows_the_newest_announcements_and_not_those_to_come(visit, school, work):
    later = timezone.now() + timedelta(days=1)
    DiscussionTopic.objects.create(
        course=school.course, author=school.teacher, title="Surprise", message="x", posted_at=later
    )
    page = visit(school.observer, address(school, work)).content.decode()
    assert "Field day" in page
    assert "Surprise" not in page


def test_texts_of_a_course_cannot_bring_markup(visit, school, work):
    Course.objects.filter(pk=school.course.pk).update(front_page="<script>alert(1)</script>")
    assert "<script>alert" not in visit(school.observer, address(school, work)).content.decode()


def test_dates_are_in_the_readers_time_zone(visit, school, work):
    Assignment.objects.filter(pk=work.quiz.pk).update(due_at="2026-03-10T20:00:00Z")
    User.objects.filter(pk=school.observer.pk).update(time_zone="Asia/Tokyo")
    school.observer.refresh_from_db()
    page = visit(school.observer, address(school, work, "/assignments")).content.decode()
    assert "Wed, 11 Mar 2026, 05:00" in page
    assert "Times are in Asia/Tokyo." in page


@pytest.mark.parametrize("who", ["student", "observer"])
def test_student_and_observer_see_status_and_released_score(visit, school, work, who):
    page = visit(getattr(school, who), address(school, work, "/assignments")).content.decode()
    assert "17.5 of 20" in page
    assert "Graded" in page
    assert "3 of 20" not in page
    assert "Submitted late" in page
    assert "Secret draft" not in page


def test_staff_see_unpublished_assignments_and_nobodys_score(visit, school, work):
    page = visit(school.teacher, address(school, work, "/assignments")).content.decode()
    assert "Secret draft" in page
    assert "17.5 of" not in page


@pytest.mark.parametrize(("who", "status"), [("student", 404), ("observer", 404), ("teacher", 200)])
def test_an_unpublished_assignment_is_for_staff(visit, school, work, who, status):
    path = f"/courses/{school.course.pk}/assignments/{work.draft.pk}"
    assert visit(getattr(school, who), path).status_code == status


def test_an_assignment_of_another_course_is_not_found_here(visit, school, work):
    path = f"/courses/{school.course.pk}/assignments/{work.quiz.pk}"
    assert visit(school.teacher, path.replace(str(school.course.pk), str(school.other_course.pk), 1)).status_code == 404


@pytest.mark.parametrize("who", ["student", "observer"])
def test_one_assignment_shows_released_comments_only(visit, school, work, who):
    path = f"/courses/{school.course.pk}/assignments/"
    assert "Lovely work." in visit(getattr(school, who), path + str(work.quiz.pk)).content.decode()
    held_back = visit(getattr(school, who), path + str(work.essay.pk)).content.decode()
    assert "Not for now." not in held_back
    assert "No grade released yet." in held_back


@pytest.mark.parametrize("who", ["student", "observer"])
def test_grades_show_released_scores_comments_and_their_total(visit, school, work, who):
    page = visit(getattr(school, who), address(school, work, "/grades")).content.decode()
    assert "Lovely work." in page
    assert "17.5 of 20 (87.5 %)" in page
    assert "Not for now." not in page


def test_the_classmates_grades_are_the_classmates(visit, school, work):
    page = visit(school.classmate, address(school, work, "/grades")).content.decode()
    assert "11 of 20" in page
    assert "17.5 of" not in page


@pytest.mark.parametrize("page", ["/grades", "/assignments", "/assignments/{quiz}"])
@pytest.mark.parametrize("who", ["student", "observer", "teacher"])
def test_another_students_work_cannot_be_asked_for(visit, school, work, who, page):
    asked = [school.outsider.pk, school.teacher.pk, "x", "", "9" * 18, "9" * 25, "\0", "1\0"]
    # Teachers read the grades of every student of theirs.
    if who != "teacher" or page != "/grades":
        asked.append(school.classmate.pk)
    for one in asked:
        answer = visit(getattr(school, who), address(school, work, page), student=one)
        assert answer.status_code == 404
        assert "11 of 20" not in answer.content.decode()


def test_staff_read_the_grades_of_any_student_and_what_is_held_back_is_marked(visit, school, work):
    page = visit(school.teacher, address(school, work, "/grades"), student=school.student.pk).content.decode()
    for expected in ("Mia Lake's grades", "17.5 of 20", "Lovely work.", "3 of 20", "Not for now.", "not released yet"):
        assert expected in page
    # The total is the student's own.
    assert "17.5 of 20 (87.5" in page
    assert "Secret draft" not in page
    other = visit(school.teacher, address(school, work, "/grades"), student=school.classmate.pk).content.decode()
    assert "11 of 20" in other
    assert "17.5 of" not in other


def test_without_the_right_to_edit_grades_staff_see_released_ones_only(visit, school, work):
    designer = EnrollmentFactory(section=school.section, type=BaseType.DESIGNER).user
    asked = {"student": school.student.pk}
    assert visit(designer, address(school, work, "/grades"), **asked).status_code == 404
    allow(BaseType.DESIGNER, "view_all_grades")
    page = visit(designer, address(school, work, "/grades"), **asked).content.decode()
    assert "17.5 of 20" in page
    for secret in ("3 of 20", "Not for now.", "not released yet"):
        assert secret not in page
    allow(BaseType.TEACHER, "view_all_grades", enabled=False)
    assert visit(school.teacher, address(school, work, "/grades"), **asked).status_code == 404


def test_unpublished_assignments_are_for_those_who_manage_the_content(visit, school, work):
    draft = address(school, work, f"/assignments/{work.draft.pk}")
    assert "Secret draft" in visit(school.teacher, address(school, work, "/assignments")).content.decode()
    assert visit(school.teacher, draft).status_code == 200
    allow(BaseType.TEACHER, "manage_course_content", enabled=False)
    assert "Secret draft" not in visit(school.teacher, address(school, work, "/assignments")).content.decode()
    assert visit(school.teacher, draft).status_code == 404


@pytest.mark.parametrize("who", ["teacher", "admin"])
def test_the_grades_page_is_not_for_staff(visit, school, work, who):
    assert visit(getattr(school, who), address(school, work, "/grades")).status_code == 403


def test_an_observer_of_two_in_the_course_chooses_whose_grades(visit, school, work):
    link(school.observer, school.classmate, origin=ObservationLink.Origin.CODE, by=None)
    path = address(school, work, "/grades")
    assert "11 of 20" in visit(school.observer, path, student=school.classmate.pk).content.decode()
    page = visit(school.observer, path, student=school.student.pk).content.decode()
    assert "17.5 of 20" in page
    assert "11 of 20" not in page
    assert f"?student={school.classmate.pk}" in page


def test_when_the_student_leaves_the_observer_does_too(visit, school, work):
    enrollment = Enrollment.objects.get(user=school.student, type=BaseType.STUDENT)
    change_state(enrollment, Enrollment.State.DELETED, by=None)
    assert visit(school.observer, address(school, work)).status_code == 404


@pytest.mark.parametrize(
    ("page", "statements"),
    # Session, reader, site, course, three for the access; then the page's own.
    [("", 9), ("/announcements", 8), ("/assignments", 9), ("/assignments/syllabus", 8), ("/grades", 9)],
)
def test_the_number_of_statements_does_not_grow(client, school, work, django_assert_num_queries, page, statements):
    client.force_login(school.observer)
    path = address(school, work, page)
    with django_assert_num_queries(statements):
        client.get(path)
    for number in range(4):
        extra = Assignment.objects.create(
            course=school.course, name=f"More {number}", workflow_state="published", due_at=timezone.now()
        )
        Submission.objects.create(assignment=extra, student=school.student, score=1, posted_at=timezone.now())
        DiscussionTopic.objects.create(course=school.course, author=school.student, title="More", message="x")
        another = EnrollmentFactory(section=school.section).user
        link(school.observer, another, origin=ObservationLink.Origin.CODE, by=None)
    with django_assert_num_queries(statements):
        client.get(path)
