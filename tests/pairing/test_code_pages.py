"""Making and revoking codes on pages: User Settings and User Details."""

import logging

import pytest
from django.urls import reverse

from accounts.models import Action, AuditEvent, BaseType, ObservationLink, SelfRegistration
from courses.domain.observation import link
from courses.models import Enrollment
from pairing.domain.codes import issue
from pairing.models import PairingCode
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


@pytest.fixture
def enrollment(root) -> Enrollment:
    return EnrollmentFactory(user=UserFactory(name="Mia Stone", time_zone="Asia/Tokyo"))


def make_code(client, actor, student, **data):
    client.force_login(actor)
    return client.post(reverse("issue_code", args=[student.pk]), data)


def test_a_student_makes_a_code_for_themselves(client, enrollment):
    answer = make_code(client, enrollment.user, enrollment.user)
    assert answer.status_code == 200
    text = answer.context["code"].text
    assert text in answer.content.decode()
    assert " JST" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_code_is_spelled_out_for_a_screen_reader(client, enrollment, monkeypatch):
    monkeypatch.setattr("pairing.code_text.draw", lambda: "aB3xYz")
    page = make_code(client, enrollment.user, enrollment.user).content.decode()
    assert "lowercase a, capital B, 3, lowercase x, capital Y, lowercase z" in page


def test_the_address_of_a_code_opened_again_makes_none_and_leads_to_where_they_are_made(client, enrollment):
    client.force_login(enrollment.user)
    answer = client.get(reverse("issue_code", args=[enrollment.user.pk]), follow=True)
    assert answer.redirect_chain == [("/profile/settings", 302)]
    assert "shown only once" in answer.content.decode()
    assert client.get(reverse("issue_code", args=[UserFactory().pk])).url == "/"
    assert not PairingCode.objects.exists()


def test_a_stranger_cannot_make_a_code(client, enrollment):
    for actor in (UserFactory(), EnrollmentFactory().user, EnrollmentFactory(type=BaseType.TEACHER).user):
        assert make_code(client, actor, enrollment.user).status_code == 403
    assert not PairingCode.objects.exists()


def test_a_teacher_makes_a_code_only_with_the_permission(client, enrollment):
    teacher = EnrollmentFactory(type=BaseType.TEACHER, section=enrollment.section).user
    course = enrollment.section.course
    assert make_code(client, teacher, enrollment.user, course=course.pk).status_code == 403
    allow(BaseType.TEACHER, "generate_observer_pairing_code")
    assert make_code(client, teacher, enrollment.user, course=course.pk).status_code == 200


def test_a_teacher_cannot_name_a_course_the_student_is_not_in(client, enrollment):
    allow(BaseType.TEACHER, "generate_observer_pairing_code")
    elsewhere = SectionFactory()
    teacher = EnrollmentFactory(type=BaseType.TEACHER, section=elsewhere).user
    assert make_code(client, teacher, enrollment.user, course=elsewhere.course_id).status_code == 403
    assert make_code(client, teacher, enrollment.user, course=enrollment.section.course_id).status_code == 403


@pytest.mark.parametrize("course", ["", "-1", "0x1", "999999", "9" * 30, "1" * 5000, "²", "course"])
def test_a_course_that_cannot_be_read_is_not_taken_for_none(client, enrollment, course):
    assert make_code(client, make_admin(), enrollment.user, course=course).status_code == 404
    assert not PairingCode.objects.exists()


def test_somebody_with_nothing_to_do_with_the_student_does_not_learn_their_school(client, enrollment):
    school = enrollment.section.course.account.name
    assert school not in make_code(client, make_student(), enrollment.user).content.decode()


def test_an_admin_of_another_school_cannot_make_a_code(client, enrollment):
    assert make_code(client, make_admin(AccountFactory()), enrollment.user).status_code == 403
    assert make_code(client, make_admin(enrollment.section.course.account), enrollment.user).status_code == 200


def test_with_self_registration_off_nobody_can(client, enrollment, root):
    root.self_registration = SelfRegistration.NONE
    root.save()
    for actor in (enrollment.user, make_admin()):
        assert make_code(client, actor, enrollment.user).status_code == 403
        assert "Pair with Observer" not in client.get(reverse("settings")).content.decode()


def test_an_admin_who_is_a_student_somewhere_has_the_button(client, enrollment):
    admin = make_admin()
    EnrollmentFactory(user=admin, section=SectionFactory(course=CourseFactory()))
    client.force_login(admin)
    assert "Pair with Observer" in client.get(reverse("settings")).content.decode()
    assert make_code(client, admin, admin).status_code == 200


def test_somebody_without_student_enrollment_has_no_button(client, root):
    client.force_login(EnrollmentFactory(type=BaseType.TEACHER).user)
    assert "Pair with Observer" not in client.get(reverse("settings")).content.decode()


def test_settings_list_the_live_codes_masked_and_who_made_them(client, enrollment):
    admin = make_admin(name="Ada Min")
    first = issue(enrollment.user, by=admin)
    for _number in range(4):
        issue(enrollment.user, by=enrollment.user)
    client.force_login(enrollment.user)
    page = client.get(reverse("settings")).content.decode()
    assert "Ada Min" in page
    assert page.count("next to end") == 1
    assert page.count("••••") == 5
    assert f"••••{first.text[-2:]}" in page
    assert first.text not in page


