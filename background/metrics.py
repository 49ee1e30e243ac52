"""What the jobs do, for Prometheus: see config/metrics.py."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from prometheus_client.core import GaugeMetricFamily

# A job that is to run later does not wait yet. How long one has been waiting is counted from its last event: a new try
# is one, too.
JOBS = """
SELECT count(*) FILTER (WHERE j.status = 'todo' AND coalesce(j.scheduled_at, now()) <= now()),
       count(*) FILTER (WHERE j.status = 'doing'),
       count(*) FILTER (WHERE j.status = 'failed'),
       coalesce(extract(epoch FROM now() - min(coalesce(j.scheduled_at, e.at))
                        FILTER (WHERE j.status = 'todo' AND coalesce(j.scheduled_at, now()) <= now())), 0)
FROM procrastinate_jobs j
LEFT JOIN LATERAL (SELECT max(at) AS at FROM procrastinate_events WHERE job_id = j.id) e ON j.status = 'todo'
WHERE j.status IN ('todo', 'doing', 'failed')
"""


def figures() -> Iterator[GaugeMetricFamily]:
    """Yield how many jobs wait, run and have failed, and how long the oldest has waited (one statement)."""
    with connection.cursor() as cursor:
        cursor.execute(JOBS)
        waiting, running, failed, oldest = cursor.fetchone()
    jobs = GaugeMetricFamily("observer_pairing_jobs", "Background jobs, by state.", labels=["state"])
    for state, number in {"waiting": waiting, "running": running, "failed": failed}.items():
        jobs.add_metric([state], number)
    yield jobs
    yield GaugeMetricFamily(
        "observer_pairing_oldest_job_seconds", "How long the oldest waiting job has waited.", value=float(oldest)
    )
