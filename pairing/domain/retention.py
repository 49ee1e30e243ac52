"""How long pairing codes and reports of students are kept."""

from datetime import datetime

from accounts.domain.retention import Kept
from pairing.models import Objection, PairingCode


def _forget_codes(before: datetime) -> None:
    PairingCode.objects.filter(expires_at__lt=before).delete()


def _forget_reports(before: datetime) -> None:
    Objection.objects.filter(settled_at__lt=before).delete()


KEPT = (
    Kept(
        "Pairing codes, as digests: used, revoked or run out",
        ("pairing.PairingCode",),
        "A code typed again is told from a guess. Who made and who used one stays in the audit events.",
        days=90,
        after="the day to which they lived",
        forget=_forget_codes,
    ),
    Kept(
        "Reports of students about who observes them",
        ("pairing.Objection",),
        "An open one waits until somebody settles it. Who reported and who settled stays in the audit events.",
        days=365,
        after="they were settled",
        forget=_forget_reports,
    ),
)
