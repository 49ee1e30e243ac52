"""What is kept of a password that a roster has given: by it, a new one is known, and one that its owner has changed.

It has three parts: a digest of the stored hash, by which it is about that hash only; a salt; and a keyed digest of what
the roster gave. Whatever else stores a hash leaves a mark that is about none, and then the password is its owner's.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from django.utils.crypto import salted_hmac


def mark_of(encoded: str, given: str) -> str:
    """Return the mark of a password as a roster gave it, stored as this hash."""
    salt = secrets.token_hex(8)
    return f"{_about(encoded)}:{salt}:{_digest(salt, given)}"


def is_about(mark: str, encoded: str) -> bool:
    """Return whether a roster has given the password that is stored as this hash."""
    return mark.partition(":")[0] == _about(encoded)


def is_of(mark: str, given: str) -> bool:
    """Return whether it is the mark of what a roster gives now."""
    _hash, salt, digest = mark.split(":")
    return hmac.compare_digest(digest, _digest(salt, given))


def hashed_anew(mark: str, before: str, encoded: str) -> str:
    """Return the mark of the same password once another hash of it is stored instead of the one before."""
    return f"{_about(encoded)}:{mark.partition(':')[2]}" if is_about(mark, before) else mark


def _about(encoded: str) -> str:
    return hashlib.sha256(encoded.encode()).hexdigest()[:32]


def _digest(salt: str, given: str) -> str:
    return salted_hmac("sis.files.passwords", f"{salt} {given}", algorithm="sha256").hexdigest()
