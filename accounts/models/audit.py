"""The record of who did what to whom. The database itself refuses to change or remove a row (accounts/guards.py).

Events are typed values: one dataclass for each Action, which says what is recorded with it and how it is told. They
stand in the `events` module of the app whose rules record them. This one knows how they become the JSON of an
AuditEvent and are read back from it, and keeps how far each reader of them has come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self, TypeVar, get_args, get_type_hints

from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTransform
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User

Text = str | Promise


class Action(models.TextChoices):
    """Everything that is recorded."""

    CODE_ISSUED = "code.issued", _("Pairing code created")
    CODE_REDEEMED = "code.redeemed", _("Pairing code used")
    CODE_REVOKED = "code.revoked", _("Pairing code revoked")
    CODES_EXPORTED = "codes.exported", _("Pairing codes exported")
    OBSERVING_BEGAN = "observing.began", _("Began to observe")
    OBSERVING_ENDED = "observing.ended", _("Stopped observing")
    GUESSING_NOTICED = "guessing.noticed", _("Many wrong pairing codes")
    OBSERVER_REPORTED = "observer.reported", _("Observer reported by the student")
    REPORT_SETTLED = "observer.report_settled", _("Report about an observer resolved")
    LINKS_EXPORTED = "links.exported", _("Observer links exported")
    REPORT_DOWNLOADED = "report.downloaded", _("Report downloaded")
    SITE_RESTORED = "site.restored", _("Database restored from a backup")
    SELF_REGISTRATION_CHANGED = "self_registration.changed", _("Self registration changed")
    CODE_SCOPE_CHANGED = "code_scope.changed", _("What a code from a course opens changed")
    USER_REGISTERED = "user.registered", _("Account created by sign-up")
    USER_CREATED = "user.created", _("Account created by staff")
    TOKEN_CREATED = "access_token.created", _("Access token created")
    TOKENS_ENDED = "access_token.ended", _("Access tokens revoked by a new password")
    PASSWORD_CHANGED = "password.changed", _("Password chosen")
    ADMIN_CREATED = "admin.created", _("Admin added")
    COURSE_CREATED = "course.created", _("Course created")
    ACTING_STARTED = "acting.started", _("Started acting as someone")
    ACTING_STOPPED = "acting.stopped", _("Stopped acting as someone")
    ROLE_CREATED = "role.created", _("Role created")
    ROLE_CHANGED = "role.changed", _("Role changed")
    PERMISSION_CHANGED = "permission.changed", _("Permission of a role changed")
    USER_CHANGED = "user.changed", _("Account changed")
    SIS_IMPORT_STARTED = "sis_import.started", _("Roster import started")
    SIS_IMPORT_ENDED = "sis_import.ended", _("Roster import ended")
    SIS_SCHEDULE_CHANGED = "sis_schedule.changed", _("When rosters are expected changed")
    SIS_BRAKE_CHANGED = "sis_brake.changed", _("Deletion brake of roster imports changed")
    SIS_IMPORT_RESTORED = "sis_import.restored", _("Roster import undone")
    ENROLLMENT_CHANGED = "enrollment.changed", _("Enrollment changed")
    SECTION_CREATED = "section.created", _("Section created")
    SECTION_CHANGED = "section.changed", _("Section changed")
    SECTION_DELETED = "section.deleted", _("Section deleted")
    USER_SUSPENDED = "user.suspended", _("Account suspended")
    USER_REACTIVATED = "user.reactivated", _("Account reactivated")
    USER_DELETED = "user.deleted", _("Account deleted")
    SESSIONS_ENDED = "sessions.ended", _("Signed out everywhere")
    ADMIN_REMOVED = "admin.removed", _("Admin role removed")
    ACCOUNT_CREATED = "account.created", _("Sub-account created")
    ACCOUNT_CHANGED = "account.changed", _("Sub-account changed")
    ACCOUNT_DELETED = "account.deleted", _("Sub-account deleted")
    COURSE_CHANGED = "course.changed", _("Course changed")
    COURSE_DELETED = "course.deleted", _("Course deleted")
    TERM_CREATED = "term.created", _("Term created")
    TERM_CHANGED = "term.changed", _("Term changed")
    TERM_DELETED = "term.deleted", _("Term deleted")


# What the institution's admins are told on their dashboard for a week.
NOTICES = (Action.GUESSING_NOTICED, Action.SITE_RESTORED)


@dataclass(frozen=True)
class Named:
    """Marks a field that holds the id of a record, which sentences call by its name.

    `field` leads from the model to the name, `word` is what sentences call it by (empty: as the field is called), and
    `otherwise` stands for what has no name or is not known.
    """

    model: str
    field: str = "name"
    word: str = ""
    otherwise: Text = ""


@dataclass(frozen=True)
class Shown:
    """Marks a field whose value sentences show as `show` gives it."""

    show: Callable[[Any], Text]


Person = Annotated[int, Named("accounts.User", otherwise=_("someone"))]
AccountId = Annotated[int, Named("accounts.Account", otherwise=_("an account"))]

EVENTS: dict[str, type[Event]] = {}


@dataclass(frozen=True)
class Event:
    """What is recorded of one kind of change, besides who did it, when, and about whom.

    A subclass names its Action: `class CodeIssued(Event, action=Action.CODE_ISSUED)`; one without is what several have
    in common. Its fields are JSON values, and never a pairing code, password or token. A field that is added later
    has a default, so that events recorded before can still be read.
    """

    action: ClassVar[Action]
    # How history tells it, with %(who)s, %(subject)s and the fields, and how where people did it for themselves.
    sentence: ClassVar[Text]
    own_sentence: ClassVar[Text] = ""
    # Whether it tells who observes whom, which only those who manage observers may know.
    is_about_observing: ClassVar[bool] = False

    @property
    def own_of(self) -> int | None:
        """Whose doing it is on their own behalf, where that is not the one it is about."""
        return None

    def told(self, *, own: bool) -> Text:
        """Return the sentence that tells it; `own` says that somebody did it for themselves."""
        return self.own_sentence if own and self.own_sentence else self.sentence

    def __init_subclass__(cls, *, action: Action | None = None) -> None:
        """Register the dataclass of an action. Raises TypeError for a second one."""
        super().__init_subclass__()
        if action is None:
            return
        if action in EVENTS:
            raise TypeError(f"{action} has a dataclass already: {EVENTS[action].__name__}")
        cls.action = action
        EVENTS[action] = cls

    def as_details(self) -> dict[str, Any]:
        """Return the fields as JSON keeps them, without those that are as by default."""
        values = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}
        return {name: value for name, (value, default) in values.items() if default is MISSING or value != default}

    @classmethod
    def read(cls, details: dict[str, Any]) -> Self:
        """Return the event that was recorded with these `details`."""
        return cls(**{field.name: details[field.name] for field in fields(cls) if field.name in details})


Marks = dict[str, Named | Shown | None]
_marks: dict[type[Event], Marks] = {}


def marks_of(kind: type[Event]) -> Marks:
    """Return the fields of this kind of event, each with its mark, if it has one."""
    if kind not in _marks:
        hints = get_type_hints(kind, include_extras=True)
        _marks[kind] = {field.name: _mark(hints[field.name]) for field in fields(kind)}
    return _marks[kind]


def _mark(hint: Any) -> Named | Shown | None:
    for mark in getattr(hint, "__metadata__", ()):
        return mark
    return next((mark for part in get_args(hint) if (mark := _mark(part))), None)


Kind = TypeVar("Kind", bound=Event)


# What people did themselves. What a roster did is told by its import; a clerk's own history would be nothing else.
DONE_BY_HAND = ~Q(details__has_key="sis_import") | Q(
    action__in=[Action.SIS_IMPORT_STARTED, Action.SIS_IMPORT_ENDED, Action.SIS_IMPORT_RESTORED]
)


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def by_hand(self) -> AuditEventQuerySet:
        """Return what no roster did; rosters imported count as done by whoever imported them."""
        return self.filter(DONE_BY_HAND)

    def notices(self, *, since: datetime) -> AuditEventQuerySet:
        """Return what the institution's admins are to be told of since then, newest first."""
        return self.filter(action__in=NOTICES, at__gt=since)

    def of(self, kind: type[Event], **wanted: Any) -> AuditEventQuerySet:
        """Return the events of this kind whose fields are as wanted, by look-ups such as `course=7` or `state__in=[…]`.

        Raises TypeError for a field that the kind does not have.
        """
        if unknown := {name.partition("__")[0] for name in wanted} - marks_of(kind).keys():
            raise TypeError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
        return self.filter(action=kind.action, **{f"details__{name}": value for name, value in wanted.items()})


