"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.site import site_of


def site(request: HttpRequest) -> dict[str, Any]:
    """`root`: the institution; `administered`: the accounts the reader has a role on. Looked up only when used."""
    return {
        "root": SimpleLazyObject(lambda: site_of(request).root),
        "administered": SimpleLazyObject(lambda: site_of(request).administered),
        "is_demo": settings.DEMO,
    }
