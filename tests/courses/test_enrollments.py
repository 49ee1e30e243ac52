"""Enrolling, moving and removing people, and how a student's observers follow."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.errors import Invalid
from accounts.models import Action, AuditEvent, BaseType, ObservationLink, Role, User
from courses.domain.enrollments import change_state, enroll
from courses.domain.observation import unlink
from courses.models import Course, Enrollment, Section
from courses.models.course import default_section
from tests.database import refuse_new_rows, statements
from tests.factories import (
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
    make_student,
)
from tests.observing import pair, role, states

pytestmark = pytest.mark.usefixtures("root")


@pytest.fixture
def theirs(root) -> Enrollment:
    """A student's enrollment, with an observer who follows: `theirs.user`, `observer_of(theirs)`."""
    enrollment = EnrollmentFactory()
    pair(UserFactory(), enrollment.user)
    return enrollment


def observer_of(theirs: Enrollment) -> User:
    return ObservationLink.objects.get(student=theirs.user).observer


def follows_in(theirs: Enrollment) -> Enrollment:
    """The observer's enrollment beside this one of the student."""
    return Enrollment.objects.get(type=BaseType.OBSERVER, section=theirs.section_id)


# The student's enrollments


def test_an_enrollment_of_the_same_kind_is_updated_never_doubled():
    student, section, end = UserFactory(), SectionFactory(), timezone.now()
    first = enroll(student, section, role(BaseType.STUDENT), by=None, state="invited")
    again = enroll(student, section, role(BaseType.STUDENT), by=None, end_at=end)
    assert again.pk == first.pk
    assert (again.state, again.end_at) == ("active", end)
    teacher = enroll(student, section, role(BaseType.TEACHER), by=None)
    assert teacher.pk != first.pk


def test_a_removed_enrollment_is_revived():
    first = EnrollmentFactory(state="deleted")
    again = enroll(first.user, first.section, first.role, by=None)
    assert (again.pk, again.state) == (first.pk, "active")


def test_without_a_wish_people_are_invited_and_who_is_there_stays_as_they_are():
    student, section = UserFactory(), SectionFactory()
    first = enroll(student, section, role(BaseType.STUDENT), by=None, state=None)
    assert first.state == "invited"
    change_state(first, "active", by=None)
    assert enroll(student, section, role(BaseType.STUDENT), by=None, state=None).state == "active"
    observed = {"state": None, "associated_user": student}
    assert enroll(UserFactory(), section, role(BaseType.OBSERVER), by=None, **observed).state == "active"


def test_concluding_says_when_and_reactivating_forgets_it():
    theirs = EnrollmentFactory()
    assert change_state(theirs, "completed", by=None).completed_at is not None
    assert change_state(theirs, "active", by=None).completed_at is None


def test_every_change_is_recorded_with_what_was_before():
    admin, student, section = make_admin(), UserFactory(), SectionFactory()
    made = enroll(student, section, role(BaseType.STUDENT), by=admin)
    change_state(made, "inactive", by=admin)
    events = AuditEvent.objects.filter(action=Action.ENROLLMENT_CHANGED).order_by("id")
    assert {(event.actor, event.subject) for event in events} == {(admin, student)}
    changes = [(event.details["before"], event.details["state"], event.details["section"]) for event in events]
    assert changes == [
        (None, "active", section.pk),
        ("active", "inactive", section.pk),
    ]


def test_what_changes_nothing_is_not_recorded():
    student, section = UserFactory(), SectionFactory()
    for _ in range(2):
        made = enroll(student, section, role(BaseType.STUDENT), by=None)
    events = AuditEvent.objects.filter(action=Action.ENROLLMENT_CHANGED)
    assert events.count() == 1
    enroll(student, section, role(BaseType.STUDENT), by=None, end_at=timezone.now())
    assert events.count() == 2
    since = change_state(made, "completed", by=None).completed_at
    assert change_state(made, "completed", by=None).completed_at == since
    made = enroll(student, section, role(BaseType.STUDENT), by=None, state="completed", end_at=made.end_at)
    assert made.completed_at == since
    assert events.count() == 3


@pytest.mark.parametrize(
    ("complaint", "given"),
    [
        ("role", lambda: {"role": role(BaseType.ACCOUNT_ADMIN)}),
        ("user", lambda: {"user": UserFactory(state=User.State.DELETED)}),
        ("section", lambda: {"section": SectionFactory(workflow_state=Section.State.DELETED)}),
        (
            "section",
            lambda: {"section": SectionFactory(course__workflow_state=Course.State.DELETED)},
        ),
        ("student", lambda: {"role": role(BaseType.TEACHER), "associated_user": UserFactory()}),
        ("student", lambda: {"associated_user": (same := UserFactory()), "user": same}),
    ],
)
def test_what_cannot_be_is_refused_with_the_field_it_is_about(complaint, given):
    wanted = {"user": UserFactory(), "section": SectionFactory(), "role": role(BaseType.OBSERVER)} | given()
    with pytest.raises(Invalid) as refused:
        enroll(**wanted, by=None)
    assert list(refused.value.errors) == [complaint]
    assert not Enrollment.objects.exists()


