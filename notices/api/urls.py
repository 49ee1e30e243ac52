"""The API of the notices app."""

from django.urls import path

from accounts.api.endpoints import methods
from notices.api import thresholds

THRESHOLDS = "users/<str:user_id>/observer_alert_thresholds"

urlpatterns = [
    path(THRESHOLDS, methods(GET=thresholds.index, POST=thresholds.create)),
    path(
        f"{THRESHOLDS}/<str:threshold_id>",
        methods(GET=thresholds.show, PUT=thresholds.change, DELETE=thresholds.remove),
    ),
]
