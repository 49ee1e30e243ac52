"""What sign-in does, for Prometheus: see config/metrics.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from accounts.domain.password_limits import count_failures

HOUR = timedelta(hours=1)


def figures() -> Iterator[GaugeMetricFamily]:
    """Yield the wrong passwords of the last hour (one statement)."""
    failures = count_failures(timezone.now() - HOUR)
    yield GaugeMetricFamily("observer_pairing_wrong_passwords", "Wrong passwords in the last hour.", value=failures)
