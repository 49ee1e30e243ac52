"""Whether the service is up, for load balancers and supervisors, and nothing else about it."""

import logging
import secrets
import time
from functools import cache

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.drain import is_ending

logger = logging.getLogger(__name__)

READINESS = "readiness"
GOES_FOR = 5.0
RETRY_AFTER = 5
written = {"until": 0.0}


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process is alive. Touches nothing, so that a slow database does not get good processes killed."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Requests can be served: the database answers, can be written, and has every migration this version needs.

    And they can be for a while yet: this node has not been told to end.
    """
    state = {"staying": not is_ending(), "database": False, "writable": False, "migrations": False}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        state["database"] = True
        check_can_be_written()
        state["writable"] = True
        state["migrations"] = newest_migrations() <= MigrationRecorder(connection).applied_migrations().keys()
    except Exception as error:
        # Whatever is wrong, the answer is "not ready"; what is wrong is not for strangers to know.
        logger.warning("not ready: %s", type(error).__name__)
    if all(state.values()):
        return JsonResponse(state)
    return JsonResponse(state, status=503, headers={"Retry-After": str(RETRY_AFTER)})


def check_can_be_written() -> None:
    """Write what a sign-in writes, and take it back. Raises DatabaseError where that does not go, as on a full disk.

    What went goes for five seconds, so that whoever asks often writes little.
    """
    if time.monotonic() < written["until"]:
        return
    written["until"] = 0.0
    with transaction.atomic():
        # About as much as a row may have within its page: on a full disk there is seldom so much room left.
        padding = secrets.token_hex(900)
        Session.objects.create(session_key=READINESS, session_data=padding, expire_date=timezone.now())
        transaction.set_rollback(True)
    written["until"] = time.monotonic() + GOES_FOR


@cache
def newest_migrations() -> frozenset[tuple[str, str]]:
    """Return the last migration of every app: once those are applied, so are all the others."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())
