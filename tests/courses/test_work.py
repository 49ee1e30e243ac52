"""Whether work is late, missing or excused, and when it is due for whom: one decision in Python and in SQL."""

from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from courses.domain.grades import work_of
from courses.models import Assigned, Assignment, AssignmentDate, Enrollment, Submission
from courses.work import Verdict, judge
from tests.factories import EnrollmentFactory, SectionFactory, make_student

NOW = timezone.now()
HOUR = timedelta(hours=1)

ON_TIME, LATE, MISSING, EXCUSED = (
    Verdict(late=False, missing=False, excused=False),
    Verdict(late=True, missing=False, excused=False),
    Verdict(late=False, missing=True, excused=False),
    Verdict(late=False, missing=False, excused=True),
)
ANY = None
# Excused, set by hand, handed in, due, how it is handed in, grade: the first row that fits says what holds.
RULES = [
    (("yes", ANY, ANY, ANY, ANY, ANY), EXCUSED),
    (("no", "missing", ANY, ANY, ANY, ANY), MISSING),
    (("no", "late", ANY, ANY, ANY, ANY), LATE),
    (("no", "none", ANY, ANY, ANY, ANY), ON_TIME),
    (("no", "extended", ANY, ANY, ANY, ANY), ON_TIME),
    (("no", "", "after the date", "past", ANY, ANY), LATE),
    (("no", "", "after the date", ANY, ANY, ANY), ON_TIME),
    (("no", "", "before the date", ANY, ANY, ANY), ON_TIME),
    (("no", "", "not", "past", "online", "released"), ON_TIME),
    (("no", "", "not", "past", "online", ANY), MISSING),
    (("no", "", "not", "past", "on paper", ANY), ON_TIME),
    (("no", "", "not", "to come", ANY, ANY), ON_TIME),
    (("no", "", "not", "none", ANY, ANY), ON_TIME),
]
FACTS = (
    ("yes", "no"),
    ("", "none", "late", "missing", "extended"),
    ("not", "before the date", "after the date"),
    ("none", "past", "to come"),
    ("online", "on paper"),
    ("none", "held back", "released", "released in words"),
)
DUE = {"none": None, "past": NOW - 2 * HOUR, "to come": NOW + 2 * HOUR}
HANDED_IN = {"not": None, "before the date": NOW - 3 * HOUR, "after the date": NOW - HOUR}
TYPES = {"online": ["online_upload", "on_paper"], "on paper": ["on_paper"]}
GRADES = {
    "none": {},
    "held back": {"score": 3, "posted_at": NOW + HOUR},
    "released": {"score": 0, "posted_at": NOW - HOUR},
    "released in words": {"grade": "B", "posted_at": NOW - HOUR},
}


def expected(facts: tuple[str, ...]) -> Verdict:
    # To test with one row only what it says, a grade in words counts as any.
    plain = (*facts[:5], facts[5].removesuffix(" in words"))
    return next(
        verdict for rule, verdict in RULES if all(want in (ANY, is_so) for want, is_so in zip(rule, plain, strict=True))
    )


def test_each_combination_of_facts_has_its_verdict_in_python():
    for facts in product(*FACTS):
        excused, by_hand, handed_in, due, how, grade = facts
        found = judge(
            excused=excused == "yes",
            set_by_hand=by_hand,
            submitted_at=HANDED_IN[handed_in],
            due_at=DUE[due],
            submission_types=TYPES[how],
            has_released_grade=grade.startswith("released"),
            now=NOW,
        )
        assert found == expected(facts), facts


@pytest.mark.django_db
def test_each_combination_of_facts_has_the_same_verdict_in_sql():
    student = make_student()
    course = Enrollment.objects.get(user=student).section.course
    combinations = list(product(*FACTS))
    assignments = Assignment.objects.bulk_create(
        Assignment(
            course=course,
            name=", ".join(facts),
            workflow_state="published",
            due_at=DUE[facts[3]],
            submission_types=TYPES[facts[4]],
        )
        for facts in combinations
    )
    Submission.objects.bulk_create(
        Submission(
            assignment=assignment,
            student=student,
            excused=excused == "yes",
            late_policy_status=by_hand,
            submitted_at=HANDED_IN[handed_in],
            **GRADES[grade],
        )
        for assignment, (excused, by_hand, handed_in, _due, _how, grade) in zip(assignments, combinations, strict=True)
    )
    found = {
        each.assignment_id: Verdict(each.late, each.missing, each.excused)
        for each in Assigned.objects.filter(student=student)
    }
    assert len(found) == len(combinations) == 2 * 5 * 3 * 3 * 2 * 4
    for assignment, facts in zip(assignments, combinations, strict=True):
        assert found[assignment.pk] == expected(facts), facts


