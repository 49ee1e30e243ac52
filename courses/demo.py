"""The courses of a demo, with something in them to look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from django.utils import timezone

from accounts.models import Account, BaseType, Role, User
from accounts.text.html import paragraphs
from courses.domain.enrollments import enroll
from courses.models import (
    Assignment,
    AssignmentGroup,
    Course,
    DiscussionTopic,
    Enrollment,
    Section,
    Submission,
    SubmissionComment,
    Term,
)

COURSES = (  # school, code, name, published
    ("MS", "BIO7", "Biology 7", True),
    ("MS", "HIS7", "History 7", True),
    ("MS", "ART7", "Art 7", False),
    ("HS", "CHE10", "Chemistry 10", True),
    ("HS", "ENG10", "English 10", True),
    ("HS", "MAT10", "Mathematics 10", True),
)
ANNOUNCEMENTS = (
    (
        "Welcome",
        "Good to have you here. The syllabus tells how we work; ask me whenever something is unclear.",
        40,
    ),
    ("Field day on Friday", "Please bring shoes for wet grass and something to eat. We are back by two.", 9),
    (
        "Before the test",
        "Go through chapters two and three again. Tuesday's lesson is for your questions.",
        2,
    ),
)
GROUPS = ("Journals and quizzes", "Projects", "Tests")
ASSIGNMENTS = (  # name, group, points, due in so many days, how it is handed in
    ("Reading journal 1", 0, 10, -28, "online_text_entry"),
    ("Quiz: first chapter", 0, 20, -21, "online_quiz"),
    ("Group poster", 1, 30, -10, "on_paper"),
    ("Reading journal 2", 0, 10, -3, "online_text_entry"),
    ("Essay", 1, 50, 5, "online_upload"),
    ("Test", 2, 100, 12, "on_paper"),
)
COMMENTS = (
    "Well observed.",
    "Clear and complete.",
    "A good start; look at the second part again.",
    "See me about this.",
)
FRONT_PAGE = paragraphs(
    "Welcome to {name}.\n\nThis page tells what we are working on. This week: chapter three, in pairs."
)
SYLLABUS = paragraphs(
    "What {name} is about, and how your grade comes about.\n\n"
    "Journals and quizzes count for a third, projects for a third and the test for a third. "
    "Late work loses a tenth for every day.\n\nQuestions: after class, or by message."
)


def make_courses(schools: dict[str, Account]) -> list[Course]:
    """Create six courses of two sections each, one of them unpublished; return them."""
    term = Term.objects.create(name="School year", sis_term_id="YEAR")
    courses = Course.objects.bulk_create(
        Course(
            name=name,
            course_code=code,
            sis_course_id=code,
            account=schools[school],
            term=term,
            workflow_state=Course.State.AVAILABLE if published else Course.State.UNPUBLISHED,
            front_page=FRONT_PAGE.format(name=name),
            syllabus_body=SYLLABUS.format(name=name),
        )
        for school, code, name, published in COURSES
    )
    Section.objects.bulk_create(
        Section(course=course, name=f"{course.name} {part}", sis_section_id=f"{course.course_code}-{part}")
        for course in courses
        for part in "AB"
    )
    return courses


def enroll_students(courses: Sequence[Course], students: Sequence[User]) -> None:
    """Enroll each student in the courses of one school, half of them in section A and half in B."""
    role = Role.objects.built_in(BaseType.STUDENT)
    sections = {course.pk: list(course.sections.order_by("name")) for course in courses}
    by_school = (courses[:3], courses[3:])
    Enrollment.objects.bulk_create(
        [
            Enrollment(
                user=student,
                section=sections[course.pk][number // 2 % 2],
                role=role,
                type=role.base_type,
                accepted_at=timezone.now(),
                accepted_through=Enrollment.Through.INSTITUTION,
            )
            for number, student in enumerate(students)
            for course in by_school[number % 2]
        ],
        batch_size=5000,
    )


def enroll_staff(course: Course, user: User, base_type: BaseType) -> None:
    """Enroll a person in the first section of a course."""
    enroll(user, course.sections.order_by("name")[0], Role.objects.built_in(base_type), by=None)


def fill(course: Course, teacher: User) -> None:
    """Create announcements, assignments, and grades for every student of the course."""
    today = timezone.now().replace(hour=20, minute=0, second=0, microsecond=0)
    DiscussionTopic.objects.bulk_create(
        DiscussionTopic(
            course=course,
            author=teacher,
            title=title,
            message=paragraphs(text),
            posted_at=today - timedelta(days=ago),
        )
        for title, text, ago in ANNOUNCEMENTS
    )
    groups = AssignmentGroup.objects.bulk_create(
        AssignmentGroup(course=course, name=name, position=position) for position, name in enumerate(GROUPS, 1)
    )
    assignments = Assignment.objects.bulk_create(
        Assignment(
            course=course,
            name=name,
            description=paragraphs(f"{name}: the details are on the sheet from class. Hand in before the lesson."),
            group=groups[group],
            position=position,
            submission_types=[handed_in],
            due_at=today + timedelta(days=days),
            points_possible=points,
            workflow_state=Assignment.State.PUBLISHED,
        )
        for position, (name, group, points, days, handed_in) in enumerate(ASSIGNMENTS, 1)
    )
    _grade(course, teacher, [work for work in assignments if work.due_at and work.due_at < today], today)


def _grade(course: Course, teacher: User, assignments: Sequence[Assignment], today: datetime) -> None:
    chance = Random(course.course_code)  # noqa: S311 invented grades
    students = User.objects.filter(enrollments__section__course=course, enrollments__type=BaseType.STUDENT).order_by(
        "id"
    )
    handed_in = [
        Submission(
            assignment=work,
            student=student,
            workflow_state=Submission.State.GRADED,
            submitted_at=work.due_at,
            score=round(float(work.points_possible or 0) * chance.uniform(0.55, 1)),
            # The newest work is graded but not released yet.
            posted_at=None if work is assignments[-1] else today - timedelta(days=1),
        )
        for student in students
        for work in assignments
        if chance.random() < 0.92
    ]
    submissions = Submission.objects.bulk_create(handed_in, batch_size=5000)
    SubmissionComment.objects.bulk_create(
        [
            SubmissionComment(submission=submission, author=teacher, comment=chance.choice(COMMENTS))
            for submission in submissions
            if chance.random() < 0.4
        ],
        batch_size=5000,
    )
