"""What roster imports do, for Prometheus: see config/metrics.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from accounts.models import Account
from sis.imports.schedule import sources_of
from sis.models import SisImport

DAY = timedelta(days=1)


def figures() -> Iterator[GaugeMetricFamily]:
    """Yield the imports of the last day by state, and how many sources are late or have a problem."""
    recent = SisImport.objects.filter(created_at__gt=timezone.now() - DAY).order_by()
    counts = dict(recent.values_list("workflow_state").annotate(Count("pk")))
    imports = GaugeMetricFamily(
        "observer_pairing_imports", "Roster imports of the last 24 hours, by state.", labels=["state"]
    )
    for state in SisImport.State:
        imports.add_metric([state.value], counts.get(state.value, 0))
    yield imports
    sources = [source for root in Account.objects.filter(parent=None) for source in sources_of(root)]
    for name, text, number in (
        ("late", "Sources whose roster was expected by now.", sum(source.is_late for source in sources)),
        ("failing", "Sources whose files cannot be taken.", sum(bool(source.problem) for source in sources)),
    ):
        yield GaugeMetricFamily(f"observer_pairing_roster_sources_{name}", text, value=number)
