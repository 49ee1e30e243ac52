"""How long what is kept: declared once, for the job that forgets it and for docs/admin.md.

Each app declares its own tables, here or in a module of this name that config/settings.py lists (RETENTION).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import AccessToken, FailedTry, SentForm
from background.queue import forget_jobs


@dataclass(frozen=True)
class Kept:
    """What is kept in some tables, for how long after what, and why.

    `days` is a number or the name of a setting; without it, data is kept for good. `forget` is called with the moment
    before which everything is deleted.
    """

    what: str
    tables: tuple[str, ...]
    why: str
    days: int | str | None = None
    after: str = ""
    forget: Callable[[datetime], object] | None = None

    @property
    def keep(self) -> timedelta | None:
        """For how long; None for good."""
        if self.days is None:
            return None
        return timedelta(days=getattr(settings, self.days) if isinstance(self.days, str) else self.days)


def all_kept() -> list[Kept]:
    """Return what all apps keep, in the order of RETENTION."""
    return [kind for path in settings.RETENTION for kind in import_string(path)]


def forget_old(kept: Iterable[Kept]) -> None:
    """Delete what is no longer kept. An error with one kind does not stop the others, and is raised at the end."""
    wrong = []
    for kind in kept:
        if kind.forget and (keep := kind.keep) is not None:
            try:
                kind.forget(timezone.now() - keep)
            except Exception as error:
                wrong.append(error)
    if wrong:
        raise ExceptionGroup("not everything old could be forgotten", wrong)


def _forget_failed_tries(before: datetime) -> None:
    FailedTry.objects.filter(at__lt=before).delete()


def _forget_sent_forms(before: datetime) -> None:
    SentForm.objects.filter(at__lt=before).delete()


def _forget_sessions(before: datetime) -> None:
    Session.objects.filter(expire_date__lt=before).delete()


def _forget_tokens(before: datetime) -> None:
    ended = Q(expires_at__lt=before) | Q(revoked_at__lt=before)
    if unused := settings.ACCESS_TOKEN_UNUSED_DAYS:
        ended |= Q(last_used_at__lt=before - timedelta(days=unused))
    AccessToken.objects.filter(ended).delete()


KEPT = (
    Kept(
        "Failed attempts at passwords and pairing codes, with network and account",
        ("accounts.FailedTry",),
        "No limit on guessing looks back further.",
        days=7,
        after="the attempt",
        forget=_forget_failed_tries,
    ),
    Kept(
        "Processed forms, as digests: where each led, and the message it showed",
        ("accounts.SentForm",),
        "A form that is sent twice is processed once.",
        days=1,
        after="they are sent",
        forget=_forget_sent_forms,
    ),
    Kept(
        "Sessions",
        ("sessions.Session",),
        "An ended session gives no access. A session lasts two weeks from sign-in, or until the browser is closed.",
        days=0,
        after="they end",
        forget=_forget_sessions,
    ),
    Kept(
        "Access tokens, as digests",
        ("accounts.AccessToken",),
        "To answer someone who asks why a script stopped.",
        days=30,
        after="their date, or after they were revoked or ended for want of use",
        forget=_forget_tokens,
    ),
    Kept(
        "Jobs: their names and arguments (email addresses for password resets)",
        (
            "procrastinate.ProcrastinateJob",
            "procrastinate.ProcrastinateEvent",
            "procrastinate.ProcrastinatePeriodicDefer",
            "procrastinate.ProcrastinateWorker",
        ),
        "To find out what went wrong.",
        days=3,
        after="they end",
        forget=forget_jobs,
    ),
    Kept(
        "Email addresses that the sign-in software has sent links to",
        ("account.EmailAddress", "account.EmailConfirmation"),
        "They are deleted when a person's address changes, and with the account.",
    ),
    Kept(
        "Audit events",
        ("accounts.AuditEvent", "accounts.EventCursor"),
        "A record with gaps proves nothing.",
    ),
    Kept(
        "Accounts, people, roles, observer links",
        (
            "accounts.Account",
            "accounts.User",
            "accounts.FurtherSisId",
            "accounts.Role",
            "accounts.RoleOverride",
            "accounts.AccountAdmin",
            "accounts.ObservationLink",
        ),
        "Until they are deleted; who was linked to whom stays on record.",
    ),
    Kept(
        "Colors that people have chosen in the apps for courses and people",
        ("accounts.Color",),
        "They are deleted with the account.",
    ),
    Kept(
        "Internal lists of the software",
        ("auth.Permission", "auth.Group", "contenttypes.ContentType"),
        "They contain no personal data.",
    ),
)
