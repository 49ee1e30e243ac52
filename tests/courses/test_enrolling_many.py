"""Many people enrolled or ended at once: the same as one by one, in as many statements as for one."""

import pytest
from django.db import IntegrityError

from accounts.errors import Invalid
from accounts.models import AuditEvent, BaseType, User
from courses.domain.enrollment_specs import EnrollmentSpec
from courses.domain.enrollments import change_states, enroll, enroll_many
from courses.models import Enrollment
from tests.database import refuse_new_rows, statements
from tests.factories import (
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_students,
)
from tests.observing import pair, role

pytestmark = pytest.mark.usefixtures("root")


def test_many_are_enrolled_as_one_by_one(section, teacher):
    def mixed() -> list[User]:
        """Somebody new, and one who was here in each state."""
        people: list[User] = [UserFactory(initial_enrollment_type="student") for _state in [None, *Enrollment.State]]
        for person, state in zip(people[1:], Enrollment.State, strict=True):
            EnrollmentFactory(user=person, section=section, state=state)
        for person in people:
            pair(UserFactory(), person)
        return people

    def outcome(people: list[User]) -> list[tuple[str | None, ...]]:
        return [
            (
                Enrollment.objects.get(user=person, section=section).state,
                Enrollment.objects.filter(associated_user=person, section=section)
                .values_list("state", flat=True)
                .first(),
                *AuditEvent.objects.filter(subject=person, actor=teacher).values_list("details__before", flat=True),
            )
            for person in people
        ]

    for state in (None, "active", "completed"):
        one_by_one, at_once = mixed(), mixed()
        for person in one_by_one:
            enroll(person, section, role(BaseType.STUDENT), by=teacher, state=state)
        enroll_many(
            [EnrollmentSpec(person, section, role(BaseType.STUDENT), state=state) for person in at_once], by=teacher
        )
        assert outcome(one_by_one) == outcome(at_once)


def test_enrolling_500_takes_as_many_statements_as_one(section):
    def fresh(count: int) -> list[EnrollmentSpec]:
        ids = make_students(count, SectionFactory())
        people = User.objects.filter(pk__in=ids)
        return [EnrollmentSpec(person, section, role(BaseType.STUDENT), state=None) for person in people]

    one, many = fresh(1), fresh(500)
    assert statements(lambda: enroll_many(one, by=None)) == statements(lambda: enroll_many(many, by=None))
    assert Enrollment.objects.filter(section=section, state="invited").count() == 501


def test_ending_500_takes_as_many_statements_as_one(section):
    make_students(501, section)
    one, *many = Enrollment.objects.filter(section=section)
    few = statements(lambda: change_states([one], "inactive", by=None))
    assert statements(lambda: change_states(many, "inactive", by=None)) == few
    assert AuditEvent.objects.filter(action="enrollment.changed").count() == 501


def test_either_all_of_the_people_are_enrolled_or_nobody(section, student):
    good = EnrollmentSpec(UserFactory(), section, role(BaseType.STUDENT))
    with pytest.raises(Invalid):
        enroll_many([good, EnrollmentSpec(UserFactory(state="deleted"), section, role(BaseType.STUDENT))], by=None)
    refuse_new_rows("accounts_auditevent")
    with pytest.raises(IntegrityError):
        enroll_many([good, EnrollmentSpec(UserFactory(), section, role(BaseType.STUDENT))], by=None)
    assert Enrollment.objects.count() == 1


def test_an_enrollment_asked_for_twice_is_made_once(section):
    spec = EnrollmentSpec(UserFactory(), section, role(BaseType.STUDENT))
    assert len(enroll_many([spec, spec], by=None)) == 1
