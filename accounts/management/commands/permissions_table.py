"""Write what the code says of permissions into docs/permissions.md."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.permission_table import written_into

FILE = settings.BASE_DIR / "docs" / "permissions.md"


class Command(BaseCommand):
    help = "Write the table of defaults and the explanations of permissions into docs/permissions.md."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Change nothing; fail if the file is out of date.")

    def handle(self, *, check: bool, **options: Any) -> None:
        before = FILE.read_text()
        after = written_into(before)
        if before == after:
            self.stdout.write("docs/permissions.md is what the code says.")
        elif check:
            raise CommandError("docs/permissions.md is out of date: run manage.py permissions_table.")
        else:
            FILE.write_text(after)
            self.stdout.write("Wrote docs/permissions.md.")
