"""What an observation link does to enrollments, and what its end undoes."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import Invalid
from accounts.models import Action, AuditEvent, BaseType, ObservationLink, Role, User
from courses.domain.course_observers import stays_after
from courses.domain.enrollments import change_state, enroll
from courses.domain.observation import link, link_all, unlink
from courses.models import Course, Enrollment, LinkCourse, Section
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
Origin, Scope = ObservationLink.Origin, ObservationLink.Scope


@pytest.mark.parametrize(
    ("students", "observers"),
    [
        ("active", "active"),
        ("invited", "active"),
        ("creation_pending", "creation_pending"),
        ("inactive", "inactive"),
        ("completed", None),
        ("rejected", None),
        ("deleted", None),
    ],
)
def test_a_link_copies_what_the_student_has_now(students, observers):
    start, end = timezone.now(), timezone.now() + timedelta(days=30)
    student = UserFactory(initial_enrollment_type="student")
    theirs = EnrollmentFactory(user=student, state=students, start_at=start, end_at=end)
    observer = UserFactory()
    pair(observer, theirs.user)
    assert states(observer) == ({theirs.section_id: observers} if observers else {})
    for row in Enrollment.objects.filter(user=observer):
        assert (row.type, row.role) == (BaseType.OBSERVER, Role.objects.built_in(BaseType.OBSERVER))
        assert (row.associated_user, row.start_at, row.end_at) == (theirs.user, start, end)


def test_every_section_gets_an_enrollment_of_its_own():
    course = CourseFactory()
    sections = [SectionFactory(course=course), SectionFactory(course=course), SectionFactory()]
    observer = UserFactory()
    pair(observer, make_student(*sections))
    assert states(observer) == {section.pk: "active" for section in sections}


@pytest.mark.parametrize("state", [Course.State.UNPUBLISHED, Course.State.COMPLETED])
def test_whether_the_course_is_published_does_not_matter(state):
    section, observer = SectionFactory(course__workflow_state=state), UserFactory()
    pair(observer, make_student(section))
    assert states(observer) == {section.pk: "active"}


def test_deleted_courses_and_sections_give_nothing():
    student = make_student(
        SectionFactory(course__workflow_state=Course.State.DELETED),
        SectionFactory(workflow_state=Section.State.DELETED),
    )
    observer = UserFactory()
    pair(observer, student)
    assert states(observer) == {}


def test_what_the_student_teaches_or_observes_is_not_followed():
    student, observer = UserFactory(initial_enrollment_type="student"), UserFactory()
    EnrollmentFactory(user=student, type=BaseType.TEACHER)
    EnrollmentFactory(user=student, type=BaseType.OBSERVER, associated_user=make_student())
    pair(observer, student)
    assert states(observer) == {}


@pytest.mark.parametrize(
    ("one", "other", "decides"),
    [
        ("active", "inactive", "active"),
        ("inactive", "active", "active"),
        ("inactive", "creation_pending", "creation_pending"),
        ("completed", "invited", "active"),
        ("deleted", "inactive", "inactive"),
        ("creation_pending", "inactive", "creation_pending"),
        ("inactive", "completed", "inactive"),
    ],
)
def test_of_two_enrollments_of_a_student_in_one_section_the_strongest_decides(one, other, decides):
    section, observer = SectionFactory(), UserFactory()
    student = EnrollmentFactory(section=section, state=one).user
    helper = Role.objects.create(label="Helper", base_type=BaseType.STUDENT, account=section.course.account)
    EnrollmentFactory(section=section, state=other, user=student, role=helper)
    pair(observer, student)
    assert states(observer) == {section.pk: decides}


def test_linking_again_makes_no_second_link_and_repairs_what_is_missing():
    section, observer = SectionFactory(), UserFactory()
    student = make_student(section)
    first = pair(observer, student)
    change_state(Enrollment.objects.get(user=observer), "deleted", by=None)
    again = link(observer, student, origin=Origin.SIS, by=None)
    assert (again.pk, again.origin) == (first.pk, Origin.API)
    assert states(observer) == {section.pk: "active"}


def test_an_enrollment_in_one_course_becomes_part_of_the_link():
    section, observer = SectionFactory(), UserFactory()
    student = make_student(section)
    row = EnrollmentFactory(user=observer, section=section, type=BaseType.OBSERVER, associated_user=student)
    pair(observer, student)
    assert Enrollment.objects.get(user=observer) == row


def test_the_link_says_who_made_it_and_is_recorded():
    student, observer, admin = make_student(), UserFactory(), make_admin()
    made = link(observer, student, origin=Origin.API, by=admin)
    assert (made.state, made.scope, made.origin) == ("active", Scope.ALL, Origin.API)
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.subject) == (Action.OBSERVING_BEGAN, admin, student)
    assert event.details == {"observer": observer.pk, "origin": "api", "scope": "all"}


def links_recorded() -> int:
    return AuditEvent.objects.filter(action=Action.OBSERVING_BEGAN).count()


def test_linking_again_is_recorded_only_where_it_opens_more():
    here, there = SectionFactory(), SectionFactory()
    student, observer = make_student(here, there), UserFactory()
    pair(observer, student, course=here.course)
    assert links_recorded() == 1
    pair(observer, student, course=here.course)
    assert links_recorded() == 1
    pair(observer, student, course=there.course)
    assert links_recorded() == 2
    pair(observer, student)
    assert links_recorded() == 3
    pair(observer, student)
    pair(observer, student, course=here.course)
    assert links_recorded() == 3


def test_linking_again_in_an_account_that_opens_nothing_new_is_not_recorded():
    section = SectionFactory()
    student, observer = make_student(section), UserFactory()
    for _ in range(2):
        pair(observer, student, account=section.course.account)
    assert links_recorded() == 1


def test_ending_a_link_twice_is_recorded_once():
    made = pair(UserFactory(), make_student())
    unlink(made, by=None)
    unlink(made, by=None)
    assert AuditEvent.objects.filter(action=Action.OBSERVING_ENDED).count() == 1


def test_nobody_is_linked_with_themselves():
    student = make_student()
    with pytest.raises(Invalid, match="observe themselves"):
        pair(student, student)
    with pytest.raises(IntegrityError, match="nobody_observes_oneself_by_link"), transaction.atomic():
        link_all([(student.pk, student.pk)], origin=Origin.SIS, by=None)
    assert not ObservationLink.objects.exists()


@pytest.mark.parametrize("table", ["courses_enrollment", "accounts_auditevent"])
def test_an_error_in_the_middle_leaves_nothing(table):
    student, observer = make_student(), UserFactory()
    refuse_new_rows(table)
    with pytest.raises(IntegrityError, match="out_of_order"), transaction.atomic():
        pair(observer, student)
    assert not ObservationLink.objects.exists()
    assert states(observer) == {}


def test_a_link_to_60_courses_takes_as_many_statements_as_to_one():
    section = SectionFactory()
    few, many = (
        make_student(section),
        make_student(*[SectionFactory(course=section.course) for _ in range(60)]),
    )
    observer = UserFactory()
    for_few = statements(lambda: pair(observer, few))
    assert statements(lambda: pair(observer, many)) == for_few
    first, second = ObservationLink.objects.order_by("id")
    for_few = statements(lambda: unlink(first, by=None))
    assert statements(lambda: unlink(second, by=None)) == for_few
    assert set(states(observer).values()) == {"deleted"}


def test_unlinking_takes_all_that_the_link_made_at_once_and_nothing_else():
    section, other_section = SectionFactory(), SectionFactory()
    student, sibling = make_student(section, other_section), make_student(section)
    observer, other_observer = UserFactory(), UserFactory()
    made = pair(observer, student)
    pair(observer, sibling)
    pair(other_observer, student)
    EnrollmentFactory(user=observer, section=section, type=BaseType.OBSERVER)
    EnrollmentFactory(user=observer, section=section, type=BaseType.TEACHER)
    unlink(made, by=observer)
    left = Enrollment.objects.exclude(state="deleted")
    assert not left.filter(user=observer, associated_user=student).exists()
    assert left.filter(user=observer, associated_user=sibling).count() == 1
    assert left.filter(user=observer, associated_user=None).count() == 2
    assert left.filter(user=other_observer).count() == 2
    assert left.filter(user=student).count() == 2


@pytest.mark.parametrize("link_first", [True, False])
def test_what_the_school_set_up_in_a_course_outlives_the_link_whichever_came_first(link_first):
    here, elsewhere = SectionFactory(), SectionFactory()
    student, observer = make_student(here, elsewhere), UserFactory()
    by_hand = partial(enroll, observer, here, role(BaseType.OBSERVER), by=None, associated_user=student)
    by_link = partial(pair, observer, student)
    for begin in (by_link, by_hand) if link_first else (by_hand, by_link):
        begin()
    found = ObservationLink.objects.get()
    assert list(stays_after(found)) == [here.course]
    unlink(found, by=observer)
    assert states(observer) == {here.pk: "active", elsewhere.pk: "deleted"}


@pytest.mark.parametrize("first", ["link", "hand", "mentor"])
@pytest.mark.parametrize("second", ["link", "hand", "mentor"])
def test_an_observer_has_one_enrollment_for_a_student_in_a_section_whatever_made_the_first(first, second):
    section, observer = SectionFactory(), UserFactory()
    student = make_student(section)
    mentor = Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=section.course.account)
    ways = {
        "link": partial(pair, observer, student),
        "hand": partial(enroll, observer, section, role(BaseType.OBSERVER), by=None, associated_user=student),
        "mentor": partial(enroll, observer, section, mentor, by=None, associated_user=student),
    }
    ways[first]()
    before = Enrollment.objects.get(user=observer)
    change_state(before, "inactive", by=None)
    ways[second]()
    there = Enrollment.objects.get(user=observer)
    assert (there.pk, there.state, there.role) == (before.pk, "active", before.role)


def test_the_database_takes_no_second_enrollment_for_a_student_in_a_section():
    section, observer = SectionFactory(), UserFactory()
    student = make_student(section)
    pair(observer, student)
    mentor = Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=section.course.account)
    with pytest.raises(IntegrityError, match="observes_a_student_once_in_a_section"), transaction.atomic():
        EnrollmentFactory(user=observer, section=section, type=BaseType.OBSERVER, role=mentor, associated_user=student)


def test_an_unlinked_pair_is_recorded_once():
    student, observer = make_student(), UserFactory()
    made = pair(observer, student)
    unlink(made, by=observer)
    unlink(made, by=observer)
    event = AuditEvent.objects.get(action=Action.OBSERVING_ENDED)
    assert (event.actor, event.subject) == (observer, student)
    assert event.details == {"observer": observer.pk, "origin": "api", "scope": "all"}
    made.refresh_from_db()
    assert made.state == ObservationLink.State.DELETED
    assert not ObservationLink.objects.live().exists()


def test_unlinking_that_could_not_be_recorded_did_not_happen():
    section, observer = SectionFactory(), UserFactory()
    made = pair(observer, make_student(section))
    refuse_new_rows("accounts_auditevent")
    with pytest.raises(IntegrityError, match="out_of_order"), transaction.atomic():
        unlink(made, by=observer)
    assert ObservationLink.objects.live().exists()
    assert states(observer) == {section.pk: "active"}


def test_linking_after_unlinking_revives_link_and_enrollments_as_the_student_is_now():
    stays, leaves, comes = SectionFactory(), SectionFactory(), SectionFactory()
    student, observer = make_student(stays, leaves), UserFactory()
    first = pair(observer, student)
    row = Enrollment.objects.get(user=observer, section=stays)
    unlink(first, by=observer)
    change_state(Enrollment.objects.get(user=student, section=leaves), "completed", by=None)
    enroll(student, comes, Role.objects.built_in(BaseType.STUDENT), by=None)
    assert states(observer) == {stays.pk: "deleted", leaves.pk: "deleted"}
    again = link(observer, student, origin=Origin.CODE, by=None)
    assert (again.pk, again.state, again.origin) == (first.pk, "active", Origin.CODE)
    assert states(observer) == {stays.pk: "active", leaves.pk: "deleted", comes.pk: "active"}
    assert Enrollment.objects.get(user=observer, section=stays) == row


def test_a_link_to_one_course_opens_no_other():
    course = CourseFactory()
    sections = [SectionFactory(course=course), SectionFactory(course=course)]
    observer = UserFactory()
    student = make_student(*sections, SectionFactory())
    made = pair(observer, student, course=course)
    assert made.scope == Scope.COURSES
    assert states(observer) == {section.pk: "active" for section in sections}


def test_a_link_that_was_limited_starts_afresh_after_unlinking():
    first, second = SectionFactory(), SectionFactory()
    student, observer = make_student(first, second), UserFactory()
    unlink(pair(observer, student, course=first.course), by=None)
    assert not LinkCourse.objects.exists()
    made = pair(observer, student, course=second.course)
    assert made.scope == Scope.COURSES
    assert states(observer) == {first.pk: "deleted", second.pk: "active"}


def test_a_wide_link_that_ended_can_come_back_narrow():
    first, second = SectionFactory(), SectionFactory()
    student, observer = make_student(first, second), UserFactory()
    unlink(pair(observer, student), by=None)
    assert pair(observer, student, course=first.course).scope == Scope.COURSES
    assert states(observer) == {first.pk: "active", second.pk: "deleted"}


def test_two_people_do_not_observe_each_other_where_the_same_course_would_be_open_to_both():
    here, elsewhere = SectionFactory(), SectionFactory()
    one, other = make_student(here, elsewhere), make_student(here, elsewhere)
    first = pair(one, other, course=here.course)
    for course in (here.course, None):
        with pytest.raises(Invalid, match="observe each other"):
            pair(other, one, course=course)
    pair(other, one, course=elsewhere.course)
    unlink(first, by=None)
    pair(other, one)
    assert ObservationLink.objects.live().count() == 1


def test_links_to_deleted_students_are_not_live():
    student = make_student()
    pair(UserFactory(), student)
    student.state = User.State.DELETED
    student.save()
    assert not ObservationLink.objects.live().exists()
