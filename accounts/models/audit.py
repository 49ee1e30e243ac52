"""The record of who did what to whom. The database itself refuses to change or remove a row (accounts/guards.py)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User


class Action(models.TextChoices):
    """Everything that is recorded."""

    CODE_ISSUED = "code.issued", _("Pairing code made")
    CODE_REDEEMED = "code.redeemed", _("Pairing code used")
    CODE_REVOKED = "code.revoked", _("Pairing code revoked")
    CODES_EXPORTED = "codes.exported", _("Pairing codes exported")
    LINK_MADE = "link.made", _("Observer linked")
    LINK_REMOVED = "link.removed", _("Observer link removed")
    LINKS_EXPORTED = "links.exported", _("Observer links exported")
    SELF_REGISTRATION_CHANGED = "self_registration.changed", _("Self registration changed")
    USER_REGISTERED = "user.registered", _("Account made by sign-up")
    USER_CREATED = "user.created", _("Account made by staff")
    TOKEN_CREATED = "access_token.created", _("Access token made")
    ADMIN_CREATED = "admin.created", _("Admin made")
    COURSE_CREATED = "course.created", _("Course made")
    SIS_IMPORT_STARTED = "sis_import.started", _("Roster import started")
    SIS_IMPORT_ENDED = "sis_import.ended", _("Roster import ended")
    SIS_IMPORT_RESTORED = "sis_import.restored", _("States restored that a roster import changed")
    SIS_BRAKE_CHANGED = "sis_brake.changed", _("Deletion brake of roster imports changed")
    ENROLLMENT_CHANGED = "enrollment.changed", _("Enrollment changed")


class AuditEvent(models.Model):
    """One change: at a moment, by `actor` (on behalf of `acting_for`), about `subject`, with particulars."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    action = models.CharField(max_length=48, choices=Action.choices)
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", help_text=_("Empty: the command line.")
    )
    acting_for = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    subject = models.ForeignKey(User, models.PROTECT, null=True, related_name="audit_events")
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"
