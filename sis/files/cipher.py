"""What the database must not tell, covered with a key that is not in it: by AES-GCM of the cryptography library."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class Unreadable(Exception):
    """Was covered with another key or under another label, or is not what was covered."""


class Cipher:
    """Covers pieces of bytes, each under a label by which none is taken for another. The key has 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = AESGCM(key)

    def cover(self, label: str, plain: bytes) -> bytes:
        """Return what nobody can read without the key."""
        nonce = os.urandom(NONCE)
        return nonce + self._key.encrypt(nonce, plain, label.encode())

    def lift(self, label: str, covered: bytes) -> bytes:
        """Return what was covered under this label. Raises Unreadable."""
        try:
            return self._key.decrypt(covered[:NONCE], covered[NONCE:], label.encode())
        except InvalidTag:
            raise Unreadable from None
