"""How long settings of alerts are kept."""

from accounts.domain.retention import Kept

KEPT = (
    Kept(
        "What observers want to be told of",
        ("notices.ObserverAlertThreshold",),
        "So that what someone turned off stays off. Without a link it has no effect, and nobody sees it.",
    ),
)
