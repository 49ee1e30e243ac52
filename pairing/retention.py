"""How long pairing codes are kept."""

from datetime import datetime

from accounts.retention import Kept
from pairing.models import PairingCode


def _forget_codes(before: datetime) -> None:
    PairingCode.objects.filter(expires_at__lt=before).delete()


KEPT = (
    Kept(
        "Pairing codes, as digests: used, revoked or run out",
        ("pairing.PairingCode",),
        "A code typed again is told from a guess. Who made and who used one stays in the audit events.",
        days=90,
        after="the day to which they lived",
        forget=_forget_codes,
    ),
)