def test_two_people_cannot_observe_each_other_in_one_course():
    section, elsewhere = SectionFactory(), SectionFactory()
    one, other = make_student(section, elsewhere), make_student(section, elsewhere)
    enroll(one, section, role(BaseType.OBSERVER), by=None, associated_user=other)
    with pytest.raises(Invalid):
        enroll(other, section, role(BaseType.OBSERVER), by=None, associated_user=one)
    assert enroll(other, elsewhere, role(BaseType.OBSERVER), by=None, associated_user=one)


def test_a_courses_default_section_is_made_once():
    course = CourseFactory(name="Biology")
    section = default_section(course)
    assert (section.name, section.is_default) == ("Biology", True)
    assert default_section(course) == section


# Observers follow


def test_observers_follow_into_a_new_course():
    student, observer, section = UserFactory(initial_enrollment_type="student"), UserFactory(), SectionFactory()
    pair(observer, student)
    enroll(student, section, role(BaseType.STUDENT), by=None)
    assert states(observer) == {section.pk: "active"}


@pytest.mark.parametrize(
    ("students", "observers"),
    [
        ("active", "active"),
        ("invited", "active"),
        ("creation_pending", "creation_pending"),
        ("inactive", "inactive"),
        ("completed", None),
    ],
)
def test_a_new_enrollment_is_copied_and_an_invitation_as_active(students, observers):
    student, observer, section = UserFactory(initial_enrollment_type="student"), UserFactory(), SectionFactory()
    pair(observer, student)
    start, end = timezone.now(), timezone.now() + timedelta(days=9)
    enroll(student, section, role(BaseType.STUDENT), by=None, state=students, start_at=start, end_at=end)
    assert states(observer) == ({section.pk: observers} if observers else {})
    assert set(Enrollment.objects.filter(user=observer).values_list("start_at", "end_at")) <= {(start, end)}


@pytest.mark.parametrize("state", ["completed", "inactive", "deleted"])
def test_a_change_carries_to_the_observer_and_back_again(theirs, state):
    change_state(theirs, state, by=None)
    row = follows_in(theirs)
    assert row.state == state
    assert (row.completed_at is not None) == (state == "completed")
    change_state(theirs, "active", by=None)
    row.refresh_from_db()
    assert (row.state, row.completed_at) == ("active", None)


def test_who_refuses_the_invitation_takes_the_observer_along(theirs):
    change_state(theirs, "rejected", by=None)
    assert follows_in(theirs).state == "deleted"
    change_state(theirs, "invited", by=None)
    assert follows_in(theirs).state == "active"


def test_new_dates_carry_to_the_observer(theirs):
    end = timezone.now() + timedelta(days=3)
    enroll(theirs.user, theirs.section, theirs.role, by=None, end_at=end)
    assert follows_in(theirs).end_at == end


def test_the_strongest_of_two_enrollments_in_a_section_decides(theirs):
    helper = Role.objects.create(label="Helper", base_type=BaseType.STUDENT, account=theirs.section.course.account)
    second = enroll(theirs.user, theirs.section, helper, by=None)
    change_state(theirs, "deleted", by=None)
    assert follows_in(theirs).state == "active"
    change_state(second, "completed", by=None)
    assert follows_in(theirs).state == "completed"
    change_state(second, "deleted", by=None)
    assert follows_in(theirs).state == "deleted"


def test_student_and_observer_change_together_or_not_at_all(theirs):
    before = set(Enrollment.objects.values_list("pk", "section", "state"))
    refuse_new_rows("accounts_auditevent")
    with pytest.raises(IntegrityError, match="out_of_order"):
        change_state(theirs, "deleted", by=None)
    with pytest.raises(IntegrityError, match="out_of_order"):
        enroll(theirs.user, SectionFactory(), theirs.role, by=None)
    assert set(Enrollment.objects.values_list("pk", "section", "state")) == before


@pytest.mark.parametrize("state", ["active", "invited"])
def test_an_observer_removed_by_hand_stays_removed_while_the_student_stays(theirs, state):
    change_state(follows_in(theirs), "deleted", by=None)
    enroll(theirs.user, theirs.section, theirs.role, by=None, state=state, end_at=timezone.now())
    change_state(theirs, state, by=None)
    assert follows_in(theirs).state == "deleted"
    change_state(theirs, "completed", by=None)
    assert follows_in(theirs).state == "deleted"


@pytest.mark.parametrize("away", ["completed", "inactive", "deleted"])
def test_an_observer_removed_by_hand_comes_back_with_the_student(theirs, away):
    change_state(follows_in(theirs), "deleted", by=None)
    change_state(theirs, away, by=None)
    enroll(theirs.user, theirs.section, theirs.role, by=None)
    assert follows_in(theirs).state == "active"


