"""How long pairing codes and students' reports are kept."""

from datetime import datetime

from accounts.domain.retention import Kept
from pairing.models import Objection, PairingCode


def _forget_codes(before: datetime) -> None:
    PairingCode.objects.filter(expires_at__lt=before).delete()


def _forget_reports(before: datetime) -> None:
    Objection.objects.filter(settled_at__lt=before).delete()


KEPT = (
    Kept(
        "Pairing codes, as digests: used, revoked or expired",
        ("pairing.PairingCode",),
        "To tell a code that is entered again from a guess. The audit events keep who created and who used it.",
        days=90,
        after="their last valid day",
        forget=_forget_codes,
    ),
    Kept(
        "Students' reports about observers",
        ("pairing.Objection",),
        "An open report stays until someone resolves it. The audit events keep who reported and who resolved it.",
        days=365,
        after="they are resolved",
        forget=_forget_reports,
    ),
)
