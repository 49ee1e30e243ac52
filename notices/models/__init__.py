"""The tables of the notices app."""

from notices.models.alert import ObserverAlert
from notices.models.threshold import AlertType, ObserverAlertThreshold

__all__ = ["AlertType", "ObserverAlert", "ObserverAlertThreshold"]
