"""How long settings of alerts are kept."""

from datetime import datetime

from accounts.domain.retention import Kept
from notices.models import ObserverAlert


def _forget_alerts(before: datetime) -> None:
    ObserverAlert.objects.filter(action_date__lt=before).delete()


KEPT = (
    Kept(
        "What observers were told of: alerts, read or not",
        ("notices.ObserverAlert",),
        "What was told half a year ago helps nobody today. The grades and announcements themselves stay.",
        days=180,
        after="what they tell of",
        forget=_forget_alerts,
    ),
    Kept(
        "What observers want to be told of",
        ("notices.ObserverAlertThreshold",),
        "So that what someone turned off stays off. Without a link it has no effect, and nobody sees it.",
    ),
)
