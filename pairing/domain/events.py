"""What is recorded of pairing codes and of reports about observers: one dataclass for each kind of event."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from accounts.models.audit import Action, Event
from courses.domain.events import AboutObserver, CourseId


@dataclass(frozen=True)
class CodeIssued(Event, action=Action.CODE_ISSUED):
    """With the course, or the account, that the code is limited to."""

    sentence = _("%(who)s created a pairing code for %(subject)s.")
    own_sentence = _("%(who)s created a pairing code.")

    course: int | None
    account: int | None = None


@dataclass(frozen=True)
class CodeRedeemed(AboutObserver, action=Action.CODE_REDEEMED):
    sentence = _("%(observer)s used a pairing code for %(subject)s.")

    code: int


@dataclass(frozen=True)
class CodeRevoked(Event, action=Action.CODE_REVOKED):
    sentence = _("%(who)s revoked a pairing code for %(subject)s.")
    own_sentence = _("%(who)s revoked a pairing code.")

    code: int


@dataclass(frozen=True)
class CodesExported(Event, action=Action.CODES_EXPORTED):
    """A code for each of the `students`; an open one of those `dropped` ended to make room."""

    sentence = _("%(who)s exported pairing codes for %(course)s.")

    course: CourseId
    students: list[int]
    dropped: list[int]


@dataclass(frozen=True)
class GuessingNoticed(Event, action=Action.GUESSING_NOTICED):
    """So many codes that do not exist were tried within an hour."""

    sentence = _("Many wrong pairing codes were tried.")

    failures: int


@dataclass(frozen=True)
class ObserverReported(AboutObserver, action=Action.OBSERVER_REPORTED):
    sentence = _("%(who)s reported that %(observer)s should not observe %(subject)s.")


@dataclass(frozen=True)
class ReportSettled(AboutObserver, action=Action.REPORT_SETTLED):
    sentence = _("%(who)s resolved the report by %(subject)s about the observer %(observer)s.")
