"""Work and grades: the status of a piece of work, what a total is made of, and how scores are written."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from courses.domain.grades import Standing, Status, View, figures_of, total_of, totals_of, work_of, work_on
from courses.grades import Total
from courses.models import Assignment, Course, Enrollment, Submission, SubmissionComment
from courses.templatetags.points import points
from courses.visibility import Sees
from tests.database import statements
from tests.factories import EnrollmentFactory, SectionFactory, make_student

HOUR = timedelta(hours=1)
BEFORE, AFTER = -HOUR, HOUR
STAFF = View(sees_held_back=True)


@pytest.fixture
def mine(section) -> Enrollment:
    return EnrollmentFactory(section=section)


def assign(course: Course, *, points_possible: str | None = "10", **fields) -> Assignment:
    given = {"name": "Quiz", "workflow_state": "published", "submission_types": ["online_upload"], **fields}
    return Assignment.objects.create(course=course, points_possible=points_possible, **given)


def hand_in(assignment: Assignment, student, score: str | None = None, *, is_posted: bool = True, **fields):
    posted_at = timezone.now() - HOUR if is_posted else None
    return Submission.objects.create(
        assignment=assignment, student=student, score=score, **{"posted_at": posted_at, **fields}
    )


def score_of(enrollment: Enrollment, *, sees_held_back: bool = False) -> float | None:
    return figures_of(enrollment, totals_of([enrollment]), Sees.YES, sees_held_back=sees_held_back).current_score


class TestStatus:
    @pytest.mark.parametrize(
        ("due", "handed_in", "score", "is_posted", "status"),
        [
            (None, None, None, False, Status.TO_DO),
            (AFTER, None, None, False, Status.TO_DO),
            (BEFORE, None, None, False, Status.MISSING),
            (None, BEFORE, None, False, Status.SUBMITTED),
            (AFTER, BEFORE, None, False, Status.SUBMITTED),
            (BEFORE, 2 * BEFORE, None, False, Status.SUBMITTED),
            (2 * BEFORE, BEFORE, None, False, Status.LATE),
            (BEFORE, 2 * BEFORE, "8", False, Status.SUBMITTED),
            (2 * BEFORE, BEFORE, "8", False, Status.LATE),
            (BEFORE, None, "8", False, Status.MISSING),
            (2 * BEFORE, BEFORE, "8", True, Status.GRADED),
            (BEFORE, None, "0", True, Status.GRADED),
            (BEFORE, None, None, True, Status.MISSING),
        ],
    )
    def test_the_status_follows_from_due_date_handing_in_and_released_score(
        self, mine, due, handed_in, score, is_posted, status
    ):
        now, course = timezone.now(), mine.section.course
        work = assign(course, due_at=due and now + due)
        if handed_in or score or is_posted:
            hand_in(work, mine.user, score, is_posted=is_posted, submitted_at=handed_in and now + handed_in)
        (found,) = work_of(mine.user, course)
        assert found.status is status
        assert work_on(work.pk, mine.user, course).status is status

    @pytest.mark.parametrize(("due", "status"), [(BEFORE, Status.PAST), (AFTER, Status.TO_DO), (None, Status.TO_DO)])
    def test_work_on_paper_is_not_missing_and_once_it_was_due_nothing_to_do(self, mine, due, status):
        assign(mine.section.course, due_at=due and timezone.now() + due, submission_types=["on_paper"])
        (found,) = work_of(mine.user, mine.section.course)
        assert found.status is status

    def test_what_is_excused_is_said_to_be(self, mine):
        work = hand_in(assign(mine.section.course, due_at=timezone.now() + BEFORE), mine.user)
        Submission.objects.filter(pk=work.pk).update(excused=True)
        (found,) = work_of(mine.user, mine.section.course)
        assert found.status is Status.EXCUSED

    def test_a_grade_whose_time_has_not_come_is_held_back_and_shown_only_to_staff_who_ask_for_it(self, mine):
        work = hand_in(assign(mine.section.course), mine.user, "8", posted_at=timezone.now() + HOUR)
        SubmissionComment.objects.create(submission=work, author=mine.user, comment="Soon.")
        (shown,) = work_of(mine.user, mine.section.course)
        assert (shown.score, shown.comments, shown.is_held_back) == (None, [], False)
        (to_staff,) = work_of(mine.user, mine.section.course, view=STAFF)
        assert (to_staff.score, len(to_staff.comments), to_staff.is_held_back) == (8, 1, True)

    def test_a_comment_without_a_score_is_held_back_too_and_work_without_either_is_not(self, mine):
        work = hand_in(assign(mine.section.course), mine.user, is_posted=False, submitted_at=timezone.now())
        (seen,) = work_of(mine.user, mine.section.course, view=STAFF)
        assert not seen.is_held_back
        SubmissionComment.objects.create(submission=work, author=mine.user, comment="Soon.")
        (seen,) = work_of(mine.user, mine.section.course, view=STAFF)
        assert seen.is_held_back

    def test_there_is_no_work_on_what_is_unpublished_or_of_another_course(self, mine):
        draft = assign(mine.section.course, workflow_state="unpublished")
        elsewhere = assign(SectionFactory().course)
        for work in (draft, elsewhere):
            assert work_on(work.pk, mine.user, mine.section.course) is None


class TestTotals:
    @pytest.fixture
    def graded(self, mine):
        """Two graded pieces of work, and all that must not count."""
        course, student = mine.section.course, mine.user
        hand_in(assign(course), student, "7.5")
        hand_in(assign(course, points_possible="20"), student, "12")
        hand_in(assign(course), student, "1", is_posted=False)
        hand_in(assign(course), student, "1", posted_at=timezone.now() + HOUR)
        hand_in(assign(course, points_possible=None), student, "1")
        hand_in(assign(course), student, None)
        hand_in(assign(course, workflow_state="unpublished"), student, "1")
        hand_in(assign(course), make_student(mine.section), "1")
        hand_in(assign(SectionFactory().course), student, "1")
        assign(course)
        return mine

    def test_a_total_is_made_of_the_released_scores_of_published_work_that_is_worth_points(self, graded):
        expected, any_score = (
            Total(Decimal(points), Decimal(possible), Decimal(percent))
            for points, possible, percent in (("19.5", "30", "65.00"), ("21.5", "50", "43.00"))
        )
        assert total_of(work_of(graded.user, graded.section.course), graded.section.course) == expected
        standing = totals_of([graded])[graded.user_id, graded.section.course_id]
        assert standing == Standing(expected, expected, any_score, any_score)
        assert score_of(graded) == 65.0
        assert score_of(graded, sees_held_back=True) == 43.0

    def test_what_staff_see_before_it_is_released_does_not_change_the_total(self, graded):
        seen = work_of(graded.user, graded.section.course, view=STAFF)
        assert total_of(seen, graded.section.course) == Total(Decimal("19.5"), Decimal("30"), Decimal("65.00"))

    def test_a_student_without_a_released_grade_has_no_score(self, mine):
        hand_in(assign(mine.section.course), mine.user, "7", is_posted=False)
        assert score_of(mine) is None
        assert score_of(mine, sees_held_back=True) == 70.0
        assert figures_of(mine, {}, Sees.YES) == (None, None, None, None)
        assert total_of(work_of(mine.user, mine.section.course), mine.section.course).percent is None

    @pytest.mark.parametrize(
        ("score", "possible", "percent"),
        [("1", "3", 33.33), ("2", "3", 66.67), ("0", "10", 0.0), ("12", "10", 120.0), ("5", "0", None)],
    )
    def test_a_score_is_a_percentage_with_two_decimals_and_nothing_out_of_nothing(self, mine, score, possible, percent):
        hand_in(assign(mine.section.course, points_possible=possible), mine.user, score)
        assert score_of(mine) == percent
        on_page = total_of(work_of(mine.user, mine.section.course), mine.section.course).percent
        assert on_page == (percent if percent is None else Decimal(str(percent)))

    def test_totals_of_many_take_one_statement(self, graded):
        enrollments = list(Enrollment.objects.select_related("section"))
        assert len(enrollments) > 1
        assert statements(lambda: totals_of(enrollments)) == 1


class TestPoints:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (Decimal("9.50"), "9.5"),
            (Decimal("10.00"), "10"),
            (Decimal("100"), "100"),
            (Decimal("0.00"), "0"),
            (Decimal("0.25"), "0.25"),
            (Decimal("1E+2"), "100"),
            (None, ""),
        ],
    )
    def test_points_have_no_idle_zeros_and_lose_none_that_count(self, value, shown):
        assert points(value) == shown

    def test_points_are_written_as_the_reader_writes_numbers(self):
        with translation.override("de"):
            assert points(Decimal("9.50")) == "9,5"


class TestWhatACourseContains:
    def test_announcements_are_those_whose_time_has_come_newest_first(self, mine):
        course, now = mine.section.course, timezone.now()
        old, new, _later = (
            course.discussion_topics.create(author=mine.user, title=title, message="x", posted_at=now + when)
            for title, when in (("old", 2 * BEFORE), ("new", BEFORE), ("later", AFTER))
        )
        assert list(course.discussion_topics.announcements().posted()) == [new, old]
        assert list(course.discussion_topics.announcements().posted(now + BEFORE)) == [new, old]
        assert list(course.discussion_topics.announcements().posted(now + 2 * BEFORE)) == [old]

    def test_comments_come_in_the_order_in_which_they_were_made(self, mine):
        work = hand_in(assign(mine.section.course), mine.user, "1")
        day = datetime(2026, 3, 1, tzinfo=timezone.get_current_timezone())
        for number, text in ((2, "second"), (1, "first"), (3, "third")):
            SubmissionComment.objects.create(
                submission=work, author=mine.user, comment=text, created_at=day + number * HOUR
            )
        assert [comment.comment for comment in work.comments.all()] == ["first", "second", "third"]
