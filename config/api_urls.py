"""Everything under /api/v1."""

from typing import NoReturn

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import include, path, re_path

from accounts.api.body_types import RootBody
from accounts.api.endpoints import ApiRequest, in_group, methods

endpoint = in_group("About the API")


@endpoint(public=True)
def show_where_to_read(request: ApiRequest) -> RootBody:
    """Say where the documentation is."""
    return {"name": "Observer Pairing", "version": "v1", "documentation": request.address("/api/v1/documentation")}


@endpoint(public=True, produces="text/plain")
def show_documentation(request: ApiRequest) -> HttpResponse:
    """Show what docs/api.md says of this very version."""
    return HttpResponse((settings.BASE_DIR / "docs/api.md").read_bytes(), content_type="text/plain; charset=utf-8")


@endpoint(public=True)
def nothing(request: ApiRequest) -> NoReturn:
    """What is not there is not there in JSON too."""
    raise Http404


about = methods(GET=show_where_to_read)
not_found = methods(GET=nothing, POST=nothing, PUT=nothing, PATCH=nothing, DELETE=nothing)

urlpatterns = [
    path("documentation", methods(GET=show_documentation)),
    path("", include("accounts.api.urls")),
    path("", include("courses.api.urls")),
    path("", include("pairing.api.urls")),
    path("", include("sis.api.urls")),
    re_path(r"", not_found),
]
