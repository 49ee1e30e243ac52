"""The watch over the order of locks (tests/lock_order.py) sees what it is to see. Every test with a database has it."""

import pytest
from django.db import connection, transaction

from accounts import advisory_locks
from accounts.advisory_locks import AdvisoryLock
from accounts.domain.locks import ORDER, lock_users
from accounts.models import Account, BaseType, Role, User
from courses.domain.courses import delete_course
from courses.domain.enrollments import enroll
from courses.domain.sections import delete_section
from courses.models import Course, Section
from courses.models.enrollment import Enrollment
from tests.factories import SectionFactory, UserFactory, make_admin, make_student
from tests.lock_order import changed_by, locked_by, watched

pytestmark = pytest.mark.usefixtures("root")


@pytest.fixture(autouse=True)
def lock_watch():
    """Here somebody else watches, whose complaints are wanted."""


def complaints(*deeds) -> list[str]:
    with watched() as watch:
        with transaction.atomic():
            for deed in deeds:
                deed()
        return watch.complaints


def hold(rows):
    return lambda: list(rows.select_for_update(no_key=True).order_by("pk"))


def test_a_lock_out_of_order_is_seen_however_it_is_taken():
    section, user = SectionFactory(), UserFactory()
    people, courses = hold(User.objects.filter(pk=user.pk)), hold(Course.objects.all())

    def rename():
        Course.objects.filter(pk=section.course_id).update(name="New")

    assert complaints(people, courses, hold(Section.objects.all())) == []
    assert "accounts_user after courses_course" in complaints(courses, people)[0]
    assert "accounts_user after courses_course" in complaints(rename, lambda: lock_users([user.pk]))[0]
    assert "accounts_account after accounts_user" in complaints(people, hold(Account.objects.all()))[0]


def test_an_advisory_lock_out_of_order_is_seen_too():
    user = UserFactory()
    people = hold(User.objects.filter(pk=user.pk))

    def try_at_a_secret():
        advisory_locks.hold(AdvisoryLock.TRY, f"password of {user.pk}")

    def fail():
        advisory_locks.hold(AdvisoryLock.FAILURE, "password")

    assert complaints(try_at_a_secret, people, fail) == []
    assert "TRY after accounts_user" in complaints(people, try_at_a_secret)[0]
    assert "accounts_user after FAILURE" in complaints(fail, people)[0]


def test_every_advisory_lock_has_a_name_a_number_of_its_own_and_a_place_in_the_order():
    assert len({lock.value for lock in AdvisoryLock}) == len(AdvisoryLock.__members__)
    assert [lock.name for lock in AdvisoryLock if lock.name not in ORDER] == []


def test_people_are_held_by_ascending_ids():
    first, second = UserFactory(), UserFactory()
    assert complaints(lambda: lock_users([first.pk, second.pk]), lambda: lock_users([first.pk])) == []
    assert "people" in complaints(lambda: lock_users([second.pk]), lambda: lock_users([first.pk]))[0]


def test_each_transaction_starts_its_own_order_of_locks():
    section, user = SectionFactory(), UserFactory()
    with watched() as watch:
        for rows in (Section.objects.filter(pk=section.pk), User.objects.filter(pk=user.pk)):
            with transaction.atomic():
                hold(rows)()
    assert watch.complaints == []


def test_enrolling_and_deleting_hold_people_then_courses_then_sections():
    section, admin = SectionFactory(), make_admin()
    make_student(SectionFactory(course=section.course))
    student, role = UserFactory(), Role.objects.built_in(BaseType.STUDENT)
    seen: list[str] = []

    def note(execute, sql, params, many, context):
        seen.extend(table for table in locked_by(sql) + changed_by(sql) if table not in seen)
        return execute(sql, params, many, context)

    for deed in (
        lambda: enroll(student, section, role, by=admin),
        lambda: delete_section(Section.objects.select_related("course").get(pk=section.pk), by=admin),
        lambda: delete_course(Course.objects.get(pk=section.course_id), by=admin),
    ):
        seen.clear()
        with connection.execute_wrapper(note):
            deed()
        held = [table for table in seen if table in ORDER]
        assert held == sorted(held, key=ORDER.index)
        assert held[0] == "accounts_user"
        assert "courses_course" in held
    assert not Enrollment.objects.present().exists()
