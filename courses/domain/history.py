"""What is recorded about a person, as sentences: the only place where events become words.

It stands above accounts because events speak of courses too. No event holds a pairing code, password or token.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Action, AuditEvent, BaseType, Role, User
from accounts.permissions.registry import PERMISSIONS, Permission
from courses.models import Course, Enrollment, Section

# Who observes whom is for those who manage observers.
ABOUT_LINKS = (
    Action.LINK_MADE,
    Action.LINK_REMOVED,
    Action.CODE_REDEEMED,
    Action.OBSERVER_REPORTED,
    Action.REPORT_SETTLED,
)
OBSERVERS = Permission.MANAGE_USER_OBSERVERS

SENTENCES: dict[str, str | Promise] = {
    Action.CODE_ISSUED: _("%(who)s made a pairing code for %(subject)s."),
    Action.CODE_REDEEMED: _("%(observer)s used a pairing code of %(subject)s."),
    Action.CODE_REVOKED: _("%(who)s revoked a pairing code of %(subject)s."),
    Action.CODES_EXPORTED: _("%(who)s exported pairing codes of %(course)s."),
    Action.LINK_MADE: _("%(who)s linked %(observer)s as an observer of %(subject)s."),
    Action.LINK_REMOVED: _("%(who)s ended the link of the observer %(observer)s to %(subject)s."),
    Action.SELF_REGISTRATION_CHANGED: _("%(who)s changed self registration from “%(before)s” to “%(after)s”."),
    Action.USER_REGISTERED: _("%(subject)s made an account."),
    Action.USER_CREATED: _("%(who)s made the account of %(subject)s."),
    Action.TOKEN_CREATED: _("%(who)s made an access token for %(subject)s."),
    Action.TOKENS_ENDED: _("A new password from a roster ended the access tokens of %(subject)s."),
    Action.PASSWORD_CHANGED: _("%(subject)s chose a new password."),
    Action.GUESSING_NOTICED: _("Many wrong pairing codes were tried."),
    Action.ADMIN_CREATED: _("%(who)s gave %(subject)s the role %(role)s on %(account)s."),
    Action.ADMIN_REMOVED: _("%(who)s took the role %(role)s on %(account)s from %(subject)s."),
    Action.CODE_SCOPE_CHANGED: _("%(who)s changed what codes from courses open from “%(before)s” to “%(after)s”."),
    Action.SIS_IMPORT_STARTED: _("%(who)s imported rosters."),
    Action.SIS_IMPORT_ENDED: _("The rosters that %(who)s imported have been worked through."),
    Action.SIS_IMPORT_RESTORED: _("%(who)s took back what an import of rosters had changed."),
    Action.SIS_BRAKE_CHANGED: _("%(who)s changed the deletion brake of roster imports."),
    Action.OBSERVER_REPORTED: _("%(who)s reported that %(observer)s should not observe %(subject)s."),
    Action.REPORT_SETTLED: _("%(who)s settled the report of %(subject)s about the observer %(observer)s."),
    Action.LINKS_EXPORTED: _("%(who)s exported all links of observers."),
    Action.COURSE_CREATED: _("%(who)s made the course %(course)s."),
    Action.SECTION_CREATED: _("%(who)s made the section %(name)s of %(course)s."),
    Action.SECTION_CHANGED: _("%(who)s changed the section %(name)s of %(course)s."),
    Action.SECTION_DELETED: _("%(who)s deleted the section %(name)s of %(course)s."),
    Action.COURSE_CHANGED: _("%(who)s changed the course %(course)s."),
    Action.COURSE_DELETED: _("%(who)s deleted the course %(course)s."),
    Action.ACTING_STARTED: _("%(who)s began to act as %(subject)s."),
    Action.ACTING_STOPPED: _("%(who)s stopped acting as %(subject)s."),
    Action.ROLE_CREATED: _("%(who)s made the role %(role)s on %(account)s."),
    Action.ROLE_CHANGED: _("%(who)s changed the role %(role)s on %(account)s."),
    Action.PERMISSION_CHANGED: _("%(who)s changed “%(permission)s” for the role %(role)s on %(account)s."),
    Action.USER_CHANGED: _("%(who)s changed the account of %(subject)s: %(fields)s."),
    Action.USER_SUSPENDED: _("%(who)s suspended the account of %(subject)s."),
    Action.USER_REACTIVATED: _("%(who)s reactivated the account of %(subject)s."),
    Action.USER_DELETED: _("%(who)s deleted the account of %(subject)s."),
    Action.SESSIONS_ENDED: _("%(who)s signed %(subject)s out everywhere."),
    Action.ENROLLMENT_CHANGED: _("%(who)s set the enrollment of %(subject)s in %(course)s as %(type)s to “%(state)s”."),
    Action.ACCOUNT_CREATED: _("%(who)s made the account %(account)s."),
    Action.ACCOUNT_CHANGED: _("%(who)s changed the account %(account)s."),
    Action.ACCOUNT_DELETED: _("%(who)s deleted the account %(account)s."),
    Action.TERM_CREATED: _("%(who)s made the term %(name)s."),
    Action.TERM_CHANGED: _("%(who)s changed the term %(name)s."),
    Action.TERM_DELETED: _("%(who)s deleted the term %(name)s."),
}

# Where somebody does it for themselves.
OWN_SENTENCES: dict[str, str | Promise] = {
    Action.CODE_ISSUED: _("%(who)s made a pairing code."),
    Action.CODE_REVOKED: _("%(who)s revoked a pairing code."),
    Action.LINK_MADE: _("%(who)s became an observer of %(subject)s."),
    Action.LINK_REMOVED: _("%(who)s stopped observing %(subject)s."),
    Action.TOKEN_CREATED: _("%(who)s made an access token."),
    Action.USER_CHANGED: _("%(who)s changed their own account: %(fields)s."),
    Action.SESSIONS_ENDED: _("%(who)s signed out everywhere."),
    Action.ENROLLMENT_CHANGED: _("%(who)s set their own enrollment in %(course)s as %(type)s to “%(state)s”."),
}

FIELDS: dict[str, str | Promise] = {
    "name": _("name"),
    "sortable_name": _("sortable name"),
    "short_name": _("display name"),
    "pronouns": _("pronouns"),
    "email": _("e-mail"),
    "login_id": _("login"),
    "sis_user_id": _("SIS ID"),
    "integration_id": _("integration ID"),
    "time_zone": _("time zone"),
    "locale": _("language"),
}


@dataclass(frozen=True)
class Line:
    """One line of a history: when, what in one sentence, and on whose behalf if not one's own."""

    at: datetime
    sentence: str
    on_behalf_of: str


