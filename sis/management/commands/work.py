"""Run the jobs: roster imports, and what has to be done at night."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.jobs import run_worker
from sis.jobs import ask_for_work


class Command(BaseCommand):
    help = "Run the jobs that the site has beside its pages (bin/run does this itself), until Ctrl-C or SIGTERM."

    def handle(self, **options: Any) -> None:
        # A worker that died may have left an import half way.
        ask_for_work()
        run_worker()
