"""Failed tries at pairing, made and counted."""

from datetime import timedelta

from django.db.models import F, QuerySet

from accounts.models import FailedTry, User
from pairing.domain import rate_limit


def fail(times: int, network: str = "127.0.0.1") -> None:
    """So many failures of people without an account in this network, just now."""
    keys = rate_limit.keys_of(None, network)
    FailedTry.objects.bulk_create(FailedTry(keys=keys) for _ in range(times))


def failed_by(user: User) -> QuerySet[FailedTry]:
    """The failures that count for this account."""
    return FailedTry.objects.filter(keys__contains=[rate_limit.account_key(user)])


def let_pass(seconds: float) -> None:
    """Move the clock, by making every failure older."""
    FailedTry.objects.update(at=F("at") - timedelta(seconds=seconds))
