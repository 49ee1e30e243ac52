"""What every request passes through."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import tzinfo
from functools import partial
from uuid import uuid4

from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import MiddlewareNotUsed, PermissionDenied
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from accounts.domain.time_zones import LazyZone, zone_named
from accounts.errors import NotAllowed, Refused
from accounts.memory import remembering
from accounts.models import User
from accounts.models.replica import LOOK_EVERY, MOST_BEHIND, REPLICA, wanting_primary
from accounts.web.site import site_of
from config.errors import refused, too_large
from config.input_checks import check_form, check_query, is_too_large
from config.logs import REQUEST_ID, request_id
from config.metrics import count_request
from config.retries import carry_out_again, noting_what_is_kept
from courses.access.act_as import SESSION_KEY, end, lapse, resume
from courses.domain.time_zone import default_zone

Handler = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Gives each request an id: error pages show it, log lines carry it, and the answer does, as X-Request-Id.

    One that our own proxy sends is kept, so that its log and ours speak of the same request.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.headers.get("X-Request-Id", "") if settings.TRUSTED_PROXIES else ""
        mark = request_id.set(sent if REQUEST_ID.fullmatch(sent) else uuid4().hex)
        try:
            response = self.get_response(request)
            response.headers["X-Request-Id"] = request_id.get()
            return response
        finally:
            request_id.reset(mark)


class CountingMiddleware:
    """Counts requests for Prometheus, where it may ask."""

    def __init__(self, get_response: Handler) -> None:
        if not settings.METRICS_TOKEN:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        count_request(request, response, time.perf_counter() - begun)
        return response


class CanonicalPathMiddleware:
    """Serves `/x/` and `/api/v1/x.json` as `/x` and `/api/v1/x`, without a redirect.

    Clients written for Canvas call both forms, and a redirect would lose the body of a POST.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if len(path) > 1:
            path = path.rstrip("/") or "/"
        if path.startswith("/api/"):
            path = path.removesuffix(".json")
        request.path_info = path
        return self.get_response(request)


class CompressingMiddleware(GZipMiddleware):
    """Compresses what is read, and nothing that answers a form.

    By its length, a compressed page that repeats what a stranger chose may give away a secret beside it (BREACH). The
    token of a form is masked anew each time, the length is padded at random, and a pairing code stands in the answer
    to the POST that made it and nowhere else.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.method != "GET" or response.streaming:
            return response
        return super().process_response(request, response)


class ReadableMiddleware:
    """Lets only requests on whose parameters can be read, so that nothing behind it stumbles over others."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        check_query(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, *_arguments: object) -> HttpResponse | None:
        # An upload is not read before we know that its sender may; of an unknown address the error page reads the form.
        if getattr(view, "takes_files", False):
            return None
        if is_too_large(request):
            return too_large(request)
        check_form(request)
        return None


class RetryingMiddleware:
    """Carries a request out anew whose transaction the database ended because of another one, page or API."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with noting_what_is_kept(request):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        try:
            return carry_out_again(request, exception)
        except ImmediateHttpResponse as answer:
            # What django-allauth's middleware makes of it, whose turn has passed.
            return answer.response
        except Refused as refusal:
            # Likewise that of RefusalMiddleware.
            return refused(request, refusal)


class PermissionMemoryMiddleware:
    """Lets a request look up what somebody may do in a place only once."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with remembering():
            return self.get_response(request)


class OwnChangesMiddleware:
    """Shows people what they have just changed: no list from a replica, while that may not have it yet."""

    COOKIE = "changed"
    # The cookie is of a browser whose clock may be a little fast.
    SECONDS = int(2 * (MOST_BEHIND + LOOK_EVERY))

    def __init__(self, get_response: Handler) -> None:
        if REPLICA not in connections:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with wanting_primary() if self.COOKIE in request.COOKIES else nullcontext():
            response = self.get_response(request)
        if request.method not in ("GET", "HEAD", "OPTIONS") and not request.path_info.startswith("/api/"):
            secure = settings.SESSION_COOKIE_SECURE
            response.set_cookie(self.COOKIE, "1", self.SECONDS, secure=secure, httponly=True, samesite="Lax")
        return response


class ActingMiddleware:
    """Puts the person somebody acts as in their place; the session stays that of the one who acts.

    Whether that is allowed is asked at every request, so that it ends with the right to it.
    """

    # A password or a second factor is never anybody else's business.
    CLOSED = "/login/"
    WAY_OUT = "/logout"

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/") or SESSION_KEY not in request.session:
            return self.get_response(request)
        actor = request.user
        if not isinstance(actor, User):
            del request.session[SESSION_KEY]
            return self.get_response(request)
        try:
            request.user = resume(actor, request.session[SESSION_KEY])
        except NotAllowed as refusal:
            lapse(actor, request.session.pop(SESSION_KEY))
            if request.path_info != self.WAY_OUT:
                # Not carried out as the one who acts either: it was meant for somebody else.
                messages.warning(request, refusal.message)
                home = reverse("dashboard")
                return HttpResponseClientRedirect(home) if request.headers.get("HX-Request") else redirect(home)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        if not isinstance(request.user, User) or not request.user.actor:
            return
        if request.path_info.startswith(self.CLOSED):
            raise PermissionDenied(_("You cannot do this while you act as someone else. Stop acting first."))
        if request.path_info == self.WAY_OUT and request.method == "POST":
            end(request.user)


def _zone_of(reader: User, request: HttpRequest) -> tzinfo:
    """Return the reader's own zone; or that of their school, which pages look up together with what all of them say."""
    if reader.time_zone:
        return zone_named(reader.time_zone)
    if reader == request.user:
        return LazyZone(lambda: zone_named(site_of(request).zone))
    return LazyZone(partial(default_zone, reader))


class ReaderMiddleware:
    """Speaks to signed-in readers in their own language and time zone, and keeps their pages out of caches."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/"):
            return self.get_response(request)
        with timezone.override(None):
            if isinstance(request.user, User):
                reader = request.user.person_acting
                timezone.activate(_zone_of(reader, request))
                if reader.locale:
                    translation.activate(reader.locale)
            response = self.get_response(request)
        # Names of children, and now and then a code, stand in these pages.
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class RefusalMiddleware:
    """Answers on pages what a rule refuses and no view has caught: with the reason, and never as a fault of ours."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refused(request, exception) if isinstance(exception, Refused) else None
