"""Nobody is enrolled by hand in a concluded course, by any entrance; who is in it can still be taken out."""

import pytest
from django.test import Client

from accounts.errors import Invalid
from accounts.models import BaseType, Role
from courses.domain.add_people import add_people
from courses.domain.course_observers import link_students
from courses.domain.members import change_role, members_in
from courses.models import Enrollment
from tests.factories import EnrollmentFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(school) -> Client:
    client = Client()
    client.force_login(school.admin)
    return client


@pytest.fixture
def concluded(school):
    school.watcher = EnrollmentFactory(section=school.section, type=BaseType.OBSERVER).user
    school.course.workflow_state = "completed"
    school.course.save(update_fields=["workflow_state"])
    school.section.refresh_from_db()
    return school.course


def test_no_rule_enrolls_anybody_there(school, concluded):
    (student,) = members_in(concluded, school.student.pk, by=school.admin)
    (watcher,) = members_in(concluded, school.watcher.pk, by=school.admin)
    role, before = Role.objects.built_in(BaseType.TA), Enrollment.objects.count()
    for rule in (
        lambda: add_people(concluded, [UserFactory()], role, school.section, by=school.admin),
        lambda: change_role(student, role, by=school.admin),
        lambda: link_students(watcher, [school.student.pk], by=school.admin),
    ):
        with pytest.raises(Invalid, match="concluded"):
            rule()
    assert Enrollment.objects.count() == before


def test_the_pages_offer_nothing_of_it_and_say_why(school, concluded, browser):
    people = browser.get(f"/courses/{concluded.pk}/users").content.decode()
    assert f"/courses/{concluded.pk}/users/add" not in people
    assert f"{school.student.pk}/role" not in people
    refused = browser.get(f"/courses/{concluded.pk}/users/add")
    assert refused.status_code == 403
    assert "This course is concluded" in refused.content.decode()
    role = Role.objects.built_in(BaseType.OBSERVER)
    links = browser.get(f"/courses/{concluded.pk}/users/{school.watcher.pk}/link_students?role={role.pk}")
    assert links.status_code == 200
    assert 'name="student"' not in links.content.decode()


def test_once_it_is_published_again_people_are_added_as_before(school, concluded, browser):
    concluded.workflow_state = "available"
    concluded.save(update_fields=["workflow_state"])
    assert browser.get(f"/courses/{concluded.pk}/users/add").status_code == 200
