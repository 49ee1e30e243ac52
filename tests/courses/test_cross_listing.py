"""Cross-listing by hand: a section moves with its people to another course, and back."""

import pytest

from accounts.errors import Invalid, NotAllowed
from accounts.models import AuditEvent, BaseType, ObservationLink, Role
from courses.domain.courses import delete_course
from courses.domain.events import ObservingBegan, ObservingEnded, SectionChanged
from courses.domain.observation import link
from courses.domain.sections import cross_list, decross_list
from courses.models import Enrollment
from tests.api import Api
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_student,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def section(root):
    return SectionFactory(course=CourseFactory(account=root, name="Biology"))


@pytest.fixture
def target(root):
    return CourseFactory(account=root, name="Science")


def test_a_section_moves_with_its_people_and_remembers_where_it_came_from(admin, section, target):
    home, student = section.course, make_student(section)
    moved = cross_list(section, target, by=admin)
    assert (moved.course, moved.nonxlist_course_id) == (target, home.pk)
    moved.refresh_from_db()
    assert Enrollment.objects.get(user=student).section.course == target
    assert "course" in moved.stuck_sis_fields
    back = decross_list(moved, by=admin)
    back.refresh_from_db()
    assert (back.course, back.nonxlist_course) == (home, None)
    assert [event.read(SectionChanged).course for event in AuditEvent.objects.of(SectionChanged).order_by("id")] == [
        target.pk,
        home.pk,
    ]


def test_a_section_that_moves_on_still_remembers_its_first_course(admin, section, target, root):
    home, third = section.course, CourseFactory(account=root)
    moved = cross_list(cross_list(section, target, by=admin), third, by=admin)
    assert (moved.course, moved.nonxlist_course_id) == (third, home.pk)
    moved = cross_list(moved, home, by=admin)
    assert (moved.course, moved.nonxlist_course) == (home, None)


def test_parents_follow_the_section(admin, section, target):
    student, parent = make_student(section), UserFactory()
    link(parent, student, origin=ObservationLink.Origin.CODE, by=None)
    cross_list(section, target, by=admin)
    (beside,) = Enrollment.objects.filter(user=parent, state=Enrollment.State.ACTIVE)
    assert beside.section.course == target


def test_who_observes_in_one_course_of_another_school_does_not_follow(admin, section):
    elsewhere = CourseFactory(account=AccountFactory(parent=section.course.account))
    student = make_student(section)
    beside = EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student)
    cross_list(section, elsewhere, by=admin)
    beside.refresh_from_db()
    assert beside.state == Enrollment.State.DELETED
    assert AuditEvent.objects.of(ObservingEnded, observer=beside.user_id).count() == 1
    assert not AuditEvent.objects.of(ObservingBegan, observer=beside.user_id, course=elsewhere.pk).exists()


def test_it_takes_the_right_to_edit_sections_in_both_courses(section, target):
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    with pytest.raises(NotAllowed):
        cross_list(section, target, by=teacher)
    stranger = EnrollmentFactory(section=SectionFactory(course=target), type=BaseType.TEACHER).user
    with pytest.raises(NotAllowed):
        cross_list(section, target, by=stranger)
    EnrollmentFactory(section=SectionFactory(course=target), type=BaseType.TEACHER, user=teacher)
    assert cross_list(section, target, by=teacher).course == target


def test_a_teacher_of_one_section_moves_no_section(section, target):
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    limited = EnrollmentFactory(section=SectionFactory(course=target), type=BaseType.TEACHER, user=teacher)
    Enrollment.objects.filter(pk=limited.pk).update(limit_privileges_to_course_section=True)
    with pytest.raises(NotAllowed, match="your own sections"):
        cross_list(section, target, by=teacher)


def test_roles_that_the_other_account_does_not_have_stay_where_they_are(admin, section, root):
    role = Role.objects.create(label="Helper", base_type=BaseType.TA, account=AccountFactory(parent=root))
    EnrollmentFactory(section=section, type=BaseType.TA, role=role)
    with pytest.raises(Invalid, match="Helper"):
        cross_list(section, CourseFactory(account=root), by=admin)


def test_a_section_is_not_moved_to_where_it_is_nor_home_from_home(admin, section):
    with pytest.raises(Invalid, match="already"):
        cross_list(section, section.course, by=admin)
    with pytest.raises(Invalid, match="not cross-listed"):
        decross_list(section, by=admin)


def test_scripts_cross_list_and_undo_it(admin, section, target):
    home = section.course
    body = Api(admin).post(f"sections/{section.pk}/crosslist/{target.pk}").json()
    assert (body["course_id"], body["nonxlist_course_id"]) == (target.pk, home.pk)
    body = Api(admin).delete(f"sections/{section.pk}/crosslist").json()
    assert (body["course_id"], body["nonxlist_course_id"]) == (home.pk, None)
    answer = Api(admin).delete(f"sections/{section.pk}/crosslist")
    assert (answer.status_code, "not cross-listed" in answer.content.decode()) == (400, True)


def test_a_section_does_not_go_home_to_a_course_that_was_deleted(admin, section, target):
    home = section.course
    moved = cross_list(section, target, by=admin)
    delete_course(home, by=admin)
    with pytest.raises(Invalid, match="has been deleted"):
        decross_list(moved, by=admin)
    moved.refresh_from_db()
    assert moved.course == target
