"""Forms that do something: sent twice (a double click, a reload, a lost answer), they do it once.

Every form of ours carries the token against forged requests, which Django masks anew each time it shows a form: so it
names that one form in that one browser, and no form can forget it. A digest of it, of the person and of all that was
sent is inserted in the transaction that carries the form out. The same form sent again waits there for the first and
is led where that one led. What was refused leaves nothing behind, and the same form sent with something else in it is
another one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CSRF_TOKEN_LENGTH
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.models import SentForm

Request = TypeVar("Request", bound=HttpRequest)
Answer = TypeVar("Answer", bound=HttpResponseBase)
Rest = ParamSpec("Rest")

TOKEN = "csrfmiddlewaretoken"  # noqa: S105 the name of a field
# Whoever sends a form again so much later has gone back to it, and is told why nothing happened.
AT_ONCE = timedelta(minutes=1)


def done_once(view: Callable[Concatenate[Request, Rest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Have a view that redirects once it has done something do it once for each form sent.

    Sent again, the form is answered with the redirect and the messages of the first time. A redirect with a message
    of an error is a refusal.
    """

    @wraps(view)
    def once(request: Request, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        digest = digest_of(request)
        if digest is None:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            if before := _sent_before(digest):
                return _as_before(request, before)
            there = len(messages.get_messages(request))
            answer = view(request, *args, **kwargs)
            leads_on = 300 <= answer.status_code < 400
            said = _said_since(request, there) if leads_on else []
            done = leads_on and all(level < messages.ERROR for level, _text in said)
            _end(digest, done, answer.headers.get("Location", ""), said)
            return answer

    return once


def shown_once(told: Callable[..., HttpResponse]) -> Callable[[Callable[..., Answer]], Callable[..., Any]]:
    """Have a view whose answer itself is what was made, and is kept nowhere, make it once for each form sent.

    Sent again, the form is answered by `told`, which is handed what the view was.
    """

    def of(view: Callable[..., Answer]) -> Callable[..., Any]:
        @wraps(view)
        def once(request: HttpRequest, *args: Any, **kwargs: Any) -> Answer | HttpResponse:
            digest = digest_of(request)
            if digest is None:
                return view(request, *args, **kwargs)
            with transaction.atomic():
                if _sent_before(digest):
                    return told(request, *args, **kwargs)
                answer = view(request, *args, **kwargs)
                _end(digest, answer.status_code < 400)
                return answer

        return once

    return of


def digest_of(request: HttpRequest) -> str | None:
    """What stands for a form that was sent; None where none was.

    Nor does it matter for what a script sends without leaving the page: it holds the button until the answer is
    there, and pressed again the button means another one.
    """
    token = request.POST.get(TOKEN, "") if request.method == "POST" else ""
    if len(token) != CSRF_TOKEN_LENGTH or "HX-Request" in request.headers:
        return None
    files = [(name, file.name, _digest_of_file(file)) for name, all_of in request.FILES.lists() for file in all_of]
    sent = [request.path, request.user.pk, sorted(request.POST.lists()), sorted(files)]
    return salted_hmac("accounts.web.sent_forms", json.dumps(sent), algorithm="sha256").hexdigest()


def _digest_of_file(file: UploadedFile) -> str:
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


def _sent_before(digest: str) -> SentForm | None:
    """The same form as it was carried out before, waiting for that while it is under way; None at the first time."""
    now = timezone.now()
    with connection.cursor() as cursor:
        # What is there is held by the update, so that it is not forgotten before it is read.
        cursor.execute(
            "INSERT INTO accounts_sentform (digest, at, location, messages) VALUES (%s, %s, '', '[]')"
            " ON CONFLICT (digest) DO UPDATE SET location = accounts_sentform.location RETURNING at",
            [digest, now],
        )
        if cursor.fetchone() == (now,):
            return None
    return SentForm.objects.get(pk=digest)


def _end(digest: str, done: bool, location: str = "", said: list[tuple[int, str]] | None = None) -> None:
    row = SentForm.objects.filter(pk=digest)
    if done:
        row.update(location=location, messages=said or [])
    else:
        row.delete()


def _said_since(request: HttpRequest, there: int) -> list[tuple[int, str]]:
    """The messages that were added after the first `there`, which stay to be shown."""
    storage: Any = messages.get_messages(request)
    said = [(message.level, str(message.message)) for message in list(storage)[there:]]
    storage.used = False
    return said


def _as_before(request: HttpRequest, before: SentForm) -> HttpResponse:
    for level, text in before.messages:
        messages.add_message(request, level, text)
    if before.at < timezone.now() - AT_ONCE:
        messages.info(request, _("This form has already been sent and processed. To do it again, open a new form."))
    return redirect(before.location)
