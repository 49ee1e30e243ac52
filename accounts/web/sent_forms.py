"""Forms that change something: sent twice (a double click, a reload, a lost answer), they do it once.

Every form carries the token against forged requests, which Django masks anew each time it shows a form. So the token
identifies that one form in that one browser, and no form can forget it. A digest of the token, the person and
everything that was sent is inserted in the transaction that processes the form. The same form sent again waits there
for the first and redirects to the same page. A refused form leaves nothing behind, and the same form with other content
is another form.
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
# A person who sends a form again so much later has gone back to it, and is told why nothing happened.
AT_ONCE = timedelta(minutes=1)


def done_once(view: Callable[Concatenate[Request, Rest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Make a view that redirects after its work run once for each form sent.

    If it is sent again, the answer is the redirect and the messages of the first time. A redirect with an error message
    is a refusal.
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
    """Make a view whose answer is itself the result, and stored nowhere, run once for each form sent.

    If it is sent again, `told` answers, with the arguments of the view.
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
    """Return what identifies a form that was sent; None if none was.

    Requests that a script sends without leaving the page do not matter: the script disables the button until the answer
    arrives, and a new press means another request.
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
    """Return the same form as processed before, waiting while it is being processed; None the first time."""
    now = timezone.now()
    with connection.cursor() as cursor:
        # The update locks the existing row, so that it is not deleted before it is read.
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
    """Return the messages added after the first `there`, which stay to be shown."""
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
