"""Who may make codes, and the reason when somebody may not."""

import pytest

from accounts.models import AccountAdmin, BaseType, Role, SelfRegistration, User
from courses.access.act_as import acting_as
from courses.models import Course, Enrollment, Section
from pairing.domain.eligibility import Refusal, Why, is_student, refusal_for, why_not_for_class
from tests.database import statements
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_student,
)

pytestmark = pytest.mark.usefixtures("root")
PERMISSION = "generate_observer_pairing_code"


def reason(refusal: Refusal | None) -> Why | None:
    return refusal.why if refusal else None


def make_teacher(section: Section, **fields) -> User:
    return EnrollmentFactory(section=section, type=BaseType.TEACHER, **fields).user


@pytest.mark.parametrize("value", [SelfRegistration.OBSERVER, SelfRegistration.ALL])
def test_students_make_codes_for_themselves_where_self_registration_is_on(root, value):
    root.self_registration = value
    root.save()
    student = make_student()
    assert refusal_for(student, by=student) is None


def test_nobody_makes_codes_where_self_registration_is_off(root):
    root.self_registration = SelfRegistration.NONE
    root.save()
    section = SectionFactory()
    student, admin = make_student(section), make_admin()
    for by in (student, admin):
        assert reason(refusal_for(student, by=by)) is Why.SELF_REGISTRATION_IS_OFF
        assert reason(refusal_for(student, by=by, course=section.course)) is Why.SELF_REGISTRATION_IS_OFF
        assert reason(why_not_for_class(section.course, by=by)) is Why.SELF_REGISTRATION_IS_OFF


def test_there_are_no_codes_for_somebody_who_is_no_student():
    teacher, observer = make_teacher(SectionFactory()), UserFactory()
    EnrollmentFactory(user=observer, type=BaseType.OBSERVER, associated_user=make_student())
    for somebody in (UserFactory(), teacher, observer, make_admin()):
        assert not is_student(somebody)
        assert reason(refusal_for(somebody, by=somebody)) is Why.NOT_A_STUDENT
        assert reason(refusal_for(somebody, by=make_admin())) is Why.NOT_A_STUDENT


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        ("active", True),
        ("invited", True),
        ("creation_pending", True),
        ("completed", True),
        ("inactive", False),
        ("rejected", False),
        ("deleted", False),
    ],
)
def test_present_and_former_students_have_codes_made_for_them(state, counts):
    student = EnrollmentFactory(state=state).user
    assert is_student(student) is counts
    assert reason(refusal_for(student, by=student)) is (None if counts else Why.NOT_A_STUDENT)


@pytest.mark.parametrize("state", [Course.State.UNPUBLISHED, Course.State.COMPLETED])
def test_whether_the_course_is_published_does_not_matter(state):
    section = SectionFactory(course__workflow_state=state)
    student = make_student(section)
    assert refusal_for(student, by=student) is None
    assert refusal_for(student, by=make_admin(section.course.account)) is None


def test_staff_need_the_permission_to_create_codes():
    section = SectionFactory()
    student, teacher = make_student(section), make_teacher(section)
    for by in (UserFactory(), teacher, make_student(section)):
        assert reason(refusal_for(student, by=by)) is Why.NO_PERMISSION
        assert reason(refusal_for(student, by=by, course=section.course)) is Why.NO_PERMISSION
        assert reason(why_not_for_class(section.course, by=by)) is Why.NO_PERMISSION
    allow(BaseType.TEACHER, PERMISSION)
    assert refusal_for(student, by=teacher) is None
    assert refusal_for(student, by=teacher, course=section.course) is None
    assert why_not_for_class(section.course, by=teacher) is None


def test_admins_of_a_school_make_codes_for_its_students_only():
    school, sibling = AccountFactory(), AccountFactory()
    section = SectionFactory(course=CourseFactory(account=AccountFactory(parent=school)))
    student = make_student(section)
    assert refusal_for(student, by=make_admin(school)) is None
    assert why_not_for_class(section.course, by=make_admin(school)) is None
    assert reason(refusal_for(student, by=make_admin(sibling))) is Why.NO_PERMISSION
    assert reason(why_not_for_class(section.course, by=make_admin(sibling))) is Why.NO_PERMISSION


def test_the_permission_in_any_one_course_of_the_student_is_enough():
    first, second = SectionFactory(), SectionFactory()
    student, teacher = make_student(first, second), make_teacher(second)
    allow(BaseType.TEACHER, PERMISSION, second.course.account)
    assert refusal_for(student, by=teacher) is None


def test_on_a_courses_page_the_permission_must_be_held_in_that_course():
    first, second = SectionFactory(), SectionFactory()
    student, teacher = make_student(first, second), make_teacher(second)
    allow(BaseType.TEACHER, PERMISSION)
    assert refusal_for(student, by=teacher, course=second.course) is None
    assert reason(refusal_for(student, by=teacher, course=first.course)) is Why.NO_PERMISSION


