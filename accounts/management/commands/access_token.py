"""Make an API token for somebody."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.tokens import make_token


class Command(BaseCommand):
    help = "Print a new API access token for a person. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("login")
        parser.add_argument("--purpose", default="")

    def handle(self, *, login: str, purpose: str, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(login)
        except User.DoesNotExist:
            raise CommandError(f"There is nobody with the login {login}.") from None
        if not user.is_active:
            raise CommandError(f"{login} is suspended or deleted, and a token would not work.")
        self.stdout.write(make_token(user, purpose, by=None))
