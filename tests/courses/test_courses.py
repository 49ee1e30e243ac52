"""Who sees what of a course."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import BaseType, ObservationLink, User
from courses.access.courses import (
    course_access,
    courses_by_student,
    observed_students,
    schools_of,
    students_followed,
)
from courses.access.enrollments import EnrollmentAccess
from courses.domain.dashboard import courses_observed, own_courses
from courses.domain.enrollments import change_state, enroll
from courses.domain.grades import work_of
from courses.domain.observation import link, unlink
from courses.models import Assignment, Course, Enrollment, Section, Submission, SubmissionComment
from tests.course_lists import open_courses
from tests.database import statements
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
    make_student,
)

pytestmark = pytest.mark.usefixtures("root")


def follow(student: User, **more) -> User:
    """An observer linked to `student`."""
    observer = UserFactory()
    link(observer, student, origin=ObservationLink.Origin.API, by=None, **more)
    return observer


def observe_here(student: User, section: Section) -> Enrollment:
    """The enrollment of somebody who observes `student` in this one course."""
    return EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student)


def reads_grades(reader: User, student: User, section: Section) -> bool:
    """Whether `reader` may read the grades of a student of this section."""
    enrollment = Enrollment.objects.students().get(user=student, section=section)
    return EnrollmentAccess(reader, [enrollment]).grades(enrollment)


HIDDEN_COURSES = {
    "unpublished": {"workflow_state": Course.State.UNPUBLISHED},
    "not started": {"start_at": timezone.now() + timedelta(days=1)},
    "deleted": {"workflow_state": Course.State.DELETED},
}


@pytest.mark.parametrize("fields", HIDDEN_COURSES.values(), ids=HIDDEN_COURSES.keys())
def test_students_and_observers_see_no_course_that_is_not_open(fields):
    course = CourseFactory()
    student = make_student(SectionFactory(course=course))
    observer = follow(student)
    assert course_access(student, course)
    assert course_access(observer, course)
    for name, value in fields.items():
        setattr(course, name, value)
    course.save()
    assert course_access(student, course) is None
    assert course_access(observer, course) is None
    assert not open_courses(courses_observed(observer, student))
    assert courses_by_student(observer) == {}
    assert not open_courses(own_courses(student).own)


def test_a_course_is_seen_once_it_has_started_and_after_it_has_ended():
    hour = timedelta(hours=1)
    now = timezone.now()
    for state in (Course.State.AVAILABLE, Course.State.COMPLETED):
        course = CourseFactory(workflow_state=state, start_at=now - 2 * hour, end_at=now - hour)
        student = make_student(SectionFactory(course=course))
        assert course_access(student, course)
        assert course_access(follow(student), course)


def test_teachers_and_admins_see_their_course_before_it_opens():
    course = CourseFactory(workflow_state=Course.State.UNPUBLISHED, start_at=timezone.now() + timedelta(days=9))
    for base_type in (BaseType.TEACHER, BaseType.TA, BaseType.DESIGNER):
        teacher = EnrollmentFactory(section=SectionFactory(course=course), type=base_type).user
        found = course_access(teacher, course)
        assert (found.is_staff, found.sees_people) == (True, True)
        assert open_courses(own_courses(teacher).own) == [course]
    found = course_access(make_admin(course.account), course)
    assert (found.is_staff, found.sees_people) == (True, True)
    assert course_access(make_admin(AccountFactory()), course) is None


def test_a_stranger_sees_no_course():
    course = SectionFactory().course
    assert course_access(UserFactory(), course) is None


def test_an_observer_sees_the_students_of_their_own_and_no_other():
    section = SectionFactory()
    student, sibling, classmate = (make_student(section) for _ in range(3))
    observer = follow(student)
    link(observer, sibling, origin=ObservationLink.Origin.API, by=None)
    found = course_access(observer, section.course)
    assert found is not None
    assert set(found.observed) == {student, sibling} == set(observed_students(observer))
    assert not found.is_staff
    assert not found.is_student
    assert not found.sees_people
    assert reads_grades(observer, student, section)
    assert not reads_grades(observer, classmate, section)


def test_a_student_reads_their_own_grades_only():
    section = SectionFactory()
    student, classmate = make_student(section), make_student(section)
    found = course_access(student, section.course)
    assert (found.is_student, found.sees_people) == (True, False)
    assert reads_grades(student, student, section)
    assert not reads_grades(student, classmate, section)


def test_teachers_read_everybodys_grades_and_designers_nobodys():
    section = SectionFactory()
    student = make_student(section)
    for base_type, reads in ((BaseType.TEACHER, True), (BaseType.TA, True), (BaseType.DESIGNER, False)):
        teacher = EnrollmentFactory(section=section, type=base_type).user
        assert reads_grades(teacher, student, section) is reads


def test_an_observer_who_is_a_student_in_another_course_is_only_that_in_each():
    section, elsewhere = SectionFactory(), SectionFactory()
    student = make_student(section)
    observer = follow(student)
    EnrollmentFactory(user=observer, section=elsewhere)
    assert course_access(observer, section.course).types == {BaseType.OBSERVER}
    assert course_access(observer, elsewhere.course).types == {BaseType.STUDENT}
    assert open_courses(own_courses(observer).own) == [elsewhere.course]


@pytest.mark.parametrize(
    ("state", "sees"),
    [
        ("active", True),
        ("completed", True),
        ("invited", False),
        ("inactive", False),
        ("rejected", False),
        ("deleted", False),
    ],
)
def test_a_student_sees_a_course_while_there_and_afterwards(state, sees):
    enrollment = EnrollmentFactory(state=state)
    assert bool(course_access(enrollment.user, enrollment.section.course)) is sees
    assert bool(own_courses(enrollment.user).own) is sees


@pytest.mark.parametrize(
    ("state", "sees"),
    [
        ("active", True),
        ("completed", True),
        ("invited", True),
        ("inactive", False),
        ("rejected", False),
        ("deleted", False),
    ],
)
def test_an_observer_sees_a_student_who_is_or_was_there(state, sees):
    enrollment = EnrollmentFactory()
    observer = follow(enrollment.user)
    change_state(enrollment, state, by=None)
    assert bool(course_access(observer, enrollment.section.course)) is sees
    assert bool(open_courses(courses_observed(observer, enrollment.user))) is sees
    assert observed_students(observer).exists() is sees


def test_an_observer_of_one_course_sees_that_course_only():
    here, elsewhere = SectionFactory(), SectionFactory()
    student = make_student(here, elsewhere)
    observer = observe_here(student, here).user
    assert open_courses(courses_observed(observer, student)) == [here.course]
    assert courses_by_student(observer) == {student.pk: [here.course]}
    assert course_access(observer, here.course).observed == (student,)
    assert course_access(observer, elsewhere.course) is None


def test_an_observer_of_one_course_sees_it_only_while_the_student_is_in_that_section():
    course = CourseFactory()
    section, other = SectionFactory(course=course), SectionFactory(course=course)
    student = make_student(other)
    observer = observe_here(student, section).user
    assert course_access(observer, course) is None
    assert not observed_students(observer)
    enroll(student, section, Enrollment.objects.get(user=student).role, by=None)
    assert course_access(observer, course).observed == (student,)
    Enrollment.objects.filter(user=student, section=section).update(state="deleted")
    assert course_access(observer, course) is None


def test_an_observer_without_a_student_sees_the_course_and_nobodys_grades():
    section = SectionFactory()
    student = make_student(section)
    observer = EnrollmentFactory(section=section, type=BaseType.OBSERVER).user
    found = course_access(observer, section.course)
    assert found is not None
    assert found.observed == ()
    assert not found.sees_people
    assert not reads_grades(observer, student, section)
    assert open_courses(own_courses(observer).as_visitor) == [section.course]
    assert not own_courses(observer).own
    assert not observed_students(observer)


def test_after_unlinking_nothing_is_seen():
    section = SectionFactory()
    student = make_student(section)
    observer = follow(student)
    unlink(ObservationLink.objects.get(), by=None)
    assert course_access(observer, section.course) is None
    assert not observed_students(observer)
    assert not students_followed(observer)
    assert courses_by_student(observer) == {}


def test_a_deleted_student_is_seen_by_nobody():
    section = SectionFactory()
    student = make_student(section)
    observer = follow(student)
    student.state = User.State.DELETED
    student.save()
    assert course_access(observer, section.course) is None
    assert not observed_students(observer)
    assert not students_followed(observer)


@pytest.mark.parametrize("state", [User.State.SUSPENDED, User.State.DELETED])
def test_who_is_suspended_or_deleted_sees_nothing(state):
    section = SectionFactory()
    observer, admin = follow(make_student(section)), make_admin()
    for somebody in (observer, admin):
        somebody.state = state
        somebody.save()
        assert course_access(somebody, section.course) is None


def test_nothing_is_seen_of_a_deleted_section():
    section = SectionFactory()
    student = make_student(section)
    observer = follow(student)
    section.workflow_state = Section.State.DELETED
    section.save()
    for somebody in (student, observer):
        assert course_access(somebody, section.course) is None


def test_a_student_linked_before_their_first_course_is_on_the_dashboard():
    student = UserFactory(initial_enrollment_type="student")
    observer = follow(student)
    assert list(students_followed(observer)) == [student]
    assert not observed_students(observer)
    assert courses_by_student(observer) == {}


def test_students_and_courses_stand_in_order_of_names_each_once():
    course_b, course_a = CourseFactory(name="B"), CourseFactory(name="A")
    sections = [
        SectionFactory(course=course_b),
        SectionFactory(course=course_a),
        SectionFactory(course=course_a),
    ]
    last = make_student(*sections, name="Al Zorn")
    observer = follow(last)
    first = make_student(sections[0], name="Zoe adams")
    link(observer, first, origin=ObservationLink.Origin.API, by=None)
    assert list(observed_students(observer)) == [first, last]
    assert open_courses(courses_observed(observer, last)) == [course_a, course_b]
    assert courses_by_student(observer) == {first.pk: [course_b], last.pk: [course_a, course_b]}


def test_schools_are_those_of_the_courses_taken_now():
    north, south, gone = (AccountFactory(name=name) for name in ("North", "South", "Gone"))
    student = make_student(*[SectionFactory(course__account=school) for school in (south, north, north)])
    EnrollmentFactory(user=student, section=SectionFactory(course__account=gone), state="completed")
    assert schools_of(student) == ["North", "South"]


def test_grades_show_the_one_students_work_on_published_assignments():
    section = SectionFactory()
    student, classmate = make_student(section), make_student(section)
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    later, sooner, undated = (
        Assignment.objects.create(course=section.course, name=name, workflow_state="published", due_at=due)
        for name, due in (
            ("later", timezone.now() + timedelta(9)),
            ("sooner", timezone.now()),
            ("undated", None),
        )
    )
    Assignment.objects.create(course=section.course, name="draft")
    for person, score in ((student, 7), (classmate, 3)):
        work = Submission.objects.create(assignment=sooner, student=person, score=score, posted_at=timezone.now())
        SubmissionComment.objects.create(submission=work, author=teacher, comment=f"for {person.pk}")
    work, *others = shown = work_of(student, section.course)
    assert [each.assignment for each in shown] == [sooner, later, undated]
    assert (work.submission.student, work.score) == (student, 7)
    assert [comment.comment for comment in work.comments] == [f"for {student.pk}"]
    assert [(each.submission, each.comments) for each in others] == [(None, []), (None, [])]


def test_a_grade_is_out_once_its_time_has_come():
    hour = timedelta(hours=1)
    assert not Submission(posted_at=None).is_posted
    assert not Submission(posted_at=timezone.now() + hour).is_posted
    assert Submission(posted_at=timezone.now() - hour).is_posted


def test_what_an_observer_sees_takes_as_many_statements_for_20_students_as_for_one():
    section = SectionFactory()
    one = follow(make_student(section))
    many = UserFactory()
    for _ in range(20):
        link(many, make_student(section), origin=ObservationLink.Origin.API, by=None)
    for question in (
        lambda observer: course_access(observer, section.course),
        lambda observer: list(observed_students(observer)),
        lambda observer: courses_by_student(observer),
    ):
        for_one = statements(lambda question=question: question(one))
        assert statements(lambda question=question: question(many)) == for_one <= 5
