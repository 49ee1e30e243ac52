"""A sign-up that waits, in the session, for the person to review and agree.

Others may use the same computer: it waits for a short time only, and is forgotten as soon as someone signs in, or opens
the sign-in page.
"""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest

KEY = "begun_sign_up"
# After this many seconds a form left open is forgotten. Checking the student of a code takes less time.
WAITS_FOR = 15 * 60


def begin(request: HttpRequest, **given: Any) -> None:
    """Keep what was given (only the hash of a password) until the next page, replacing an earlier sign-up here."""
    request.session[KEY] = {**given, "at": time.time()}


def begun(request: HttpRequest) -> dict[str, Any] | None:
    """Return what was given a short time ago and waits; None if nothing does."""
    kept: dict[str, Any] | None = request.session.get(KEY)
    return kept if kept and kept["at"] > time.time() - WAITS_FOR else None


def forget(request: HttpRequest) -> None:
    """Forget what was begun here, if anything was."""
    request.session.pop(KEY, None)