class AuditEvent(models.Model):
    """One change: at a moment, by `actor` (on behalf of `acting_for`), about `subject`, with particulars."""

    at = models.DateTimeField(auto_now_add=True)
    # One of Action. Not declared as choices: every new kind of event would then be a migration.
    action = models.CharField(max_length=48)
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, db_index=False, related_name="+", help_text=_("Empty for the command line.")
    )
    acting_for = models.ForeignKey(User, models.PROTECT, null=True, db_index=False, related_name="+")
    subject = models.ForeignKey(User, models.PROTECT, null=True, related_name="audit_events")
    # The fields of the event's dataclass: read them by `data` or `read`.
    details = models.JSONField(default=dict)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Who did what: not for the many events of rosters, all of which have one actor.
            models.Index(fields=["actor", "id"], name="audit_events_of_actor", condition=DONE_BY_HAND),
            models.Index(fields=["acting_for", "id"], name="audit_events_on_behalf", condition=DONE_BY_HAND),
            # Links have two people: the student is the subject, and this finds what is about the observer.
            models.Index(
                KeyTransform("observer", "details"),
                name="audit_events_of_observer",
                condition=Q(details__has_key="observer"),
            ),
            # For finding a course's last export before the next one.
            models.Index(
                KeyTransform("course", "details"),
                name="audit_events_of_exports",
                condition=Q(action=Action.CODES_EXPORTED),
            ),
            # The admins' dashboard shows the notices of a week, in which rosters may have recorded many thousand
            # events.
            models.Index(fields=["at"], name="audit_events_of_notices", condition=Q(action__in=NOTICES)),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"

    @property
    def data(self) -> Event | None:
        """The event with its fields; None for a kind that this version does not know."""
        kind = EVENTS.get(self.action)
        return kind.read(self.details) if kind else None

    def read(self, kind: type[Kind]) -> Kind:
        """Return the fields of an event that is known to be of this kind. Raises TypeError for one of another."""
        if self.action != kind.action:
            raise TypeError(f"{self.action} is not {kind.action}")
        return kind.read(self.details)


class EventCursor(models.Model):
    """A reader of the record, and the id of the last event it is done with: accounts/domain/audit.py."""

    reader = models.CharField(max_length=64, unique=True)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.reader}: {self.position}"
