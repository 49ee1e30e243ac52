"""Export Pairing Codes: the page that says what will happen, and the download."""

import csv
import io
import re

import pytest
from django.urls import reverse

from accounts.models import Action, AuditEvent, BaseType, SelfRegistration
from pairing.domain.codes import issue
from pairing.models import PairingCode
from tests.factories import AccountFactory, EnrollmentFactory, SectionFactory, allow, make_admin


@pytest.fixture
def section(root):
    section = SectionFactory(course__course_code="BIO/7 „ä“")
    for _number in range(3):
        EnrollmentFactory(section=section)
    return section


def addresses(section) -> tuple[str, str]:
    return (
        reverse("export_codes_confirm", args=[section.course_id]),
        reverse("export_codes", args=[section.course_id]),
    )


def test_the_page_forecasts_and_makes_nothing(client, section):
    student = section.enrollments.first().user
    for _number in range(5):
        issue(student, by=student)
    client.force_login(make_admin())
    page = client.get(addresses(section)[0]).content.decode()
    assert "3 students" in page
    assert "One of them already has five active codes" in page
    assert PairingCode.objects.count() == 5


def test_the_file_is_a_post_and_comes_with_its_name(client, section):
    client.force_login(make_admin())
    assert client.get(addresses(section)[1]).status_code == 405
    answer = client.post(addresses(section)[1])
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "BIO_7" in answer.headers["Content-Disposition"]
    assert "_Pairing_Codes.csv" in answer.headers["Content-Disposition"]
    raw = answer.content
    assert answer.headers["Content-Length"] == str(len(raw))
    assert raw.startswith("\ufeff".encode())
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert len(rows) == 3
    assert AuditEvent.objects.filter(action=Action.CODES_EXPORTED).count() == 1


def test_afterwards_the_page_says_what_came_of_it_and_offers_no_second_one_at_once(client, section):
    student = section.enrollments.first().user
    for _number in range(5):
        issue(student, by=student)
    client.force_login(make_admin(name="Ada Min", time_zone="America/New_York"))
    texts = csv.DictReader(io.StringIO(client.post(addresses(section)[1]).getvalue().decode("utf-8-sig")))
    page = client.get(addresses(section)[0]).content.decode()
    for words in ("3, one for each student", "1: the oldest code of a student", "BIO_7", "you"):
        assert words in page
    assert re.search(r"[AP]M E[SD]T", page)
    assert "<form" not in page[page.index("<main") : page.index("</main")]
    assert [row["Pairing Code"] for row in texts if row["Pairing Code"] in page] == []


def test_a_second_press_makes_no_codes_and_asks(client, section):
    client.force_login(make_admin(name="Ada Min"))
    client.post(addresses(section)[1])
    answer = client.post(addresses(section)[1])
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "No new ones were created" in page
    assert "Ada Min created codes for 3 students" in page
    assert PairingCode.objects.count() == 3
    asked = client.get(addresses(section)[0] + "?again=1")
    after = asked.context["recent"].pk
    assert f'name="after" value="{after}"' in asked.content.decode()
    assert client.post(addresses(section)[1], {"after": after}).status_code == 200
    assert PairingCode.objects.count() == 6
    assert client.post(addresses(section)[1], {"after": after}).status_code == 409


@pytest.mark.parametrize("after", ["", "x", "-1", "9" * 30, "²"])
def test_what_is_no_export_counts_as_none(client, section, after):
    client.force_login(make_admin())
    client.post(addresses(section)[1])
    assert client.post(addresses(section)[1], {"after": after}).status_code == 409
    assert PairingCode.objects.count() == 3


def test_only_those_with_the_permission_in_this_course_get_it(client, section):
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    elsewhere = EnrollmentFactory(type=BaseType.TEACHER).user
    student = section.enrollments.first().user
    for actor in (teacher, elsewhere, student, make_admin(AccountFactory())):
        client.force_login(actor)
        assert client.get(addresses(section)[0]).status_code == 403
        assert client.post(addresses(section)[1]).status_code == 403
    allow(BaseType.TEACHER, "generate_observer_pairing_code")
    client.force_login(elsewhere)
    assert client.post(addresses(section)[1]).status_code == 403
    client.force_login(teacher)
    assert client.post(addresses(section)[1]).status_code == 200


def test_with_self_registration_off_it_is_refused(client, section, root):
    root.self_registration = SelfRegistration.NONE
    root.save()
    client.force_login(make_admin())
    assert client.post(addresses(section)[1]).status_code == 403
    assert not PairingCode.objects.exists()


def test_a_course_without_students_says_so(client, root):
    client.force_login(make_admin())
    page = client.get(addresses(SectionFactory())[0]).content.decode()
    assert "no students yet" in page
