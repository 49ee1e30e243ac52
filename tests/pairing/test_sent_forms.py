"""A form that makes something, sent twice: a double click, a reload, a lost answer."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.domain.retention import KEPT, forget_old
from accounts.models import Account, BaseType, Role, SentForm, User
from courses.models import Course
from pairing.models import PairingCode
from sis.models import SisImport
from tests.factories import CourseFactory, EnrollmentFactory, UserFactory, make_admin
from tests.racing import at_once, meanwhile

COURSE = {"name": "Art"}
SIGN_UP = {
    "user[name]": "Ana Ruiz",
    "pseudonym[unique_id]": "ana@example.com",
    "pseudonym[password]": "a long pass phrase",
    "user[terms_of_use]": "on",
}


class Form:
    """A form as one browser was shown it, to be sent as often as its button is pressed."""

    def __init__(self, page: str, user: User | None = None) -> None:
        browser = Client()
        if user:
            browser.force_login(user)
        self.shown = browser.get(page, follow=True).content.decode()
        self.cookies: Any = browser.cookies
        self.token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', self.shown)[-1]

    def send(self, address: str, body: dict, **more):
        """The answer, with the page it leads to."""
        browser = Client(enforce_csrf_checks=True)
        browser.cookies = self.cookies.copy()
        return browser.post(address, {**body, "csrfmiddlewaretoken": self.token}, follow=True, **more)


@pytest.fixture
def student(root) -> User:
    return EnrollmentFactory(user=UserFactory(name="Mia Stone")).user


def text(answer) -> str:
    return answer.content.decode()


def new_course(root: Account) -> str:
    return reverse("new_account_course", args=[root.pk])


def codes(student: User) -> str:
    return reverse("issue_code", args=[student.pk])


def test_two_presses_at_the_same_moment_make_one_course_and_lead_to_it(raced_root):
    form = Form(new_course(raced_root), make_admin(raced_root))
    answers = at_once([lambda: form.send(new_course(raced_root), COURSE | {"account": raced_root.pk})] * 2)
    course = Course.objects.get()
    address = reverse("account_course", args=[raced_root.pk, course.pk])
    assert [answer.redirect_chain for answer in answers] == [[(address, 302)]] * 2
    assert all("Course Art created." in text(answer) for answer in answers)


def test_the_second_press_waits_for_the_first_and_is_no_error(raced_root):
    """A role of the same name is refused; the same form sent twice is not."""
    address = reverse("new_role", args=[raced_root.pk])
    form, body = Form(address, make_admin(raced_root)), {"label": "Aide", "base_role_type": "TaEnrollment"}
    with transaction.atomic():
        first = form.send(address, body)
        second = meanwhile(lambda: form.send(address, body))
    (answer,) = second.result()
    assert answer.redirect_chain == first.redirect_chain
    assert "Role Aide created." in text(answer)
    assert raced_root.roles.filter(label="Aide").count() == 1


def test_two_presses_at_the_same_moment_make_one_code_and_show_it_once(raced_root):
    student = EnrollmentFactory().user
    form = Form("/profile/settings", student)
    shown = sorted("code-shown" in text(answer) for answer in at_once([lambda: form.send(codes(student), {})] * 2))
    assert shown == [False, True]
    assert PairingCode.objects.count() == 1


def test_two_sign_ups_at_the_same_moment_make_one_account_and_neither_hears_that_it_is_taken(raced_root):
    form = Form("/register")
    answers = at_once([lambda: form.send("/register", SIGN_UP)] * 2)
    assert User.objects.filter(login_id="ana@example.com").count() == 1
    assert sorted(answer.redirect_chain[0][0] for answer in answers) == ["/", "/login/canvas"]
    assert sorted("If you have just created your account, sign in" in text(answer) for answer in answers) == [
        False,
        True,
    ]


def test_the_page_with_a_code_loaded_again_makes_none_and_offers_another(student):
    form = Form("/profile/settings", student)
    code = form.send(codes(student), {}).context["code"]
    again = form.send(codes(student), {})
    assert (again.status_code, PairingCode.objects.count()) == (200, 1)
    assert "This code was already created" in text(again)
    assert code.text not in text(again)
    form.token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', text(again))[-1]
    assert "Pair with Observer" in text(again)
    assert "code-shown" in text(form.send(codes(student), {}))
    assert PairingCode.objects.count() == 2


def test_staff_who_load_the_page_with_a_code_again_are_told_whose_it_was_and_led_back(admin, student):
    course = Course.objects.get()
    address = reverse("course_user", args=[course.pk, student.pk])
    form, body = Form(address, admin), {"course": course.pk}
    form.send(codes(student), body)
    again = form.send(codes(student), body)
    assert "No second code for Mia Stone" in text(again)
    assert f'href="{address}"' in text(again)
    assert PairingCode.objects.count() == 1


def test_a_dialog_may_be_asked_for_another_code_without_loading_the_page(student):
    form = Form("/profile/settings", student)
    for _time in range(2):
        assert "code-shown" in text(form.send(codes(student), {}, headers={"HX-Request": "true"}))
    assert PairingCode.objects.count() == 2


def test_an_export_sent_twice_leads_to_what_came_of_it(admin, student):
    course = Course.objects.get()
    form = Form(reverse("export_codes_confirm", args=[course.pk]), admin)
    address = reverse("export_codes", args=[course.pk])
    form.send(address, {})
    again = form.send(address, {})
    assert "Pairing codes exported" in text(again)
    assert "Create codes again" in text(again)
    assert PairingCode.objects.count() == 1


def test_nothing_that_was_sent_or_shown_can_be_read_in_what_is_kept(student):
    form = Form("/profile/settings", student)
    code = form.send(codes(student), {}).context["code"]
    Form("/register").send("/register", SIGN_UP)
    kept = str(list(SentForm.objects.values()))
    assert SentForm.objects.count() == 2
    assert not [secret for secret in (code.text, form.token, "pass phrase", "ana@example.com") if secret in kept]


def test_a_refused_form_can_be_sent_again(admin, root):
    address = reverse("new_role", args=[root.pk])
    form, body = Form(address, admin), {"label": "Aide", "base_role_type": "TaEnrollment"}
    in_the_way = Role.objects.create(label="Aide", base_type=BaseType.TEACHER, account=root)
    assert form.send(address, body).status_code == 422
    assert not SentForm.objects.exists()
    in_the_way.delete()
    assert "Role Aide created." in text(form.send(address, body))
    assert root.roles.filter(label="Aide").count() == 1


def test_a_redirect_that_says_what_is_wrong_is_a_refusal_too(admin, root):
    """The stored file is gone, so nothing is imported again; the button keeps its use."""
    found = SisImport.objects.create(
        account=root, file_name="a.csv", stored_file="x", workflow_state="imported", options={"dry_run": True}
    )
    address = reverse("sis_import_again", args=[root.pk, found.pk])
    answer = Form(address, admin).send(address, {})
    assert "no longer stored" in text(answer)
    assert not SentForm.objects.exists()


def test_going_back_and_sending_something_else_makes_that_too(admin, root):
    form = Form(new_course(root), admin)
    for name in ("Art", "Music", "Art"):
        form.send(new_course(root), {"name": name, "account": root.pk})
    assert sorted(Course.objects.values_list("name", flat=True)) == ["Art", "Music"]


def test_the_form_opened_anew_makes_another(admin, root):
    for _time in range(2):
        Form(new_course(root), admin).send(new_course(root), COURSE | {"account": root.pk})
    assert Course.objects.count() == 2


def test_the_same_upload_sent_twice_is_one_import_and_a_corrected_file_another(admin, root):
    address = reverse("sis_imports", args=[root.pk])
    form = Form(address, admin)
    for rows in (b"1,a,active", b"1,a,active", b"1,b,active"):
        file = SimpleUploadedFile("users.csv", b"user_id,login_id,status\n" + rows)
        assert form.send(address, {"attachment": file}).status_code == 200
    assert SisImport.objects.count() == 2


def test_somebody_who_goes_back_much_later_hears_why_nothing_happens(admin, root):
    form = Form(new_course(root), admin)
    body = COURSE | {"account": root.pk}
    form.send(new_course(root), body)
    assert "already been sent and processed" not in text(form.send(new_course(root), body))
    SentForm.objects.update(at=timezone.now() - timedelta(hours=1))
    again = form.send(new_course(root), body)
    assert "Course Art created." in text(again)
    assert "already been sent and processed. To do it again, open a new form." in text(again)


def test_what_was_sent_is_remembered_for_a_day(admin, root):
    form = Form(new_course(root), admin)
    form.send(new_course(root), COURSE | {"account": root.pk})
    SentForm.objects.update(at=timezone.now() - timedelta(hours=23))
    forget_old(KEPT)
    assert SentForm.objects.count() == 1
    SentForm.objects.update(at=timezone.now() - timedelta(hours=25))
    forget_old(KEPT)
    assert not SentForm.objects.exists()


def test_remembering_a_form_takes_two_statements_and_so_does_remembering_it_again(admin, root):
    address = reverse("course_sections", args=[CourseFactory(account=root).pk])
    form = Form(address, admin)
    for _time in range(2):
        with CaptureQueriesContext(connection) as asked:
            form.send(address, {"name": "A"})
        assert len([one for one in asked if "accounts_sentform" in one["sql"]]) == 2
    assert not [one for one in asked if 'INSERT INTO "courses_section"' in one["sql"]]
