"""Fill an empty database with fictional people, courses and links."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import demo as people
from accounts.models import Account, BaseType, ObservationLink, User
from courses import demo
from courses.domain.observation import link
from courses.models import Course


class Command(BaseCommand):
    help = "Make the demo district: two schools, six courses, students, staff and observers. Demo set-ups only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--students", type=int, default=60, help="How many students to invent (default 60).")
        parser.add_argument("--if-empty", action="store_true", help="Say nothing when there is an institution already.")

    @transaction.atomic
    def handle(self, *, students: int, if_empty: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not a demo set-up (DEMO is off): it gets no invented people.")
        if Account.objects.exists():
            if if_empty:
                return
            raise CommandError(
                "There is an institution in this database already; demo people only go into an empty one."
            )
        if students < 3:
            raise CommandError("The demo needs three students at least.")
        district, middle, high = people.make_accounts()
        others, pupils = people.make_people(students)
        people.make_admins(district, [others["admin"], others["adminstudent"]])
        people.decide_permissions(middle, others["counselor"], by=others["admin"])
        courses = demo.make_courses({"MS": middle, "HS": high})
        self._fill(courses, others, pupils)
        self._link(others, pupils)
        self.stdout.write(
            f"Made {students} students and {len(others)} others; everybody's password is {people.PASSWORD}."
        )

    def _fill(self, courses: list[Course], others: dict[str, User], pupils: list[User]) -> None:
        demo.enroll_students(courses, pupils)
        demo.enroll_students(courses[3:4], [others["adminstudent"]])
        for number, course in enumerate(courses):
            teacher = others["teacher" if number < 3 else "teacher2"]
            demo.enroll_staff(course, teacher, BaseType.TEACHER)
            demo.enroll_staff(course, others["ta"], BaseType.TA)
            demo.fill(course, teacher)

    def _link(self, others: dict[str, User], pupils: list[User]) -> None:
        for observer, student in (("parent1", 0), ("parent2", 1), ("parent2", 2)):
            link(others[observer], pupils[student], origin=ObservationLink.Origin.CODE, by=others[observer])
