"""Passwords in roster files: never in clear in the database, and hashed only when they are new."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password

from accounts.hashers import SSHAInArgon2Hasher
from accounts.password_marks import is_about, is_of, mark_of
from sis.files.cipher import Cipher

# Before a password that is a digest already. No cell begins with a control character: it would be trimmed.
SSHA = "\x1d"


class PasswordCipher:
    """Hides passwords while their rows are staged. The key lives as long as the process, and only in it."""

    def __init__(self) -> None:
        self._cipher = Cipher(os.urandom(32))

    def cover(self, number: int, password: str) -> bytes:
        """Return the password of the row of this number as it is to be staged."""
        return self._cipher.cover(str(number), password.encode())

    def lift(self, number: int, covered: bytes) -> str:
        """Return the password that was covered for this row."""
        return self._cipher.lift(str(number), covered).decode()


@dataclass(frozen=True)
class Given:
    """A password in a row, with what is stored for that person now (both empty for a new one)."""

    n: int
    password: str
    stored: str
    mark: str


def changed(given: Iterable[Given], *, dry_run: bool = False) -> list[tuple[int, str, str]]:
    """Return the (row, hash, mark) of each password to be stored: of new people, and where it differs from the last
    import's.

    A password that the person has changed since stays as it is. A dry run, which stores nothing, hashes nothing.
    """
    wanted = [one for one in given if _counts(one)]
    if dry_run:
        return [(one.n, UNUSABLE_PASSWORD_PREFIX, "") for one in wanted]
    # Hashing is slow on purpose, and leaves the other processors free.
    with ThreadPoolExecutor(4) as threads:
        encoded = list(threads.map(_encoded, [one.password for one in wanted]))
    return [(one.n, code, mark_of(code, one.password)) for one, code in zip(wanted, encoded, strict=True) if code]


def _encoded(password: str) -> str | None:
    """Return the hash to store; None for a digest that is none."""
    if password.startswith(SSHA):
        return SSHAInArgon2Hasher().encode_digest(password.removeprefix(SSHA))
    return make_password(password)


def _counts(one: Given) -> bool:
    if not one.stored:
        return True
    # Nobody who has never had a password can have changed it.
    if not is_about(one.mark, one.stored):
        return one.stored.startswith(UNUSABLE_PASSWORD_PREFIX) and not one.mark
    return not is_of(one.mark, one.password)
