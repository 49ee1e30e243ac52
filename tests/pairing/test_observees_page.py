"""The Observing page: look, pair, stop."""

import pytest
from django.urls import reverse

from accounts.models import FailedTry, ObservationLink, Role, SelfRegistration, User
from courses.domain.enrollments import enroll
from courses.domain.observation import link
from courses.models import Course, Enrollment
from pairing.domain.codes import issue
from pairing.models import PairingCode
from tests.factories import AccountFactory, CourseFactory, EnrollmentFactory, SectionFactory, UserFactory

PAGE = "/profile/observees"


@pytest.fixture
def student(root) -> User:
    school = AccountFactory(name="Hill School")
    section = SectionFactory(course=CourseFactory(name="Biology", account=school))
    return EnrollmentFactory(user=UserFactory(name="Mia Stone"), section=section).user


@pytest.fixture
def observer(client, root) -> User:
    user = UserFactory(name="Pat Stone")
    client.force_login(user)
    return user


def pair(client, code: str):
    """Type a code, look, and agree."""
    page = client.post(PAGE, {"code": code}, follow=True)
    return client.post(PAGE, {"step": "pair", "shown": page.context["code"].pk}, follow=True)


def test_the_page_is_open_to_every_signed_in_person_and_to_nobody_else(client, observer):
    assert client.get(PAGE).status_code == 200
    client.logout()
    assert client.get(PAGE).status_code == 302