def test_an_observer_of_one_course_follows_out_of_it_but_not_back_in():
    theirs = EnrollmentFactory()
    row = enroll(UserFactory(), theirs.section, role(BaseType.OBSERVER), by=None, associated_user=theirs.user)
    for away in ("inactive", "completed", "deleted"):
        change_state(theirs, away, by=None)
        row.refresh_from_db()
        assert row.state == away
        change_state(theirs, "active", by=None)
        row.refresh_from_db()
        assert row.state == away
        change_state(row, "active", by=None)


def test_an_observer_of_one_course_follows_to_no_other():
    theirs = EnrollmentFactory()
    observer = UserFactory()
    enroll(observer, theirs.section, role(BaseType.OBSERVER), by=None, associated_user=theirs.user)
    enroll(theirs.user, SectionFactory(), theirs.role, by=None)
    assert states(observer) == {theirs.section_id: "active"}
    assert not ObservationLink.objects.exists()


def test_who_was_unlinked_does_not_come_back(theirs):
    observer = observer_of(theirs)
    unlink(ObservationLink.objects.get(), by=None)
    change_state(theirs, "deleted", by=None)
    change_state(theirs, "active", by=None)
    enroll(theirs.user, SectionFactory(), theirs.role, by=None)
    assert set(states(observer).values()) == {"deleted"}


def test_an_observer_without_a_student_is_left_alone(theirs):
    alone = enroll(UserFactory(), theirs.section, role(BaseType.OBSERVER), by=None)
    of_another = EnrollmentFactory(
        section=theirs.section, type=BaseType.OBSERVER, associated_user=make_student(theirs.section)
    )
    change_state(theirs, "deleted", by=None)
    for row in (alone, of_another):
        row.refresh_from_db()
        assert row.state == "active"


def test_a_teacher_who_leaves_takes_no_observer_along(theirs):
    teaches = enroll(theirs.user, theirs.section, role(BaseType.TEACHER), by=None)
    change_state(teaches, "deleted", by=None)
    assert follows_in(theirs).state == "active"


def test_50_observers_take_as_many_statements_as_one():
    def of_student_with(observers):
        theirs = EnrollmentFactory()
        for _ in range(observers):
            pair(UserFactory(), theirs.user)
        section = SectionFactory()
        made = []
        return [
            statements(lambda: made.append(enroll(theirs.user, section, theirs.role, by=None))),
            statements(lambda: change_state(made[0], "inactive", by=None)),
            statements(lambda: change_state(made[0], "active", by=None)),
        ]

    assert of_student_with(50) == of_student_with(1)


# What the database keeps by itself


def insert(**values: str | int) -> None:
    """A plain INSERT, past all rules."""
    columns = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO courses_enrollment ({columns}, limit_privileges_to_course_section)"  # noqa: S608
            f" VALUES ({marks}, false)",
            [*values.values()],
        )


def row(**other: str | int) -> dict[str, Any]:
    """The values of an observer's enrollment, without a student observed."""
    base = {"state": "invited", "type": "ObserverEnrollment", "role_id": role(BaseType.OBSERVER).pk}
    return base | {"user_id": UserFactory().pk, "section_id": SectionFactory().pk} | other


def test_the_database_knows_nobody_who_observes_themselves():
    somebody = UserFactory()
    with pytest.raises(IntegrityError, match="only_observers_observe_and_never_themselves"):
        insert(**row(user_id=somebody.pk, associated_user_id=somebody.pk))


def test_the_database_lets_nobody_but_observers_observe():
    student = role(BaseType.STUDENT)
    with pytest.raises(IntegrityError, match="only_observers_observe_and_never_themselves"):
        insert(**row(type=student.base_type, role_id=student.pk, associated_user_id=UserFactory().pk))


def test_the_database_refuses_a_type_that_is_not_the_roles():
    with pytest.raises(IntegrityError, match="enrollment_type_is_the_roles_base_type"):
        insert(**row(type="TeacherEnrollment"))


def test_the_database_refuses_a_state_it_does_not_know():
    with pytest.raises(IntegrityError, match="enrollment_state_is_known"):
        insert(**row(state="sleeping"))


def test_the_database_keeps_one_enrollment_of_a_kind_also_without_a_student_observed():
    values = row()
    insert(**values)
    with pytest.raises(IntegrityError, match="one_enrollment_of_a_kind"), transaction.atomic():
        insert(**values)
    observed = values | {"associated_user_id": UserFactory().pk}
    insert(**observed)
    with pytest.raises(IntegrityError, match="one_enrollment_of_a_kind"), transaction.atomic():
        insert(**observed)
    insert(**observed | {"associated_user_id": UserFactory().pk})


def test_the_database_keeps_one_default_section_in_a_course():
    section = SectionFactory(is_default=True)
    SectionFactory(course=section.course)
    with pytest.raises(IntegrityError, match="one_default_section_in_a_course"):
        SectionFactory(course=section.course, is_default=True)
