"""What the tables of courses refuse by themselves, whoever writes to them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.models import BaseType, Role
from courses.models import Assignment, Course, Enrollment, LinkCourse, Section, Submission, Term
from tests.factories import CourseFactory, EnrollmentFactory, SectionFactory, UserFactory, make_student
from tests.observing import pair

pytestmark = pytest.mark.usefixtures("root")


def refused(constraint: str):
    return pytest.raises(IntegrityError, match=constraint)


def test_a_course_is_in_one_of_four_states():
    course = CourseFactory()
    for state in Course.State.values:
        Course.objects.filter(pk=course.pk).update(workflow_state=state)
    with refused("course_state_is_known"):
        Course.objects.filter(pk=course.pk).update(workflow_state="created")


def test_a_cross_listed_section_is_in_another_course_than_its_own():
    section = SectionFactory()
    with refused("cross_listed_sections_are_in_another_course"):
        Section.objects.filter(pk=section.pk).update(nonxlist_course=section.course)


def test_a_default_section_that_is_cross_listed_is_still_the_only_default_of_its_own_course():
    home, other = CourseFactory(), CourseFactory()
    SectionFactory(course=other, nonxlist_course=home, is_default=True)
    SectionFactory(course=other, is_default=True)
    with refused("one_default_section_in_a_course"):
        SectionFactory(course=home, is_default=True)


def test_a_deleted_section_is_nobodys_default():
    section = SectionFactory(is_default=True)
    with refused("no_deleted_section_is_the_default"), transaction.atomic():
        Section.objects.filter(pk=section.pk).update(workflow_state="deleted")
    Section.objects.filter(pk=section.pk).update(workflow_state="deleted", is_default=False)


@pytest.mark.parametrize("model", [Term, Course, Section])
def test_a_sis_id_belongs_to_one_record_of_a_kind_and_none_belongs_to_many(model):
    field = f"sis_{model.__name__.lower()}_id"
    make = {Term: lambda **ids: Term.objects.create(name="Fall", **ids), Course: CourseFactory, Section: SectionFactory}
    make[model](**{field: "S"})
    for _number in range(2):
        make[model](**{field: None})
    with refused(field):
        make[model](**{field: "S"})


def test_a_student_has_one_submission_for_an_assignment_and_no_negative_score():
    student = make_student()
    work = Assignment.objects.create(course=CourseFactory(), name="Quiz")
    Submission.objects.create(assignment=work, student=student, score=0)
    with refused("one_submission_for_assignment_and_student"), transaction.atomic():
        Submission.objects.create(assignment=work, student=student)
    with refused("score_is_not_negative"):
        Submission.objects.update(score="-0.01")


def test_a_link_names_a_course_once():
    section = SectionFactory()
    link = pair(UserFactory(), make_student(section), course=section.course)
    with refused("link_names_a_course_once"):
        LinkCourse.objects.create(link=link, course=section.course)


@pytest.mark.parametrize("state", ["active", "invited", "inactive", "completed"])
def test_two_observer_enrollments_for_one_student_in_a_section_need_one_to_be_gone(state):
    section = SectionFactory()
    student, observer = make_student(section), UserFactory()
    mentor = Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=section.course.account)
    wanted = {"user": observer, "section": section, "type": BaseType.OBSERVER, "associated_user": student}
    first = EnrollmentFactory(**wanted, state=state)
    with refused("observes_a_student_once_in_a_section"), transaction.atomic():
        EnrollmentFactory(**wanted, role=mentor)
    gone = "rejected" if state == "invited" else "deleted"
    Enrollment.objects.filter(pk=first.pk).update(state=gone)
    EnrollmentFactory(**wanted, role=mentor)


@pytest.mark.parametrize("state", ["active", "inactive", "completed"])
def test_nobody_but_the_observer_of_a_student_is_in_a_course_without_having_agreed(state):
    section = SectionFactory()
    for base in (BaseType.STUDENT, BaseType.OBSERVER, BaseType.TEACHER):
        with refused("nobody_is_enrolled_without_consent"), transaction.atomic():
            EnrollmentFactory(section=section, type=base, state=state, accepted_at=None)
    student = make_student(section)
    EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student, state=state, accepted_at=None)


@pytest.mark.parametrize("state", ["invited", "creation_pending", "rejected"])
def test_what_was_not_answered_with_yes_is_not_kept_as_agreed(state):
    with refused("an_invitation_is_no_consent"):
        EnrollmentFactory(state=state, accepted_at=timezone.now())


@pytest.mark.parametrize("values", [{"accepted_through": ""}, {"accepted_at": None, "state": "deleted"}])
def test_having_agreed_has_a_time_and_says_through_what_or_neither(values):
    enrollment = EnrollmentFactory()
    with refused("consent_says_through_what"):
        Enrollment.objects.filter(pk=enrollment.pk).update(**values)


def test_people_courses_and_terms_that_are_in_use_are_not_deleted_as_rows():
    enrollment = EnrollmentFactory()
    term = Term.objects.create(name="Fall")
    Course.objects.update(term=term)
    for record in (enrollment.user, enrollment.section, enrollment.section.course, term, enrollment.role):
        with pytest.raises(ProtectedError):
            record.delete()