@pytest.mark.django_db
@pytest.mark.parametrize(("how", "due"), [*product(TYPES, DUE)])
def test_work_of_which_nothing_is_recorded_is_judged_as_one_that_was_not_handed_in(how, due):
    student = make_student()
    course = Enrollment.objects.get(user=student).section.course
    Assignment.objects.create(
        course=course, name="Essay", workflow_state="published", due_at=DUE[due], submission_types=TYPES[how]
    )
    found = Assigned.objects.get(student=student)
    assert Verdict(found.late, found.missing, found.excused) == expected(("no", "", "not", due, how, "none"))
    assert (found.submission, found.score, found.grade, found.is_graded) == (None, None, "", False)


@pytest.mark.django_db
class TestWhatIsGivenToAStudent:
    @pytest.fixture
    def section(self):
        return SectionFactory()

    @pytest.fixture
    def student(self, section):
        return make_student(section)

    @pytest.fixture
    def essay(self, section):
        return Assignment.objects.create(
            course=section.course, name="Essay", workflow_state="published", due_at=NOW, unlock_at=NOW - 9 * HOUR
        )

    def dates(self, student):
        return [(each.due_at, each.unlock_at, each.lock_at) for each in Assigned.objects.filter(student=student)]

    def test_without_other_dates_those_of_the_assignment_hold(self, student, essay):
        assert self.dates(student) == [(NOW, NOW - 9 * HOUR, None)]
        AssignmentDate.objects.create(assignment=essay, student=make_student(), due_at=NOW + HOUR)
        AssignmentDate.objects.create(assignment=essay, section=SectionFactory(course=essay.course), due_at=NOW + HOUR)
        assert self.dates(student) == [(NOW, NOW - 9 * HOUR, None)]

    def test_the_dates_of_a_section_replace_all_three_and_the_students_own_those_of_the_section(
        self, student, essay, section
    ):
        AssignmentDate.objects.create(assignment=essay, section=section, due_at=NOW + HOUR, lock_at=NOW + 2 * HOUR)
        assert self.dates(student) == [(NOW + HOUR, None, NOW + 2 * HOUR)]
        AssignmentDate.objects.create(assignment=essay, student=student, due_at=NOW - HOUR)
        assert self.dates(student) == [(NOW - HOUR, None, None)]

    @pytest.mark.parametrize(
        ("here", "there", "due"), [(HOUR, 2 * HOUR, 2 * HOUR), (2 * HOUR, HOUR, 2 * HOUR), (HOUR, None, None)]
    )
    def test_of_the_dates_of_several_sections_the_latest_holds_and_none_is_the_latest(
        self, student, essay, section, here, there, due
    ):
        other = SectionFactory(course=essay.course)
        EnrollmentFactory(user=student, section=other)
        for each, after in ((section, here), (other, there)):
            AssignmentDate.objects.create(assignment=essay, section=each, due_at=after and NOW + after)
        assert [at for at, *_others in self.dates(student)] == [due and NOW + due]

    def test_an_assignment_for_some_only_is_given_to_those_who_have_dates_for_it(self, student, essay, section):
        Assignment.objects.update(only_visible_to_overrides=True)
        mate = make_student(section)
        AssignmentDate.objects.create(assignment=essay, student=mate)
        assert (self.dates(student), self.dates(mate)) == ([], [(None, None, None)])
        AssignmentDate.objects.create(assignment=essay, section=section)
        assert self.dates(student) == [(None, None, None)]

    @pytest.mark.parametrize("state", Assignment.State)
    def test_only_what_is_published_is_given(self, student, essay, state):
        Assignment.objects.update(workflow_state=state)
        assert Assigned.objects.filter(student=student).exists() is (state == "published")

    @pytest.mark.parametrize("state", Enrollment.State)
    def test_nothing_is_given_to_those_who_left_or_refused(self, student, essay, state):
        Enrollment.objects.update(
            state=state,
            accepted_at=None if state in ("invited", "creation_pending", "rejected") else NOW,
            accepted_through="" if state in ("invited", "creation_pending", "rejected") else "person",
        )
        assert Assigned.objects.filter(student=student).exists() is (state not in ("rejected", "deleted"))

    def test_a_student_in_two_sections_has_it_once(self, student, essay):
        EnrollmentFactory(user=student, section=SectionFactory(course=essay.course))
        assert Assigned.objects.filter(student=student).count() == 1

    def test_a_grade_is_told_only_once_it_is_released(self, student, essay):
        work = Submission.objects.create(assignment=essay, student=student, score=7, grade="B", posted_at=NOW + HOUR)
        held = Assigned.objects.get(student=student)
        assert (held.score, held.grade, held.is_graded, held.submission) == (None, "", False, work)
        Submission.objects.update(posted_at=NOW - HOUR)
        told = Assigned.objects.get(student=student)
        assert (told.score, told.grade, told.is_graded) == (7, "B", True)

    def test_the_course_shows_a_student_their_own_dates(self, student, essay, section):
        AssignmentDate.objects.create(assignment=essay, student=student, due_at=NOW + HOUR)
        assert [work.due_at for work in work_of(student, section.course)] == [NOW + HOUR]
        assert [work.due_at for work in work_of(make_student(section), section.course)] == [NOW]