def test_on_a_courses_page_the_student_must_be_in_that_course():
    student, elsewhere = make_student(), SectionFactory()
    assert reason(refusal_for(student, by=make_admin(), course=elsewhere.course)) is Why.NOT_A_STUDENT
    EnrollmentFactory(user=student, section=elsewhere, state=Enrollment.State.DELETED)
    assert reason(refusal_for(student, by=make_admin(), course=elsewhere.course)) is Why.NOT_A_STUDENT


@pytest.mark.parametrize("state", ["inactive", "rejected", "deleted"])
def test_who_is_no_longer_a_student_of_the_course_is_not_paired_there(state):
    here, elsewhere = SectionFactory(), SectionFactory()
    student = make_student(elsewhere)
    EnrollmentFactory(user=student, section=here, state=state)
    assert reason(refusal_for(student, by=make_admin(), course=here.course)) is Why.NOT_A_STUDENT


def test_a_teacher_who_was_removed_or_suspended_makes_no_more_codes():
    section = SectionFactory()
    student = make_student(section)
    allow(BaseType.TEACHER, PERMISSION)
    for gone in (
        make_teacher(section, state=Enrollment.State.DELETED),
        make_teacher(section, state=Enrollment.State.COMPLETED),
        make_teacher(section, user__state=User.State.SUSPENDED),
    ):
        assert reason(refusal_for(student, by=gone)) is Why.NO_PERMISSION
        assert reason(why_not_for_class(section.course, by=gone)) is Why.NO_PERMISSION


def test_an_admin_who_is_none_any_more_makes_no_more_codes():
    student, admin = make_student(), make_admin()
    AccountAdmin.objects.update(workflow_state=AccountAdmin.State.DELETED)
    assert reason(refusal_for(student, by=admin)) is Why.NO_PERMISSION


def test_on_user_details_administrative_actions_must_be_allowed_as_well():
    section = SectionFactory(course__account__name="Hill School")
    student, teacher = make_student(section), make_teacher(section)
    allow(BaseType.TEACHER, PERMISSION)
    assert refusal_for(student, by=teacher, course=section.course, on_details=True) is None
    allow(BaseType.TEACHER, "allow_course_admin_actions", enabled=False)
    refusal = refusal_for(student, by=teacher, course=section.course, on_details=True)
    assert reason(refusal) is Why.NO_PERMISSION
    assert "Users - allow administrative actions in courses" in str(refusal)
    assert "Hill School" in str(refusal)
    assert refusal_for(student, by=teacher) is None


def test_the_two_permissions_of_user_details_must_be_held_in_one_course():
    here, there = SectionFactory(), SectionFactory()
    student, teacher = make_student(here, there), make_teacher(here)
    EnrollmentFactory(user=teacher, section=there, type=BaseType.OBSERVER, associated_user=student)
    allow(BaseType.TEACHER, "allow_course_admin_actions", enabled=True)
    allow(BaseType.OBSERVER, PERMISSION)
    assert refusal_for(student, by=teacher) is None
    assert reason(refusal_for(student, by=teacher, on_details=True)) is Why.NO_PERMISSION


def test_one_who_acts_as_the_student_needs_the_permission_all_the_same():
    student, admin = make_student(), make_admin()
    acted = acting_as(admin, student)
    assert refusal_for(acted, by=acted) is None
    allow(BaseType.ACCOUNT_ADMIN, PERMISSION, enabled=False)
    assert reason(refusal_for(acted, by=acted)) is Why.NO_PERMISSION
    assert refusal_for(student, by=student) is None


def test_staff_read_what_is_missing_and_who_can_change_it(root):
    section = SectionFactory(course__account__name="Hill School")
    student, teacher = make_student(section), make_teacher(section)
    said = str(refusal_for(student, by=teacher, course=section.course))
    assert "Users - generate observer pairing codes for students" in said
    assert "An administrator who manages permissions in Hill School can grant it" in said
    root.self_registration = SelfRegistration.NONE
    root.save()
    assert "An administrator who manages the settings of the institution can turn it on" in str(
        refusal_for(student, by=teacher)
    )


def test_an_observer_may_be_given_the_permission():
    section = SectionFactory()
    student = make_student(section)
    observer = EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student).user
    assert reason(refusal_for(student, by=observer)) is Why.NO_PERMISSION
    allow(BaseType.OBSERVER, PERMISSION)
    assert refusal_for(student, by=observer) is None


def test_the_permission_does_not_reach_into_deleted_courses():
    section = SectionFactory(course__workflow_state=Course.State.DELETED)
    student = make_student(section)
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    school_admin = AccountAdmin.objects.create(user=UserFactory(), account=section.course.account, role=role).user
    assert reason(refusal_for(student, by=school_admin)) is Why.NO_PERMISSION


def test_asking_takes_as_many_statements_for_a_student_of_30_courses_as_for_one_of_two():
    admin = make_admin()
    few = make_student(SectionFactory(), SectionFactory())
    many = make_student(*[SectionFactory() for _ in range(30)])
    for_few = statements(lambda: refusal_for(few, by=admin))
    assert statements(lambda: refusal_for(many, by=admin)) == for_few