def test_a_right_code_shows_whom_it_is_about_and_spends_nothing(client, observer, student):
    code = issue(student, by=student).text
    answer = client.post(PAGE, {"code": f"{code[:3]} - {code[3:]}"}, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain == [("/profile/observees/confirm", 302)]
    assert code not in page + str(dict(client.session.items()))
    assert "Mia S." in page
    assert "Stone" not in page.replace("Pat Stone", "")
    assert "Hill School" in page
    assert PairingCode.objects.live().count() == 1
    assert not ObservationLink.objects.exists()


def test_pair_spends_the_code_and_lists_the_student_with_the_courses(client, observer, student):
    code = issue(student, by=student).text
    answer = pair(client, code)
    page = answer.content.decode()
    assert "You are now observing Mia Stone" in page
    assert "Biology" in page
    assert not PairingCode.objects.live().exists()


def test_pressing_pair_again_says_the_same_once_more_and_counts_nothing(client, observer, student):
    pair(client, issue(student, by=student).text)
    again = client.post(PAGE, {"step": "pair", "shown": PairingCode.objects.get().pk}, follow=True)
    assert "already observing Mia Stone" in again.content.decode()
    assert ObservationLink.objects.count() == 1
    assert not FailedTry.objects.exists()


def test_of_two_pages_open_the_button_of_each_is_for_the_student_it_shows(client, observer, student):
    other = EnrollmentFactory(user=UserFactory(name="Ben Lake")).user
    client.post(PAGE, {"code": issue(student, by=student).text})
    client.post(PAGE, {"code": issue(other, by=other).text})
    first = PairingCode.objects.get(student=student)
    client.post(PAGE, {"step": "pair", "shown": first.pk})
    assert ObservationLink.objects.get().student == student


def test_nobody_pairs_by_a_code_they_were_not_shown(client, observer, student):
    issue(student, by=student)
    for shown in (PairingCode.objects.get().pk, "", "x", "99999999999999999999"):
        assert client.post(PAGE, {"step": "pair", "shown": shown}).status_code == 422
    assert client.post(PAGE, {"step": "pair"}).status_code == 422
    assert not ObservationLink.objects.exists()


def test_the_address_of_the_question_opened_without_a_code_leads_to_observing(client, observer):
    assert client.get("/profile/observees/confirm").url == PAGE


def test_every_code_that_does_not_work_gets_the_same_answer(client, observer, student, monkeypatch):
    def answer(code: str) -> str:
        FailedTry.objects.all().delete()
        response = client.post(PAGE, {"code": code})
        assert response.status_code == 422
        return str(response.context["form"].errors["code"])

    texts = iter(["aBcDe2", "aBcDe3", "aBcDe4", "aBcDe5"])
    monkeypatch.setattr("pairing.code_text.draw", lambda: next(texts))
    used, revoked, expired, swapped = (issue(student, by=student).text for _number in range(4))
    codes = list(PairingCode.objects.order_by("id"))
    other = UserFactory()
    from pairing.domain.redemption import redeem, revoke

    redeem(used, observer=other, by=other, network="203.0.113.9")
    revoke(codes[1], by=student)
    PairingCode.objects.filter(pk=codes[2].pk).update(issued_at="2020-01-01T00:00Z", expires_at="2020-01-08T00:00Z")
    answers = {answer(code) for code in (used, revoked, expired, swapped.swapcase(), "abcdef")}
    assert len(answers) == 1
    assert "ask the student or the school" in answers.pop()


def test_a_slip_is_named_and_costs_no_try(client, observer):
    answer = client.post(PAGE, {"code": "ab0def"})
    assert answer.status_code == 422
    assert "Codes never contain “0”" in str(answer.context["form"].errors["code"])
    assert not FailedTry.objects.exists()


def test_capitals_in_a_code_are_never_folded(client, observer, student, monkeypatch):
    monkeypatch.setattr("pairing.code_text.draw", lambda: "aBcDeF")
    issue(student, by=student)
    assert client.post(PAGE, {"code": "ABCDEF"}).status_code == 422
    assert client.post(PAGE, {"code": "aBcDeF"}).status_code == 302


def test_ones_own_code_is_told_kindly_and_spends_nothing(client, student):
    client.force_login(student)
    code = issue(student, by=student).text
    answer = client.post(PAGE, {"code": code})
    assert "This is your own code" in str(answer.context["form"].errors["code"])
    assert PairingCode.objects.live().count() == 1


def test_an_observer_linked_already_is_told_and_nothing_is_spent(client, observer, student):
    link(observer, student, origin=ObservationLink.Origin.CODE, by=observer)
    answer = client.post(PAGE, {"code": issue(student, by=student).text}, follow=True)
    assert "already observing" in answer.content.decode()
    assert PairingCode.objects.live().count() == 1


def test_after_five_failures_the_page_says_how_long_to_wait(client, observer, student):
    for _number in range(5):
        assert client.post(PAGE, {"code": "abcdef"}).status_code == 422
    answer = client.post(PAGE, {"code": issue(student, by=student).text})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert "15 minutes" in str(answer.context["form"].errors["code"])


def test_with_pairing_off_the_page_says_what_to_do_instead(client, observer, student, root):
    code = issue(student, by=student).text
    root.self_registration = SelfRegistration.NONE
    root.save()
    assert "ask the school to link you" in client.get(PAGE).content.decode()
    assert client.post(PAGE, {"code": code}).status_code == 403
    assert not ObservationLink.objects.exists()


def test_stopping_asks_first_and_is_effective_at_the_next_request(client, observer, student):
    link(observer, student, origin=ObservationLink.Origin.CODE, by=observer)
    course = Course.objects.get()
    assert client.get(reverse("course", args=[course.pk])).status_code == 200
    remove = reverse("remove_observee", args=[student.pk])
    assert "account, work and grades do not change" in client.get(remove).content.decode()
    assert ObservationLink.objects.live().exists()
    client.post(remove)
    assert client.get(reverse("course", args=[course.pk])).status_code == 404
    assert "Mia" not in client.get(PAGE).content.decode().replace("no longer observing Mia", "")
    assert Enrollment.objects.live().get().user == student


def test_what_the_school_set_up_is_named_before_a_link_ends_and_stays(client, observer, student):
    link(observer, student, origin=ObservationLink.Origin.CODE, by=observer)
    course = Course.objects.get()
    remove = reverse("remove_observee", args=[student.pk])
    assert "set up" not in client.get(remove).content.decode()
    enroll(
        observer, course.sections.get(), Role.objects.built_in("ObserverEnrollment"), by=None, associated_user=student
    )
    page = client.get(remove).content.decode()
    assert "In these courses the school itself added you as an observer of Mia" in page
    assert "<li>Biology</li>" in page
    client.post(remove)
    assert client.get(reverse("course", args=[course.pk])).status_code == 200
    assert "Linked by the school in individual courses only" in client.get(PAGE).content.decode()


def test_nobody_ends_somebody_elses_link_here(client, observer, student):
    link(UserFactory(), student, origin=ObservationLink.Origin.CODE, by=observer)
    assert client.post(reverse("remove_observee", args=[student.pk])).status_code == 404


def test_the_page_costs_the_same_for_one_student_and_for_twenty(client, observer, django_assert_max_num_queries):
    def observe(number: int) -> None:
        for _number in range(number):
            link(observer, EnrollmentFactory().user, origin=ObservationLink.Origin.CODE, by=observer)

    observe(1)
    with django_assert_max_num_queries(7):
        client.get(PAGE)
    observe(19)
    with django_assert_max_num_queries(7):
        client.get(PAGE)
