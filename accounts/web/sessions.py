"""Sessions in the database, as Django keeps them, with one statement for each change.

Django makes sure that a new key is free, stores an empty session under it, and stores it again at the end of the
request; each in a transaction of its own. A key has 165 random bits and needs no such look, and the table would refuse
a second one.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.base import VALID_KEY_CHARS, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DjangoStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils.crypto import get_random_string

KEY_LENGTH = 32


class SessionStore(DjangoStore):
    """A session, which is stored at the end of a request that has changed it."""

    _is_new = False

    def create(self) -> None:
        """Go on under a new key; the session is stored under it by `save`."""
        self._session_key = get_random_string(KEY_LENGTH, VALID_KEY_CHARS)
        self._is_new = self.modified = True
        # Nothing is stored under it yet.
        self._get_session(no_load=True)  # type: ignore[attr-defined]

    def save(self, must_create: bool = False) -> None:
        """Store the session. Raises UpdateError if it has been ended meanwhile, and IntegrityError for a new one
        under the key of another.
        """
        if self.session_key is None:
            self.create()
        is_new = self._is_new or must_create
        values: dict[str, Any] = {
            "session_data": self.encode(self._get_session(no_load=is_new)),  # type: ignore[attr-defined]
            "expire_date": self.get_expiry_date(),
        }
        if is_new:
            Session(session_key=self.session_key or "", **values).save(force_insert=True)
            self._is_new = False
        elif not Session.objects.filter(session_key=self.session_key).update(**values):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        """End the session with this key, or this one."""
        if key := session_key or self.session_key:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM django_session WHERE session_key = %s", [key])
