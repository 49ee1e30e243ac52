"""What happens to a course after it was made."""

import pytest

from accounts.errors import Invalid, NotAllowed, Refused
from accounts.models import Action, AuditEvent, BaseType, ObservationLink, Role
from courses.access.courses import course_access
from courses.domain.courses import conclude, delete_course, edit_course, publish, undelete, unpublish, what_is_inside
from courses.domain.observation import link
from courses.models import Course, Enrollment, Term
from tests.database import statements
from tests.factories import AccountFactory, CourseFactory, EnrollmentFactory, SectionFactory, UserFactory, allow

CHANGES = [publish, unpublish, conclude, delete_course, lambda course, by: edit_course(course, by=by, name="New")]


@pytest.mark.parametrize("who", ["student", "teacher", "observer", "admin_elsewhere"])
@pytest.mark.parametrize("change", CHANGES)
def test_only_those_who_manage_the_accounts_courses_change_one(school, who, change):
    with pytest.raises(NotAllowed):
        change(school.course, by=getattr(school, who))
    assert Course.objects.get(pk=school.course.pk).name == "Biology 7"
    assert Course.objects.get(pk=school.course.pk).workflow_state == "available"


def test_editing_a_course_changes_only_what_is_given(school):
    term = Term.objects.create(name="Spring")
    course = edit_course(school.course, by=school.account_admin, name=" Botany ", course_code="", term=term)
    found = Course.objects.get(pk=course.pk)
    assert (found.name, found.course_code, found.term) == ("Botany", school.course.course_code, term)
    event = AuditEvent.objects.get(action=Action.COURSE_CHANGED)
    assert event.details == {"course": course.pk, "fields": ["name", "term"]}
    edit_course(found, by=school.account_admin, name="Botany", term=None)
    assert Course.objects.get(pk=course.pk).term is None


@pytest.mark.parametrize(
    "given",
    [
        {"name": ""},
        {"name": "x" * 256},
        {"course_code": "x" * 256},
        {"name": "\u2800\u200b"},
        {"sis_course_id": "TAKEN"},
    ],
)
def test_editing_a_course_refuses_impossible_values(school, given):
    CourseFactory(sis_course_id="TAKEN")
    with pytest.raises(Invalid):
        edit_course(school.course, by=school.admin, **given)


def test_an_sis_id_needs_its_own_right(school):
    with pytest.raises(NotAllowed):
        edit_course(school.course, by=school.account_admin, sis_course_id="B7")
    assert edit_course(school.course, by=school.admin, sis_course_id="B7").sis_course_id == "B7"


def test_a_course_moves_only_between_accounts_in_reach(school, root):
    with pytest.raises(NotAllowed):
        edit_course(school.course, by=school.account_admin, account=school.elsewhere)
    below = AccountFactory(parent=school.account)
    assert edit_course(school.course, by=school.account_admin, account=below).account == below
    below.workflow_state = "deleted"
    below.save()
    with pytest.raises(Invalid):
        edit_course(school.other_course, by=school.admin, account=below)
    assert Course.objects.get(pk=school.other_course.pk).account == school.elsewhere


def test_unpublished_a_course_is_closed_to_students_and_observers_and_open_again_when_published(school):
    unpublish(school.course, by=school.account_admin)
    for reader in (school.student, school.observer):
        assert course_access(reader, Course.objects.get(pk=school.course.pk)) is None
    publish(school.course, by=school.account_admin)
    for reader in (school.student, school.observer):
        assert course_access(reader, Course.objects.get(pk=school.course.pk))


def test_a_course_with_grades_is_not_unpublished_but_concluded_and_reopened(school, work):
    with pytest.raises(Refused, match="graded"):
        unpublish(school.course, by=school.admin)
    assert Course.objects.get(pk=school.course.pk).workflow_state == "available"
    conclude(school.course, by=school.admin)
    assert Course.objects.get(pk=school.course.pk).workflow_state == "completed"
    assert course_access(school.observer, Course.objects.get(pk=school.course.pk))
    publish(school.course, by=school.admin)
    assert Course.objects.get(pk=school.course.pk).workflow_state == "available"


