"""Whose time people read who have chosen none."""

import pytest
from django.urls import reverse

from accounts.domain.accounts import edit_account
from accounts.models import User
from courses.domain.time_zone import default_zone
from tests.api import Api
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def school(root):
    root.default_time_zone = "America/New_York"
    root.save()
    return AccountFactory(parent=root, default_time_zone="Asia/Tokyo")


def test_people_read_the_time_of_their_school_and_everybody_else_that_of_the_institution(school):
    student = EnrollmentFactory(section=SectionFactory(course=CourseFactory(account=school))).user
    assert default_zone(student).key == "Asia/Tokyo"
    assert default_zone(make_admin(school)).key == "Asia/Tokyo"
    assert default_zone(UserFactory()).key == "America/New_York"


def test_a_new_zone_of_the_school_is_that_of_everybody_in_it_at_once(school):
    student = EnrollmentFactory(section=SectionFactory(course=CourseFactory(account=school))).user
    assert Api(student).get("users/self/profile").json()["time_zone"] == "Asia/Tokyo"
    edit_account(school, by=make_admin(), default_time_zone="Europe/Paris")
    assert Api(student).get("users/self/profile").json()["time_zone"] == "Europe/Paris"
    User.objects.filter(pk=student.pk).update(time_zone="Asia/Kolkata")
    assert Api(student).get("users/self/profile").json()["time_zone"] == "Asia/Kolkata"


def test_the_page_of_an_account_sets_its_time_zone(client, school):
    client.force_login(make_admin())
    address = reverse("edit_account", args=[school.pk])
    refused = client.post(address, {"name": "Sea School", "default_time_zone": "Nowhere"})
    assert refused.status_code == 422
    assert "There is no time zone with this name" in refused.content.decode()
    assert client.post(address, {"name": "Sea School", "default_time_zone": "London"}).status_code == 302
    school.refresh_from_db()
    assert school.default_time_zone == "Europe/London"
    assert client.post(address, {"name": "Sea School", "default_time_zone": ""}).status_code == 302
    school.refresh_from_db()
    assert school.default_time_zone == "Europe/London"


def test_the_settings_page_is_light_and_takes_a_city(client, root):
    user = UserFactory()
    client.force_login(user)
    page = client.get(reverse("settings")).content
    assert b"Africa/Abidjan" not in page
    assert len(page) < 20_000
    assert client.post(reverse("settings"), {"time_zone": "New York"}).status_code == 302
    user.refresh_from_db()
    assert user.time_zone == "America/New_York"
    assert client.post(reverse("settings"), {"time_zone": ""}).status_code == 302
    user.refresh_from_db()
    assert user.time_zone == ""


def enrolled(person: User, zone: str, **enrollment) -> None:
    account = AccountFactory(default_time_zone=zone)
    EnrollmentFactory(user=person, section=SectionFactory(course=CourseFactory(account=account)), **enrollment)


@pytest.mark.parametrize(
    ("state", "counts"),
    [("active", True), ("invited", True), ("inactive", False), ("completed", False), ("deleted", False)],
)
def test_the_school_counts_where_somebody_is_enrolled_last_and_still_is(school, state, counts):
    person = UserFactory()
    enrolled(person, "Europe/Paris")
    enrolled(person, "Asia/Tokyo", state=state)
    assert default_zone(person).key == ("Asia/Tokyo" if counts else "Europe/Paris")


def test_a_course_counts_before_an_admin_role_and_a_role_that_ended_not_at_all(school):
    admin = make_admin(school)
    enrolled(admin, "Europe/Paris")
    assert default_zone(admin).key == "Europe/Paris"
    admin.enrollments.all().delete()
    assert default_zone(admin).key == "Asia/Tokyo"
    admin.account_admins.update(workflow_state="deleted")
    assert default_zone(admin).key == "America/New_York"
