"""The accounts app."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate
from django.http import HttpRequest
from django.utils.module_loading import autodiscover_modules

from accounts.web.begun_sign_up import forget


def _fill_in(sender: AppConfig, **kwargs: Any) -> None:
    """Create the rows that the software relies on, after every migration and every flush."""
    from accounts.models import Role  # models are not importable before the app registry is ready

    Role.objects.make_built_in()


def _forget_sign_up(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """Forget a sign-up that someone else began in this browser, so that the person who signs in does not find it."""
    forget(request)


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        post_migrate.connect(_fill_in, sender=self)
        user_logged_in.connect(_forget_sign_up)
        # Whoever reads the record knows the events of all apps.
        autodiscover_modules("domain.events", "events")