def events_of(person: User, keys: Collection[Permission]) -> QuerySet[AuditEvent]:
    """What `person` did and what was done to them, the newest first, as far as a reader with `keys` may know."""
    events = AuditEvent.objects.order_by()
    if OBSERVERS not in keys:
        events = events.exclude(action__in=ABOUT_LINKS)
    # Each kind by an index of its own. With OR, the database goes through all events there are, the newest first.
    kinds = [
        events.filter(subject=person),
        events.filter(actor=person),
        events.filter(acting_for=person),
        events.filter(details__has_key="observer", details__observer=person.pk),
    ]
    return kinds[0].union(*kinds[1:]).order_by("-id")


def lines(events: Iterable[AuditEvent]) -> list[Line]:
    """The events as sentences, with the names of everything in them (five statements for any number of events)."""
    events = list(events)
    names = _Names(events)
    return [_line(event, names) for event in events]


def _line(event: AuditEvent, names: _Names) -> Line:
    details = event.details
    words = {
        "who": names.person(event.actor_id) or _("The system"),
        "subject": names.person(event.subject_id) or _("somebody"),
        "observer": names.person(details.get("observer")) or _("somebody"),
        "course": names.course(details),
        "account": names.of(Account, details.get("account")) or details.get("name", "") or _("an account"),
        "role": names.of(Role, details.get("role")) or details.get("label") or BaseType.ACCOUNT_ADMIN.label,
        "permission": _permission(details.get("permission", "")),
        "fields": ", ".join(str(FIELDS.get(field, field)) for field in details.get("fields", [])),
        "type": _label(BaseType, details.get("type", "")),
        "state": _label(Enrollment.State, details.get("state", "")),
        "before": details.get("before", ""),
        "after": details.get("after", ""),
        "name": details.get("name", ""),
    }
    behalf = names.person(event.acting_for_id) if event.acting_for_id else ""
    sentences = SENTENCES | OWN_SENTENCES if _is_own(event) else SENTENCES
    if event.action in sentences:
        return Line(event.at, str(sentences[event.action]) % words, behalf)
    # A kind of event newer than this list.
    return Line(event.at, f"{words['who']}: {_label(Action, event.action)}.", behalf)


def _is_own(event: AuditEvent) -> bool:
    """Whether somebody did it for themselves: an observer who makes or ends their own link did."""
    concerned = event.details.get("observer") or event.subject_id
    return event.actor_id is not None and event.actor_id == concerned


def _permission(key: str) -> str:
    return str(PERMISSIONS[key].label) if key in PERMISSIONS else key


def _label(choices: Any, value: str) -> str:
    return str(choices(value).label) if value in choices.values else value


class _Names:
    """The names of everything that some events speak of."""

    def __init__(self, events: list[AuditEvent]) -> None:
        people = {
            pk
            for event in events
            for pk in (event.actor_id, event.acting_for_id, event.subject_id, event.details.get("observer"))
        }
        self._people = dict(User.objects.filter(pk__in=people - {None}).values_list("pk", "name"))
        sections = _ids(events, "section")
        found = Section.objects.filter(pk__in=sections).values_list("pk", "course__name")
        self._sections = dict(found)
        self._named: dict[Any, dict[int, str]] = {
            Course: dict(Course.objects.filter(pk__in=_ids(events, "course")).values_list("pk", "name")),
            Account: dict(Account.objects.filter(pk__in=_ids(events, "account")).values_list("pk", "name")),
            Role: dict(Role.objects.filter(pk__in=_ids(events, "role")).values_list("pk", "label")),
        }

    def person(self, pk: int | None) -> str:
        return self._people.get(pk, "") if pk else ""

    def of(self, model: Any, pk: int | None) -> str:
        return self._named[model].get(pk, "") if pk else ""

    def course(self, details: dict[str, Any]) -> str | Promise:
        name = self.of(Course, details.get("course")) or self._sections.get(details.get("section", 0), "")
        return name or details.get("name", "") or _("a course")


def _ids(events: list[AuditEvent], key: str) -> set[int]:
    return {event.details[key] for event in events if isinstance(event.details.get(key), int)}
