"""Everything under /api/v1."""

from functools import cache
from typing import Any, NoReturn

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import include, path, re_path, reverse

from accounts.api.body_types import RootBody
from accounts.api.endpoints import ApiRequest, every_call, in_group, methods
from accounts.api.openapi import document

endpoint = in_group("About the API")


@endpoint(public=True)
def show_where_to_read(request: ApiRequest) -> RootBody:
    """Say where the documentation is."""
    return {
        "name": "Observer Pairing",
        "version": "v1",
        "documentation": request.address("/api/v1/documentation"),
        "reference": request.address(reverse("api_reference")),
        "openapi": request.address("/api/v1/openapi.json"),
    }


@endpoint(public=True, produces="text/plain")
def show_documentation(request: ApiRequest) -> HttpResponse:
    """Show what docs/api.md says of this very version."""
    return HttpResponse((settings.BASE_DIR / "docs/api.md").read_bytes(), content_type="text/plain; charset=utf-8")


@endpoint(public=True)
def show_schema(request: ApiRequest) -> dict[str, Any]:
    """Show this API as an OpenAPI 3.1 schema."""
    return _schema()


@cache
def _schema() -> dict[str, Any]:
    return document(every_call(), "/api/v1")


@endpoint(public=True)
def nothing(request: ApiRequest) -> NoReturn:
    """Answer in JSON that there is nothing here."""
    raise Http404


about = methods(GET=show_where_to_read)
not_found = methods(GET=nothing, POST=nothing, PUT=nothing, PATCH=nothing, DELETE=nothing)

urlpatterns = [
    path("documentation", methods(GET=show_documentation)),
    # Asked for as openapi.json: the middleware takes `.json` from every address of the API.
    path("openapi", methods(GET=show_schema)),
    path("", include("accounts.api.urls")),
    path("", include("courses.api.urls")),
    path("", include("pairing.api.urls")),
    path("", include("notices.api.urls")),
    path("", include("sis.api.urls")),
    re_path(r"", not_found),
]
