"""Whose account somebody may change."""

import pytest

from accounts.errors import NotAllowed
from accounts.models import AccountAdmin, BaseType, Role, User
from courses.access.accounts import belongs_only_to, check_may_change, why_not_change
from courses.domain.observation import link
from courses.models import Course
from tests.database import statements
from tests.factories import AccountFactory, EnrollmentFactory, SectionFactory, UserFactory, allow, make_admin


def test_who_is_in_charge_of_people_in_the_institution_may_change_everybody_below_them(school):
    for person in (school.student, school.outsider, school.teacher, school.observer, UserFactory(), school.admin):
        assert why_not_change(person, by=school.admin) is None
    for person in (school.account_admin, make_admin()):
        assert why_not_change(person, by=school.admin) is None


@pytest.mark.parametrize("who", ["student", "teacher", "observer"])
def test_people_without_the_permission_may_change_nobodys_account(school, who):
    by = getattr(school, who)
    for person in (by, school.classmate):
        with pytest.raises(NotAllowed):
            check_may_change(person, by=by)


def test_a_schools_admin_may_change_who_belongs_to_that_school_alone(school):
    for person in (school.student, school.teacher, school.observer):
        assert why_not_change(person, by=school.account_admin) is None
    for person in (school.outsider, UserFactory(), school.admin):
        assert why_not_change(person, by=school.account_admin)


def test_somebody_who_is_in_another_school_too_is_for_the_institution(school):
    EnrollmentFactory(user=school.student, section__course=school.other_course, state="completed")
    assert "root account" in why_not_change(school.student, by=school.account_admin)
    both = school.account_admin
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    AccountAdmin.objects.create(user=both, account=school.elsewhere, role=role)
    assert why_not_change(school.student, by=both) is None, "one who runs both schools may"


def test_an_admin_role_above_or_elsewhere_keeps_somebody_out_of_reach(school, root):
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    for where in (root, school.elsewhere):
        held = AccountAdmin.objects.create(user=school.teacher, account=where, role=role)
        assert why_not_change(school.teacher, by=school.account_admin)
        held.workflow_state = "deleted"
        held.save()
        assert why_not_change(school.teacher, by=school.account_admin), "the account is the one used there"
        held.delete()
        assert why_not_change(school.teacher, by=school.account_admin) is None


@pytest.mark.parametrize("state", ["deleted", "completed", "inactive"])
def test_whoever_was_in_another_school_is_for_the_institution(school, state):
    left = EnrollmentFactory(user=school.student, section__course=school.other_course, state=state)
    assert "root account" in why_not_change(school.student, by=school.account_admin)
    left.section.workflow_state = "deleted"
    left.section.save()
    Course.objects.filter(pk=school.other_course.pk).update(workflow_state="deleted")
    assert "root account" in why_not_change(school.student, by=school.account_admin)
    assert not belongs_only_to(school.student, school.account)
    assert why_not_change(school.student, by=school.admin) is None


@pytest.mark.parametrize("state", ["invited", "creation_pending", "rejected"])
def test_an_invitation_gives_nobody_into_a_schools_hands(school, root, state):
    parent, student = UserFactory(), EnrollmentFactory(section__course=school.other_course).user
    link(parent, student, origin="code", by=None)
    parent.enrollments.all().delete()
    for person in (parent, student, UserFactory()):
        EnrollmentFactory(user=person, section=school.section, state=state)
        assert "root account" in why_not_change(person, by=school.account_admin)
        assert not belongs_only_to(person, school.account)
        assert belongs_only_to(person, root)
    assert why_not_change(school.student, by=school.account_admin) is None
    EnrollmentFactory(user=school.student, section__course=school.other_course, state=state)
    assert why_not_change(school.student, by=school.account_admin) is None, "nor out of them"


def test_an_observer_is_where_the_students_are_but_not_the_other_way_round(school):
    parent = UserFactory()
    for student in (school.student, school.outsider):
        found = link(parent, student, origin="code", by=None)
    parent.enrollments.all().delete()
    assert why_not_change(parent, by=school.account_admin)
    assert why_not_change(school.student, by=school.account_admin) is None
    found.state = "deleted"
    found.save()
    assert why_not_change(parent, by=school.account_admin) is None


def help_desk(root) -> User:
    """Somebody who may manage logins in the institution, and nothing else."""
    role = Role.objects.create(label="Help desk", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
    role.overrides.create(account=root, permission="manage_user_logins", enabled=True)
    user = UserFactory()
    AccountAdmin.objects.create(user=user, account=root, role=role)
    return user


def test_somebody_whose_permissions_reach_further_is_out_of_reach_even_while_suspended(school, root):
    desk = help_desk(root)
    assert why_not_change(school.student, by=desk) is None
    for person in (school.admin, school.teacher, school.account_admin):
        assert "permissions that you do not have" in why_not_change(person, by=desk)
        User.objects.filter(pk=person.pk).update(state=User.State.SUSPENDED)
        assert "permissions that you do not have" in why_not_change(User.objects.get(pk=person.pk), by=desk)


def test_the_permission_can_be_taken_from_a_role(school):
    allow(BaseType.ACCOUNT_ADMIN, "manage_user_logins", school.account, enabled=False)
    assert why_not_change(school.student, by=school.account_admin)


def test_belonging_to_one_account_alone(school, root):
    below = AccountFactory(parent=school.account)
    EnrollmentFactory(user=school.student, section__course__account=below)
    assert belongs_only_to(school.student, school.account)
    assert not belongs_only_to(school.student, below)
    assert belongs_only_to(school.student, root)


def test_it_takes_the_same_number_of_statements_for_any_number_of_enrollments(school):
    few = statements(lambda: why_not_change(school.teacher, by=school.account_admin))
    for number in range(4):
        section = SectionFactory(course__account=AccountFactory(parent=school.account))
        kind = BaseType.TEACHER if number % 2 else BaseType.STUDENT
        EnrollmentFactory(user=school.teacher, section=section, type=kind)
    assert statements(lambda: why_not_change(school.teacher, by=school.account_admin)) == few
