"""Run the background jobs of all apps."""

from typing import Any

from django.core.management.base import BaseCommand

from background.queue import run_worker


class Command(BaseCommand):
    help = "Run the jobs that the site has beside its pages (bin/run does this itself), until Ctrl-C or SIGTERM."

    def handle(self, **options: Any) -> None:
        run_worker()
