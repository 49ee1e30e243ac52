"""Settle a database that was restored from a backup, before the site runs on it."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.domain.site_restore import settle_restored


class Command(BaseCommand):
    help = (
        "After restoring the database to an earlier moment, and before the site runs: end sessions, access tokens,"
        " pairing codes and waiting imports, which may have ended since, and pass over ids that may have been given."
    )

    def handle(self, **options: Any) -> None:
        event = settle_restored()
        for what, number in event.ended.items():
            self.stdout.write(f"Ended: {number:,} {what}.")
        self.stdout.write(
            f"The last recorded change is of {event.until or 'no known moment'}. What was changed later is lost;"
            " docs/operations.md says what to look for before you open the site."
        )
