"""A course with one of everybody: its people, and people who have nothing to do with it."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import BaseType, ObservationLink, User
from courses.domain.observation import link
from courses.models import Assignment, DiscussionTopic, Section, Submission, SubmissionComment
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
    make_student,
)


@pytest.fixture
def school(root):
    """`course` in `account`, with `student` and `classmate`; who watches; and who is elsewhere."""
    account, elsewhere = AccountFactory(name="North School"), AccountFactory(name="South School")
    section = SectionFactory(course=CourseFactory(name="Biology 7", account=account), name="Biology 7 A")
    other = SectionFactory(course=CourseFactory(name="Chemistry 9", account=elsewhere), name="Chemistry 9 A")
    student = UserFactory(name="Mia Lake", login_id="mia", sis_user_id="S-MIA")
    classmate = UserFactory(name="Ben Hill", login_id="ben", sis_user_id="S-BEN")
    EnrollmentFactory(user=student, section=section)
    EnrollmentFactory(user=classmate, section=section)
    people = SimpleNamespace(
        account=account,
        elsewhere=elsewhere,
        course=section.course,
        section=section,
        other_course=other.course,
        student=student,
        classmate=classmate,
        outsider=EnrollmentFactory(section=other, user__name="Olga Far").user,
        teacher=EnrollmentFactory(section=section, type=BaseType.TEACHER, user__name="Tara Bloom").user,
        teacher_elsewhere=EnrollmentFactory(section=other, type=BaseType.TEACHER).user,
        observer=UserFactory(name="Paula Lake"),
        other_observer=UserFactory(name="Petra Hill"),
        admin=make_admin(name="Alex Root"),
        account_admin=make_admin(account),
        admin_elsewhere=make_admin(elsewhere),
    )
    people.link = link(people.observer, student, origin=ObservationLink.Origin.CODE, by=None)
    link(people.other_observer, people.outsider, origin=ObservationLink.Origin.CODE, by=None)
    return people


@pytest.fixture
def work(school):
    """A graded, a held back and an unpublished assignment, and an announcement."""
    now = timezone.now()
    course, student, classmate = school.course, school.student, school.classmate
    quiz, essay = (
        Assignment.objects.create(
            course=course, name=name, points_possible=20, workflow_state="published", due_at=now - timedelta(days=days)
        )
        for name, days in (("Quiz", 3), ("Essay", 1))
    )
    draft = Assignment.objects.create(course=course, name="Secret draft", points_possible=50)
    graded = Submission.objects.create(
        assignment=quiz,
        student=student,
        submitted_at=now,
        score=Decimal("17.5"),
        posted_at=now - timedelta(hours=1),
    )
    held_back = Submission.objects.create(assignment=essay, student=student, submitted_at=now, score=3)
    SubmissionComment.objects.create(submission=graded, author=school.teacher, comment="Lovely work.")
    SubmissionComment.objects.create(submission=held_back, author=school.teacher, comment="Not for now.")
    Submission.objects.create(assignment=quiz, student=classmate, score=11, posted_at=now - timedelta(hours=1))
    DiscussionTopic.objects.create(course=course, author=school.teacher, title="Field day", message="Bring boots.")
    return SimpleNamespace(quiz=quiz, essay=essay, draft=draft)


@pytest.fixture
def visit():
    """`visit(user, path)` gets a page as that user (None: nobody signed in)."""

    def visit(user, path, **query):
        browser = Client()
        if user:
            browser.force_login(user)
        return browser.get(path, query)

    return visit


@pytest.fixture
def post():
    """`post(user, path, **form)` sends a form as that user, without following the redirect."""

    def post(user, path, **form):
        browser = Client()
        if user:
            browser.force_login(user)
        return browser.post(path, form)

    return post


@pytest.fixture
def second_section(school) -> Section:
    """Another section of the school's course."""
    return SectionFactory(course=school.course, name="Biology 7 B")


@pytest.fixture
def watcher(school) -> User:
    """An observer of the school's course who observes nobody yet."""
    return EnrollmentFactory(section=school.section, type=BaseType.OBSERVER, user__name="Wil Watch").user


# One course and its people, for what needs no school around them.


@pytest.fixture
def section(root) -> Section:
    return SectionFactory()


@pytest.fixture
def teacher(section) -> User:
    return EnrollmentFactory(section=section, type=BaseType.TEACHER).user


@pytest.fixture
def assistant(section) -> User:
    return EnrollmentFactory(section=section, type=BaseType.TA).user


@pytest.fixture
def student(section) -> User:
    return make_student(section)


@pytest.fixture
def observer(student: User) -> User:
    """Somebody linked with the student."""
    observer = UserFactory()
    link(observer, student, origin=ObservationLink.Origin.API, by=None)
    return observer
