"""Forms sent twice: what makes two forms the same, what is done and said the second time, and what leaves no trace."""

from datetime import timedelta

import pytest
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.base import BaseStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CSRF_TOKEN_LENGTH
from django.shortcuts import redirect
from django.test import RequestFactory
from django.utils import timezone

from accounts.domain.retention import KEPT, forget_old
from accounts.models import FailedTry, SentForm, User
from accounts.web.sent_forms import AT_ONCE, TOKEN, digest_of, done_once, shown_once
from tests.factories import UserFactory

ONE, OTHER = "a" * CSRF_TOKEN_LENGTH, "b" * CSRF_TOKEN_LENGTH


class Said(BaseStorage):
    """The messages of one request."""

    def _get(self, *args, **kwargs):
        return [], True

    def _store(self, messages, response, *args, **kwargs):
        return []


@pytest.fixture
def sender(db) -> User:
    return UserFactory()


def form(sender: User | None, path: str = "/make", *, token: str = ONE, headers=None, **given) -> HttpRequest:
    """A form as it is sent: with the token that it was shown with."""
    request = RequestFactory().post(path, {TOKEN: token, **given}, headers=headers)
    request.user = sender or AnonymousUser()
    request._messages = Said(request)  # type: ignore[attr-defined]
    return request


def said(request: HttpRequest) -> list[tuple[int, str]]:
    return [(message.level, str(message.message)) for message in messages.get_messages(request)]


