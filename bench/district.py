"""A fictional district of any size, made by the database itself with one statement for each table.

Every student takes eight courses and has a parent, with a link and the enrollments that follow from it. A larger
district has more schools and not larger ones, so that what most people see stays the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from accounts.models import Account, AuditEvent, BaseType, ObservationLink, Role, User
from courses.domain.events import ObservingBegan
from courses.models import Assignment, Course, Enrollment, Section, Submission, Term
from pairing.models import PairingCode

# A school has 500 students, 300 parents, 20 teachers, and 160 courses of one section with 25 students each.
STUDENTS, PARENTS, TEACHERS, COURSES = 500, 300, 20, 160
COURSES_EACH = 8
REGIONS = 4
NAMES = {
    "given": "Ada Ben Cleo Dan Eva Finn Gina Hugo Ida Jon Kim Leo Mia Ned Ola Pia Quin Rosa Sam Tess Uma Vic Wim",
    "front": "Ash Birch Brook Clear Dale East Fair Glen Hill Lake Mill North Oak Park Rock Stone Thorn West Wood",
    "middle": "a en er ing el o ow y ar",
    "end": "by croft den field ford gate ham land ley man more ridge shaw side ston ton well wick worth",
}
# Which course of the school a student n takes as their j-th: each has 25 students.
COURSE_OF_STUDENT = f"(n * 7 % 20 + j * 20) % {COURSES}"
SCHOOL_OF = f"(n - 1) / {STUDENTS}"
COURSE = f"{SCHOOL_OF} * {COURSES} + ({COURSE_OF_STUDENT}) + 1"
PARENT = f"(n * {PARENTS} - 1) / {STUDENTS} + 1"


@dataclass(frozen=True)
class District:
    """Who and what is where. Ids follow each other: that of the first student is `student` + 1, and so on."""

    regions: list[Account]
    schools: int
    school: int
    course: int
    section: int
    student: int
    parent: int
    teacher: int

    def in_school(self, number: int, each: int) -> range:
        """Return the numbers, from 1 on, of whatever a school has `each` of, in one of the schools (from 0 on)."""
        return range(number * each + 1, (number + 1) * each + 1)


def make_district(root: Account, students: int) -> District:
    """Make so many students, in whole schools below `root`, with all that belongs to them."""
    schools = -(-students // STUDENTS)
    students = schools * STUDENTS
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        regions = [Account.objects.create(parent=root, name=f"Region {n}") for n in range(1, REGIONS + 1)]
        term = Term.objects.create(name="This year")
        school = _multiply(
            Account(parent=regions[0], name="School"),
            schools,
            name="'School ' || n",
            parent_id=f"{regions[0].pk} + n % {REGIONS}",
            sis_account_id="'A' || n",
        )
        with _indexed_afterwards(Course):
            course = _multiply(
                Course(name="Course", account_id=school, term=term, workflow_state=Course.State.AVAILABLE),
                schools * COURSES,
                name=f"{_one_of('front')} || ' studies ' || n",
                course_code="'C' || n",
                sis_course_id="'C' || n",
                account_id=f"{school} + (n - 1) / {COURSES} + 1",
            )
        section = _multiply(Section(course_id=course, name="A"), schools * COURSES, course_id=f"{course} + n")
        with _indexed_afterwards(User):
            student = _people("student", students, initial_enrollment_type="'student'")
            parent = _people("parent", schools * PARENTS)
            teacher = _people("teacher", schools * TEACHERS)
        _enroll(students, schools, section, student, parent, teacher)
        _observe(students, student, parent)
        _grade(students, schools, course, student)
    return District(regions, schools, school, course, section, student, parent, teacher)


def look() -> None:
    """Have the database look at its tables, as it does itself before long."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _people(kind: str, number: int, **values: str) -> int:
    name = _one_of("given")
    family = f"{_one_of('front', 7)} || {_one_of('middle', 133)} || {_one_of('end', 31)}"
    return _multiply(
        User(name=kind, short_name=kind, sortable_name=kind, login_id=kind, password="!"),  # noqa: S106 nobody's
        number,
        name=f"{name} || ' ' || {family}",
        short_name=f"{name} || ' ' || {family}",
        sortable_name=f"{family} || ', ' || {name}",
        login_id=f"'{kind}' || n || '@school.example'",
        email=f"'{kind}' || n || '@school.example'",
        sis_user_id=f"'{kind[0].upper()}' || n",
        **values,
    )


def _one_of(kind: str, every: int = 1) -> str:
    """Return SQL for a part of a name, another one after `every` people."""
    return f"(string_to_array('{NAMES[kind]}', ' '))[n / {every} % {len(NAMES[kind].split())} + 1]"


