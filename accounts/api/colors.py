"""The colors in which the caller is shown courses and people."""

from __future__ import annotations

from django.http import Http404

from accounts.api.body_types import ColorBody, ColorsBody
from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.lookups import check_is_own
from accounts.api.parameter_types import Text
from accounts.domain.colors import colors_of, set_color

endpoint = in_group("What the apps ask for")

HEXCODE = Text("hexcode", "The color: three or six hexadecimal digits, with or without `#`.", required="Give a color.")


@endpoint()
def index(request: ApiRequest, user_id: str) -> ColorsBody:
    """List the caller's own colors, by what they are for."""
    check_is_own(request, user_id)
    return {"custom_colors": colors_of(request.user)}


@endpoint()
def show(request: ApiRequest, user_id: str, asset: str) -> ColorBody:
    """Show the color that the caller has given to something."""
    check_is_own(request, user_id)
    color = colors_of(request.user).get(asset)
    if color is None:
        raise Http404
    return {"hexcode": color}


@endpoint(HEXCODE)
def change(request: ApiRequest, user_id: str, asset: str) -> ColorBody:
    """Give something a color, for the caller alone."""
    hexcode = request.params[HEXCODE]
    check_is_own(request, user_id)
    return {"hexcode": set_color(request.user, asset, hexcode)}
