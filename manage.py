#!/usr/bin/env python
"""Django's commands. Without DATABASE_URL they use the embedded database, with the site running or not."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from config import embedded_database
from embedded_postgres.processes import end_in_good_order_on_signals

NEED_NO_DATABASE = frozenset(
    {"check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "makemessages"}
)


def needs_embedded_database(arguments: list[str]) -> bool:
    asks_for_help = not arguments or bool({"-h", "--help", "--version"} & set(arguments))
    return "DATABASE_URL" not in os.environ and not asks_for_help and arguments[0] not in NEED_NO_DATABASE


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        _run()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None


def _run() -> None:
    if not needs_embedded_database(sys.argv[1:]):
        execute_from_command_line(sys.argv)
        return
    end_in_good_order_on_signals()
    with embedded_database.running(settings.DATA_DIR):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
