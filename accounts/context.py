"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Account, User
from accounts.permissions import administered


def site(request: HttpRequest) -> dict[str, Any]:
    """`root`: the institution; `administered`: the accounts the reader has a role on. Looked up only when used."""
    user = getattr(request, "user", None)
    return {
        "root": SimpleLazyObject(lambda: Account.objects.filter(parent=None).first()),
        "administered": SimpleLazyObject(lambda: administered(user) if isinstance(user, User) else []),
        "is_demo": settings.DEMO,
    }
