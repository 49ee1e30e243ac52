"""The pages of the notices app."""

from django.urls import path

from notices.views import thresholds

urlpatterns = [
    path("profile/observees/<int:student_id>/thresholds", thresholds.Thresholds.view(), name="alert_thresholds"),
]
