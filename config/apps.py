"""What the site has to do once, before it answers or works."""

from django.apps import AppConfig
from django.core.signals import got_request_exception
from django.db.backends.signals import connection_created


class SiteConfig(AppConfig):
    """The site itself: it has no models, and connects what is watched."""

    name = "config"

    def ready(self) -> None:
        from config.logs import report_slow_statements  # settings are read first
        from config.metrics import count_failure

        connection_created.connect(report_slow_statements)
        got_request_exception.connect(count_failure)
