"""Invented events for the tests: of any kind, with something in each field."""

from dataclasses import MISSING, fields
from typing import Any, get_args, get_type_hints

from accounts.models.audit import Event

PLAIN: dict[Any, Any] = {int: 1, str: "x", bool: True, list[int]: [1, 2], list[str]: ["name"], dict[str, int]: {"a": 1}}
PLAIN |= {dict[str, bool]: {"a": True}, dict[str, Any]: {"enabled": None}, Any: "x"}


def example(kind: type[Event], *, is_full: bool = True, **given: Any) -> Any:
    """An event of this kind: with a value in every field, or only in those that it must have."""
    hints = get_type_hints(kind)
    wanted = [one.name for one in fields(kind) if is_full or one.default is MISSING]
    return kind(**{name: _value(hints[name]) for name in wanted} | given)


def _value(hint: Any) -> Any:
    return PLAIN[hint] if hint in PLAIN else _value(get_args(hint)[0])
