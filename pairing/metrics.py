"""What pairing does, for Prometheus: see config/metrics.py."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily

from pairing.domain.institution_limit import situation


def figures() -> Iterator[GaugeMetricFamily]:
    """Yield the wrong codes of the last hour, and how much of a week's guesses is used up (one statement)."""
    now = situation()
    yield GaugeMetricFamily(
        "observer_pairing_wrong_codes",
        "Wrong pairing codes in the last hour; many more count no more.",
        value=now.failures,
    )
    spent = GaugeMetricFamily(
        "observer_pairing_guesses_spent",
        "The share of a week's guesses that is used up; from 1, the student's last name is asked for.",
        labels=["entrance"],
    )
    for entrance, share in now.spent.items():
        spent.add_metric([entrance.value[0]], share)
    yield spent