def test_deleting_a_course_ends_every_enrollment_in_it_and_nothing_else(school):
    EnrollmentFactory(user=school.student, section__course=school.other_course)
    link(school.observer, school.student, origin=ObservationLink.Origin.CODE, by=None)
    EnrollmentFactory(section=SectionFactory(course=school.course))
    inside = what_is_inside(school.course)
    assert (inside.enrollments, inside.students, inside.observers, inside.graded) == (5, 3, 1, 0)
    assert delete_course(school.course, by=school.account_admin) == 5
    assert not Enrollment.objects.filter(section__course=school.course).exclude(state="deleted").exists()
    elsewhere = Enrollment.objects.filter(section__course=school.other_course, state="active")
    assert elsewhere.filter(user=school.observer, associated_user=school.student).exists()
    assert ObservationLink.objects.live().filter(observer=school.observer).exists()
    assert course_access(school.observer, Course.objects.get(pk=school.course.pk)) is None
    event = AuditEvent.objects.get(action=Action.COURSE_DELETED)
    assert (event.actor, event.details["enrollments"], event.details["name"]) == (school.account_admin, 5, "Biology 7")
    assert delete_course(school.course, by=school.account_admin) == 0


def test_a_course_brought_back_is_unpublished_and_empty(school):
    delete_course(school.course, by=school.admin)
    undelete(school.course, by=school.admin)
    assert Course.objects.get(pk=school.course.pk).workflow_state == "unpublished"
    assert not Enrollment.objects.present().filter(section__course=school.course).exists()


def test_deleting_takes_the_same_number_of_statements_for_any_number_of_people(school):
    few = statements(lambda: delete_course(school.other_course, by=school.admin))
    for _number in range(5):
        student = EnrollmentFactory(section=school.section).user
        link(UserFactory(), student, origin=ObservationLink.Origin.CODE, by=None)
    assert statements(lambda: delete_course(school.course, by=school.admin)) == few


def test_the_permission_can_be_taken_from_a_role(school):
    allow(BaseType.ACCOUNT_ADMIN, "manage_courses_admin", school.account, enabled=False)
    with pytest.raises(NotAllowed):
        conclude(school.course, by=school.account_admin)


def test_a_course_does_not_leave_its_custom_roles_behind(school, root):
    own, wide = (
        Role.objects.create(label=label, base_type=BaseType.TEACHER, account=account)
        for label, account in (("Coach", school.account), ("Mentor", root))
    )
    EnrollmentFactory(section=school.section, type=BaseType.TEACHER, role=wide)
    enrollment = EnrollmentFactory(section=school.section, type=BaseType.TEACHER, role=own)
    with pytest.raises(Invalid, match="“Coach”") as refused:
        edit_course(school.course, by=school.admin, account=school.elsewhere)
    assert (list(refused.value.errors), refused.value.of) == (["account"], "course")
    assert "Mentor" not in refused.value.message
    assert Course.objects.get(pk=school.course.pk).account == school.account
    below = AccountFactory(parent=school.account)
    assert edit_course(school.course, by=school.admin, account=below).account == below
    enrollment.state = "deleted"
    enrollment.save()
    assert edit_course(school.course, by=school.admin, account=school.elsewhere).account == school.elsewhere


def test_a_course_does_not_come_back_into_a_deleted_account(school):
    delete_course(school.other_course, by=school.admin)
    school.elsewhere.workflow_state = "deleted"
    school.elsewhere.save()
    with pytest.raises(Invalid, match="deleted"):
        undelete(Course.objects.get(pk=school.other_course.pk), by=school.admin)
    assert Course.objects.get(pk=school.other_course.pk).workflow_state == "deleted"
