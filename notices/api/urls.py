"""The API of the notices app."""

from django.urls import path

from accounts.api.endpoints import methods
from notices.api import alerts, thresholds

ALERTS = "users/<str:user_id>/observer_alerts"
THRESHOLDS = "users/<str:user_id>/observer_alert_thresholds"

urlpatterns = [
    path(f"{ALERTS}/unread_count", methods(GET=alerts.count_unread)),
    path(f"{ALERTS}/<str:student_id>", methods(GET=alerts.index)),
    path(f"{ALERTS}/<str:alert_id>/<str:state>", methods(PUT=alerts.change)),
    path(THRESHOLDS, methods(GET=thresholds.index, POST=thresholds.create)),
    path(
        f"{THRESHOLDS}/<str:threshold_id>",
        methods(GET=thresholds.show, PUT=thresholds.change, DELETE=thresholds.remove),
    ),
]
