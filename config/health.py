"""Whether the service is up, for load balancers and supervisors, and nothing else about it."""

import logging
from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive. Touches nothing, so that a slow database does not get good processes killed."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Requests can be served: the database answers and has every migration that this version needs."""
    state = {"database": False, "migrations": False}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        state["database"] = True
        state["migrations"] = newest_migrations() <= MigrationRecorder(connection).applied_migrations().keys()
    except Exception as error:
        # Whatever is wrong, the answer is "not ready"; what is wrong is not for strangers to know.
        logger.warning("not ready: %s", type(error).__name__)
    return JsonResponse(state, status=200 if all(state.values()) else 503)


@cache
def newest_migrations() -> frozenset[tuple[str, str]]:
    """The last migration of every app: once those are applied, so are all the others."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())