def _enroll(students: int, schools: int, section: int, student: int, parent: int, teacher: int) -> None:
    taken = f"generate_series(1, {students}) n, generate_series(0, {COURSES_EACH - 1}) j"
    enrolled: dict[str, Any] = {"section_id": section, "accepted_at": timezone.now()}
    enrolled["accepted_through"] = Enrollment.Through.INSTITUTION
    with _indexed_afterwards(Enrollment):
        model = Enrollment(user_id=teacher, **_as(BaseType.TEACHER), **enrolled)
        _multiply(
            model,
            schools * COURSES,
            user_id=f"{teacher} + (n - 1) / {COURSES} * {TEACHERS} + n % {TEACHERS} + 1",
            section_id=f"{section} + n",
        )
        model = Enrollment(user_id=student, **_as(BaseType.STUDENT), **enrolled)
        _multiply(model, taken, user_id=f"{student} + n", section_id=f"{section} + {COURSE}")
        beside = {"associated_user_id": student, "only_by_link": True, "accepted_through": Enrollment.Through.LINK}
        model = Enrollment(user_id=parent, **_as(BaseType.OBSERVER), **{**enrolled, **beside})
        _multiply(
            model,
            taken,
            user_id=f"{parent} + {PARENT}",
            section_id=f"{section} + {COURSE}",
            associated_user_id=f"{student} + n",
        )


def _as(base_type: str) -> dict[str, Any]:
    return {"role": Role.objects.built_in(base_type), "type": base_type}


def _observe(students: int, student: int, parent: int) -> None:
    sides = {"student_id": f"{student} + n", "observer_id": f"{parent} + {PARENT}"}
    with _indexed_afterwards(ObservationLink), _indexed_afterwards(AuditEvent), _indexed_afterwards(PairingCode):
        made = ObservationLink.Origin.CODE
        _multiply(ObservationLink(student_id=student, observer_id=parent, origin=made), students, **sides)
        now = timezone.now()
        code = PairingCode(
            student_id=student,
            issued_by_id=student,
            used_by_id=parent,
            digest=sha256().digest(),
            hint="ab",
            slot=1,
            issued_at=now,
            expires_at=now + timedelta(days=7),
            used_at=now,
        )
        _multiply(
            code,
            students,
            student_id=sides["student_id"],
            issued_by_id=sides["student_id"],
            used_by_id=sides["observer_id"],
            digest="sha256(n::text::bytea)",
        )
        began = ObservingBegan(observer=parent, scope=ObservationLink.Scope.ALL, origin=made)
        _multiply(
            AuditEvent(action=began.action, actor_id=parent, subject_id=student, details=began.as_details()),
            f"generate_series(1, {students}) n, generate_series(1, 3)",
            actor_id=sides["observer_id"],
            subject_id=sides["student_id"],
            details=f"details || jsonb_build_object('observer', {sides['observer_id']})",
        )


def _grade(students: int, schools: int, course: int, student: int) -> None:
    with _indexed_afterwards(Submission):
        work = Assignment(course_id=course, name="Quiz", points_possible=20, workflow_state="published")
        assignment = _multiply(work, schools * COURSES, course_id=f"{course} + n")
        _multiply(
            Submission(assignment_id=assignment, student_id=student, score=15, posted_at=timezone.now()),
            f"generate_series(1, {students}) n, generate_series(0, {COURSES_EACH - 1}) j",
            assignment_id=f"{assignment} + {COURSE}",
            student_id=f"{student} + n",
        )


def _multiply(model: Model, times: int | str, **values: str) -> int:
    """Save a row, and so many copies of it beside it, or one for each row of the SQL `times`.

    `values` are SQL for the columns in which the copies differ: `n` counts from 1. Returns the id of the row; those of
    the copies follow it.
    """
    table = model._meta.db_table
    series = times if isinstance(times, str) else f"generate_series(1, {times}) n"
    stored = [field for field in model._meta.concrete_fields if not (field.generated or field.primary_key)]
    columns = [str(field.column) for field in stored]
    values = {name: f"({value})" for name, value in values.items()}
    with connection.cursor() as cursor:
        if not isinstance(model, Account):
            # Triggers and foreign keys have nothing to say to this; what is above an account, a trigger writes.
            cursor.execute("SET LOCAL session_replication_role = replica")
        model.save()
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 built from constants
            f" SELECT {', '.join(values.get(name, f'model.{name}') for name in columns)}"
            f" FROM {table} model, {series} WHERE model.id = {model.pk}"
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    return int(model.pk)


@contextmanager
def _indexed_afterwards(model: type[Model]) -> Iterator[None]:
    """Take a table's indexes away and make them again at the end, which is faster than keeping them meanwhile."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype = 'u'",
            [table],
        )
        constraints = cursor.fetchall()
        for name, _definition in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = %s::regclass AND NOT indisprimary",
            [table],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _name, definition in indexes:
            cursor.execute(definition)
        for name, definition in constraints:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
