"""Invitations, as the invited person finds, reads and answers them."""

from accounts.models import BaseType
from tests.courses.people import people_of, state_of, text
from tests.factories import (
    EnrollmentFactory,
)


def test_an_invited_person_finds_the_invitation_and_accepts_it(visit, post, school):
    invited = EnrollmentFactory(section=school.section, state="invited")
    path = f"/invitations/{invited.pk}"
    assert path in text(visit(invited.user, "/"))
    assert visit(invited.user, people_of(school)).status_code == 404
    assert "as <strong>Student</strong>" in text(visit(invited.user, path))
    assert post(invited.user, path, answer="accept").url == f"/courses/{school.course.pk}"
    assert visit(invited.user, f"/courses/{school.course.pk}").status_code == 200
    assert path not in text(visit(invited.user, "/"))
    assert post(invited.user, path, answer="refuse").status_code == 404


def test_an_invitation_is_refused_only_by_whom_it_is_for(visit, post, school):
    invited = EnrollmentFactory(section=school.section, state="invited")
    path = f"/invitations/{invited.pk}"
    for user in (school.student, school.teacher, school.admin):
        assert visit(user, path).status_code == 404
        assert post(user, path, answer="refuse").status_code == 404
    text(post(invited.user, path, answer="maybe"))
    assert state_of(invited.user, school.section) == "invited"
    assert post(invited.user, path, answer="refuse").url == "/"
    assert state_of(invited.user, school.section) == "rejected"


def test_invitations_to_unpublished_courses_are_for_staff(visit, school):
    school.course.workflow_state = "unpublished"
    school.course.save()
    pupil = EnrollmentFactory(section=school.section, state="invited")
    helper = EnrollmentFactory(section=school.section, state="invited", type=BaseType.TA)
    assert "/invitations/" not in text(visit(pupil.user, "/"))
    assert f"/invitations/{helper.pk}" in text(visit(helper.user, "/"))
