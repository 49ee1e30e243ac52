"""The accounts app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _fill_in(sender: AppConfig, **kwargs: Any) -> None:
    """Make the rows the software itself relies on, after every migration and every flush."""
    from accounts.models import Role  # models are not importable before the app registry is ready

    Role.objects.make_built_in()


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        post_migrate.connect(_fill_in, sender=self)
