"""The record of who did what to whom. The database itself refuses to change or remove a row (accounts/guards.py)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTransform
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
    GUESSING_NOTICED = "guessing.noticed", _("Many wrong pairing codes")
    OBSERVER_REPORTED = "observer.reported", _("Observer reported by the student")
    REPORT_SETTLED = "observer.report_settled", _("Report about an observer settled")
    LINKS_EXPORTED = "links.exported", _("Observer links exported")
    SELF_REGISTRATION_CHANGED = "self_registration.changed", _("Self registration changed")
    CODE_SCOPE_CHANGED = "code_scope.changed", _("What a code from a course opens changed")
    USER_REGISTERED = "user.registered", _("Account made by sign-up")
    USER_CREATED = "user.created", _("Account made by staff")
    TOKEN_CREATED = "access_token.created", _("Access token made")
    TOKENS_ENDED = "access_token.ended", _("Access tokens ended by a new password")
    PASSWORD_CHANGED = "password.changed", _("Password chosen")
    ADMIN_CREATED = "admin.created", _("Admin made")
    COURSE_CREATED = "course.created", _("Course made")
    ACTING_STARTED = "acting.started", _("Began to act as somebody")
    ACTING_STOPPED = "acting.stopped", _("Stopped acting as somebody")
    ROLE_CREATED = "role.created", _("Role made")
    ROLE_CHANGED = "role.changed", _("Role changed")
    PERMISSION_CHANGED = "permission.changed", _("Permission of a role changed")
    USER_CHANGED = "user.changed", _("Account changed")
    SIS_IMPORT_STARTED = "sis_import.started", _("Roster import started")
    SIS_IMPORT_ENDED = "sis_import.ended", _("Roster import ended")
    SIS_BRAKE_CHANGED = "sis_brake.changed", _("Deletion brake of roster imports changed")
    SIS_IMPORT_RESTORED = "sis_import.restored", _("States restored that a roster import changed")
    ENROLLMENT_CHANGED = "enrollment.changed", _("Enrollment changed")
    SECTION_CREATED = "section.created", _("Section made")
    SECTION_CHANGED = "section.changed", _("Section changed")
    SECTION_DELETED = "section.deleted", _("Section deleted")
    USER_SUSPENDED = "user.suspended", _("Account suspended")
    USER_REACTIVATED = "user.reactivated", _("Account reactivated")
    USER_DELETED = "user.deleted", _("Account deleted")
    SESSIONS_ENDED = "sessions.ended", _("Signed out everywhere")
    ADMIN_REMOVED = "admin.removed", _("Admin role taken away")
    ACCOUNT_CREATED = "account.created", _("Sub-account made")
    ACCOUNT_CHANGED = "account.changed", _("Sub-account changed")
    ACCOUNT_DELETED = "account.deleted", _("Sub-account deleted")
    COURSE_CHANGED = "course.changed", _("Course changed")
    COURSE_DELETED = "course.deleted", _("Course deleted")
    TERM_CREATED = "term.created", _("Term made")
    TERM_CHANGED = "term.changed", _("Term changed")
    TERM_DELETED = "term.deleted", _("Term deleted")


class AuditEvent(models.Model):
    """One change: at a moment, by `actor` (on behalf of `acting_for`), about `subject`, with particulars."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    # One of Action. Not declared as choices: every new kind of event would then be a migration.
    action = models.CharField(max_length=48)
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", help_text=_("Empty: the command line.")
    )
    acting_for = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    subject = models.ForeignKey(User, models.PROTECT, null=True, related_name="audit_events")
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Links have two people: the student is the subject, and this finds what is about the observer.
            models.Index(
                KeyTransform("observer", "details"),
                name="audit_events_of_observer",
                condition=Q(details__has_key="observer"),
            ),
            # The last export of a course is looked up before the next one.
            models.Index(
                KeyTransform("course", "details"),
                name="audit_events_of_exports",
                condition=Q(action=Action.CODES_EXPORTED),
            ),
            # The home of admins counts the alarms of a week, in which rosters may have recorded many thousand events.
            models.Index(fields=["at"], name="audit_events_of_alarms", condition=Q(action=Action.GUESSING_NOTICED)),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"
