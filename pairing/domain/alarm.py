"""The alert when many codes are guessed: a line in the log, an audit event, and a notice for the admins."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.utils import timezone

from accounts.domain.audit import record
from accounts.domain.rate_limit import Window, tallies
from accounts.models import AuditEvent
from pairing.domain.events import GuessingNoticed
from pairing.domain.institution_limit import ALARM_AT, ALL, HOUR, WEEK, Entrance, asks_for_name

logger = logging.getLogger(__name__)


def raise_alarm(failures: int) -> None:
    """Report the number of failures within the last hour once it is high, and at most once an hour."""
    if failures < ALARM_AT:
        return
    lately = timezone.now() - HOUR
    if AuditEvent.objects.of(GuessingNoticed).filter(at__gt=lately).exists():
        return
    record(GuessingNoticed(failures), by=None)
    logger.warning("%d pairing codes that do not exist were tried within an hour", failures)


@dataclass(frozen=True)
class Situation:
    """How much is being guessed at the moment, and what is asked for because of it."""

    failures: int
    sign_up_asks: bool
    accounts_ask: bool

    @property
    def is_alarming(self) -> bool:
        return self.failures >= ALARM_AT or self.sign_up_asks or self.accounts_ask


def situation() -> Situation:
    """Return what the admins see."""
    keys = {entrance: entrance.key for entrance in Entrance}
    counted = tallies({ALL: Window(HOUR), **dict.fromkeys(keys.values(), Window(WEEK))})
    asks = {entrance: asks_for_name(entrance, counted[ALL], counted[key]) for entrance, key in keys.items()}
    return Situation(counted[ALL].count, asks[Entrance.SIGN_UP], asks[Entrance.ACCOUNT])


def alarms_of_the_week() -> list[AuditEvent]:
    """Return the alerts of the last seven days, newest first."""
    return list(AuditEvent.objects.of(GuessingNoticed).filter(at__gt=timezone.now() - WEEK))
