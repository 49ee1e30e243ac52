"""Totals of grades: by points or weighted groups, rounded once; letters; grading periods."""

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from courses.domain.grades import total_of, totals_of, work_of
from courses.domain.grading_periods import periods_of
from courses.grades import Part, check_scheme, letter, total
from courses.models import Assignment, AssignmentDate, AssignmentGroup, GradingPeriod, Submission, Term
from tests.factories import EnrollmentFactory, SectionFactory

NOW = timezone.now()
DAY = timedelta(days=1)
hundredths = st.decimals(0, 9999, places=2)
parts = st.lists(st.builds(Part, st.sampled_from([None, 1, 2, 3]), hundredths, hundredths), max_size=12)
weights = st.none() | st.dictionaries(st.sampled_from([1, 2, 3]), hundredths)


@given(parts, weights, st.randoms(use_true_random=False))
def test_the_order_of_grading_never_changes_a_total(found, weighed, chance):
    shuffled = [*found]
    chance.shuffle(shuffled)
    assert total(shuffled, weighed) == total(found, weighed)


@given(parts, weights)
def test_no_total_exceeds_the_best_piece_of_work_shown(found, weighed):
    # Extra points of work that is worth nothing stand beside no percentage.
    found = [part for part in found if part.possible]
    if (percent := total(found, weighed).percent) is not None:
        best = max(100 * part.points / part.possible for part in found)
        assert percent <= best + Decimal("0.005")
        assert percent == round(percent, 2)


@pytest.mark.parametrize(
    ("points", "possible", "percent"),
    [("1", "3", "33.33"), ("2", "3", "66.67"), ("1", "800", "0.13"), ("3", "800", "0.38"), ("0", "0", None)],
)
def test_a_percentage_has_two_decimals_rounded_half_up(points, possible, percent):
    found = total([Part(None, Decimal(points), Decimal(possible))]).percent
    assert found == (percent and Decimal(percent))


def test_weighted_is_the_mean_of_the_groups_that_have_points_to_reach():
    found = [Part(1, Decimal(9), Decimal(10)), Part(2, Decimal(5), Decimal(10)), Part(3, Decimal(1), Decimal(0))]
    weighed = {1: Decimal(20), 2: Decimal(30), 3: Decimal(50)}
    assert total(found, weighed).percent == Decimal("66.00")
    assert total(found, {}).percent is None
    # What is in no group weighs nothing.
    assert total([*found, Part(None, Decimal(0), Decimal(10))], weighed).percent == Decimal("66.00")


@pytest.mark.parametrize(
    ("percent", "expected"),
    [("100", "A"), ("120", "A"), ("90", "A"), ("89.99", "B"), ("80", "B"), ("79.99", "C"), ("0", "C"), (None, None)],
)
def test_a_letter_is_the_highest_that_is_reached(percent, expected):
    scheme = [["C", 0.5], ["A", 0.9], ["B", 0.8]]
    assert letter(percent and Decimal(percent), scheme) == expected
    assert letter(percent and Decimal(percent), None) is None


@pytest.mark.parametrize(
    "scheme", [None, [], {}, [["A"]], [["", 1]], [["A", "1"]], [["A", 2]], [["A", -1]], [["A", True]], [["A", 1]] * 2]
)
def test_what_is_no_scheme_is_refused(scheme):
    with pytest.raises(ValueError, match="grading scheme"):
        check_scheme(scheme)
    assert check_scheme([["A", 0.9], ["B", 0]]) == [["A", 0.9], ["B", 0]]


