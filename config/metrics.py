"""Figures for Prometheus, at /metrics: what requests, jobs, imports and guesses do, and nothing about any person.

Requests are counted where they are answered; each web worker counts in a file of its own, so that whichever of them is
asked can tell for all. What stands in the database is counted when somebody asks: each app has a function that yields
its figures, and config/settings.py lists them (METRICS).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from hmac import compare_digest
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

# Where prometheus_client finds the folder of those files: see config/serve.py.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
NO_ROUTE = "none"

REQUESTS = Counter(
    "observer_pairing_requests", "Requests answered, by route, method and status.", ["route", "method", "status"]
)
TAKEN = Histogram("observer_pairing_request_seconds", "How long requests took, by route.", ["route"], buckets=SECONDS)
FAILURES = Counter("observer_pairing_failures", "Exceptions that no view expected, by kind.", ["kind"])


def count_request(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """Count a request that was answered: under the pattern of its address, never the address itself."""
    route = f"/{request.resolver_match.route}" if request.resolver_match else NO_ROUTE
    REQUESTS.labels(route, request.method, response.status_code).inc()
    TAKEN.labels(route).observe(seconds)


def count_failure(sender: Any, **kwargs: Any) -> None:
    """Count what Django calls an unhandled exception, while it is being handled."""
    error = sys.exc_info()[0]
    FAILURES.labels(error.__name__ if error else NO_ROUTE).inc()


class Figures(Collector):
    """What all apps count in the database, and whether that answers."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the figures of each app; none where the database is away."""
        found, is_up = [], True
        try:
            for path in settings.METRICS:
                found += import_string(path)()
        except DatabaseError:
            found, is_up = [], False
        yield GaugeMetricFamily("observer_pairing_database_up", "Whether the database answers.", value=is_up)
        yield from found


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(MultiProcessCollector(registry) if FOLDER in os.environ else REGISTRY)
    registry.register(Figures())
    return registry


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, by the token of METRICS_TOKEN. Without that setting there is nothing here."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not compare_digest(
        request.headers.get("Authorization", "").encode(), f"Bearer {settings.METRICS_TOKEN}".encode()
    ):
        return HttpResponse(
            "Send METRICS_TOKEN as a Bearer token.\n", "text/plain", 401, headers={"WWW-Authenticate": "Bearer"}
        )
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)
