"""A sign-up that waits, in the session, for the person to look at it and agree.

Others may use the same computer: it waits for a short time only, and is forgotten as soon as somebody signs in, or
comes to the page for that.
"""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest

KEY = "begun_sign_up"
# After so many seconds a form that was left open is forgotten. To read whom a code is about takes less.
WAITS_FOR = 15 * 60


def begin(request: HttpRequest, **given: Any) -> None:
    """Keep what was given, of a password the hash, until the next page; instead of what was begun here before."""
    request.session[KEY] = {**given, "at": time.time()}


def begun(request: HttpRequest) -> dict[str, Any] | None:
    """What was given a short time ago and waits; None where nothing does."""
    kept: dict[str, Any] | None = request.session.get(KEY)
    return kept if kept and kept["at"] > time.time() - WAITS_FOR else None


def forget(request: HttpRequest) -> None:
    """Forget what was begun here, if anything was."""
    request.session.pop(KEY, None)
