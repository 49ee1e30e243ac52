"""Invented people, courses and codes for the tests."""

from collections.abc import Sequence
from datetime import timedelta

import factory
from django.db import connection
from django.db.models import Model
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Account, AccountAdmin, BaseType, Role, RoleOverride, SelfRegistration, User
from courses.models import Course, Enrollment, Section
from pairing import code_text
from pairing.models import PairingCode

PASSWORD = "a-long-enough-word"
MANY = 1_000
# Removed enrollments were real ones, unless a test says otherwise.
AS_ACCEPTED = (*Enrollment.ACCEPTED, Enrollment.State.DELETED)


class RootFactory(DjangoModelFactory):
    class Meta:
        model = Account
        django_get_or_create = ("parent",)

    name = "Lakeside District"
    parent = None
    self_registration = SelfRegistration.ALL


class AccountFactory(DjangoModelFactory):
    class Meta:
        model = Account

    name = factory.Sequence(lambda n: f"School {n}")
    parent = factory.SubFactory(RootFactory)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Sam Person{n}")
    login_id = factory.Sequence(lambda n: f"person{n}@example.org")
    sis_user_id = factory.Sequence(lambda n: f"SIS{n}")

    @factory.post_generation
    def password(self, create, extracted, **kwargs):
        """`UserFactory(password=PASSWORD)` can sign in; hashing is slow, so not everybody can."""
        if extracted:
            self.set_password(extracted)
            self.save(update_fields=["password"])


class CourseFactory(DjangoModelFactory):
    class Meta:
        model = Course

    name = factory.Sequence(lambda n: f"Course {n}")
    course_code = factory.Sequence(lambda n: f"C{n}")
    account = factory.SubFactory(AccountFactory)
    workflow_state = Course.State.AVAILABLE


class SectionFactory(DjangoModelFactory):
    class Meta:
        model = Section

    course = factory.SubFactory(CourseFactory)
    name = factory.Sequence(lambda n: f"Section {n}")


class EnrollmentFactory(DjangoModelFactory):
    """A row as it is, without the rules: `EnrollmentFactory(section=…, type=BaseType.TEACHER)`."""

    class Meta:
        model = Enrollment

    user = factory.SubFactory(UserFactory)
    section = factory.SubFactory(SectionFactory)
    type = BaseType.STUDENT
    state = Enrollment.State.ACTIVE
    role = factory.LazyAttribute(lambda row: Role.objects.built_in(row.type))
    accepted_at = factory.LazyAttribute(lambda row: timezone.now() if row.state in AS_ACCEPTED else None)
    accepted_through = factory.LazyAttribute(lambda row: Enrollment.Through.INSTITUTION if row.accepted_at else "")


class CodeFactory(DjangoModelFactory):
    """A stored code as it is, without the rules: `CodeFactory(student=…, text="abcdef")`."""

    class Meta:
        model = PairingCode

    class Params:
        text = factory.LazyFunction(code_text.draw)

    student = factory.SubFactory(UserFactory, initial_enrollment_type="student")
    digest = factory.LazyAttribute(lambda row: code_text.digest(row.text))
    hint = factory.LazyAttribute(lambda row: row.text[-2:])
    slot = 1
    issued_by = factory.SelfAttribute("student")
    issued_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyAttribute(lambda row: row.issued_at + timedelta(days=7))


def make_student(*sections: Section, **fields) -> User:
    """A student of these sections, or of one of their own."""
    student = UserFactory(**fields)
    for section in sections or [SectionFactory()]:
        EnrollmentFactory(user=student, section=section)
    return student


def make_students(count: int, section: Section) -> list[int]:
    """The ids of many students of a section, made in sets."""
    first = User.objects.count()
    student = User.objects.create(
        login_id=f"pupil{first}@example.org",
        name=f"Kim Pupil{first}",
        sortable_name=f"Pupil{first:05}, Kim",
        sis_user_id=f"P{first}",
    )
    number = f"({first} + n)"
    more = _copy(
        student,
        count - 1,
        login_id=f"'pupil' || {number} || '@example.org'",
        name=f"'Kim Pupil' || {number}",
        sortable_name=f"'Pupil' || lpad({number}::text, 5, '0') || ', Kim'",
        short_name=f"'Kim Pupil' || {number}",
        sis_user_id=f"'P' || {number}",
    )
    enrollment = EnrollmentFactory(user=student, section=section)
    _copy(enrollment, count - 1, user_id="(%s::bigint[])[n]", of=[more])
    if count >= MANY:
        # As autovacuum would do soon: till then the database takes these tables for nearly empty, and plans for that.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE accounts_user, courses_enrollment")
    return [student.pk, *more]


def _copy(row: Model, times: int, *, of: Sequence[list[int]] = (), **values: str) -> list[int]:
    """The ids of copies of a row, made by the database itself. `values` are SQL for columns; `n` counts from 1."""
    table = connection.ops.quote_name(row._meta.db_table)
    stored = [field for field in row._meta.concrete_fields if not (field.generated or field.primary_key)]
    columns = [str(field.column) for field in stored]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608
            f" SELECT {', '.join(values.get(name, name) for name in columns)}"
            f" FROM {table}, generate_series(1, %s) AS n WHERE id = %s ORDER BY n RETURNING id",
            [*of, times, row.pk],
        )
        return [pk for (pk,) in cursor.fetchall()]


def make_admin(account: Account | None = None, **fields) -> User:
    """An Account Admin of `account`, or of the root account."""
    user = UserFactory(**fields)
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    AccountAdmin.objects.create(user=user, account=account or RootFactory(), role=role)
    return user


def allow(base_type: str, permission: str, account: Account | None = None, *, enabled: bool = True) -> None:
    """Switch a permission on (or off) for a built-in role, in the whole institution or in and below `account`."""
    role = Role.objects.built_in(base_type)
    where = account or RootFactory()
    RoleOverride.objects.update_or_create(
        account=where, role=role, permission=permission, defaults={"enabled": enabled}
    )


def make_clerk(*may: str, account: Account | None = None, **fields) -> User:
    """Somebody with an admin role of their own on `account`, or the root account, that allows just this."""
    where = account or RootFactory()
    label, base = f"May {', '.join(may)}", BaseType.ACCOUNT_MEMBERSHIP
    role, made = Role.objects.get_or_create(label=label, base_type=base, account=where)
    if made:
        given = (RoleOverride(account=where, role=role, permission=key, enabled=True) for key in may)
        RoleOverride.objects.bulk_create(given)
    user = UserFactory(**fields)
    AccountAdmin.objects.create(user=user, account=where, role=role)
    return user
