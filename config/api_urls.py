"""Everything under /api/v1."""

from typing import NoReturn

from django.http import Http404
from django.urls import include, path, re_path

from accounts.api.endpoints import Call, methods, open_to_all


@open_to_all
def nothing(call: Call) -> NoReturn:
    """What is not there is not there in JSON too."""
    raise Http404


not_found = methods(GET=nothing, POST=nothing, PUT=nothing, PATCH=nothing, DELETE=nothing)

urlpatterns = [
    path("", include("accounts.api.urls")),
    path("", include("courses.api.urls")),
    path("", include("pairing.api.urls")),
    path("", include("sis.api.urls")),
    re_path(r"", not_found),
]
