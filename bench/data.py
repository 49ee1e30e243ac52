"""Invented rows to measure with, made in bulk."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection
from django.utils import timezone

from accounts.domain.tokens import make_token
from accounts.models import Account, AccountAdmin, BaseType, Role, SelfRegistration, User
from courses.models import Course, Enrollment, Section
from pairing.domain.codes import issue_for_class


@dataclass
class Try:
    """One redemption to be made: by whom, with which token, of which code."""

    observer_id: int
    token: str = field(repr=False)
    code: str = field(repr=False)


def make_school(students: int) -> tuple[Course, User]:
    """The institution, an admin, and one course with so many students."""
    root = Account.objects.create(name="Bench", self_registration=SelfRegistration.ALL)
    admin = User.objects.create_user("admin", name="Ad Min")
    AccountAdmin.objects.create(user=admin, account=root, role=Role.objects.built_in(BaseType.ACCOUNT_ADMIN))
    course = make_course(root, students)
    with connection.cursor() as cursor:
        # What autovacuum does within a minute of such a load; without it the planner thinks all tables empty.
        cursor.execute("ANALYZE")
    return course, admin


def make_course(root: Account, students: int) -> Course:
    """A course with so many new students in one section."""
    course = Course.objects.create(name="C", course_code="C", account=root, workflow_state=Course.State.AVAILABLE)
    section = Section.objects.create(course=course, name="S")
    role = Role.objects.built_in(BaseType.STUDENT)
    people = make_people(f"s{course.pk}-", students)
    Enrollment.objects.bulk_create(
        (
            Enrollment(
                user=user,
                section=section,
                role=role,
                type=role.base_type,
                accepted_at=timezone.now(),
                accepted_through=Enrollment.Through.INSTITUTION,
            )
            for user in people
        ),
        batch_size=5000,
    )
    return course


def make_people(prefix: str, number: int) -> list[User]:
    """People with plausible names, no passwords."""
    return User.objects.bulk_create(
        (
            User(
                login_id=f"{prefix}{n}",
                name=f"Sam Person{n}",
                short_name=f"Sam Person{n}",
                sortable_name=f"Person{n}, Sam",
                sis_user_id=f"{prefix}{n}",
                password="!",  # noqa: S106 nobody signs in with it
            )
            for n in range(number)
        ),
        batch_size=5000,
    )


def make_tries(course: Course, admin: User, number: int) -> list[Try]:
    """New observers with a token each, and a code for a student each."""
    students = User.objects.filter(enrollments__section__course=course).values_list("pk", flat=True)[:number]
    codes = issue_for_class(list(students), by=admin, course=course)
    observers = make_people(f"o{User.objects.count()}-", number)
    tokens = [make_token(observer, "", by=None) for observer in observers]
    return [Try(observer.pk, token, code.text) for observer, token, code in zip(observers, tokens, codes, strict=True)]
