"""Create an API token for a person."""

from datetime import UTC, date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.domain.tokens import make_token
from accounts.domain.validation import problems_with
from accounts.models import AccessToken, User


class Command(BaseCommand):
    help = "Print a new API access token for a person. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("login")
        parser.add_argument("--purpose", default="")
        parser.add_argument("--expires", metavar="DATE", help="The last day it works, such as 2027-01-31 (UTC).")

    def handle(self, *, login: str, purpose: str, expires: str | None = None, **options: Any) -> None:
        expires_at = _end_of(expires) if expires else None
        try:
            user = User.objects.get_by_natural_key(login)
        except User.DoesNotExist:
            raise CommandError(f"There is nobody with the login {login}.") from None
        if not user.is_active:
            raise CommandError(f"{login} is suspended, and a token would not work.")
        if errors := problems_with(AccessToken, {"purpose": purpose}):
            raise CommandError(f"The purpose cannot be kept: {errors['purpose'][0][1]}")
        self.stdout.write(make_token(user, purpose, by=None, expires_at=expires_at))


def _end_of(text: str) -> datetime:
    """Return the end of a day that has not ended yet. Raises CommandError for anything else."""
    try:
        day = date.fromisoformat(text)
        end = datetime.combine(day, time.max, tzinfo=UTC)
    except ValueError:
        raise CommandError(f"{text} is no date such as 2027-01-31.") from None
    if end < timezone.now():
        raise CommandError(f"{text} is past, and a token would not work.")
    return end