@pytest.mark.django_db
class TestStandings:
    @pytest.fixture
    def mine(self):
        term = Term.objects.create(name="Fall")
        return EnrollmentFactory(section=SectionFactory(course__term=term))

    def give(self, mine, score=None, possible=10, **fields):
        work = Assignment.objects.create(
            course=mine.section.course,
            name="Quiz",
            points_possible=possible,
            **{"workflow_state": "published", "submission_types": ["online_quiz"], **fields},
        )
        if score is not None:
            Submission.objects.create(assignment=work, student=mine.user, score=score, posted_at=NOW - DAY)
        return work

    def standing(self, mine, period=None):
        return totals_of([mine], period)[mine.user_id, mine.section.course_id]

    def test_final_counts_missing_work_as_nothing_and_current_does_not(self, mine):
        self.give(mine, 8)
        self.give(mine, due_at=NOW - DAY)
        self.give(mine, due_at=NOW + DAY)
        self.give(mine, due_at=NOW - DAY, submission_types=["on_paper"])
        found = self.standing(mine)
        assert (found.current.percent, found.final.percent) == (Decimal("80.00"), Decimal("40.00"))

    def test_a_grade_that_is_held_back_is_missing_to_the_family_and_counts_for_those_who_grade(self, mine):
        self.give(mine, 8)
        held = self.give(mine, due_at=NOW - DAY)
        Submission.objects.create(assignment=held, student=mine.user, score=4)
        found = self.standing(mine)
        assert (found.current.percent, found.final.percent) == (Decimal("80.00"), Decimal("40.00"))
        assert found.unposted_current == found.unposted_final
        assert found.unposted_current.percent == Decimal("60.00")

    def test_what_is_excused_or_left_out_does_not_count(self, mine):
        self.give(mine, 8)
        self.give(mine, 0, omit_from_final=True)
        self.give(mine, 0, grading_type="not_graded")
        excused = self.give(mine, 0)
        excused.submissions.update(excused=True)
        assert self.standing(mine).final.percent == Decimal("80.00")
        works = work_of(mine.user, mine.section.course)
        assert total_of(works, mine.section.course) == self.standing(mine).current

    def test_groups_are_weighed_if_the_course_says_so(self, mine):
        course = mine.section.course
        for score, weight in ((10, 75), (0, 25)):
            group = AssignmentGroup.objects.create(course=course, name="Group", weight=weight)
            self.give(mine, score, group=group)
        self.give(mine, 0)
        for weighs, percent in ((False, "33.33"), (True, "75.00")):
            course.apply_group_weights = weighs
            course.save()
            assert self.standing(mine).current.percent == Decimal(percent)
            assert total_of(work_of(mine.user, course), course) == self.standing(mine).current

    def test_the_total_of_the_page_is_that_of_the_list_for_any_grades(self, mine):
        chance, course = Random(1), mine.section.course
        course.apply_group_weights = True
        course.save()
        groups = [AssignmentGroup.objects.create(course=course, name=str(n), weight=n * 10 + 5) for n in range(4)]
        for _number in range(30):
            self.give(mine, chance.choice([None, chance.randint(0, 999) / 100]), group=chance.choice([None, *groups]))
        assert total_of(work_of(mine.user, course), course) == self.standing(mine).current

    def test_a_period_has_the_work_due_after_its_start_and_until_its_end_and_the_last_what_has_no_date(self, mine):
        course = mine.section.course
        for title, start, end in (("Second", 0, 10), ("First", -10, 0)):
            GradingPeriod.objects.create(
                term=course.term, title=title, start_at=NOW + start * DAY, end_at=NOW + end * DAY
            )
        GradingPeriod.objects.create(term=None, title="Elsewhere", start_at=NOW, end_at=NOW + DAY)
        for score, due_at in ((1, NOW - 10 * DAY), (2, NOW - DAY), (4, NOW), (6, NOW + DAY), (10, None)):
            self.give(mine, score, due_at=due_at)
        first, second = periods_of(course)
        assert (first.period.title, second.period.title) == ("First", "Second")
        assert [self.standing(mine, each).current.percent for each in (None, first, second)] == [46, 30, 80]

    def test_a_period_goes_by_the_students_own_dates(self, mine):
        term = mine.section.course.term
        GradingPeriod.objects.create(term=term, title="First", start_at=NOW, end_at=NOW + DAY)
        GradingPeriod.objects.create(term=term, title="Second", start_at=NOW + DAY, end_at=NOW + 2 * DAY)
        work = self.give(mine, 5, due_at=NOW + DAY)
        AssignmentDate.objects.create(assignment=work, student=mine.user, due_at=NOW + 2 * DAY)
        first, second = periods_of(mine.section.course)
        assert totals_of([mine], first) == {}
        assert self.standing(mine, second).current.percent == 50

    def test_courses_without_a_term_have_the_periods_of_the_default_term(self, mine):
        mine.section.course.term = None
        GradingPeriod.objects.create(term=None, title="Only", start_at=NOW, end_at=NOW + DAY)
        (only,) = periods_of(mine.section.course)
        assert (only.period.title, only.is_last) == ("Only", True)
