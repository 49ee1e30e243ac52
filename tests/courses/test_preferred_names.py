"""The name somebody goes by, and their pronouns: on every page and in every body that Canvas has them in."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.models import BaseType, User
from courses.models import Enrollment
from pairing.domain.codes import issue
from tests.api import Api
from tests.factories import CourseFactory, EnrollmentFactory, SectionFactory, UserFactory, make_admin

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam(root):
    return UserFactory(name="Samantha Miller", short_name="Sam Miller", pronouns="they/them", login_id="sam")


@pytest.mark.parametrize(
    ("fields", "shown", "listed", "discreet"),
    [
        ({}, "Samantha Miller", "Miller, Samantha", "Samantha M."),
        ({"short_name": "Sam Miller"}, "Sam Miller", "Miller, Sam", "Sam M."),
        ({"short_name": "Sam"}, "Sam", "Miller, Sam", "Sam M."),
        ({"short_name": "Sam Lake"}, "Sam Lake", "Lake, Sam", "Sam M."),
        ({"pronouns": "she/her"}, "Samantha Miller (she/her)", "Miller, Samantha (she/her)", "Samantha M."),
        ({"sortable_name": "de la Cruz, Kim", "short_name": "Kimmy"}, "Kimmy", "de la Cruz, Kimmy", "Kimmy d."),
    ],
)
def test_people_are_called_what_they_are_called(fields, shown, listed, discreet):
    person = UserFactory(**{"name": "Samantha Miller", **fields})
    assert (person.shown_name, person.listed_name, person.discreet_name) == (shown, listed, discreet)


def test_no_page_shows_a_name_that_the_student_does_not_go_by(client, sam):
    section = SectionFactory(course=CourseFactory())
    EnrollmentFactory(user=sam, section=section)
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    observer = UserFactory()
    client.force_login(observer)
    code = issue(sam, by=sam).text
    shown = client.post(reverse("observees"), {"code": code}, follow=True)
    assert "Sam M." in shown.content.decode()
    assert "Samantha" not in shown.content.decode()
    client.force_login(teacher)
    for address in (
        reverse("course_people", args=[section.course_id]),
        reverse("course_user", args=[section.course_id, sam.pk]),
    ):
        page = client.get(address).content.decode()
        assert "they/them" in page
        assert "Samantha" not in page
    client.force_login(sam)
    page = client.get(reverse("settings")).content.decode()
    assert "Sam Miller (they/them)" in page
    assert "Samantha" not in page


def test_pages_name_people_by_no_other_name():
    """A template that prints a person's full name says why it must: the record of an account that staff keep."""
    person = r"(user|actor|student|person|observer|issued_by|other|who|by|author)"
    wrong = re.compile(rf"\b{person}\.(name|sortable_name)\b")
    folder = Path(settings.BASE_DIR, "templates")
    found = {str(file.relative_to(folder)) for file in folder.rglob("*.html") if wrong.search(file.read_text())}
    assert found == {"accounts/user.html"}


def test_bodies_have_pronouns_where_somebody_has_said_them(sam):
    section = SectionFactory(course=CourseFactory())
    EnrollmentFactory(user=sam, section=section)
    observer = UserFactory()
    code = issue(sam, by=sam).text
    admin = Api(make_admin())
    redeemed = Api(observer).post("users/self/observees", pairing_code=code).json()
    assert redeemed["pronouns"] == "they/them"
    (listed,) = Api(observer).get("users/self/observees").json()
    (enrolled,) = (e for e in admin.get(f"courses/{section.course_id}/enrollments").json() if e["user_id"] == sam.pk)
    (found,) = admin.get("accounts/self/users?search_term=samantha").json()
    bodies = [listed, enrolled["user"], found, admin.get(f"users/{sam.pk}").json(), Api(sam).get("users/self").json()]
    assert {body["pronouns"] for body in bodies} == {"they/them"}
    assert Api(sam).get("users/self/profile").json()["pronouns"] == "they/them"
    assert "pronouns" not in Api(observer).get("users/self").json()


def test_staff_set_pronouns_by_api_and_page_and_rosters_leave_them_then(client, sam, root):
    admin = make_admin()
    answer = Api(admin).put(f"users/{sam.pk}", user={"pronouns": " he/\u200bhim "})
    assert answer.json()["pronouns"] == "he/him"
    client.force_login(admin)
    address = reverse("edit_account_user", args=[root.pk, sam.pk])
    form = client.get(address).context["form"]
    client.post(address, {**form.initial, "pronouns": ""})
    sam.refresh_from_db()
    assert sam.pronouns == ""
    assert "pronouns" in sam.stuck_sis_fields


def test_of_somebody_merely_invited_there_are_no_pronouns_to_read(sam):
    EnrollmentFactory(user=sam, section=SectionFactory(course=CourseFactory()))
    elsewhere = SectionFactory(course=CourseFactory())
    EnrollmentFactory(user=sam, section=elsewhere, state=Enrollment.State.INVITED)
    teacher = EnrollmentFactory(section=elsewhere, type=BaseType.TEACHER).user
    people = Api(teacher).get(f"courses/{elsewhere.course_id}/users").json()
    assert [body.get("pronouns") for body in people if body["id"] == sam.pk] == [None]
    assert User.objects.get(pk=sam.pk).pronouns
