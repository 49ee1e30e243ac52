"""The pages of pairing."""

from django.urls import path

from pairing.views import account_deletion, codes, export, observees, registration, settings

urlpatterns = [
    path("profile/settings", settings.show, name="settings"),
    path("profile/observees", observees.Observing.view(), name="observees"),
    path("profile/observees/confirm", observees.confirm, name="confirm_observee"),
    path("profile/observees/<int:student_id>/leave", observees.LeaveObservee.view(), name="leave_observee"),
    path("profile/observees/<int:student_id>/remove", observees.RemoveObservee.view(), name="remove_observee"),
    path("profile/observers/<int:observer_id>/report", settings.report_observer, name="report_observer"),
    path("accounts/<int:account_id>/observer_reports", settings.observer_reports, name="observer_reports"),
    path(
        "accounts/<int:account_id>/observer_reports/<int:report_id>/settle",
        settings.settle_observer_report,
        name="settle_observer_report",
    ),
    path("profile/observer_pairing_codes/<int:code_id>/revoke", codes.revoke, name="revoke_code"),
    path("users/<int:student_id>/observer_pairing_codes", codes.issue, name="issue_code"),
    path("courses/<int:course_id>/observer_pairing_codes", export.confirm, name="export_codes_confirm"),
    path("courses/<int:course_id>/observer_pairing_codes.csv", export.download, name="export_codes"),
    path(
        "accounts/<int:account_id>/users/<int:user_id>/delete",
        account_deletion.DeletePerson.view(),
        name="delete_account_user",
    ),
    path("register", registration.register, name="register"),
    path("register/confirm", registration.confirm, name="register_confirm"),
]
