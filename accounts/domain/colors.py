"""The colors that people give to what they look at, each for themselves."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from accounts.errors import Invalid, NotPossible
from accounts.models import Color, User

ASSET = re.compile(r"(account|course|group|user)_[1-9]\d{0,18}")
HEXCODE = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})", re.IGNORECASE)
# More than anybody has courses and students; a limit all the same, as nothing else keeps the table small.
MOST = 1_000


def colors_of(user: User) -> dict[str, str]:
    """Return somebody's colors (`#0b6158`) by what they are for (`course_12`)."""
    return dict(Color.objects.filter(user=user).order_by("asset").values_list("asset", "hexcode"))


def set_color(user: User, asset: str, hexcode: str) -> str:
    """Keep in which color somebody is shown a thing, and return it: `#` and six digits.

    `asset` is what Canvas calls it, such as `user_7`. Whether it is there does not matter, nor is it told: nobody else
    sees the color. Raises Invalid for what is no color or no such name, NotPossible beyond the MOST that one may have.
    """
    if not ASSET.fullmatch(asset):
        raise Invalid({"asset_string": [("invalid", _("Name what the color is for, such as course_12 or user_7."))]})
    color = _plain(hexcode)
    kept = Color.objects.filter(user=user)
    if kept.count() >= MOST and not kept.filter(asset=asset).exists():
        raise NotPossible(_("There are too many colors. Change one of those that there are."))
    Color.objects.update_or_create(user=user, asset=asset, defaults={"hexcode": color})
    return color


def _plain(hexcode: str) -> str:
    digits = HEXCODE.fullmatch(hexcode.strip())
    if digits is None:
        raise Invalid({"hexcode": [("invalid", _("Give the color as six hexadecimal digits, such as 0b6158."))]})
    found = digits[1].lower()
    return "#" + (found if len(found) == 6 else "".join(2 * digit for digit in found))
