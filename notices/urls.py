"""The pages of the notices app."""

from django.urls import path

from notices.views import alerts, thresholds

urlpatterns = [
    path("alerts", alerts.Alerts.view(), name="alerts"),
    path("profile/observees/<int:student_id>/thresholds", thresholds.Thresholds.view(), name="alert_thresholds"),
]