def test_a_student_revokes_only_their_own_codes(client, enrollment):
    issue(enrollment.user, by=enrollment.user)
    code = PairingCode.objects.get()
    client.force_login(EnrollmentFactory().user)
    assert client.post(reverse("revoke_code", args=[code.pk])).status_code == 404
    client.force_login(enrollment.user)
    assert "Revoke the code ending in" in client.get(reverse("revoke_code", args=[code.pk])).content.decode()
    assert PairingCode.objects.live().exists()
    assert client.post(reverse("revoke_code", args=[code.pk])).status_code == 302
    for method in (client.get, client.post):
        assert "had already ended" in method(reverse("revoke_code", args=[code.pk]), follow=True).content.decode()
    assert not PairingCode.objects.live().exists()
    assert AuditEvent.objects.filter(action=Action.CODE_REVOKED, actor=enrollment.user).count() == 1


def test_the_settings_page_costs_the_same_however_many_codes_and_courses(
    client, enrollment, django_assert_max_num_queries
):
    client.force_login(enrollment.user)
    with django_assert_max_num_queries(11):
        client.get(reverse("settings"))
    for _number in range(5):
        issue(enrollment.user, by=make_admin())
        EnrollmentFactory(user=enrollment.user)
    with django_assert_max_num_queries(11):
        client.get(reverse("settings"))


def test_a_time_zone_is_saved_and_a_made_up_one_refused(client, enrollment):
    client.force_login(enrollment.user)
    assert client.post(reverse("settings"), {"time_zone": "Mars/Base"}).status_code == 422
    assert client.post(reverse("settings"), {"time_zone": "Europe/Berlin"}).status_code == 302
    enrollment.user.refresh_from_db()
    assert enrollment.user.time_zone == "Europe/Berlin"


def test_a_code_stands_in_no_log_and_no_error_report(client, enrollment, caplog, settings, monkeypatch, mailoutbox):
    settings.ADMINS = [("Ops", "ops@example.org")]
    observer = UserFactory()
    code = issue(enrollment.user, by=enrollment.user).text
    monkeypatch.setattr("pairing.domain.redemption.find", lambda *_given: 1 / 0)
    client.force_login(observer)
    client.raise_request_exception = False
    logging.getLogger("django.request").addHandler(handler := logging.getLogger("django").handlers[-1])
    with caplog.at_level(logging.DEBUG):
        answer = client.post(f"{reverse('observees')}?pairing_code={code}", {"code": code})
    logging.getLogger("django.request").removeHandler(handler)
    assert answer.status_code == 500
    assert code not in answer.content.decode()
    assert "ZeroDivisionError" in caplog.text
    assert code not in caplog.text
    for mail in mailoutbox:
        assert code not in mail.body + mail.subject


# What stands instead of the button


MISSING = "Users - generate observer pairing codes for students"
PAIR = '<button class="button">Pair with Observer</button>'


def read(client, reader, path) -> str:
    client.force_login(reader)
    return client.get(path).content.decode()


def test_a_teacher_without_the_permission_reads_which_it_is_and_who_gives_it(client, enrollment):
    teacher = EnrollmentFactory(section=enrollment.section, type=BaseType.TEACHER).user
    for path in (
        f"/courses/{enrollment.section.course_id}/users/{enrollment.user.pk}",
        f"/courses/{enrollment.section.course_id}/users",
    ):
        page = read(client, teacher, path)
        assert MISSING in page
        assert f"An administrator who manages permissions in {enrollment.section.course.account.name}" in page


def test_without_administrative_actions_the_line_names_these(client, enrollment):
    teacher = EnrollmentFactory(section=enrollment.section, type=BaseType.TEACHER).user
    allow(BaseType.TEACHER, "generate_observer_pairing_code")
    allow(BaseType.TEACHER, "allow_course_admin_actions", enabled=False)
    page = read(client, teacher, f"/courses/{enrollment.section.course_id}/users/{enrollment.user.pk}")
    assert "Users - allow administrative actions in courses" in page
    assert PAIR not in page


def test_with_pairing_off_staff_read_so_and_students_find_nothing(client, enrollment, root):
    root.self_registration = SelfRegistration.NONE
    root.save()
    page = read(client, make_admin(), f"/courses/{enrollment.section.course_id}/users/{enrollment.user.pk}")
    assert "Pairing is off" in page
    page = read(client, enrollment.user, "/profile/settings")
    assert "Pairing is off" not in page
    assert "pairing code" not in page.lower()


def test_an_observer_reads_that_observers_make_no_codes_and_what_to_do_instead(client, enrollment):
    observer = UserFactory()
    link(observer, enrollment.user, origin=ObservationLink.Origin.CODE, by=None)
    page = read(client, observer, "/profile/settings")
    assert "Observers cannot create pairing codes." in page
    assert PAIR not in page
    assert "Observers cannot create pairing codes." not in read(client, UserFactory(), "/profile/settings")
