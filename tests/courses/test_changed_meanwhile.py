"""What somebody else has changed between the look and the action: it is looked at again, and nothing comes back."""

import pytest

from accounts.errors import Invalid, NotAllowed
from accounts.models import Action, AuditEvent, BaseType, ObservationLink, Role, User
from courses.access.accounts import check_may_change
from courses.domain.course_observers import unlink_student
from courses.domain.courses import delete_course, publish
from courses.domain.enrollments import change_state, enroll
from courses.domain.members import answer, change_role, members_in, set_sections
from courses.domain.observation import link
from courses.domain.sections import delete_section, edit_section
from courses.models import Enrollment, Section
from tests.api import Api
from tests.factories import (
    AccountFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_student,
)

pytestmark = pytest.mark.usefixtures("root")
State = Enrollment.State


def member_of(section, user):
    (found,) = members_in(section.course, user.pk, by=user)
    return found


def test_who_was_removed_does_not_come_back_by_new_sections_or_another_role(section, admin):
    student, other = make_student(section), SectionFactory(course=section.course)
    member = member_of(section, student)
    change_state(Enrollment.objects.get(user=student), State.DELETED, by=admin)
    with pytest.raises(Invalid, match="changed in the meantime"):
        set_sections(member, [other], by=admin)
    with pytest.raises(Invalid, match="changed in the meantime"):
        change_role(member, Role.objects.built_in(BaseType.TA), by=admin)
    assert not Enrollment.objects.present().filter(user=student).exists()


def test_an_invitation_that_was_taken_back_cannot_be_accepted(section, admin):
    invited = EnrollmentFactory(section=section, state=State.INVITED)
    stale = Enrollment.objects.get(pk=invited.pk)
    change_state(invited, State.DELETED, by=admin)
    with pytest.raises(Invalid, match="changed in the meantime"):
        answer(stale, accepts=True, by=invited.user)
    assert Enrollment.objects.get(pk=invited.pk).state == State.DELETED


def test_nobody_is_enrolled_in_what_was_deleted_meanwhile(section, admin):
    role = Role.objects.built_in(BaseType.STUDENT)
    other, person, gone = SectionFactory(course=section.course), UserFactory(), UserFactory()
    stale = Section.objects.select_related("course").get(pk=other.pk)
    delete_section(other, by=admin)
    User.objects.filter(pk=gone.pk).update(state=User.State.DELETED)
    for user, where in ((person, stale), (gone, section)):
        with pytest.raises(Invalid, match="changed in the meantime"):
            enroll(user, where, role, by=admin)
    assert not Enrollment.objects.filter(user__in=[person, gone]).exists()


def test_an_edit_does_not_bring_back_a_deleted_section_nor_a_change_of_state_a_deleted_course(section, admin):
    other = SectionFactory(course=section.course)
    stale = Section.objects.select_related("course").get(pk=other.pk)
    delete_section(other, by=admin)
    with pytest.raises(Invalid, match="changed in the meantime"):
        edit_section(stale, by=admin, name="New")
    with pytest.raises(Invalid, match="changed in the meantime"):
        delete_section(stale, by=admin)
    assert AuditEvent.objects.filter(action=Action.SECTION_DELETED).count() == 1
    course = section.course
    delete_course(type(course).objects.get(pk=course.pk), by=admin)
    with pytest.raises(Invalid, match="changed in the meantime"):
        publish(course, by=admin)


def test_an_edit_of_a_section_that_changes_nothing_is_not_recorded(section, admin):
    for _ in range(2):
        edit_section(section, by=admin, name="New", sis_section_id="S1")
    (event,) = AuditEvent.objects.filter(action=Action.SECTION_CHANGED)
    assert event.details["name"] == "New"
    section.refresh_from_db()
    assert (section.name, section.sis_section_id) == ("New", "S1")


def test_an_unlinked_observer_does_not_follow_into_the_students_new_sections(section, admin):
    student, other = make_student(section), SectionFactory(course=section.course)
    watching = EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student)
    member = member_of(section, student)
    unlink_student(watching.user, student, section.course, by=admin)
    set_sections(member, [section, other], by=admin)
    assert not Enrollment.objects.present().filter(user=watching.user).exists()


def test_an_unknown_section_is_not_taken_for_all_of_them(section, admin, client):
    student = make_student(section)
    client.force_login(admin)
    path = f"/courses/{section.course_id}/users/{student.pk}/remove"
    assert client.post(path, {"section": SectionFactory().pk}).status_code == 422
    assert Enrollment.objects.get(user=student).state == State.ACTIVE


@pytest.mark.parametrize("state", ["inactive", "completed", "creation_pending", "invited"])
def test_enrolling_somebody_as_less_than_active_takes_what_ending_it_takes(section, state):
    student, teacher = make_student(section), EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    allow(BaseType.TEACHER, "manage_students", enabled=False)
    wanted = {"user_id": student.pk, "enrollment_state": state, "course_section_id": section.pk}
    answer = Api(teacher).post(f"courses/{section.course_id}/enrollments", enrollment=wanted)
    assert answer.status_code == 403
    own = wanted | {"user_id": teacher.pk, "type": "TeacherEnrollment"}
    assert Api(teacher).post(f"courses/{section.course_id}/enrollments", enrollment=own).status_code == 403
    assert set(Enrollment.objects.values_list("state", flat=True)) == {State.ACTIVE}


def test_nobodys_account_is_drawn_into_ones_own_school(section, admin):
    """By an invitation, or because they are nowhere at present."""
    clerk = make_admin(AccountFactory())
    home = clerk.account_admins.get().account
    former = make_student(section)
    change_state(Enrollment.objects.get(user=former), State.DELETED, by=admin)
    parent = UserFactory()
    link(parent, make_student(section), origin=ObservationLink.Origin.CODE, by=None)
    Enrollment.objects.filter(user=parent).delete()
    for person in (former, parent, UserFactory()):
        EnrollmentFactory(user=person, section=SectionFactory(course__account=home), state=State.INVITED)
        with pytest.raises(NotAllowed):
            check_may_change(person, by=clerk)
    own = make_student(SectionFactory(course__account=home))
    check_may_change(own, by=clerk)
