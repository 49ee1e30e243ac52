"""Every address of the service."""

from django.urls import include, path, re_path

from accounts.api import graphql
from accounts.api.endpoints import methods
from config.api_urls import about, not_found
from config.health import healthz, readyz
from config.metrics import metrics

urlpatterns = [
    path("api/v1/", include("config.api_urls")),
    path("api/v1", about),
    path("api/graphql", methods(POST=graphql.answer)),
    re_path(r"^api(?:/|$)", not_found),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("", include("accounts.urls")),
    path("", include("courses.urls")),
    path("", include("pairing.urls")),
    path("", include("notices.urls")),
    path("", include("sis.urls")),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"
