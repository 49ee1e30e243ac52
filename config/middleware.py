"""What every request passes through."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.models import User
from accounts.zones import zone_named

Handler = Callable[[HttpRequest], HttpResponse]


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


class ReaderMiddleware:
    """Speaks to signed-in readers in their own language and time zone, and keeps their pages out of caches."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/"):
            return self.get_response(request)
        with timezone.override(None):
            if isinstance(request.user, User):
                timezone.activate(zone_named(request.user.time_zone))
                if request.user.locale:
                    translation.activate(request.user.locale)
            response = self.get_response(request)
        # Names of children, and now and then a code, stand in these pages.
        response.headers.setdefault("Cache-Control", "no-store")
        return response
