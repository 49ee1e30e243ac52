"""How passwords are hashed, and those that arrive already hashed, as salted SHA-1 from a directory (`{SSHA}…`)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher, BasePasswordHasher, mask_hash
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_noop as _

SHA1 = 20
# The prefix of Argon2's own format, left out because the password column is short.
ARGON2 = "argon2$argon2id$v=19$"
LONGEST_SALT = 24
# Of the Argon2 hash: 95 random bits. With the 131 of Django's, the longest salt of a directory would not fit beside it.
ARGON2_SALT = 16


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with the least work that OWASP recommends: a whole school signs in within minutes of each other.

    Django's default asks for 100 MiB and eight threads for each sign-in, five times as much time and memory. A hash
    says how it was made: those made otherwise go on working, and are replaced at the next sign-in.
    """

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1
    # Held while a password is hashed. A process of the web server puts a lock here (config/processes.py).
    turn: AbstractContextManager[object] = nullcontext()

    def encode(self, password: str, salt: str) -> str:
        with self.turn:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with self.turn:
            return super().verify(password, encoded)


class SSHAInArgon2Hasher(BasePasswordHasher):
    """Stores only the Argon2 hash of the digest: SHA-1 alone can be guessed a billion times a second."""

    algorithm = "ssha"

    def encode_digest(self, ssha: str) -> str | None:
        """Return what to store for `{SSHA}` and the Base64 of digest and salt (24 bytes at most); None if it is not
        that.
        """
        try:
            raw = base64.b64decode(ssha.removeprefix("{SSHA}").strip(), validate=True)
        except (binascii.Error, ValueError):
            return None
        if not SHA1 < len(raw) <= SHA1 + LONGEST_SALT:
            return None
        return self._stored(raw[:SHA1], raw[SHA1:])

    def encode(self, password: str, salt: str) -> str:
        salted = salt.encode()
        return self._stored(_digest(password, salted), salted)

    def verify(self, password: str, encoded: str) -> bool:
        _algorithm, salt, inner = encoded.split("$", 2)
        return Argon2Hasher().verify(_digest(password, base64.b64decode(salt)).hex(), ARGON2 + inner)

    def safe_summary(self, encoded: str) -> dict[Any, Any]:
        _algorithm, salt, inner = encoded.split("$", 2)
        return {_("algorithm"): self.algorithm, _("salt"): mask_hash(salt, show=2), _("hash"): mask_hash(inner)}

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Do nothing: Argon2 takes equally long for every password."""

    def _stored(self, digest: bytes, salt: bytes) -> str:
        inner = Argon2Hasher().encode(digest.hex(), get_random_string(ARGON2_SALT)).removeprefix(ARGON2)
        return f"{self.algorithm}${base64.b64encode(salt).decode()}${inner}"


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