def file(content: bytes, name: str = "users.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


# The same form


def test_a_form_is_the_same_when_all_of_it_is(sender):
    assert digest_of(form(sender, name="Mia", file=file(b"1"))) == digest_of(form(sender, name="Mia", file=file(b"1")))


@pytest.mark.parametrize(
    "change",
    [
        {"token": OTHER},
        {"path": "/elsewhere"},
        {"name": "Ben"},
        {"more": "x"},
        {"name": ["Mia", "Mia"]},
        {"file": file(b"2")},
        {"file": file(b"1", "other.csv")},
    ],
    ids=["token", "address", "content", "another field", "a field twice", "file", "file name"],
)
def test_a_form_with_anything_else_in_it_is_another(sender, change):
    first = {"name": "Mia", "file": file(b"1")}
    assert digest_of(form(sender, **first)) != digest_of(form(sender, **(first | {"file": file(b"1")} | change)))


def test_the_same_form_of_another_person_is_another(sender):
    digests = {digest_of(form(who)) for who in (sender, UserFactory(), None)}
    assert len(digests) == 3


def test_a_file_can_still_be_read_after_it_was_digested(sender):
    request = form(sender, file=file(b"user_id\n1"))
    digest_of(request)
    assert request.FILES["file"].read() == b"user_id\n1"


@pytest.mark.parametrize("token", ["", "short", "a" * 32, "a" * 65])
def test_a_form_without_a_token_as_pages_show_it_is_not_told_from_others(sender, token):
    assert digest_of(form(sender, token=token)) is None


def test_what_a_script_sends_and_what_is_only_looked_at_is_no_form(sender):
    assert digest_of(form(sender, headers={"HX-Request": "true"})) is None
    request = RequestFactory().get("/make", {TOKEN: ONE})
    assert digest_of(request) is None


def test_what_was_sent_cannot_be_read_from_the_digest_nor_tried_without_our_secret(sender, settings):
    digest = digest_of(form(sender, password="a-long-enough-word"))
    settings.SECRET_KEY = "another"
    assert digest_of(form(sender, password="a-long-enough-word")) != digest


# Done once


@pytest.fixture
def made() -> list[str]:
    return []


@pytest.fixture
def make(made):
    """A view that makes something, says so, and leads to it."""

    @done_once
    def view(request: HttpRequest) -> HttpResponse:
        """Make something."""
        made.append(request.POST["name"])
        messages.success(request, f"Made {request.POST['name']}.")
        return redirect(f"/made/{len(made)}")

    return view


def test_a_form_sent_twice_does_it_once_and_leads_and_says_the_same(sender, make, made):
    answers, texts = [], []
    for _ in range(3):
        request = form(sender, name="Mia")
        answers.append(make(request).headers["Location"])
        texts.append(said(request))
    assert (made, answers) == (["Mia"], ["/made/1"] * 3)
    assert texts == [[(messages.SUCCESS, "Made Mia.")]] * 3


def test_another_form_of_the_same_content_does_it_again(sender, make, made):
    make(form(sender, name="Mia"))
    assert make(form(sender, name="Mia", token=OTHER)).headers["Location"] == "/made/2"
    assert make(form(UserFactory(), name="Mia")).headers["Location"] == "/made/3"


def test_a_form_that_cannot_be_told_from_others_is_carried_out_each_time(sender, make, made):
    for _ in range(2):
        make(form(sender, name="Mia", token=""))
    assert len(made) == 2
    assert not SentForm.objects.exists()


def test_a_form_sent_again_much_later_says_why_nothing_happened(sender, make, made):
    make(form(sender, name="Mia"))
    SentForm.objects.update(at=timezone.now() - AT_ONCE - timedelta(seconds=1))
    request = form(sender, name="Mia")
    assert make(request).headers["Location"] == "/made/1"
    first, then = said(request)
    assert first == (messages.SUCCESS, "Made Mia.")
    assert then[0] == messages.INFO
    assert then[1].startswith("This form has already been sent and processed.")


def test_messages_that_were_there_before_are_shown_and_not_kept_with_the_form(sender, make):
    request = form(sender, name="Mia")
    messages.warning(request, "From before.")
    make(request)
    assert said(request) == [(messages.WARNING, "From before."), (messages.SUCCESS, "Made Mia.")]
    assert SentForm.objects.get().messages == [[messages.SUCCESS, "Made Mia."]]


@pytest.mark.parametrize("status", [200, 403, 422, 500])
def test_a_form_that_led_nowhere_was_refused_and_may_be_sent_again(sender, status):
    calls = []

    @done_once
    def refuse(request: HttpRequest) -> HttpResponse:
        calls.append(1)
        return HttpResponse(status=status)

    for _ in range(2):
        assert refuse(form(sender)).status_code == status
    assert len(calls) == 2
    assert not SentForm.objects.exists()


@pytest.mark.parametrize(("level", "again"), [(messages.WARNING, False), (messages.ERROR, True)])
def test_a_redirect_with_an_error_message_is_a_refusal(sender, level, again):
    calls = []

    @done_once
    def view(request: HttpRequest) -> HttpResponse:
        calls.append(1)
        messages.add_message(request, level, "Not so.")
        return redirect("/back")

    for _ in range(2):
        view(form(sender))
    assert len(calls) == (2 if again else 1)


def test_a_fault_undoes_what_was_done_and_leaves_the_form_unsent(sender):
    @done_once
    def fail(request: HttpRequest) -> HttpResponse:
        FailedTry.objects.create(keys=["x"])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail(form(sender))
    assert not FailedTry.objects.exists()
    assert not SentForm.objects.exists()


def test_a_view_that_is_done_once_keeps_its_name_and_what_it_says_of_itself(make):
    assert (make.__name__, make.__doc__) == ("view", "Make something.")


# Shown once


def test_an_answer_that_is_stored_nowhere_is_given_once(sender):
    @shown_once(lambda request, number: HttpResponse(f"already {number}", status=409))
    def show(request: HttpRequest, number: int) -> HttpResponse:
        return HttpResponse(f"code {number}")

    answers = [show(form(sender), 7) for _ in range(2)]
    assert [answer.content for answer in answers] == [b"code 7", b"already 7"]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert show(form(sender, token=OTHER), 8).content == b"code 8"
    assert show(form(sender, token=""), 9).content == b"code 9"
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT location, messages::text FROM accounts_sentform")
        assert cursor.fetchall() == [("", "[]")], "what was shown is not kept"


@pytest.mark.parametrize("status", [400, 403, 422])
def test_an_answer_that_refuses_was_not_shown(sender, status):
    @shown_once(lambda request: HttpResponse(status=409))
    def show(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=status)

    assert [show(form(sender)).status_code for _ in range(2)] == [status, status]


# Kept for a day


def test_processed_forms_are_kept_for_a_day(sender, make):
    make(form(sender, name="Mia"))
    forms = [kind for kind in KEPT if kind.tables == ("accounts.SentForm",)]
    SentForm.objects.update(at=timezone.now() - timedelta(hours=23))
    forget_old(forms)
    assert SentForm.objects.count() == 1
    SentForm.objects.update(at=timezone.now() - timedelta(hours=25))
    forget_old(forms)
    assert not SentForm.objects.exists()
