"""Assignments in the API, in groups and in one list: for students, for observers, and for staff."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ObservationLink
from courses.domain.observation import link
from courses.models import Assignment, AssignmentDate, AssignmentGroup, Course, GradingPeriod, Submission, Term
from tests.api import Api
from tests.database import statements
from tests.factories import make_student

NOW = timezone.now()
DAY = timedelta(days=1)


@pytest.fixture
def path(school, work) -> str:
    return f"courses/{school.course.pk}"


def submissions(body):
    return [(each["user_id"], each["score"], each["workflow_state"]) for each in body["submission"]]


def test_an_observer_gets_a_list_of_the_work_of_those_observed_there_and_of_nobody_else(school, work, path):
    (group,) = (
        Api(school.observer)
        .get(f"{path}/assignment_groups", include=["assignments", "submission", "observed_users"])
        .json()
    )
    assert (group["id"], group["name"], group["group_weight"]) == (0, "Assignments", 0.0)
    quiz, essay = sorted(group["assignments"], key=lambda each: each["id"])
    assert (quiz["name"], quiz["points_possible"], quiz["published"]) == ("Quiz", 20.0, True)
    assert submissions(quiz) == [(school.student.pk, 17.5, "graded")]
    # Its grade waits.
    assert submissions(essay) == [(school.student.pk, None, "submitted")]
    assert {essay["submission"][0][key] for key in ("grade", "posted_at", "graded_at")} == {None}
    second = make_student(school.section)
    link(school.observer, second, origin=ObservationLink.Origin.CODE, by=None)
    found = Api(school.observer).get(f"{path}/assignments", include=["submission", "observed_users"]).json()
    assert {tuple(sorted(each["user_id"] for each in body["submission"])) for body in found} == {
        tuple(sorted((school.student.pk, second.pk)))
    }
    assert [each["id"] for body in found for each in body["submission"] if each["user_id"] == second.pk] == [0, 0]


def test_without_observed_users_it_is_the_work_of_one(school, work, path):
    for reader in (school.observer, school.student):
        body = Api(reader).get(f"{path}/assignments/{work.quiz.pk}", include=["submission"]).json()
        assert (body["submission"]["user_id"], body["submission"]["grade"]) == (school.student.pk, "17.5")
    plain = Api(school.observer).get(f"{path}/assignments/{work.quiz.pk}").json()
    assert "submission" not in plain


def test_groups_come_in_their_order_with_their_weight_and_the_rest_last(school, work, path):
    tests = AssignmentGroup.objects.create(course=school.course, name="Tests", position=2, weight=60)
    AssignmentGroup.objects.create(course=school.course, name="Journals", position=1, weight=40)
    Assignment.objects.filter(pk=work.quiz.pk).update(group=tests)
    found = Api(school.student).get(f"{path}/assignment_groups", include=["assignments"]).json()
    assert [(each["name"], each["group_weight"], len(each["assignments"])) for each in found] == [
        ("Journals", 40.0, 0),
        ("Tests", 60.0, 1),
        ("Assignments", 0.0, 1),
    ]
    assert "assignments" not in Api(school.student).get(f"{path}/assignment_groups").json()[0]


def test_lists_can_be_narrowed_and_sorted(school, work, path):
    api = Api(school.observer)

    def names(**query):
        return [each["name"] for each in api.get(f"{path}/assignments", **query).json()]

    assert names() == ["Quiz", "Essay"]
    assert names(order_by="name") == ["Essay", "Quiz"]
    assert names(search_term=" ESS") == ["Essay"]
    assert names(**{"assignment_ids": [work.quiz.pk]}) == ["Quiz"]


def test_a_grading_period_has_its_own_assignments_and_a_foreign_one_is_not_there(school, work, path):
    term = Term.objects.create(name="Fall")
    Course.objects.filter(pk=school.course.pk).update(term=term)
    for title, start, end in (("First", -9, -2), ("Second", -2, 9)):
        GradingPeriod.objects.create(term=term, title=title, start_at=NOW + start * DAY, end_at=NOW + end * DAY)
    api = Api(school.observer)
    first, second = api.get(f"{path}/grading_periods").json()["grading_periods"]
    assert (first["title"], first["is_closed"], second["is_closed"], second["is_last"]) == ("First", True, False, True)
    for period, name in ((first, "Quiz"), (second, "Essay")):
        (group,) = api.get(f"{path}/assignment_groups", include=["assignments"], grading_period_id=period["id"]).json()
        assert [each["name"] for each in group["assignments"]] == [name]
    foreign = GradingPeriod.objects.create(term=None, title="Other", start_at=NOW, end_at=NOW + DAY)
    assert api.get(f"{path}/assignment_groups", grading_period_id=foreign.pk).status_code == 404


def test_each_student_has_their_own_dates_and_a_text_waits_for_its_day(school, work, path):
    AssignmentDate.objects.create(
        assignment=work.quiz, student=school.student, due_at=NOW + DAY, unlock_at=NOW + DAY / 2
    )
    Assignment.objects.filter(pk=work.quiz.pk).update(description="<p>Task</p>")
    for reader, locked, text in (
        (school.observer, True, None),
        (school.classmate, False, "<p>Task</p>"),
        (school.teacher, False, "<p>Task</p>"),
    ):
        body = Api(reader).get(f"{path}/assignments/{work.quiz.pk}").json()
        assert (body["locked_for_user"], body["description"]) == (locked, text)


def test_comments_come_once_the_grade_is_released(school, work, path):
    for assignment, texts in ((work.quiz, ["Lovely work."]), (work.essay, [])):
        body = (
            Api(school.observer)
            .get(f"{path}/assignments/{assignment.pk}/submissions/{school.student.pk}", include=["submission_comments"])
            .json()
        )
        assert [each["comment"] for each in body["submission_comments"]] == texts
    body = Api(school.student).get(f"{path}/assignments/{work.quiz.pk}/submissions/self").json()
    assert (body["user_id"], body["score"]) == (school.student.pk, 17.5)


def test_nobody_gets_the_work_of_a_student_whom_they_do_not_follow(school, work, path):
    for reader in (school.observer, school.student):
        answer = Api(reader).get(f"{path}/assignments/{work.quiz.pk}/submissions/{school.classmate.pk}")
        assert answer.status_code == 404
    for reader in (school.other_observer, school.outsider):
        assert Api(reader).get(f"{path}/assignments").status_code in (403, 404)


def test_those_who_write_assignments_see_drafts_and_others_do_not(school, work, path):
    for reader, drafts in ((school.teacher, 1), (school.student, 0), (school.observer, 0), (school.admin, 1)):
        found = Api(reader).get(f"{path}/assignments").json()
        assert sum(not each["published"] for each in found) == drafts
    assert Api(school.student).get(f"{path}/assignments/{work.draft.pk}").status_code == 404


def test_a_course_that_hides_numbers_or_assignments_hides_them_here(school, work, path):
    api = Api(school.observer)
    Course.objects.filter(pk=school.course.pk).update(restrict_quantitative_data=True, grading_scheme=[["A", 0.5]])
    body = api.get(f"{path}/assignments/{work.quiz.pk}", include=["submission"]).json()
    assert (body["submission"]["score"], body["submission"]["grade"]) == (None, "A")
    Course.objects.filter(pk=school.course.pk).update(hidden_tabs=["assignments"])
    for of in ("assignments", "assignment_groups", f"assignments/{work.quiz.pk}"):
        assert api.get(f"{path}/{of}").status_code == 404
    Course.objects.filter(pk=school.course.pk).update(hidden_tabs=[], observers_allowed=False)
    for of in ("assignments", "assignment_groups", "front_page"):
        assert api.get(f"{path}/{of}").status_code == 403


def test_the_front_page_is_there_if_there_is_one(school, path):
    api = Api(school.observer)
    assert api.get(f"{path}/front_page").status_code == 404
    Course.objects.filter(pk=school.course.pk).update(front_page="<p>Hello</p>")
    body = api.get(f"{path}/front_page").json()
    assert (body["body"], body["front_page"], body["title"]) == ("<p>Hello</p>", True, school.course.name)


def test_an_observer_asks_for_the_enrollment_of_a_student_with_its_grades(school, work, path):
    query = {"user_id": school.student.pk, "type": ["StudentEnrollment"], "state": ["active", "completed"]}
    (found,) = Api(school.observer).get(f"{path}/enrollments", **query).json()
    assert found["user_id"] == school.student.pk
    assert (found["grades"]["current_score"], found["grades"]["html_url"][-1].isdigit()) == (87.5, True)
    assert Api(school.observer).get(f"{path}/enrollments", user_id=school.classmate.pk).json() == []


def test_any_number_of_assignments_and_students_takes_the_same_statements(school, work, path):
    include = ["assignments", "submission", "observed_users", "submission_comments"]

    def ask():
        return Api(school.observer).get(f"{path}/assignment_groups", include=include, per_page=100)

    before = statements(ask)
    for number in range(5):
        more = Assignment.objects.create(course=school.course, name=f"More {number}", workflow_state="published")
        student = make_student(school.section)
        link(school.observer, student, origin=ObservationLink.Origin.CODE, by=None)
        Submission.objects.create(assignment=more, student=student, score=1, posted_at=NOW - DAY)
    assert statements(ask) == before
